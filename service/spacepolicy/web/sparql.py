"""The SPARQL endpoint, a plain ASGI application.

An answer is whole or visibly broken: what fails before the first byte has its real status, what
fails after it leaves the body unterminated, so that every client reports a failed transfer.

Spec: https://www.w3.org/TR/sparql11-protocol/
"""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing, suppress
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacepolicy.engine.port import (
    CHUNK_BYTES,
    Data,
    End,
    FrameDecoder,
    Header,
    Problem,
    Query,
    broken_off,
)
from spacepolicy.errors import (
    BadParameterError,
    ProblemError,
    ResultLimitError,
    TimeLimitError,
)
from spacepolicy.formats import Choice
from spacepolicy.web import pages
from spacepolicy.web.problems import prefers_page, problem_response
from spacepolicy.web.protocol import FORM, METHODS, QUERY, QueryRequest, read_request
from spacepolicy.web.service import Service

_VARY: Final = "Accept, Accept-Encoding"
_log: Final = logging.getLogger(__name__)


def sparql_endpoint(service: Service) -> ASGIApp:
    """The application that answers the protocol's query operation."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _respond(service, scope, receive, send)
        except ProblemError as error:
            await problem_response(service, scope, error)(scope, receive, send)

    return endpoint


async def _respond(service: Service, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] == "OPTIONS":
        await _options()(scope, receive, send)
        return
    request = await read_request(service, scope, receive)
    if request.text is None:
        await _without_query(service, scope)(scope, receive, send)
        return
    await _while_connected(receive, _answer(service, scope, request, request.text, send))


def _options() -> Response:
    headers = {
        "Allow": ", ".join(METHODS),
        "Accept-Post": f"{FORM}, {QUERY}",
        "Accept-Query": QUERY,
    }
    return Response(status_code=204, headers=headers)


def _without_query(service: Service, scope: Scope) -> Response:
    """A form for people; programs are told what is missing."""
    accept = MutableHeaders(scope=scope).get("accept")
    if scope["method"] in ("GET", "HEAD") and prefers_page(accept):
        return Response(pages.form(service), media_type="text/html", headers={"Vary": _VARY})
    raise BadParameterError("The parameter 'query' is missing.")


async def _while_connected(receive: Receive, answering: Awaitable[None]) -> None:
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


async def _answer(
    service: Service, scope: Scope, request: QueryRequest, text: str, send: Send
) -> None:
    """Send the answer of the query as it comes.

    Raises: ProblemError where it fails before the first byte is sent.
    """
    query = Query(
        text,
        solutions_format=_engine_format(request.solutions, "json"),
        graph_format=_engine_format(request.graph, "turtle"),
        default_graphs=request.default_graphs,
        named_graphs=request.named_graphs,
        prefixes=service.revision.prefixes,
    )
    reply = _Reply(service, scope, request, text, send)
    started = time.monotonic()
    connection, decoder = service.engine.connect(), FrameDecoder()
    try:
        async with asyncio.timeout(request.timeout_seconds):
            async with aclosing(_frames(connection, decoder, query)) as frames:
                await reply.send(frames)
    except TimeoutError as error:
        limit = TimeLimitError(
            f"The query ran longer than {request.timeout_seconds:g} seconds.",
            extras={"limit_seconds": request.timeout_seconds},
        )
        reply.fail(limit, error)
    except ProblemError as error:
        reply.fail(error, error)
    finally:
        service.engine.release(connection, reusable=decoder.reusable)
    _log.debug("%s in %.0f ms", reply.identifier, 1000 * (time.monotonic() - started))


def _engine_format(choice: Choice | None, for_page: str) -> str | None:
    """The format to ask of the engine; a page is made of another one."""
    if choice is None:
        return None
    return for_page if choice.format.kind == "page" else choice.format.name


async def _frames(
    connection: socket.socket, decoder: FrameDecoder, query: Query
) -> AsyncGenerator[Header | Data]:
    """The frames of the answer up to its end.

    Raises: ProblemError where the engine tells one or breaks off.
    """
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    try:
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
    raise broken_off()


class _Reply:
    """One answer on its way: held back until its first data, then sent as it comes."""

    def __init__(
        self, service: Service, scope: Scope, request: QueryRequest, text: str, send: Send
    ) -> None:
        self.identifier = secrets.token_urlsafe(16)
        self._service = service
        self._scope = scope
        self._request = request
        self._text = text
        self._send = send
        self._started = False

    async def send(self, frames: AsyncIterator[Header | Data]) -> None:
        """Send the frames as a page, in one piece for HTTP/1.0, or else as a stream."""
        header = await anext(frames)
        assert isinstance(header, Header)  # noqa: S101 # the port's first frame
        choice = self._request.graph if header.form == "graph" else self._request.solutions
        assert choice is not None  # noqa: S101 # the engine refuses a form without a format
        if choice.format.kind == "page":
            body = await self._whole(frames)
            page = pages.answer(self._service, self._text, header.form, body)
            await self._send_whole(choice, page.encode())
        elif self._scope["http_version"] == "1.0":
            await self._send_whole(choice, await self._whole(frames))
        else:
            await self._stream(choice, frames)

    def fail(self, problem: ProblemError, cause: BaseException) -> None:
        """Raise the problem while it can still be told; afterwards only the log hears of it."""
        if not self._started:
            problem.headers["X-Query-Id"] = self.identifier
            raise problem from cause
        _log.warning("%s broke off: %s", self.identifier, problem)

    async def _whole(self, frames: AsyncIterator[Header | Data]) -> bytes:
        limit = self._service.max_page_bytes
        body = bytearray()
        async for frame in frames:
            if isinstance(frame, Data):
                body += frame.payload
            if len(body) > limit:
                raise ResultLimitError(
                    f"The answer is larger than the {limit} bytes of one page.",
                    extras={"limit_bytes": limit},
                )
        return bytes(body)

    async def _stream(self, choice: Choice, frames: AsyncIterator[Header | Data]) -> None:
        """Hold each piece back until the next is there: an answer of one piece has a length."""
        held: bytes | None = None
        async for frame in frames:
            if isinstance(frame, Data):
                if held is not None:
                    await self._begin(choice, None)
                    await self._body(held, more=True)
                held = frame.payload
        body = held or b""
        await self._begin(choice, len(body))
        await self._body(body, more=False)

    async def _send_whole(self, choice: Choice, body: bytes) -> None:
        await self._begin(choice, len(body))
        await self._body(body, more=False)

    async def _begin(self, choice: Choice, length: int | None) -> None:
        if self._started:
            return
        message: Message = {"type": "http.response.start", "status": 200, "headers": []}
        headers = MutableHeaders(scope=message)
        headers["Content-Type"] = choice.content_type
        headers["Vary"] = _VARY
        headers["X-Query-Id"] = self.identifier
        if length is not None:
            headers["Content-Length"] = str(length)
        self._started = True
        await self._send(message)

    async def _body(self, piece: bytes, *, more: bool) -> None:
        body = b"" if self._scope["method"] == "HEAD" else piece
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
