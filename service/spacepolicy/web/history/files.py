"""The files of a revision as stored, from which a replica makes its copy.

`checksums.json` lists the others; no other file of the disk can be requested.
"""

import asyncio
import re
from pathlib import Path as File
from typing import Annotated, Final

from fastapi import Path, Request
from starlette.responses import FileResponse, Response

from spacepolicy import checksums
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.errors import NotFoundError, RevisionGoneError
from spacepolicy.http.etags import matching
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.history.entries import PATH
from spacepolicy.web.routes import Handler

FILES: Final = f"{PATH}/{{number}}/files/{{name:path}}"
_JSON: Final = "application/json"
_BYTES: Final = "application/octet-stream"
MEDIA_TYPES: Final = (_JSON, _BYTES)
Number = Annotated[str, Path(description="the number of a revision")]
Name = Annotated[str, Path(description="checksums.json, or the path of a file that it lists")]


def revision_file(app_state: AppState) -> Handler:
    """Return the handler of the files of revisions."""

    async def file(request: Request, number: Number, name: Name) -> Response:
        """A file of a revision as the store keeps it, for replicas: `checksums.json`, or one that
        it lists with its length and SHA-256. It takes byte ranges."""
        if not re.fullmatch(r"[0-9]{1,15}", number, re.ASCII):
            raise NotFoundError(f"{number!r} is no revision.")
        revision = app_state.service.history.get(int(number))
        path, sha256 = await asyncio.to_thread(_found, revision, name)
        headers = {"ETag": f'"{sha256}"', "Cache-Control": "no-cache"}
        if matching(request.headers.get("if-none-match"), [headers["ETag"]]):
            return Response(status_code=304, headers=headers)
        media_type = _JSON if path.suffix == ".json" else _BYTES
        return FileResponse(path, headers=headers, media_type=media_type)

    return file


def _found(revision: Revision, name: str) -> tuple[File, str]:
    """The file of that name, and its SHA-256.

    Raises: NotFoundError where the revision has none, RevisionGoneError where it is no longer kept,
    DamagedError.
    """
    folder = revision.directory
    sums = checksums.read(folder) if folder.parts else None
    if sums is None:
        raise NotFoundError(f"Of revision {revision.number} there are no files with checksums.")
    path = folder / name
    if name == checksums.NAME:
        return path, checksums.of_file(path).sha256
    if name not in sums:
        raise NotFoundError(f"Revision {revision.number} has no file of that name.")
    if path.is_file():
        return path, sums[name].sha256
    if name.startswith(f"{GENERATION}/") and not revision.dataset.exists():
        raise RevisionGoneError(f"The data of revision {revision.number} are no longer kept.")
    raise checksums.damaged(path, "is missing")
