"""Between the IRIs that the dataset uses and the addresses at which they answer.

An IRI under the base answers at the same path under the service's own address; things that are
not documents lead on to a document at `/doc` and that path.

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
"""Kinds of IRI that name things: they lead on to documents."""
DOCUMENTS: Final = ("source", "ontology", "graph")
"""Kinds of IRI that name documents: they answer themselves."""
DOC: Final = "/doc"
_OFFERED: Final = formats.offered("graph", "page")
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SAFE: Final = "/:@!$&'()*+,;=-._~%#?"


@final
@dataclass(frozen=True, slots=True)
class Address:
    """What a path under `/doc`, or the path of a document, asks for: an IRI of the dataset, and
    the format that a suffix pins."""

    iri: NamedNode
    path: str
    pinned: Format | None


def base(service: Service, scope: Scope) -> str:
    """What the dataset's IRIs begin with: its base, or the service's address where it has none."""
    return service.revision.base or service.url(scope, "/")


def address(service: Service, scope: Scope) -> Address:
    """The address that the request is for.

    Raises: NotFoundError where its path can be no part of an IRI.
    """
    path = iri_path(scope["raw_path"]).removeprefix(DOC)
    path, pinned = _unpinned(path) if scope["path"].startswith(f"{DOC}/") else (path, None)
    try:
        return Address(NamedNode(base(service, scope) + path.lstrip("/")), path, pinned)
    except ValueError as error:
        raise NotFoundError(f"{path} is no path of an IRI: {error}.") from error


def as_whole(asked: Address) -> Address | None:
    """The address whose suffix is part of the IRI and pins no format; None where it has none."""
    if asked.pinned is None:
        return None
    suffix = f".{asked.pinned.extension}"
    return Address(NamedNode(asked.iri.value + suffix), asked.path + suffix, None)


def seems_pinned(path: str) -> bool:
    """Whether the path of an IRI ends as if it pinned a format."""
    return _unpinned(path)[1] is not None


def _unpinned(path: str) -> tuple[str, Format | None]:
    """The path without the suffix of a format, and that format."""
    stem, dot, extension = path.rpartition(".")
    pinned = next((each for each in _OFFERED if each.extension == extension), None)
    return (stem, pinned) if dot and pinned else (path, None)


def iri_path(raw_path: bytes) -> str:
    """The path as an IRI holds it: letters that need no encoding are decoded.

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
    """The path at which the IRI answers here; None where it answers elsewhere.

    A passage is a fragment of its document.
    """
    own = service.revision.base
    if own is None or not iri.startswith(own):
        return None
    return quote_path(f"/{iri.removeprefix(own)}")


def quote_path(path: str) -> str:
    """The path in the characters of a URI."""
    return quote(path, safe=_SAFE)


def document_path(path: str, format: Format | None = None) -> str:
    """The path of the document about what is at the path, pinned to the format where one is
    given."""
    suffix = f".{format.extension}" if format else ""
    return quote_path(f"{DOC}{path}{suffix}")
