"""A query sent to the engine and its answer, over one connection.

Most answers arrive within a few milliseconds, in one message: `soon` waits a little longer, without
a task. `frames` is for all others.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from spacepolicy.engine.answer_frames import Data, End, FrameDecoder, Header, Problem
from spacepolicy.engine.port import Engine, broken_off
from spacepolicy.engine.requests import CHUNK_BYTES, Query
from spacepolicy.errors import ProblemError
from spacepolicy.sparql_service.cost_estimates import LONG_SECONDS

SOON_SECONDS: Final = 0.05
"""How long an answer is waited for without a task."""
LEFTOVER_SECONDS: Final = 1.0
"""How long answers that nobody waits for are read before the worker is killed: pipelined queries
take some milliseconds together, and a killed worker has to be started again."""
HEADER_AND_PIECE: Final = 2
"""How many frames a short answer has before its end frame."""


_WORKERS_TRIED: Final = 4
"""Workers that are asked one after the other, where each has ended since it was handed out: that
takes microseconds, so that two in a row are rare."""


@final
class QueryStream:
    """One query over one connection; leaving the block gives the connection back, and stops the
    query if it still runs. `rows` is the number of rows of a complete answer, None where they are
    not counted.

    `unsent` is the part of the request still to be sent; `decoder` has read the connection so far,
    and `come` are the frames received. `behind` is the number of other queries that were sent over
    the connection after this one, whose answers nobody waits for any more: they are read before
    the connection is given back.
    """

    def __init__(
        self,
        engine: Engine,
        connection: socket.socket,
        unsent: bytes = b"",
        *,
        decoder: FrameDecoder | None = None,
        come: Iterable[Header | Data] = (),
        behind: int = 0,
    ) -> None:
        self._engine = engine
        self._unsent = unsent
        self._connection = connection
        self._decoder = decoder or FrameDecoder()
        self._come: deque[Header | Data] = deque(come)
        self._behind = behind
        self._had_before = engine.processor_seconds(connection)
        self._ended = False
        self._takes_more = False
        self.rows: int | None = None
        self.seconds = 0.0
        """The processor time that the answer took; known once it has ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.end()

    def processor_seconds(self) -> float | None:
        """What the worker has had of a processor since the stream began; None where that is not
        known."""
        had = self._engine.processor_seconds(self._connection)
        return None if had is None else had - (self._had_before or 0.0)

    @property
    def has_new_worker(self) -> bool:
        """Whether the worker had done little before: what the system takes to copy the pages that
        it reads first counts as its query's, since the kernel parts a process's time by samples."""
        return (self._had_before or 0.0) < LONG_SECONDS

    def end(self) -> None:
        """Give the connection back."""
        if self._takes_more and self._behind > 0:
            UnreadAnswers(self._engine, self._connection, self._decoder, self._behind)
        else:
            reusable, slow = self._decoder.reusable, self._decoder.slow
            self._engine.release(self._connection, reusable=reusable, slow=slow)

    async def soon(self, seconds: float, pieces: int = 1) -> tuple[Header, bytes] | None:
        """Return the complete answer if it arrives within `seconds` and in at most `pieces` pieces;
        else None, and what has arrived stays for `frames`.

        Raises: ProblemError where the query fails within this time.
        """
        self._send()
        until = asyncio.get_running_loop().time() + seconds
        while not self._unsent and not self._ended and not self.holds_more(pieces):
            if not await self._readable(until):
                break
            self._receive()
        return self._whole()

    def holds_more(self, pieces: int) -> bool:
        """Whether more than `pieces` pieces of the answer have arrived."""
        return len(self._come) > 1 + pieces

    def _whole(self) -> tuple[Header, bytes] | None:
        if not self._ended:
            return None
        header = self._come[0]
        assert isinstance(header, Header)  # noqa: S101 # the port's first frame
        pieces = [each.payload for each in self._come if isinstance(each, Data)]
        return header, pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _send(self) -> None:
        """Send what the connection takes at once.

        Raises: EngineFailedError where it is broken.
        """
        if not self._unsent:
            return
        try:
            sent = self._connection.send(self._unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            raise broken_off() from error
        self._unsent = self._unsent[sent:]

    async def _readable(self, until: float) -> bool:
        """Wait until the connection is readable; False where it is not by that time of the loop."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[bool] = loop.create_future()
        descriptor = self._connection.fileno()
        loop.add_reader(descriptor, _tell, news, True)
        patience = loop.call_at(until, _tell, news, False)
        try:
            return await news
        finally:
            patience.cancel()
            loop.remove_reader(descriptor)

    def _receive(self) -> None:
        """Read what has arrived.

        Raises: ProblemError where a frame holds one, or the connection is broken.
        """
        try:
            piece = self._connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            raise broken_off() from error
        self._take(piece)

    def _take(self, piece: bytes) -> None:
        """Keep the frames that the bytes complete.

        Raises: ProblemError where a frame holds one, or the connection was closed.
        """
        if not piece:
            raise broken_off()
        problem: ProblemError | None = None
        for frame in self._decoder.feed(piece):
            if self._ended:
                if isinstance(frame, End | Problem):
                    self._behind -= 1
                    self._takes_more = self._decoder.reusable
                continue
            match frame:
                case End(rows, seconds):
                    self._ended, self._takes_more = True, self._decoder.reusable
                    self.rows, self.seconds = rows, seconds
                case Problem(error):
                    self._ended, self._takes_more = True, self._decoder.reusable
                    problem = error
                case _:
                    self._come.append(frame)
        if problem is not None:
            raise problem

    async def frames(self) -> AsyncGenerator[Header | Data]:
        """Yield the frames of the answer up to its end, beginning with those already received.

        Raises: ProblemError where the engine reports one or breaks off.
        """
        loop = asyncio.get_running_loop()
        self._connection.setblocking(False)
        try:
            if self._unsent:
                await loop.sock_sendall(self._connection, self._unsent)
                self._unsent = b""
            while True:
                while self._come:
                    yield self._come.popleft()
                if self._ended:
                    return
                self._take(await loop.sock_recv(self._connection, CHUNK_BYTES))
        except OSError as error:
            raise broken_off() from error


@final
class UnreadAnswers:
    """Reads answers that nobody waits for, so that their connection can be used again; after
    `LEFTOVER_SECONDS` the connection is closed."""

    def __init__(
        self, engine: Engine, connection: socket.socket, decoder: FrameDecoder, answers: int
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._decoder = decoder
        self._answers = answers
        self._loop = asyncio.get_running_loop()
        self._watch = self._loop.call_later(LEFTOVER_SECONDS, self._end, False)
        self._loop.add_reader(connection.fileno(), self._receive)

    def _receive(self) -> None:
        try:
            piece = self._connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        takes_more = bool(piece)
        for frame in self._decoder.feed(piece):
            if isinstance(frame, End | Problem):
                self._answers -= 1
                takes_more = self._decoder.reusable
        if not takes_more or self._answers <= 0:
            self._end(takes_more)

    def _end(self, reusable: bool) -> None:  # of a callback
        self._watch.cancel()
        self._loop.remove_reader(self._connection.fileno())
        self._engine.release(self._connection, reusable=reusable, slow=self._decoder.slow)


@final
class BufferedResult:
    """The complete answer to a query, or its problem; `rows` as in `QueryStream`."""

    def __init__(
        self,
        header: Header | None,
        body: bytes = b"",
        rows: int | None = None,
        problem: ProblemError | None = None,
    ) -> None:
        self._answer = header, body
        self._problem = problem
        self.rows = rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Do nothing: no connection is held."""

    async def soon(
        self,
        seconds: float,  # noqa: ARG002 # it is there
        pieces: int = 1,  # noqa: ARG002 # in one
    ) -> tuple[Header, bytes]:
        """Return the complete answer.

        Raises: the problem, where there is one.
        """
        header, body = self._answer
        if header is None:
            raise self._problem or broken_off()
        return header, body

    async def frames(self) -> AsyncGenerator[Header | Data]:
        """Yield the header, and the data in one piece.

        Raises: as `soon`.
        """
        header, body = await self.soon(0)
        yield header
        yield Data(body)


def _tell(news: "asyncio.Future[bool]", come: bool) -> None:  # of a callback
    if not news.done():
        news.set_result(come)


async def payloads(frames: AsyncIterator[Header | Data]) -> AsyncGenerator[bytes]:
    """Yield the payloads of the data frames."""
    async for frame in frames:
        if isinstance(frame, Data):
            yield frame.payload


def begin(
    engine: Engine, query: Query, dataset: Path | None = None, *, slow: bool = False
) -> QueryStream:
    """Send the query to a worker, as much of it as is taken at once, and return its stream; `slow`:
    queries of its kind take long. A worker that has ended meanwhile has got nothing of it, so that
    another is taken.

    Raises: EngineError where the engine takes no queries, EngineFailedError where its workers end
    one after the other.
    """
    request = query.to_bytes()
    for _ in range(_WORKERS_TRIED):
        connection = engine.connect(dataset, slow=slow)
        try:
            sent = connection.send(request, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:
            engine.release(connection, reusable=False)
            continue
        return QueryStream(engine, connection, request[sent:])
    raise broken_off()


async def answer_frames(
    engine: Engine, query: Query, dataset: Path | None = None
) -> AsyncGenerator[Header | Data]:
    """Yield the frames of the answer to the query as they arrive.

    Raises: ProblemError where the engine reports one or breaks off.
    """
    with begin(engine, query, dataset) as stream:
        async for frame in stream.frames():
            yield frame
