"""The evaluation of one query: in a seat, under its clock, for as long as its client is there.

What goes wrong before the first byte is sent has its real status; afterwards only the log hears
of it, and the body stays unterminated.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.types import Receive

from spacepolicy.engine.port import (
    CHUNK_BYTES,
    Data,
    End,
    Engine,
    FrameDecoder,
    Header,
    Problem,
    Query,
    broken_off,
)
from spacepolicy.errors import ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.web import pages
from spacepolicy.web.answering.call import Exchange
from spacepolicy.web.answering.desk import Desk, send_whole
from spacepolicy.web.answering.plan import Plan
from spacepolicy.web.answering.reply import (
    Reply,
    gathered,
    teed,
    too_large_for_old_http,
    warning_fields,
)
from spacepolicy.web.answering.running import query_identifier

_log: Final = logging.getLogger(__name__)


async def while_connected(receive: Receive, answering: Awaitable[None]) -> None:
    """Await the answering, and give it up when the client has gone."""
    answer = asyncio.ensure_future(answering)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            answer.result()
    finally:
        for task in (answer, gone):
            task.cancel()
            with suppress(asyncio.CancelledError, ProblemError):
                await task


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def evaluate(desk: Desk, exchange: Exchange, planned: Plan, timeout_seconds: float) -> None:
    """Send the answer of the query as it comes.

    Raises: ProblemError where it fails before the first byte is sent.
    """
    identifier = query_identifier(exchange.call.field(b"x-query-id"))
    reply = Reply(exchange, identifier)
    try:
        async with desk.running.admitted(identifier, desk.service.max_wait_seconds) as ticket:
            async with asyncio.timeout(timeout_seconds):
                async with aclosing(answer_frames(desk.service.engine, planned.query)) as frames:
                    header = await _header(frames)
                    ticket.state = "sending"
                    await _send(desk, reply, _warned(planned, header), frames)
    except TimeoutError as error:
        limit = TimeLimitError(
            f"The query ran longer than {timeout_seconds:g} seconds.",
            extras={"limit_seconds": timeout_seconds},
        )
        _fail(reply, identifier, limit, error)
    except ProblemError as error:
        _fail(reply, identifier, error, error)


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
    """The plan with the engine's warnings as fields."""
    if not header.warnings:
        return planned
    shape = replace(planned.shape, fields=warning_fields(header.warnings))
    return replace(planned, shape=shape)


async def _send(
    desk: Desk, reply: Reply, planned: Plan, frames: AsyncIterator[Header | Data]
) -> None:
    """Send the data as a page, in one piece for HTTP/1.0, or else as a stream."""
    limit = desk.service.max_page_bytes
    whole = partial(send_whole, desk, reply, planned.shape, planned.body)
    async with aclosing(payloads(frames)) as pieces:
        if planned.choice.format.kind == "page":
            body = await gathered(pieces, limit, _too_large(limit))
            text, form = planned.query.text, planned.form
            page = await asyncio.to_thread(pages.answer, desk.service, text, form, body)
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


async def payloads(frames: AsyncIterator[Header | Data]) -> AsyncGenerator[bytes]:
    """The bytes that the frames carry."""
    async for frame in frames:
        if isinstance(frame, Data):
            yield frame.payload


async def answer_frames(engine: Engine, query: Query) -> AsyncGenerator[Header | Data]:
    """The frames of the answer up to its end.

    Raises: ProblemError where the engine tells one or breaks off.
    """
    loop = asyncio.get_running_loop()
    connection, decoder = engine.connect(), FrameDecoder()
    try:
        connection.setblocking(False)
        await loop.sock_sendall(connection, query.to_bytes())
        while piece := await loop.sock_recv(connection, CHUNK_BYTES):
            for frame in decoder.feed(piece):
                match frame:
                    case End():
                        return
                    case Problem(error):
                        raise error
                    case _:
                        yield frame
    except OSError as error:
        raise broken_off() from error
    finally:
        engine.release(connection, reusable=decoder.reusable)
    raise broken_off()
