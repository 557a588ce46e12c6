"""The SPARQL endpoint, a plain ASGI application.

A repeated request is answered from the cache; any other is planned, and evaluated only where
neither the client nor the cache has the answer.

Spec: https://www.w3.org/TR/sparql11-protocol/
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from spacepolicy.errors import BadParameterError, ProblemError
from spacepolicy.http.content_codings import IDENTITY
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.sparql_service.begun_evaluations import begun_of
from spacepolicy.sparql_service.header_fields import hint_fields
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import (
    AppState,
    answer_again,
    answer_known,
    send_whole,
)
from spacepolicy.web.answering.description import Features, description
from spacepolicy.web.answering.evaluation import evaluate
from spacepolicy.web.answering.plan import (
    QueryPlan,
    acceptable_coding,
    description_plan,
    hinted,
    plan,
)
from spacepolicy.web.answering.protocol import QueryOperation, UpdateOperation, operation
from spacepolicy.web.answering.query_context import QueryContext, query_context
from spacepolicy.web.answering.response import VARY, ResponseSender, coded
from spacepolicy.web.answering.service_graph import service_graph
from spacepolicy.web.answering.sparql_request import (
    METHODS,
    RequestExchange,
    SparqlRequest,
    accepted,
    read_call,
)
from spacepolicy.web.problems import problem_response
from spacepolicy.web.request_context import context_of
from spacepolicy.web.writing.update_operation import update_response
from spacepolicy.web.writing.write_service import WriteService

SHORT_TEXT: Final = 4096
"""Shorter texts are scanned at once; the lexer takes some milliseconds for this length."""
_log: Final = logging.getLogger(__name__)


def sparql_endpoint(app_state: AppState, writes: WriteService) -> ASGIApp:
    """Return the application that answers the protocol's operations."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _respond(app_state, writes, scope, receive, send)
        except ProblemError as error:
            await problem_response(app_state.service, scope, error)(scope, receive, send)
        except ClientDisconnect:
            _log.debug("a client left before it had asked")

    return endpoint


async def _respond(
    app_state: AppState, writes: WriteService, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["method"] == "OPTIONS":
        response = Response(status_code=204, headers=_allowed(app_state))
        await response(scope, receive, send)
        return
    call = await read_call(app_state.service, scope, receive)
    context = query_context(app_state.service, scope)
    begun = begun_of(scope, context.revision.number, context.order)
    record = context_of(scope).record
    exchange = RequestExchange(call, call.key(context.endpoint), send, record, begun)
    if await answer_again(app_state, exchange):
        return
    asked = operation(app_state.service, call)
    if isinstance(asked, UpdateOperation):
        exchange.notes.kind, exchange.notes.query = "update", asked.text
        response = await update_response(app_state.service, writes, scope, asked, app_state.reading)
        await response(scope, receive, send)
        return
    if asked.text is None:
        await _describe(app_state, exchange, asked, context)
        return
    planned = hinted(await planned_query(app_state, context, call, asked, asked.text), asked.hints)
    if await answer_known(app_state, exchange, planned.shape, planned.body):
        return
    planned = replace(
        planned, query=await app_state.service_graph.added(app_state.service, planned.query)
    )
    await evaluate(app_state, exchange, planned, asked.timeout_seconds, receive)


def _allowed(app_state: AppState) -> dict[str, str]:
    return {"Allow": ", ".join(METHODS), **accepted(app_state.service)}


async def planned_query(
    app_state: AppState,
    context: QueryContext,
    call: SparqlRequest,
    asked: QueryOperation,
    text: str,
) -> QueryPlan:
    """Return the plan; a long text is scanned in a thread.

    Raises: as `plan`.
    """
    if len(text) < SHORT_TEXT:
        return plan(app_state.service, context, call, asked, text)
    async with app_state.reading:
        return await asyncio.to_thread(plan, app_state.service, context, call, asked, text)


async def _describe(
    app_state: AppState, exchange: RequestExchange, asked: QueryOperation, context: QueryContext
) -> None:
    """Send the service description, or a form to a browser.

    Raises: BadParameterError where the request is a query operation without a query.
    """
    if not asked.plain or exchange.call.method not in ("GET", "HEAD"):
        raise BadParameterError("The parameter 'query' is missing.")
    reply = ResponseSender(exchange, query_identifier(None))
    if asked.wants_page:
        page = pages.form(app_state.service).encode()
        coding = acceptable_coding(exchange.call).of(len(page))
        fields = [(b"content-type", b"text/html; charset=utf-8"), (b"vary", VARY.encode())]
        if coding != IDENTITY:
            fields.append((b"content-encoding", coding.encode()))
        await reply.whole((*fields, *hint_fields(asked.hints)), await coded(page, coding))
        return
    choice = asked.choice("graph")
    shape, body_key = description_plan(context, exchange.call, choice)
    shape = replace(shape, hints=hint_fields(asked.hints))
    if await answer_known(app_state, exchange, shape, body_key):
        return
    contents = await app_state.contents.of(app_state.service)
    service = app_state.service
    features = Features(
        service.writer is not None,
        bool(service.outside.origins),
        context.revision.unlisted(service.mode),
        service_graph(service),
    )
    body = description(context.endpoint, service.mode, contents, choice.format, features)
    await send_whole(app_state, reply, shape, body_key, body)
