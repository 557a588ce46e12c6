"""Scripts, styles and fonts of pages, at addresses with a hash of their content."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, final

from fastapi import Request
from starlette.responses import Response

from spacepolicy.assets.built import FOLDER, built_assets
from spacepolicy.errors import NotFoundError
from spacepolicy.http.content_codings import IDENTITY, encoded, wish
from spacepolicy.web.routes import Handler

ASSET_PATH: Final = "/assets/{name}"
"""One route for all: requests are counted by route, and the names change with each version."""
_MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}
_COMPRESSED: Final = frozenset({"font/woff2"})
"""Formats that are compressed already."""


@final
@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its media type, and its path, which changes with its content."""

    path: str
    media_type: str
    body: bytes


def asset(name: str, body: bytes) -> Asset:
    """Return the asset of this file name and content."""
    file, digest = Path(name), hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"/assets/{file.stem}-{digest}{file.suffix}", _MEDIA_TYPES[file.suffix], body)


def _read(folder: Path) -> Mapping[str, Asset]:
    """Return the assets that have been built, by name."""
    return {name: asset(name, (folder / name).read_bytes()) for name in built_assets(folder).files}


ASSETS: Final = _read(FOLDER)
"""The assets by name; empty where they could not be built."""
HAS_WORKBENCH: Final = built_assets(FOLDER).has_workbench
"""Whether `/sparql` shows the workbench; else the form that works without scripts."""


@cache
def _coded(body: bytes, coding: str) -> bytes:
    return encoded(body, coding)


def asset_file(assets: Iterable[Asset]) -> Handler:
    """Return the handler of `ASSET_PATH`; clients may cache the files for a year."""
    by_path = {each.path: each for each in assets}

    def file(request: Request) -> Response:
        """A script, style or font of pages."""
        asset = by_path.get(request.url.path)
        if asset is None:
            raise NotFoundError("There is no such file of pages; pages name those that there are.")
        coding = _coding(asset, request.headers.get("accept-encoding"))
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        if coding != IDENTITY:
            headers["Content-Encoding"] = coding
        return Response(_coded(asset.body, coding), 200, headers, asset.media_type)

    return file


def _coding(asset: Asset, accepted: str | None) -> str:
    """The content coding of the file for this Accept-Encoding."""
    wished = wish(accepted)
    if wished is None or asset.media_type in _COMPRESSED:
        return IDENTITY
    return wished.of(len(asset.body))
