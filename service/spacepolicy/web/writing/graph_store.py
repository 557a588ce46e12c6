"""The Graph Store Protocol: reads and writes whole graphs.

A graph is named by `?graph=`, or by its own address under `/graphs/`; `?default` is the default
graph.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, final
from urllib.parse import quote

from fastapi import Request
from pyoxigraph import NamedNode
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from spacepolicy.access_tokens import AccessToken, may_write
from spacepolicy.errors import BadParameterError, ForbiddenError
from spacepolicy.store.write_requests import (
    Action,
    GraphWrite,
    Upload,
    WriteRequest,
)
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.protocol import write_seconds
from spacepolicy.web.auth import require
from spacepolicy.web.iri_routing import iri_path, quote_path
from spacepolicy.web.memento import refuse_revision
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service
from spacepolicy.web.writing.graph_reading import GraphAnswer
from spacepolicy.web.writing.preconditions import conditions_on_graph
from spacepolicy.web.writing.uploads import HINTS, SUPPORTED, received
from spacepolicy.web.writing.write_response import check_acceptable, done, tried
from spacepolicy.web.writing.write_service import WriteService, is_dry_run, message

PATH: Final = "/graphs"
_READ: Final = ("GET", "HEAD")
WRITE_METHODS: Final = ("PUT", "POST", "DELETE")
_METHODS: Final[dict[str, Action]] = {"PUT": "put", "POST": "post", "DELETE": "delete"}
_NAME_BYTES: Final = 9
"""72 bits in 12 characters: enough to rule out the same name for two new graphs."""
GRAPH_PARAMETERS: Final = {
    "parameters": [
        {
            "name": "graph",
            "in": "query",
            "description": "the IRI of a named graph",
            "schema": {"type": "string", "format": "iri"},
        },
        {
            "name": "default",
            "in": "query",
            "description": "the default graph; without a value",
            "schema": {"type": "string"},
        },
    ]
}
_RESPONSES: Final = {
    "200": {"description": "of a dry run: what would change; else what the guard warns of"},
    "201": {"description": "the graph is new; Location says where it answers"},
}


def graph_reading(app_state: AppState) -> Handler:
    """Return the handler that reads a graph."""

    async def read(request: Request) -> Response:
        """The graph, or, where none is named, a list of all that there are."""
        named = _named(app_state.service, request.scope)
        return (
            await _list(app_state, request)
            if named is None
            else GraphAnswer(app_state, named.graph)
        )

    return read


def graph_writing(service: Service, writes: WriteService) -> Handler:
    """Return the handler that writes a graph."""

    async def write(request: Request) -> Response:
        """Replace the graph (PUT), add to it (POST) or remove it (DELETE); POST without a graph
        makes one."""
        return await _written(service, writes, request)

    return write


def graph_options(service: Service) -> Handler:
    """Return the handler of OPTIONS on a graph."""

    async def options(_: Request) -> Response:
        return Response(status_code=204, headers=_allowed(service))

    return options


@final
@dataclass(frozen=True, slots=True)
class _Named:
    """A graph by its IRI, None for the default graph."""

    graph: str | None


def _named(service: Service, scope: Scope) -> _Named | None:
    """The graph that the request is for; None where it names none.

    Raises: BadParameterError where it names several, or the name is no IRI.
    """
    given = QueryParams(scope["query_string"])
    graphs, default = given.getlist("graph"), given.getlist("default")
    if len(graphs) + len(default) > 1:
        raise BadParameterError("A request is for one graph: ?graph= or ?default, once.")
    if scope["path"] != PATH:
        if graphs or default:
            raise BadParameterError("The address names the graph already.")
        return _Named(_checked(service.url(scope, quote_path(iri_path(scope["raw_path"])))))
    if default:
        return _Named(None)
    return _Named(_checked(graphs[0])) if graphs else None


def _checked(iri: str) -> str:
    """Raises: BadParameterError where it is no absolute IRI."""
    try:
        return NamedNode(iri).value
    except ValueError as error:
        raise BadParameterError(f"{iri!r} is no absolute IRI: {error}.") from error


async def _written(service: Service, writes: WriteService, request: Request) -> Response:
    scope, action = request.scope, _METHODS[request.method]
    token = require(scope, "write")
    refuse_revision(scope)
    named = _named(service, scope) or _new(service, request)
    _check_pattern(token, named)
    conditions = conditions_on_graph(service.history, scope, named.graph)
    dry_run, seconds = is_dry_run(scope), _seconds(service, scope)
    if dry_run:
        check_acceptable(scope)
    base = named.graph or service.url(scope, f"{PATH}?default")
    async with AsyncExitStack() as stack:
        writer = stack.enter_context(writes.admitted())
        uploads: list[Upload] = []
        if action != "delete":
            uploads = await stack.enter_async_context(received(service, request, base))
        written = await writes.write(
            scope,
            writer,
            WriteRequest(
                operation=GraphWrite(action, named.graph, tuple(uploads)),
                author=f"token {token.identifier}",
                message=message(scope),
                may_write=token.graphs,
                expected=conditions.expected,
                present=conditions.present,
                absent=conditions.absent,
                dry_run=dry_run,
                timeout_seconds=seconds,
            ),
        )
    if dry_run:
        return tried(scope, written)
    if action != "delete" and written.changed and not written.existed:
        return done(written, 201, {"Location": _location(service, scope, named)})
    return done(written)


def _new(service: Service, request: Request) -> _Named:
    """A new graph name, for a POST that creates a graph.

    Raises: BadParameterError where the request is no POST.
    """
    if request.method != "POST":
        raise BadParameterError("Name the graph: ?graph=, ?default, or its address.")
    name = secrets.token_urlsafe(_NAME_BYTES)
    return _Named(service.url(request.scope, f"{PATH}/{name}"))


def _check_pattern(token: AccessToken, named: _Named) -> None:
    """Raises: ForbiddenError where the token is for other graphs; called before the upload."""
    if named.graph is not None and not may_write(named.graph, token.graphs):
        raise ForbiddenError(
            f"The token may not write <{named.graph}>.", extras={"graphs": list(token.graphs)}
        )


def _seconds(service: Service, scope: Scope) -> float:
    given = QueryParams(scope["query_string"]).getlist("timeout")
    if len(given) > 1:
        raise BadParameterError("The parameter 'timeout' is given more than once.")
    return write_seconds(service, given[0] if given else None)


def _location(service: Service, scope: Scope, named: _Named) -> str:
    """The value of Location for the graph."""
    here = service.url(scope, "")
    path = _address(service, scope, named).removeprefix(here)
    return service.reference(scope, path)


def _address(service: Service, scope: Scope, named: _Named) -> str:
    """The address of the graph."""
    graph = named.graph
    if graph is None:
        return service.url(scope, f"{PATH}?default")
    if graph.startswith(service.url(scope, f"{PATH}/")):
        return graph
    return service.url(scope, f"{PATH}?graph={quote(graph, safe='')}")


def _allowed(service: Service) -> dict[str, str]:
    if service.writer is None:
        return {"Allow": "GET, HEAD, OPTIONS"}
    return {"Allow": ", ".join((*_READ, *WRITE_METHODS, "OPTIONS")), **HINTS}


async def _list(app_state: AppState, request: Request) -> Response:
    """The list of all graphs, with their numbers of triples and their addresses."""
    service, scope = app_state.service, request.scope
    contents = await app_state.contents.of(service)

    def row(graph: str | None, triples: int) -> dict[str, Any]:
        return {"triples": triples, "href": _address(service, scope, _Named(graph))}

    members = {
        "revision": app_state.number,
        "default": row(None, contents.default),
        "graphs": [{"graph": name, **row(name, n)} for name, n in contents.named.items()],
    }
    return JSONResponse(members, headers={"Cache-Control": "no-cache", "Vary": "Accept-Datetime"})


def write_described(method: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a write, as an addition to FastAPI's own."""
    operation = {**extra, "security": [{"token": []}], "responses": _RESPONSES}
    if method == "DELETE":
        return operation
    content = {each: {"schema": {"type": "string"}} for each in SUPPORTED}
    return {**operation, "requestBody": {"required": True, "content": content}}
