"""Responses of the Graph Store Protocol to reads: streamed, in every format of graphs.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/#http-get
"""

from dataclasses import replace
from typing import Final, final

from pyoxigraph import NamedNode
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacepolicy import formats
from spacepolicy.engine.requests import Query
from spacepolicy.errors import BadParameterError, NotFoundError
from spacepolicy.formats import FormatChoice
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState, answer_again, answer_known
from spacepolicy.web.answering.evaluation import evaluate
from spacepolicy.web.answering.graph_etag import changed_at, graph_etag
from spacepolicy.web.answering.plan import QueryPlan, acceptable_coding, hinted
from spacepolicy.web.answering.protocol import timeout_seconds
from spacepolicy.web.answering.representation import chosen, ignored, read_get
from spacepolicy.web.answering.response import ResponseShape
from spacepolicy.web.answering.service_graph import service_graph
from spacepolicy.web.answering.sparql_request import RequestExchange
from spacepolicy.web.request_context import context_of, current_locale

OFFERED: Final = formats.offered("graph", "page")
_PAGE_FORMAT: Final = "turtle"
_PARAMETERS: Final = ("graph", "default", "timeout")


@final
class GraphAnswer(Response):
    """The response with a graph, None for the default graph. Its entity tag identifies the state of
    the graph, and stays the same while only other graphs change."""

    def __init__(self, app_state: AppState, graph: str | None) -> None:
        super().__init__()
        self._app_state = app_state
        self._graph = graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the graph.

        Raises: ProblemError, such as NotFoundError where there is no such graph.
        """
        app_state = self._app_state
        call, origin = read_get(scope), app_state.service.url(scope, "")
        exchange = RequestExchange(call, call.key(origin), send, context_of(scope).record)
        if await answer_again(app_state, exchange):
            return
        given = QueryParams(scope["query_string"]).getlist("timeout")
        if len(given) > 1:
            raise BadParameterError("The parameter 'timeout' is given more than once.")
        seconds = timeout_seconds(app_state.service, given[0] if given else None)
        planned = self._plan(exchange, chosen(scope, OFFERED), origin)
        planned = hinted(planned, ignored(scope, _PARAMETERS))
        if await answer_known(app_state, exchange, planned.shape, planned.body):
            return
        if self._graph is not None and self._graph == service_graph(app_state.service):
            described = await app_state.service_graph.added(app_state.service, planned.query)
            planned = replace(planned, query=described)
        elif self._graph is not None and not await has_graph(app_state, self._graph):
            raise NotFoundError(f"There is no graph <{self._graph}>.")
        await evaluate(app_state, exchange, planned, seconds, receive)

    def _plan(self, exchange: RequestExchange, choice: FormatChoice, origin: str) -> QueryPlan:
        service, graph = self._app_state.service, self._graph
        pattern = "?s ?p ?o" if graph is None else f"GRAPH {NamedNode(graph)} {{ ?s ?p ?o }}"
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"
        page = choice.format.kind == "page"
        variant = f"graph {choice.media_type} {current_locale().variant if page else ''}"
        body = BodyKey(text, None, None, variant, origin)
        prefixes = service.revision.prefixes
        made_of = (service.instance, body.text, body.format, origin)
        tag = graph_etag(self._state(page=page), made_of, prefixes)
        kept = service.keeps_answers
        return QueryPlan(
            query=Query(
                text,
                solutions_format=None,
                graph_format=_PAGE_FORMAT if page else choice.format.name,
                prefixes=prefixes,
            ),
            dataset=service.revision.dataset,
            form="graph",
            choice=choice,
            shape=ResponseShape(
                choice.content_type, acceptable_coding(exchange.call), tag if kept else None
            ),
            body=body if kept else None,
        )

    def _state(self, *, page: bool) -> Revision:
        """The last revision that changed the graph; for pages, which show the revision, itself."""
        service = self._app_state.service
        if page:
            return service.revision
        number = changed_at(service.history, self._graph, service.revision.number)
        return service.history.get(number)


async def has_graph(app_state: AppState, graph: str) -> bool:
    """Whether there is a graph of that name. In a remote store it must have a statement: engines
    differ in their treatment of empty graphs."""
    revision = app_state.service.revision
    ours = revision.number > 0 and revision.publication is None
    pattern = "" if ours else "?s ?p ?o"
    return await internal_queries.boolean(
        app_state, f"ASK {{ GRAPH {NamedNode(graph)} {{ {pattern} }} }}"
    )
