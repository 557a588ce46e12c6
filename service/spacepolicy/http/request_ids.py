"""Identifiers of requests: what a client or a proxy calls one, or else a new one.

They tell lines of logs apart, of this service and of those before it, and are no secret: that of a
query, which cancels it, is another.
"""

import itertools
import re
import secrets
from typing import Final

FIELD: Final = b"x-request-id"
_WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._~+/=:-]{1,128}")
"""As long as what any proxy writes: UUIDs, hexadecimal digits, base64, names with a counter."""
_RUN: Final = secrets.token_hex(6)
"""48 bits, which tell the processes of a service apart."""
_numbers: Final = itertools.count(1)


def request_id(given: bytes | None) -> bytes:
    """Return the identifier that was given, where it is well-formed; else a new one.

    >>> request_id(b"7f3a-1"), request_id(b"two words") == request_id(None)
    (b'7f3a-1', False)
    """
    if given is not None and _WELL_FORMED.fullmatch(given):
        return given
    return b"%b-%x" % (_RUN.encode(), next(_numbers))
