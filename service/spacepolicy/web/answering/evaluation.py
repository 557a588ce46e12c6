"""The evaluation of one query: in a seat, under its clock, for as long as its client is there.

What goes wrong before the first byte is sent has its real status; afterwards only the log hears
of it, and the body stays unterminated.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

from starlette.types import Receive

from spacepolicy.engine.hints import Hint
from spacepolicy.engine.port import Data, Header
from spacepolicy.errors import ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.sparql_service.header_fields import hint_fields, warning_fields
from spacepolicy.sparql_service.query_stream import BufferedResult, QueryStream, payloads
from spacepolicy.sparql_service.running import Seat, Slot, Ticket, lending, query_identifier
from spacepolicy.web import pages
from spacepolicy.web.answering.admission import Asked, Opened, Trial, going_on, opened
from spacepolicy.web.answering.call import Exchange
from spacepolicy.web.answering.connected import Connected
from spacepolicy.web.answering.desk import Desk, send_whole
from spacepolicy.web.answering.federation import answered
from spacepolicy.web.answering.plan import Plan
from spacepolicy.web.answering.reply import Reply, gathered, too_large_for_old_http

_log: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What is evaluated, and where its answer goes."""

    desk: Desk
    reply: Reply
    planned: Plan

    @property
    def streams(self) -> bool:
        """Whether the engine's bytes are the answer's, in pieces where there are many."""
        return self.planned.choice.format.kind != "page" and not self.reply.exchange.call.old


async def evaluate(
    desk: Desk,
    exchange: Exchange,
    planned: Plan,
    timeout_seconds: float,
    receive: Receive,
) -> None:
    """Send the answer of the query as it comes, for as long as the client is there.

    Raises: ProblemError where it fails before the first byte is sent.
    """
    exchange.notes.kind, exchange.notes.query = planned.form, planned.query.text
    identifier = query_identifier(exchange.call.field(b"x-query-id"))
    reply, outside = Reply(exchange, identifier), desk.service.outside
    others = partial(answered, outside, planned) if planned.blocks else None
    async with Connected(receive) as client:
        asked = Asked(
            planned.query, planned.dataset, timeout_seconds, client.look, others, planned.kind
        )
        try:
            async with (
                desk.running.registered(identifier, planned.query.text) as ticket,
                _begun(desk, exchange, ticket, asked) as begun,
            ):
                await _answer(_Evaluation(desk, reply, planned), begun, ticket, client)
                exchange.notes.rows = begun.stream.rows
        except TimeoutError as error:
            limit = TimeLimitError(
                f"The query ran longer than {timeout_seconds:g} seconds.",
                extras={"limit_seconds": timeout_seconds},
            )
            _fail(reply, identifier, limit, error)
        except ProblemError as error:
            _fail(reply, identifier, error, error)


def _begun(
    desk: Desk, exchange: Exchange, ticket: Ticket, asked: Asked
) -> AbstractAsyncContextManager[Opened]:
    """The stream of the query, which may have begun already."""
    taken = exchange.begun.take() if exchange.begun else None
    match taken:
        case None:
            return opened(desk, ticket, asked)
        case QueryStream() as stream, Slot() as slot:
            return opened(desk, ticket, asked, Trial(stream, slot))
        case stream, Seat() as seat:
            return going_on(desk, ticket, stream, seat, asked)
        case stream, _:
            return going_on(desk, ticket, stream, None, asked)


async def _answer(
    evaluation: _Evaluation, begun: Opened, ticket: Ticket, client: Connected
) -> None:
    """Send the answer at once where it is there; else look out for the client and the time.

    Raises: ProblemError, TimeoutError.
    """
    ticket.state = "running"
    if evaluation.streams and isinstance(begun.stream, BufferedResult):
        ticket.state = "sending"
        header, body = await begun.stream.soon(0)
        planned = _warned(evaluation.planned, header)
        await send_whole(evaluation.desk, evaluation.reply, planned.shape, planned.body, body)
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
        await _send(evaluation, planned, pieces, header.hints)


def _fail(reply: Reply, identifier: str, problem: ProblemError, cause: BaseException) -> None:
    """Raise the problem while it can still be told."""
    if not reply.started:
        problem.headers["X-Query-Id"] = identifier
        raise problem from cause
    _log.warning("%s broke off: %s", identifier, problem)


async def _header(frames: AsyncIterator[Header | Data]) -> Header:
    """The header: from here on the query is known to be one."""
    header = await anext(frames)
    assert isinstance(header, Header)  # noqa: S101 # the port's first frame
    return header


def _warned(planned: Plan, header: Header) -> Plan:
    """The plan with the engine's warnings and hints as fields."""
    if not header.warnings and not header.hints:
        return planned
    fields = (*warning_fields(header.warnings), *hint_fields(header.hints))
    shape = replace(planned.shape, fields=fields)
    return replace(planned, shape=shape)


async def _send(
    evaluation: _Evaluation, planned: Plan, body: AsyncGenerator[bytes], hints: tuple[Hint, ...]
) -> None:
    """Send the data as a page, in one piece for HTTP/1.0, or else as a stream."""
    desk, reply = evaluation.desk, evaluation.reply
    limit = desk.service.max_page_bytes
    whole = partial(send_whole, desk, reply, planned.shape, planned.body)
    async with aclosing(body) as pieces:
        if planned.choice.format.kind == "page":
            rows = await gathered(pieces, limit, _too_large(limit))
            text, form = planned.query.text, planned.form
            said = (*planned.hints, *hints)
            page = await asyncio.to_thread(pages.answer, desk.service, text, form, rows, said)
            await whole(page.encode())
        elif reply.exchange.call.old:
            await whole(await gathered(pieces, limit, too_large_for_old_http(limit)))
        else:
            keep = partial(_keep, desk, planned)
            teed = desk.gathering.teed(pieces, desk.cache.max_body_bytes, keep)
            async with aclosing(teed) as copied:
                await reply.streamed(planned.shape, copied, whole)


def _keep(desk: Desk, planned: Plan, body: bytes) -> None:
    if planned.body is not None:
        desk.cache.keep_body(desk.number, planned.body, body, fields=planned.shape.fields)


def _too_large(limit: int) -> ResultLimitError:
    return ResultLimitError(
        f"The answer is larger than the {limit} bytes of one page.",
        extras={"limit_bytes": limit},
    )
