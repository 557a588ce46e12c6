"""Requests of the SPARQL protocol: from HTTP to a query and the formats wanted for its answer.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import unquote_plus

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from spacepolicy import formats
from spacepolicy.errors import (
    BadParameterError,
    ContentTooLargeError,
    MethodNotAllowedError,
    NotAcceptableError,
    UnsupportedMediaError,
    UriTooLongError,
)
from spacepolicy.formats import Choice, Format
from spacepolicy.web.service import Service

METHODS: Final = ("GET", "HEAD", "POST", "QUERY", "OPTIONS")
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
_SINGLE: Final = frozenset({"query", "format", "timeout"})


@final
@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query operation. `text` is None where the request brings no query."""

    text: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    solutions: Choice | None
    graph: Choice | None
    timeout_seconds: float


async def read_request(service: Service, scope: Scope, receive: Receive) -> QueryRequest:
    """The query operation that the request asks for.

    Raises: ProblemError where the request is not one of the protocol's three ways to ask.
    """
    method = scope["method"]
    if method not in METHODS:
        allow = ", ".join(METHODS)
        raise MethodNotAllowedError(
            f"/sparql answers {allow}, not {method}.", headers={"Allow": allow}
        )
    target = scope["query_string"]
    if len(target) > service.max_target_bytes:
        raise UriTooLongError(
            f"The address has {len(target)} bytes of query string; {service.max_target_bytes} "
            "are taken. Send the query by POST."
        )
    parameters = _parameters(target)
    if method in ("POST", "QUERY"):
        parameters += await _body_parameters(service, scope, receive)
    return _request(service, scope, parameters)


def _parameters(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a form-encoded text.

    Raises: BadParameterError where an escape is broken or the bytes are not UTF-8.
    """
    pairs = [piece.partition(b"=") for piece in encoded.split(b"&") if piece]
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(piece: bytes) -> str:
    try:
        return unquote_plus(piece.decode("utf-8"), errors="strict")
    except UnicodeDecodeError as error:
        raise BadParameterError("The request's parameters are not UTF-8.") from error


async def _body_parameters(
    service: Service, scope: Scope, receive: Receive
) -> list[tuple[str, str]]:
    media_type, _, _ = Headers(scope=scope).get("content-type", "").partition(";")
    match media_type.strip().lower():
        case "application/x-www-form-urlencoded":
            return _parameters(await _body(service, scope, receive))
        case "application/sparql-query":
            return [("query", _text(await _body(service, scope, receive)))]
        case other:
            raise UnsupportedMediaError(
                f"A query comes as {FORM} or {QUERY}, not as {other or 'an unnamed type'}.",
                extras={"supported": [FORM, QUERY]},
                headers={"Accept-Post": f"{FORM}, {QUERY}", "Accept-Query": QUERY},
            )


async def _body(service: Service, scope: Scope, receive: Receive) -> bytes:
    """The request's body, no more of it than one query may have."""
    limit = service.max_query_bytes
    declared = Headers(scope=scope).get("content-length", "0")
    received = bytearray()
    more = True
    while more and int(declared) <= limit and len(received) <= limit:
        message = await receive()
        received += message.get("body", b"")
        more = message.get("more_body", False)
    if more or len(received) > limit:
        raise ContentTooLargeError(
            f"The body is larger than the {limit} bytes that a query may have.",
            extras={"limit_bytes": limit},
            headers={"Connection": "close"},
        )
    return bytes(received)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadParameterError(f"The query is not UTF-8: {error}.") from error


def _request(service: Service, scope: Scope, parameters: list[tuple[str, str]]) -> QueryRequest:
    """The operation that the parameters name; parameters of other protocols are passed over."""
    names = [name for name, _ in parameters]
    for name in _SINGLE:
        if names.count(name) > 1:
            raise BadParameterError(f"The parameter {name!r} is given more than once.")
    single = {name: value for name, value in parameters if name in _SINGLE}
    accept = Headers(scope=scope).get("accept")
    return QueryRequest(
        text=single.get("query"),
        default_graphs=_all(parameters, "default-graph-uri"),
        named_graphs=_all(parameters, "named-graph-uri"),
        solutions=_choice("solutions", single.get("format"), accept),
        graph=_choice("graph", single.get("format"), accept),
        timeout_seconds=_timeout(service, single.get("timeout")),
    )


def _all(parameters: Iterable[tuple[str, str]], wanted: str) -> tuple[str, ...] | None:
    return tuple(value for name, value in parameters if name == wanted) or None


def _choice(kind: formats.Kind, name: str | None, accept: str | None) -> Choice | None:
    """The format of this kind, or the page, that the client asks for; None where it takes none.

    Raises: NotAcceptableError where `?format=` names no format at all.
    """
    if name is None:
        return formats.negotiate(accept, formats.offered(kind, "page"))
    found = formats.named(name, formats.FORMATS)
    if found is None:
        available = [format.name for format in formats.FORMATS]
        raise NotAcceptableError(
            f"{name!r} names no format; there are {', '.join(available)}.",
            extras={"available": available},
        )
    fitting: Format | None = formats.named(name, formats.offered(kind, "page"))
    return Choice(fitting, fitting.media_type) if fitting else None


def _timeout(service: Service, text: str | None) -> float:
    if text is None:
        return service.timeout_seconds
    try:
        seconds = float(text)
    except ValueError as error:
        raise BadParameterError(f"timeout takes seconds, not {text!r}.") from error
    if not 0 < seconds <= service.timeout_seconds:
        raise BadParameterError(
            f"timeout lies above 0 and up to {service.timeout_seconds:g} seconds, not {text}."
        )
    return seconds
