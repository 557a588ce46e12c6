"""Responses other than query results: negotiated, tagged, coded and cached in the same way.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12, https://www.rfc-editor.org/rfc/rfc8288
"""

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Signature, signature
from typing import Any, Final, final

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacepolicy import __version__, formats
from spacepolicy.engine.hints import Hint
from spacepolicy.errors import NotAcceptableError
from spacepolicy.formats import Format, FormatChoice
from spacepolicy.http.content_codings import IDENTITY
from spacepolicy.http.response_cache import Fields
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.sparql_service.header_fields import hint_fields
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.app_state import AppState, answer_again, send_whole
from spacepolicy.web.answering.disconnect import while_connected
from spacepolicy.web.answering.plan import acceptable_coding
from spacepolicy.web.answering.response import (
    ResponseSender,
    ResponseShape,
    send_not_modified,
)
from spacepolicy.web.answering.revision_etags import mark, opaque
from spacepolicy.web.answering.sparql_request import RequestExchange, SparqlRequest
from spacepolicy.web.ignored_parameters import OF_ALL, parameter_hints
from spacepolicy.web.request_context import context_of, current_locale

JSON: Final = Format("json", "JSON", "page", "application/json", "json")
"""The service's own JSON, for programs."""
PAGE: Final = formats.offered("page")[0]
"""A page for people."""
_CHOICE: Final = "choice"
"""The parameter of a handler for the chosen format."""
_REQUEST: Final = "request"
"""The parameter for the request in the signature that FastAPI sees."""
_READ: Final = (b"accept", b"accept-encoding", b"if-none-match", b"if-range", b"range")


@final
@dataclass(frozen=True, slots=True)
class Representation:
    """A body, and the header fields that are known only with it."""

    body: bytes
    fields: Fields = ()


@final
@dataclass(frozen=True, slots=True)
class DeferredRepresentation:
    """The name of a representation in the cache, and how to make it where neither the client nor
    the cache has it. `state` is the last revision that changed its content, where that is known to
    be an older one."""

    name: str
    make: Callable[[], Awaitable[Representation]]
    state: Revision | None = None


Handler = Callable[..., Awaitable[DeferredRepresentation | Response]]
Answering = Callable[..., Awaitable[Response]]


def representation(
    app_state: AppState,
    *,
    offers: Sequence[Format],
    negotiated: bool = True,
    parameters: Collection[str] = (),
) -> Callable[[Handler], Answering]:
    """Declare the formats of a handler, which gives it content negotiation, entity tags,
    conditional requests, the cache, and media types in the OpenAPI description.

    The handler takes the request first, and, if it has that parameter, `choice`: the format chosen
    among `offers`. It looks up the resource, raises if there is none, and returns how to make the
    representation. Where it is not `negotiated`, the first format is used whatever Accept says.
    `parameters` are the known query parameters; where given, a hint names those ignored.
    """

    def declared(handler: Handler) -> Answering:
        taken = signature(handler).parameters

        @wraps(handler)
        async def answer(request: Request, **given: Any) -> Response:  # noqa: ANN401 # as declared
            choice = chosen(request.scope, offers, None if negotiated else offers[0])
            choices = (choice,) if _CHOICE in taken else ()
            found = await handler(request, *choices, **given)
            if isinstance(found, Response):
                return found
            return CachedRepresentation(
                app_state, found.name, choice, found.make, state=found.state, parameters=parameters
            )

        answer.__signature__ = _without_choice(handler)  # type: ignore[attr-defined] # FastAPI reads it
        answer.media_types = [each.media_type for each in offers]  # type: ignore[attr-defined]
        return answer

    return declared


def _without_choice(handler: Handler) -> Signature:
    """The signature of the handler for FastAPI: the request, and its parameters except `choice`."""
    full = signature(handler)
    request, *others = (each for each in full.parameters.values() if each.name != _CHOICE)
    return full.replace(
        parameters=[request.replace(name=_REQUEST), *others], return_annotation=Response
    )


def json_body(members: Any) -> bytes:  # noqa: ANN401 # whatever JSON can say
    """Return the members as indented JSON."""
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


class CachedRepresentation(Response):
    """A response that depends only on its name, its format, the service's address and the revision;
    made where neither the client nor the cache has it.

    `state` is the last revision that changed its content, where that is known to be an older one;
    `parameters` are the known query parameters, where given, a hint names those ignored; `day` is
    the current day, where the response depends on it.
    """

    def __init__(
        self,
        app_state: AppState,
        name: str,
        choice: FormatChoice,
        make: Callable[[], Awaitable[Representation]],
        *,
        state: Revision | None = None,
        parameters: Collection[str] = (),
        day: str = "",
    ) -> None:
        super().__init__()
        self._app_state = app_state
        self._name = f"{name} {day}" if day else name
        self._day = day
        self._choice = choice
        self._make = make
        self._state = state
        self._parameters = parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response.

        Raises: ProblemError where it cannot be made.
        """
        call = read_get(scope)
        origin = self._app_state.service.url(scope, "")
        key = call.key(origin, self._day)
        exchange = RequestExchange(call, key, send, context_of(scope).record)
        if not await answer_again(self._app_state, exchange):
            known = self._parameters
            hints = hint_fields(ignored(scope, known) if known else ())
            await while_connected(receive, self._answer(exchange, origin, hints))

    async def _answer(self, exchange: RequestExchange, origin: str, hints: Fields) -> None:
        variant = f" {current_locale().variant}" if self._choice.format.kind == "page" else ""
        body = BodyKey(self._name, None, None, self._choice.media_type + variant, origin)
        coding = acceptable_coding(exchange.call)
        kept = self._app_state.service.keeps_answers
        tag = self._tag(body) if kept else None
        shape = ResponseShape(self._choice.content_type, coding, tag, hints=hints)
        known = shape.known(exchange.call)
        if known is not None:
            await send_not_modified(exchange.send, shape.head(IDENTITY), known)
            return
        representation = await self._make()
        shape = replace(shape, fields=representation.fields)
        reply = ResponseSender(exchange, query_identifier(None))
        key = body if kept else None
        await send_whole(self._app_state, reply, shape, key, representation.body)

    def _tag(self, body: BodyKey) -> str:
        revision = self._state or self._app_state.service.revision
        parts = (
            __version__,
            body.text,
            body.format,
            body.origin,
            self._app_state.service.texts.digest,
        )
        return f"{mark(revision)}.{opaque(parts)}"


def read_get(scope: Scope) -> SparqlRequest:
    """Return the parts of the request that a response to GET depends on."""
    fields: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            fields[name] = fields[name] + b", " + value if name in fields else value
    target = scope["raw_path"] + b"?" + scope["query_string"]
    return SparqlRequest(scope["method"], target, fields, b"", scope["http_version"] == "1.0")


def ignored(scope: Scope, known: Collection[str]) -> tuple[Hint, ...]:
    """Return hints about the query parameters that are not in `known`."""
    given = QueryParams(scope["query_string"]).multi_items()
    return parameter_hints(given, (*known, *OF_ALL))


def chosen(scope: Scope, offered: Sequence[Format], pinned: Format | None = None) -> FormatChoice:
    """Return the format that the request asks for: by its path (`pinned`), `?format=`, or Accept.

    Raises: NotAcceptableError, which lists the formats offered.
    """
    if pinned is not None:
        return FormatChoice(pinned, pinned.media_type)
    asked = QueryParams(scope["query_string"]).getlist("format")
    if asked:
        found = formats.last_named(asked, offered)
        choice = FormatChoice(found, found.media_type) if found else None
    else:
        accept = ", ".join(Headers(scope=scope).getlist("accept"))
        choice = formats.negotiate(accept, offered)
    if choice is None:
        available = [each.media_type for each in offered]
        raise NotAcceptableError(
            f"There are {', '.join(available)}.", extras={"available": available}
        )
    return choice


def link(target: str, relation: str, **attributes: str) -> tuple[bytes, bytes]:
    """Return a Link field; the target is encoded as a URI."""
    more = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return b"link", f'<{_uri(target)}>; rel="{relation}"{more}'.encode("latin-1")


def _uri(iri: str) -> str:
    """The IRI as a URI (RFC 3987 section 3.1)."""
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in iri)
