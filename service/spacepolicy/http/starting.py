"""Answers while the service starts: the port is open before queries can be answered.

A thread accepts connections on the listening socket and answers one request of each: `/livez` says
that the process is alive, all else is a problem with Retry-After. When the server takes over, it
accepts new connections, and those accepted before are still answered here, so that none is refused
or reset.
"""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from email.utils import formatdate
from threading import Thread
from typing import Final, final

from spacepolicy.errors import StartingError
from spacepolicy.http.problem_responses import last_response, log_refusal, origin, problem_response
from spacepolicy.http.request_ids import id_in

_RETRY_SECONDS: Final = 2
"""How long a start takes once the files are built; during a longer one clients ask again every two
seconds."""
_HEAD_SECONDS: Final = 5.0
"""How long the head of a request may take: probes and clients of a starting service send it at
once, and the thread ends at most this long after the start."""
_HEAD_BYTES: Final = 1 << 15
"""The same limit as the server's."""
_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 1 << 26
"""How long, and how many bytes of, a body are read and discarded after the answer: closing with
unread bytes would reset the connection (RFC 9112 section 9.6)."""
_MOST_CONNECTIONS: Final = 256
"""Beyond that the oldest is closed, so that idle connections keep no probe from its answer."""


@contextmanager
def answers_while_starting(listening: socket.socket, root: str | None) -> Iterator[None]:
    """Answer on the listening socket until the block ends; `root` is the base URL of the pages
    that explain problems."""
    listening.setblocking(False)
    responder = _Responder(listening, (root or "").rstrip("/"))
    serving: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=_run, args=(responder, serving), name="starting", daemon=True)
    thread.start()
    loop, ending = serving.result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(responder.take_no_more(), loop).result()
        loop.call_soon_threadsafe(ending.set)


def _run(
    responder: "_Responder", serving: "Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]"
) -> None:
    """Accept connections until the event in `serving` is set, then answer the remaining ones.

    The loop is created in this thread and not in the main thread, where a signal may end the start
    at any line: a partly created loop cannot be closed.
    """

    async def serve() -> None:
        ending = asyncio.Event()
        responder.begin()
        serving.set_result((asyncio.get_running_loop(), ending))
        await ending.wait()
        await responder.answered()

    asyncio.run(serve())


@final
class _Responder:
    """Accepts connections and answers them, in the event loop of one thread."""

    def __init__(self, listening: socket.socket, root: str) -> None:
        self._listening = listening
        self._root = root
        self._taken: dict[asyncio.Task[None], None] = {}

    def begin(self) -> None:
        """Start accepting connections."""
        asyncio.get_running_loop().add_reader(self._listening, self._take)

    async def answered(self) -> None:
        """Wait until all accepted connections are answered."""
        if self._taken:
            await asyncio.wait(self._taken)

    async def take_no_more(self) -> None:
        """Stop accepting connections."""
        asyncio.get_running_loop().remove_reader(self._listening)

    def _take(self) -> None:
        """Accept the next connection, if there still is one."""
        try:
            connection, _ = self._listening.accept()
        except OSError:
            return
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._answer(connection))
        self._taken[task] = None
        task.add_done_callback(self._taken.pop)
        if len(self._taken) > _MOST_CONNECTIONS:
            next(iter(self._taken)).cancel()

    async def _answer(self, connection: socket.socket) -> None:
        """Answer one request, and close the connection."""
        reader, writer = await asyncio.open_connection(sock=connection, limit=_HEAD_BYTES)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                async with asyncio.timeout(_HEAD_SECONDS):
                    head = await _request_head(reader)
                writer.write(self._response(head, writer.get_extra_info("sockname")))
                writer.write_eof()
                async with asyncio.timeout(_LINGER_SECONDS):
                    await _throw_away(reader)
        finally:
            writer.close()

    def _response(self, head: bytes, server: tuple[str, int]) -> bytes:
        """The answer to the request with this head."""
        date, identifier = formatdate(usegmt=True).encode(), id_in(head)
        line = head.partition(b"\r\n")[0].split(b" ")
        method, path = line[0], line[1].partition(b"?")[0] if len(line) > 1 else b""
        if path == b"/livez" and method in (b"GET", b"HEAD"):
            response = last_response(
                200, "application/json", {"status": "alive"}, date=date, identifier=identifier
            )
        else:
            problem = StartingError(
                "The service builds or loads its data; it answers queries afterwards.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
            root = self._root or origin("http", server[:2])
            response = problem_response(problem, root, date, identifier)
            log_refusal(problem, identifier)
        return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else response


async def _request_head(reader: asyncio.StreamReader) -> bytes:
    """The head of the request; empty where it is too long.

    Raises: IncompleteReadError where the client closes the connection before its end.
    """
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return b""


async def _throw_away(reader: asyncio.StreamReader) -> None:
    """Read until the client closes the connection, or has sent too much."""
    left = _LINGER_BYTES
    while left > 0 and (piece := await reader.read(_HEAD_BYTES)):
        left -= len(piece)
