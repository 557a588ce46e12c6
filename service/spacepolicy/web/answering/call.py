"""Requests to the endpoint as they come: target, fields, and no more of a body than allowed.

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc10008 (QUERY)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from spacepolicy import formats
from spacepolicy.errors import (
    ContentTooLargeError,
    ForbiddenError,
    MethodNotAllowedError,
    UnsupportedMediaError,
    UriTooLongError,
)
from spacepolicy.formats import MediaRange
from spacepolicy.web.answering.cache import RequestKey
from spacepolicy.web.notes import Notes
from spacepolicy.web.reading import reader
from spacepolicy.web.service import Service

METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
POSTED: Final = {"Accept-Post": f"{FORM}, {QUERY}", "Accept-Query": f"{QUERY}, {FORM}"}
_READ: Final = frozenset(
    b"accept accept-encoding content-encoding content-length content-type expect if-none-match "
    b"x-query-id".split()
)
_DRAINED: Final = 64
"""How many times the limit is read of a body that is too large."""


@final
@dataclass(frozen=True, slots=True)
class Call:
    """A request that was read whole; `fields` holds those that the endpoint looks at."""

    method: str
    target: bytes
    fields: Mapping[bytes, bytes]
    body: bytes
    old: bool

    def field(self, name: bytes) -> str | None:
        """The field's value; None where it is absent."""
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")

    def key(self, origin: str) -> RequestKey:
        """All of the request that its answer depends on."""
        return RequestKey(
            self.target,
            self.body,
            self.fields.get(b"content-type", b"") if self.body else b"",
            self.fields.get(b"accept", b""),
            self.fields.get(b"accept-encoding", b"-"),
            reader().variant,
            origin,
        )


@final
@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, what its answer is kept under, and the way to answer it."""

    call: Call
    key: RequestKey
    send: Send
    notes: Notes


async def read_call(service: Service, scope: Scope, receive: Receive) -> Call:
    """The request.

    Raises: ProblemError where its method, length or media type is not taken, ClientDisconnect
    where it breaks off.
    """
    method, target = scope["method"], scope["query_string"]
    if method not in METHODS:
        allow = ", ".join(METHODS)
        raise MethodNotAllowedError(
            f"/sparql answers {allow}, not {method}.", headers={"Allow": allow}
        )
    if len(target) > service.max_target_bytes:
        raise UriTooLongError(
            f"The address has {len(target)} bytes of query string; {service.max_target_bytes} "
            "are taken. Send the query by POST."
        )
    fields = _fields(scope)
    body = b""
    if method in ("POST", "QUERY"):
        _check_media_type(fields)
        body = await _body(service.max_query_bytes, fields, receive)
    return Call(method, target, fields, body, scope["http_version"] == "1.0")


def _fields(scope: Scope) -> dict[bytes, bytes]:
    """The fields by name; a repeated field is one list (RFC 9110 section 5.3)."""
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def media_type(content_type: str) -> MediaRange | None:
    """The media type that the field names, None where it names none or several."""
    ranges = formats.media_ranges(content_type)
    return ranges[0] if len(ranges) == 1 and "," not in content_type else None


def _check_media_type(fields: Mapping[bytes, bytes]) -> None:
    """Raises: UnsupportedMediaError where the body is not read here."""
    given = fields.get(b"content-type", b"").decode("latin-1")
    found = media_type(given)
    name = f"{found.type}/{found.subtype}" if found else ""
    charset = dict(found.parameters).get("charset", "utf-8").lower() if found else ""
    if name == UPDATE:
        raise ForbiddenError("This service is read only: it takes queries, and no updates.")
    if name not in (FORM, QUERY):
        raise UnsupportedMediaError(
            f"A query comes as {FORM} or {QUERY}, not as {given or 'an unnamed type'}.",
            extras={"supported": [FORM, QUERY]},
            headers=POSTED,
        )
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaError(
            f"A query comes in UTF-8, not in {charset}.", extras={"supported": ["utf-8"]}
        )
    if fields.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaError(
            "A query comes without a content coding.",
            extras={"supported": ["identity"]},
            headers={"Accept-Encoding": "identity"},
        )


async def _body(limit: int, fields: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The body, if it is within the limit; what is beyond it is read and not held, so that a
    client that sends before it listens hears the answer.

    Raises: ContentTooLargeError, ClientDisconnect.
    """
    received, size = bytearray(), 0
    more = not (b"expect" in fields and _declared(fields) > limit)
    while more and size <= _DRAINED * limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        size += len(message.get("body", b""))
        if size <= limit:
            received += message.get("body", b"")
        more = message.get("more_body", False)
    if size > limit or _declared(fields) > limit:
        raise ContentTooLargeError(
            f"The body is larger than the {limit} bytes that a query may have.",
            extras={"limit_bytes": limit},
            headers={"Connection": "close"},
        )
    return bytes(received)


def _declared(fields: Mapping[bytes, bytes]) -> int:
    """The length that the request says its body has; the server has read it as a number."""
    return int(fields.get(b"content-length", b"0"))
