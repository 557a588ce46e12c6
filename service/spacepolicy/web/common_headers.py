"""Header fields of every response: the revision, and CORS for scripts of any origin.

Spec: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders

_EXPOSED: Final = (
    "Accept-Post, Accept-Ranges, Allow, Content-Location, Content-Range, ETag, Link, Location, "
    "Memento-Datetime, Retry-After, Warning, WWW-Authenticate, X-Query-Hint, X-Query-Id, "
    "X-Request-Id, X-Dataset-Revision"
)
_SHARED: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
)
_ALWAYS: Final = (b"x-content-type-options", b"nosniff")


def with_always(
    fields: Iterable[tuple[bytes, bytes]], revision: int, *vary: bytes, shared: bool = True
) -> list[tuple[bytes, bytes]]:
    """Return the fields with those of every response; `vary` are names to add to Vary, empty ones
    are skipped; `shared`: scripts of any origin may read the response."""
    number = str(revision).encode()
    found = [*fields, *(_SHARED if shared else ()), _ALWAYS, (b"x-dataset-revision", number)]
    names = [name for name in vary if name]
    if not names:
        return found
    headers = MutableHeaders(raw=found)
    known = headers.get("vary", "").lower()
    for name in dict.fromkeys(names):
        if name.decode().lower() not in known:
            headers.add_vary_header(name.decode())
    return headers.raw
