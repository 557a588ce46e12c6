"""Reading requests to the endpoint: target, header fields, and a body of limited size.

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc10008 (QUERY)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from spacepolicy import formats
from spacepolicy.access_tokens import AccessToken
from spacepolicy.errors import (
    ContentTooLargeError,
    ForbiddenError,
    MethodNotAllowedError,
    UnsupportedMediaError,
    UriTooLongError,
)
from spacepolicy.formats import MediaRange
from spacepolicy.http.response_cache import RequestKey
from spacepolicy.sparql_service.begun_evaluations import BegunEvaluation
from spacepolicy.web.access_log import AccessRecord
from spacepolicy.web.auth import require, token_of
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service

METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_QUERIES: Final = (FORM, QUERY)
_READ: Final = frozenset(
    b"accept accept-encoding content-encoding content-length content-type if-match "
    b"if-none-match if-range range x-query-id".split()
)


@final
@dataclass(frozen=True, slots=True)
class SparqlRequest:
    """A complete request; `fields` holds only those that the endpoint uses; `old`: HTTP/1.0."""

    method: str
    target: bytes
    fields: Mapping[bytes, bytes]
    body: bytes
    old: bool

    def field(self, name: bytes) -> str | None:
        """Return the field's value; None where it is absent."""
        value = self.fields.get(name)
        return None if value is None else value.decode("latin-1")

    def key(self, origin: str, day: str = "") -> RequestKey:
        """Return the cache key of the request; `day` is the current day, where the answer depends
        on it."""
        return RequestKey(
            self.target,
            self.body,
            self.fields.get(b"content-type", b"") if self.body else b"",
            self.fields.get(b"accept", b""),
            self.fields.get(b"accept-encoding", b"-"),
            current_locale().variant,
            origin,
            day,
        )


@final
@dataclass(frozen=True, slots=True)
class RequestExchange:
    """A request, its cache key, the ASGI `send` for its response, its log record, and its query
    where that was started already."""

    call: SparqlRequest
    key: RequestKey
    send: Send
    notes: AccessRecord
    begun: BegunEvaluation | None = None


def accepted(service: Service) -> dict[str, str]:
    """Return the fields that list the accepted media types of queries and updates."""
    posted = _QUERIES if service.writer is None else (*_QUERIES, UPDATE)
    return {"Accept-Post": ", ".join(posted), "Accept-Query": f"{QUERY}, {FORM}"}


async def read_call(service: Service, scope: Scope, receive: Receive) -> SparqlRequest:
    """Read the request.

    Raises: ProblemError where its method, length or media type is not accepted, or it is an update
    that is not allowed; ClientDisconnect where the client disconnects.
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
        name = checked_media_type(service, method, fields)
        if name == UPDATE:
            may_update(service, scope)
        body = await _body(_limit(service, scope, name), fields, receive)
    return SparqlRequest(method, target, fields, body, scope["http_version"] == "1.0")


def may_update(service: Service, scope: Scope) -> AccessToken:
    """Check that the request may write, and return its token.

    Raises: ForbiddenError where the service takes no writes or the token does not allow them,
    UnauthorizedError where there is no token.
    """
    if service.writer is None:
        raise ForbiddenError(f"{service.read_only} It takes queries, and no updates.")
    return require(scope, "write")


def _limit(service: Service, scope: Scope, name: str) -> int:
    """The maximum length of the body: larger for updates with a token that allows writing."""
    token = token_of(scope)
    may_write = service.writer is not None and token is not None and token.allows("write")
    return service.max_update_bytes if may_write and name != QUERY else service.max_query_bytes


def _fields(scope: Scope) -> dict[bytes, bytes]:
    """The fields by name; a repeated field is joined to a list (RFC 9110 section 5.3)."""
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def media_type(content_type: str) -> MediaRange | None:
    """Return the media type of a Content-Type; None where it has none or several."""
    ranges = formats.media_ranges(content_type)
    return ranges[0] if len(ranges) == 1 and "," not in content_type else None


def checked_media_type(service: Service, method: str, fields: Mapping[bytes, bytes]) -> str:
    """Return the body's media type.

    Raises: UnsupportedMediaError where it, its charset or its content coding is not accepted.
    """
    given = fields.get(b"content-type", b"").decode("latin-1")
    found = media_type(given)
    name = f"{found.type}/{found.subtype}" if found else ""
    charset = dict(found.parameters).get("charset", "utf-8").lower() if found else ""
    supported = [FORM, QUERY, *([] if method == "QUERY" or service.writer is None else [UPDATE])]
    if name not in (*supported, UPDATE) or (name == UPDATE and method == "QUERY"):
        raise UnsupportedMediaError(
            f"The body comes as {', '.join(supported)}, not as {given or 'an unnamed type'}.",
            extras={"supported": supported},
            headers=accepted(service),
        )
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaError(
            f"The body comes in UTF-8, not in {charset}.", extras={"supported": ["utf-8"]}
        )
    if fields.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaError(
            "Queries and updates come without a content coding.",
            extras={"supported": ["identity"]},
            headers={"Accept-Encoding": "identity"},
        )
    return name


async def _body(limit: int, fields: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """Read the body.

    Raises: ContentTooLargeError as soon as it is known to exceed the limit, ClientDisconnect.
    """
    received, more = bytearray(), True
    while more:
        if max(_declared(fields), len(received)) > limit:
            raise ContentTooLargeError(
                f"The body is larger than the {limit} bytes that it may have.",
                extras={"limit_bytes": limit},
                headers={"Connection": "close"},
            )
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        received += message.get("body", b"")
        more = message.get("more_body", False) or len(received) > limit
    return bytes(received)


def _declared(fields: Mapping[bytes, bytes]) -> int:
    """The Content-Length, which the server has validated; 0 where there is none."""
    return int(fields.get(b"content-length", b"0"))
