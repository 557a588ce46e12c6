"""The evaluation of one query: in a seat, under its clock, for as long as its client is there.

What goes wrong before the first byte is sent has its real status; afterwards only the log hears
of it, and the body stays unterminated.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

from starlette.types import Receive

from spacepolicy.engine.hints import Hint
from spacepolicy.engine.port import Data, Header
from spacepolicy.errors import ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.web import pages
from spacepolicy.web.answering.call import Exchange
from spacepolicy.web.answering.connected import Connected
from spacepolicy.web.answering.conversation import SOON_SECONDS, Talk, begin, payloads
from spacepolicy.web.answering.desk import Desk, send_whole
from spacepolicy.web.answering.federation import answered
from spacepolicy.web.answering.plan import Plan
from spacepolicy.web.answering.reply import (
    Reply,
    gathered,
    hint_fields,
    teed,
    too_large_for_old_http,
    warning_fields,
)
from spacepolicy.web.answering.running import Ticket, query_identifier

_log: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What is evaluated, until when by the event loop's clock, and where its answer goes."""

    desk: Desk
    reply: Reply
    planned: Plan
    deadline: float

    @property
    def streams(self) -> bool:
        """Whether the engine's bytes are the answer's, in pieces where there are many."""
        return self.planned.choice.format.kind != "page" and not self.reply.exchange.call.old


async def evaluate(
    desk: Desk, exchange: Exchange, planned: Plan, timeout_seconds: float, receive: Receive
) -> None:
    """Send the answer of the query as it comes, for as long as the client is there.

    Raises: ProblemError where it fails before the first byte is sent.
    """
    exchange.notes.kind, exchange.notes.query = planned.form, planned.query.text
    identifier = query_identifier(exchange.call.field(b"x-query-id"))
    reply = Reply(exchange, identifier)
    async with Connected(receive) as client:
        if desk.running.full:
            client.look()
        try:
            service, text = desk.service, planned.query.text
            begun = exchange.begun.take() if exchange.begun else None
            admitted = desk.running.admitted(
                identifier, service.max_wait_seconds, text, seated=begun is not None
            )
            async with admitted as ticket:
                deadline = asyncio.get_running_loop().time() + timeout_seconds
                if planned.blocks:
                    client.look()
                    async with asyncio.timeout_at(deadline):
                        query = await answered(service.outside, planned, timeout_seconds)
                    planned = replace(planned, query=query)
                evaluation = _Evaluation(desk, reply, planned, deadline)
                fresh = begun or begin(service.engine, planned.query, service.revision.dataset)
                with fresh as conversation:
                    await _answer(evaluation, conversation, ticket, client)
                    exchange.notes.rows = conversation.rows
        except TimeoutError as error:
            limit = TimeLimitError(
                f"The query ran longer than {timeout_seconds:g} seconds.",
                extras={"limit_seconds": timeout_seconds},
            )
            _fail(reply, identifier, limit, error)
        except ProblemError as error:
            _fail(reply, identifier, error, error)


async def _answer(
    evaluation: _Evaluation, conversation: Talk, ticket: Ticket, client: Connected
) -> None:
    """Send the answer at once where it is soon there; else look out for the client and the time.

    Raises: ProblemError, TimeoutError.
    """
    if evaluation.streams:
        left = evaluation.deadline - asyncio.get_running_loop().time()
        answer = await conversation.soon(min(SOON_SECONDS, left))
        if answer is not None:
            ticket.state = "sending"
            header, body = answer
            planned = _warned(evaluation.planned, header)
            desk, reply = evaluation.desk, evaluation.reply
            await send_whole(desk, reply, planned.shape, planned.body, body)
            return
    client.look()
    async with asyncio.timeout_at(evaluation.deadline), aclosing(conversation.frames()) as frames:
        header = await _header(frames)
        ticket.state = "sending"
        await _send(evaluation, _warned(evaluation.planned, header), frames, header.hints)


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
    evaluation: _Evaluation,
    planned: Plan,
    frames: AsyncIterator[Header | Data],
    hints: tuple[Hint, ...],
) -> None:
    """Send the data as a page, in one piece for HTTP/1.0, or else as a stream."""
    desk, reply = evaluation.desk, evaluation.reply
    limit = desk.service.max_page_bytes
    whole = partial(send_whole, desk, reply, planned.shape, planned.body)
    async with aclosing(payloads(frames)) as pieces:
        if planned.choice.format.kind == "page":
            body = await gathered(pieces, limit, _too_large(limit))
            text, form = planned.query.text, planned.form
            page = await asyncio.to_thread(pages.answer, desk.service, text, form, body, hints)
            await whole(page.encode())
        elif reply.exchange.call.old:
            await whole(await gathered(pieces, limit, too_large_for_old_http(limit)))
        else:
            keep = partial(_keep, desk, planned)
            async with aclosing(teed(pieces, desk.cache.max_body_bytes, keep)) as copied:
                await reply.streamed(planned.shape, copied, whole)


def _keep(desk: Desk, planned: Plan, body: bytes) -> None:
    if planned.body is not None:
        desk.cache.keep_body(desk.number, planned.body, body, fields=planned.shape.fields)


def _too_large(limit: int) -> ResultLimitError:
    return ResultLimitError(
        f"The answer is larger than the {limit} bytes of one page.",
        extras={"limit_bytes": limit},
    )
