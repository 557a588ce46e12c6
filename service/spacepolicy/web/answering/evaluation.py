"""The evaluation of one query: in a seat, with a timeout, until its client disconnects.

A failure before the first byte is sent gets its real status; a later one is only logged, and the
body stays unterminated.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

from starlette.types import Receive

from spacepolicy.engine.answer_frames import Data, Header
from spacepolicy.engine.hints import Hint
from spacepolicy.errors import ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.formats import CSVW
from spacepolicy.http.content_codings import IDENTITY
from spacepolicy.sparql_service.admission import (
    RunningQuery,
    Seat,
    Slot,
    lending,
    query_identifier,
)
from spacepolicy.sparql_service.header_fields import hint_fields, warning_fields
from spacepolicy.sparql_service.query_stream import BufferedResult, QueryStream, payloads
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState, send_whole
from spacepolicy.web.answering.disconnect import Connected
from spacepolicy.web.answering.federation import answered
from spacepolicy.web.answering.kept_files import MAX_FILE_BYTES, gather, teed
from spacepolicy.web.answering.plan import QueryPlan
from spacepolicy.web.answering.query_start import (
    EvaluationRequest,
    SlotAttempt,
    StartedQuery,
    going_on,
    opened,
)
from spacepolicy.web.answering.response import (
    ResponseSender,
    ResponseShape,
    gathered,
    too_large_for_old_http,
)
from spacepolicy.web.answering.sparql_request import RequestExchange, SparqlRequest
from spacepolicy.web.request_context import note_problem, time_left

_log: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class _Evaluation:
    """The planned query, and where its answer goes."""

    app_state: AppState
    reply: ResponseSender
    planned: QueryPlan

    @property
    def streams(self) -> bool:
        """Whether the engine's bytes are sent unchanged, and may be streamed."""
        format = self.planned.choice.format
        converted = format.kind == "page" or format.name == CSVW
        return not converted and not self.reply.exchange.call.old


async def evaluate(
    app_state: AppState,
    exchange: RequestExchange,
    planned: QueryPlan,
    timeout_seconds: float,
    receive: Receive,
) -> None:
    """Send the answer of the query as it arrives, until the client disconnects.

    Raises: ProblemError where it fails before the first byte is sent.
    """
    exchange.notes.kind, exchange.notes.query = planned.form, planned.query.text
    identifier = query_identifier(exchange.call.field(b"x-query-id"))
    reply, outside = ResponseSender(exchange, identifier), app_state.service.outside
    others = partial(answered, outside, planned) if planned.blocks else None
    async with Connected(receive) as client:
        asked = EvaluationRequest(
            planned.query,
            planned.dataset,
            time_left(timeout_seconds),
            client.look,
            others,
            planned.kind,
        )
        try:
            async with (
                app_state.running.registered(identifier, planned.query.text) as ticket,
                _begun(app_state, exchange, ticket, asked) as begun,
            ):
                await _answer(_Evaluation(app_state, reply, planned), begun, ticket, client)
                exchange.notes.rows = begun.stream.rows
        except TimeoutError as error:
            limit = TimeLimitError(
                f"The query ran longer than {timeout_seconds:g} seconds.",
                extras={"limit_seconds": timeout_seconds},
            )
            _fail(reply, identifier, limit, error)
        except ProblemError as error:
            note_problem(error)
            _fail(reply, identifier, error, error)


def _begun(
    app_state: AppState, exchange: RequestExchange, ticket: RunningQuery, asked: EvaluationRequest
) -> AbstractAsyncContextManager[StartedQuery]:
    """The stream of the query, which may have been started already."""
    taken = exchange.begun.take() if exchange.begun else None
    match taken:
        case None:
            return opened(app_state, ticket, asked)
        case QueryStream() as stream, Slot() as slot:
            return opened(app_state, ticket, asked, SlotAttempt(stream, slot))
        case stream, Seat() as seat:
            return going_on(app_state, ticket, stream, seat, asked)
        case stream, _:
            return going_on(app_state, ticket, stream, None, asked)


async def _answer(
    evaluation: _Evaluation, begun: StartedQuery, ticket: RunningQuery, client: Connected
) -> None:
    """Send the answer at once if it is complete; else watch for a disconnect and the timeout.

    Raises: ProblemError, TimeoutError.
    """
    ticket.state = "running"
    if evaluation.streams and isinstance(begun.stream, BufferedResult):
        ticket.state = "sending"
        header, body = await begun.stream.soon(0)
        planned = _warned(evaluation.planned, header)
        await send_whole(evaluation.app_state, evaluation.reply, planned.shape, planned.body, body)
        return
    client.look()
    async with (
        asyncio.timeout_at(begun.deadline),
        aclosing(begun.stream.frames()) as frames,
    ):
        header = await _header(frames)
        ticket.state = "sending"
        pieces = lending(begun.seat, payloads(frames))
        planned = _warned(evaluation.planned, header)
        await _send(evaluation, planned, pieces, header.hints, begun.deadline)


def _fail(
    reply: ResponseSender, identifier: str, problem: ProblemError, cause: BaseException
) -> None:
    """Raise the problem if nothing is sent yet; else log it."""
    if not reply.started:
        problem.headers["X-Query-Id"] = identifier
        raise problem from cause
    _log.warning("%s broke off: %s", identifier, problem)


async def _header(frames: AsyncIterator[Header | Data]) -> Header:
    """The header, the first frame: the engine has accepted the query."""
    header = await anext(frames)
    assert isinstance(header, Header)  # noqa: S101 # the port's first frame
    return header


def _warned(planned: QueryPlan, header: Header) -> QueryPlan:
    """The plan with the engine's warnings and hints as fields."""
    if not header.warnings and not header.hints:
        return planned
    fields = (*warning_fields(header.warnings), *hint_fields(header.hints))
    shape = replace(planned.shape, fields=fields)
    return replace(planned, shape=shape)


async def _send(
    evaluation: _Evaluation,
    planned: QueryPlan,
    body: AsyncGenerator[bytes],
    hints: tuple[Hint, ...],
    deadline: float,
) -> None:
    """Send the data as a page, in one piece for HTTP/1.0, or else as a stream."""
    app_state, reply = evaluation.app_state, evaluation.reply
    limit = app_state.service.max_page_bytes
    whole = partial(send_whole, app_state, reply, planned.shape, planned.body)
    async with aclosing(body) as pieces:
        if planned.choice.format.kind == "page":
            rows = await gathered(pieces, limit, _too_large(limit))
            text, form = planned.query.text, planned.form
            shown = (*planned.hints, *hints)
            page = await asyncio.to_thread(pages.answer, app_state.service, text, form, rows, shown)
            await whole(page.encode())
        elif planned.choice.format.name == CSVW:
            metadata = json.loads(await gathered(pieces, limit, _too_large(limit)))
            if planned.table is not None:
                metadata = {**metadata, "url": planned.table}
            await whole(json.dumps(metadata, ensure_ascii=False, indent=1).encode())
        elif _wants_whole(planned, reply.exchange.call):
            await _send_gathered(evaluation, planned, pieces, deadline)
        elif reply.exchange.call.old:
            await whole(await gathered(pieces, limit, too_large_for_old_http(limit)))
        else:
            async with aclosing(_kept(app_state, planned, pieces)) as copied:
                await reply.streamed(planned.shape, copied, whole)


def _wants_whole(planned: QueryPlan, call: SparqlRequest) -> bool:
    """Whether the answer is sent only once its length is known: because of its format, or because
    the client asks for the length (HEAD) or a range."""
    if planned.shape.wish.coding != IDENTITY or call.old:
        return False
    asks = call.method == "HEAD" or (call.method == "GET" and call.field(b"range") is not None)
    return planned.choice.format.whole or (asks and planned.shape.tag is not None)


async def _send_gathered(
    evaluation: _Evaluation, planned: QueryPlan, pieces: AsyncGenerator[bytes], deadline: float
) -> None:
    """Send the answer with its length. An answer that is too large for that, or not complete after
    half of the time left, is streamed if its format allows it.

    Raises: ResultLimitError where the format does not.
    """
    app_state, reply, shape = evaluation.app_state, evaluation.reply, planned.shape
    # The other half is for sending: gathering up to the deadline could only end in a 504.
    half = (asyncio.get_running_loop().time() + deadline) / 2
    until = deadline if planned.choice.format.whole else half
    gathered_ = await gather(pieces, app_state.cache.max_body_bytes, MAX_FILE_BYTES, until)
    if gathered_.rest is not None and planned.choice.format.whole:
        raise _too_large(MAX_FILE_BYTES)
    if gathered_.rest is not None:
        await reply.streamed(shape, gathered_.everything(), partial(_unexpected, reply, shape))
    elif gathered_.file is not None:
        if shape.tag is not None:
            app_state.files.keep(shape.tag, gathered_.file)
        await reply.file(shape.head(IDENTITY), gathered_.file)
    else:
        await send_whole(app_state, reply, shape, planned.body, gathered_.body or b"")


async def _unexpected(reply: ResponseSender, shape: ResponseShape, body: bytes) -> None:
    """Send an answer that has one piece; does not happen where it is too large to be gathered."""
    await reply.whole(shape.head(IDENTITY), body)


def _kept(
    app_state: AppState, planned: QueryPlan, pieces: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    """The pieces, which are also kept while they are sent: columns in a file, since clients load
    them as a whole and ask for them again, others in the cache."""
    tag, coding = planned.shape.tag, planned.shape.wish.coding
    if planned.choice.format.kind == "columns" and tag is not None and coding == IDENTITY:
        return teed(pieces, partial(app_state.files.keep, tag))
    keep = partial(_keep, app_state, planned)
    return app_state.gathering.teed(pieces, app_state.cache.max_body_bytes, keep)


def _keep(app_state: AppState, planned: QueryPlan, body: bytes) -> None:
    if planned.body is not None:
        app_state.cache.keep_body(
            app_state.edition, planned.body, body, fields=planned.shape.fields
        )


def _too_large(limit: int) -> ResultLimitError:
    return ResultLimitError(
        f"The answer is larger than the {limit} bytes of one page or file.",
        extras={"limit_bytes": limit},
    )
