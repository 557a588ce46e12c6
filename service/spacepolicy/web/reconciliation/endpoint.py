"""The routes of the reconciliation service.

JSONP is not supported: scripts of any origin may read the responses by CORS.

Spec: https://reconciliation-api.github.io/specs/0.2/#service-definition
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, final
from urllib.parse import parse_qsl

from fastapi import Query, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from spacepolicy.errors import (
    BadParameterError,
    ContentTooLargeError,
    NotFoundError,
    TimeLimitError,
    UnsupportedMediaError,
)
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.disconnect import while_connected
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    DeferredRepresentation,
    Representation,
    json_body,
    representation,
)
from spacepolicy.web.answering.sparql_request import FORM
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.reconciliation.batches import named_node, read_extension, read_queries
from spacepolicy.web.reconciliation.entities import Entities, existing
from spacepolicy.web.reconciliation.extension import extended
from spacepolicy.web.reconciliation.manifest import (
    KINDS,
    PREVIEW,
    PROPERTIES,
    RECONCILE,
    SUGGEST,
    VIEW,
    manifest,
)
from spacepolicy.web.reconciliation.matching import candidate_members, candidates
from spacepolicy.web.reconciliation.preview import preview_page
from spacepolicy.web.reconciliation.suggestions import (
    MAX_PROPOSED,
    MAX_SKIPPED,
    Kind,
    UsedTerms,
    proposed,
    suggested,
)
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.routes import Handler, Route
from spacepolicy.web.search import SearchService

_QUERIES: Final = "queries"
_EXTEND: Final = "extend"
_PARAMETERS: Final = (_QUERIES, _EXTEND)
_MAX_FIELDS: Final = 20
"""The most fields of a form; two are known."""
_TAG: Final = "reconciliation"
_MEANINGS: Final = {
    _QUERIES: "a batch of queries as JSON: names or IRIs, each under a key of the client's",
    _EXTEND: "things and properties as JSON, for the values",
}
_EXAMPLE: Final = '{"q0": {"query": "station", "limit": 3}}'
Identifier = Annotated[str, Query(alias="id", description="the IRI of a thing", max_length=4000)]
Prefix = Annotated[str, Query(description="what a user has typed so far, or an IRI")]
Skipped = Annotated[int, Query(description="suggestions to skip", ge=0, le=MAX_SKIPPED)]
Type = Annotated[str | None, Query(alias="type", description="the IRI of a class", max_length=4000)]
Most = Annotated[int, Query(description="how many properties", ge=1, le=MAX_PROPOSED)]


def reconciliation_routes(search: SearchService) -> Iterator[Route]:
    """Return the routes of the service."""
    described = {"parameters": [_parameter(name) for name in _PARAMETERS]}
    shared: dict[str, Any] = {"tag": _TAG, "is_localised": True, "is_linked": False}
    yield Route(RECONCILE, _asked_by_get(search), openapi=described, **shared)
    posted = _asked_by_post(search)
    yield Route(RECONCILE, posted, methods=("POST",), openapi=_form(), **shared)
    terms = UsedTerms(search.app_state)
    for kind in KINDS:
        yield Route(f"{SUGGEST}/{kind}", _suggestions(search, terms, kind), **shared)
    yield Route(PROPERTIES, _proposals(search), **shared)
    yield Route(PREVIEW, _preview(search), **shared)
    yield Route(VIEW, _view(search), status=303, **shared)


async def _entities(search: SearchService) -> Entities:
    return Entities(search.app_state.service, await search.index(), current_locale().language)


def _asked_by_get(search: SearchService) -> Handler:
    """Return the handler of the manifest, and of batches in the query string."""
    state = search.app_state

    @representation(state, offers=(JSON,), negotiated=False, parameters=_PARAMETERS)
    async def reconciliation(request: Request) -> DeferredRepresentation:
        """What the reconciliation service offers; or candidates for `queries`, or values for
        `extend`."""
        text = request.scope["query_string"].decode("latin-1")
        given = _given(text)
        origin = state.service.url(request.scope, "")

        async def make() -> Representation:
            entities = await _entities(search)
            if not given:
                return Representation(json_body(manifest(entities, origin)))
            return Representation(json_body(await answered(state, entities, given)))

        return DeferredRepresentation(f"{RECONCILE}?{text}", make)

    return reconciliation


def _asked_by_post(search: SearchService) -> Handler:
    """Return the handler of batches in a form."""
    state = search.app_state

    async def reconciled(request: Request) -> Response:
        """Candidates for `queries`, or values for `extend`, from a form."""
        given = _given(await _form_text(state, request))
        if not given:
            raise BadParameterError("The form has a field 'queries' or 'extend'.")
        return _BatchResponse(search, given)

    reconciled.media_types = (JSON.media_type,)  # type: ignore[attr-defined] # as representations
    return reconciled


@final
class _BatchResponse(Response):
    """The response to a batch, cancelled when the client disconnects."""

    def __init__(self, search: SearchService, given: Mapping[str, str]) -> None:
        super().__init__()
        self._search = search
        self._given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response.

        Raises: ProblemError where the batch fails.
        """
        await while_connected(receive, self._answer(scope, receive, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        entities = await _entities(self._search)
        members = await answered(self._search.app_state, entities, self._given)
        headers = {"Cache-Control": "no-store"}
        answer = Response(json_body(members), headers=headers, media_type=JSON.media_type)
        await answer(scope, receive, send)


async def _form_text(state: AppState, request: Request) -> str:
    """The text of the form.

    Raises: UnsupportedMediaError, ContentTooLargeError, BadParameterError.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise UnsupportedMediaError(f"Batches come as {FORM}.", extras={"supported": [FORM]})
    limit, body = state.service.max_query_bytes, bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise ContentTooLargeError(
                f"A batch may have {limit} bytes.", extras={"limit_bytes": limit}
            )
    return body.decode("latin-1")


def _given(text: str) -> Mapping[str, str]:
    """The one known parameter of the text; empty where there is none.

    Raises: BadParameterError where there are several, or it asks for JSONP.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise BadParameterError(f"The parameters cannot be read: {error}.") from error
    if any(name in ("callback", "jsonp") for name, _ in pairs):
        raise BadParameterError("JSONP is not given: scripts of any origin may read the answers.")
    known = [(name, value) for name, value in pairs if name in _PARAMETERS]
    if len(known) > 1:
        raise BadParameterError("One of 'queries' and 'extend' is asked at once, and once.")
    return dict(known)


async def answered(state: AppState, entities: Entities, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer to a batch or a request for data extension.

    Raises: TimeLimitError where it takes longer than a query may, and other ProblemErrors.
    """
    seconds = state.service.timeout_seconds
    try:
        async with asyncio.timeout(seconds):
            return await _worked_out(state, entities, given)
    except TimeoutError as error:
        raise TimeLimitError(
            f"The batch took longer than {seconds:g} s; send fewer at once."
        ) from error


async def _worked_out(
    state: AppState, entities: Entities, given: Mapping[str, str]
) -> dict[str, Any]:
    if _EXTEND in given:
        return await extended(state, entities, read_extension(given[_EXTEND]))
    found = await candidates(state, entities, read_queries(given[_QUERIES]))
    return await asyncio.to_thread(
        lambda: {
            key: {"result": [candidate_members(entities, one) for one in each]}
            for key, each in found.items()
        }
    )


def _suggestions(search: SearchService, terms: UsedTerms, kind: Kind) -> Handler:
    """Return the handler of the suggest service of a kind."""

    @representation(search.app_state, offers=(JSON,), negotiated=False)
    async def suggest(
        request: Request, prefix: Prefix, cursor: Skipped = 0
    ) -> DeferredRepresentation:
        async def make() -> Representation:
            entities = await _entities(search)
            result = await suggested(terms, entities, kind, prefix, cursor)
            return Representation(json_body({"result": result}))

        return DeferredRepresentation(_name(request.scope), make)

    suggest.__name__ = f"suggest_{kind}"
    suggest.__doc__ = f"What is meant by the beginning of the name of {_ARTICLES[kind]}."
    return suggest


_ARTICLES: Final[Mapping[Kind, str]] = {
    "entity": "a thing", "type": "a class", "property": "a property",
}  # fmt: skip


def _proposals(search: SearchService) -> Handler:
    """Return the handler that proposes properties."""
    state = search.app_state

    @representation(state, offers=(JSON,), negotiated=False)
    async def proposals(
        request: Request, class_: Type = None, limit: Most = MAX_PROPOSED
    ) -> DeferredRepresentation:
        """The properties that things of a class have."""

        async def make() -> Representation:
            entities = await _entities(search)
            found = await proposed(state, class_, limit)
            members = [{"id": each, "name": entities.name(each)} for each in found]
            more = {"type": class_} if class_ else {}
            return Representation(json_body({**more, "properties": members, "limit": limit}))

        return DeferredRepresentation(_name(request.scope), make)

    return proposals


def _preview(search: SearchService) -> Handler:
    """Return the handler of the preview of a thing."""
    state = search.app_state

    @representation(state, offers=(PAGE,), negotiated=False)
    async def preview(request: Request, iri: Identifier) -> DeferredRepresentation:
        """A small page about a thing, to be shown in a frame."""
        node = named_node(iri)
        if node is None or not await existing(state, [iri]):
            raise NotFoundError(f"There is no {iri[:200]}.")

        async def make() -> Representation:
            page = await preview_page(state, await _entities(search), node)
            return Representation(page.encode())

        return DeferredRepresentation(_name(request.scope), make)

    return preview


def _view(search: SearchService) -> Handler:
    """Return the handler that redirects to the page of a thing."""
    state = search.app_state

    async def view(iri: Identifier) -> Response:
        """The page of a thing."""
        path = local_path(state.service, iri)
        if path is None or not await existing(state, [iri]):
            raise NotFoundError(f"There is no {iri[:200]} here.")
        return RedirectResponse(pages.href(state.service, iri), 303)

    return view


def _name(scope: Scope) -> str:
    return f"{scope['path']}?{scope['query_string'].decode('latin-1')}"


def _parameter(name: str) -> dict[str, Any]:
    """The OpenAPI description of a query parameter."""
    described = {"description": _MEANINGS[name], "schema": {"type": "string"}}
    example = {"example": _EXAMPLE} if name == _QUERIES else {}
    return {"name": name, "in": "query", "required": False, **described, **example}


def _form() -> dict[str, Any]:
    """The OpenAPI description of the form."""
    properties = {
        name: {"type": "string", "description": meaning} for name, meaning in _MEANINGS.items()
    }
    schema = {"type": "object", "properties": properties}
    example = {_QUERIES: _EXAMPLE}
    return {
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": schema, "example": example}},
        }
    }
