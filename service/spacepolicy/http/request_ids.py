"""Request identifiers: the X-Request-Id of a client or proxy, or else a new one.

They connect log lines of this service and of proxies before it, and are no secret: the identifier
that cancels a query is a different one (X-Query-Id).
"""

import itertools
import re
import secrets
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

FIELD: Final = b"x-request-id"
_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._~+/=:-]{1,128}")
"""Fits what proxies write: UUIDs, hexadecimal digits, base64, names with a counter."""
_LINE: Final = re.compile(rb"\r\nx-request-id:([^\r\n]*)(?=\r\n)", re.IGNORECASE)
_KEY: Final = "spacepolicy.request_id"
_RUN: Final = secrets.token_hex(6)
"""48 bits, which tell the processes of a service apart."""
_numbers: Final = itertools.count(1)


def request_id(given: bytes | None) -> bytes:
    """Return the given identifier where it is well-formed; else a new one.

    >>> request_id(b"7f3a-1"), request_id(b"two words") == request_id(None)
    (b'7f3a-1', False)
    """
    if given is not None and _WELL_FORMED.fullmatch(given):
        return given
    return b"%b-%x" % (_RUN.encode(), next(_numbers))


def id_in(head: bytes) -> bytes:
    """Return the identifier in a head, which may be incomplete; else a new one.

    >>> id_in(b"GET / HTTP/1.1\\r\\nX-Request-Id: 7f3a-1\\r\\nbad line\\r\\n")
    b'7f3a-1'
    """
    return _one_of([value.strip(b" \t") for value in _LINE.findall(head)])


def id_of(scope: MutableMapping[str, Any]) -> bytes:
    """Return the identifier of the request of an ASGI scope; the same at each call."""
    found: bytes | None = scope.get(_KEY)
    if found is None:
        found = _one_of([value.strip(b" \t") for name, value in scope["headers"] if name == FIELD])
        scope[_KEY] = found
    return found


def _one_of(given: Sequence[bytes]) -> bytes:
    """The identifier where exactly one is given; else a new one."""
    return request_id(given[0] if len(given) == 1 else None)
