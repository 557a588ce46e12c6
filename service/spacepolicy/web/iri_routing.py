"""Maps between the dataset's IRIs and the addresses at which they are served.

An IRI under the base is served at the same path under the service's own address; things that are
not documents redirect to a document at `/doc` and that path.

Spec: https://www.rfc-editor.org/rfc/rfc3987#section-3, https://www.w3.org/TR/cooluris/
"""

import re
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import quote

from pyoxigraph import NamedNode
from starlette.types import Scope

from spacepolicy import formats
from spacepolicy.errors import NotFoundError
from spacepolicy.formats import Format
from spacepolicy.web.service import Service

THINGS: Final = ("def", "concept", "id")
"""Kinds of IRI that name things: they redirect to documents."""
DOCUMENTS: Final = ("source", "ontology", "graph")
"""Kinds of IRI that name documents: they are served directly."""
DOC: Final = "/doc"
_OFFERED: Final = formats.offered("graph", "page")
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SAFE: Final = "/:@!$&'()*+,;=-._~%#?"


@final
@dataclass(frozen=True, slots=True)
class Address:
    """The target of a path under `/doc`, or of a document's path: an IRI of the dataset, and the
    format that a suffix pins."""

    iri: NamedNode
    path: str
    pinned: Format | None


def base(service: Service, scope: Scope) -> str:
    """Return the dataset's base IRI, or the service's address where it has none."""
    return service.revision.base or service.url(scope, "/")


def address(service: Service, scope: Scope) -> Address:
    """Return the address that the request is for.

    Raises: NotFoundError where its path cannot be part of an IRI.
    """
    path = iri_path(scope["raw_path"]).removeprefix(DOC)
    path, pinned = _unpinned(path) if scope["path"].startswith(f"{DOC}/") else (path, None)
    try:
        return Address(NamedNode(base(service, scope) + path.lstrip("/")), path, pinned)
    except ValueError as error:
        raise NotFoundError(f"{path} is no path of an IRI: {error}.") from error


def as_whole(asked: Address) -> Address | None:
    """Return the address with the suffix taken as part of the IRI; None where it pins no format."""
    if asked.pinned is None:
        return None
    suffix = f".{asked.pinned.extension}"
    return Address(NamedNode(asked.iri.value + suffix), asked.path + suffix, None)


def seems_pinned(path: str) -> bool:
    """Whether the path of an IRI ends like one that pins a format."""
    return _unpinned(path)[1] is not None


def _unpinned(path: str) -> tuple[str, Format | None]:
    """The path without the suffix of a format, and that format."""
    stem, dot, extension = path.rpartition(".")
    pinned = next((each for each in _OFFERED if each.extension == extension), None)
    return (stem, pinned) if dot and pinned else (path, None)


def iri_path(raw_path: bytes) -> str:
    """Return the path as in an IRI: characters that need no percent-encoding are decoded.

    >>> iri_path(b"/id/%E7%81%AB%2F%7Ea")
    '/id/火%2F~a'
    """
    return _ENCODED.sub(_decoded, raw_path.decode("latin-1"))


def _decoded(match: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(match[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return match[0]
    return "".join(c if _needs_none(c) else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def _needs_none(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "-._~"
    return character.isprintable()


def local_path(service: Service, iri: str) -> str | None:
    """Return the path at which the IRI is served here; None for an IRI outside the base.

    A passage is a fragment of its document.
    """
    own = service.revision.base
    if own is None or not iri.startswith(own):
        return None
    return quote_path(f"/{iri.removeprefix(own)}")


def quote_path(path: str) -> str:
    """Return the path percent-encoded for a URI."""
    return quote(path, safe=_SAFE)


def document_path(path: str, format: Format | None = None) -> str:
    """Return the path of the document about the thing at the path, pinned to the format if one is
    given."""
    suffix = f".{format.extension}" if format else ""
    return quote_path(f"{DOC}{path}{suffix}")
