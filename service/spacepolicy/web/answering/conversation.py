"""A query on its way to the engine and its answer on the way back, over one connection.

Most answers are there within a few milliseconds, in one message: `soon` waits a little longer,
without a task, a timer of its own or more than one turn of the event loop. `frames` is for all
others.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

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

SOON_SECONDS: Final = 0.05
HEADER_AND_PIECE: Final = 2
"""How many frames a short answer has before its end."""


@final
class Conversation:
    """One query of one connection; leaving the block gives the connection back, and stops the query
    where it still runs. `rows` are those of a whole answer, None where they are not counted.

    `unsent` is what is still to be sent of its request; `decoder` has read the connection so far,
    and `come` is what it has found. A connection over which `others` were asked behind this query
    serves for nothing else.
    """

    def __init__(
        self,
        engine: Engine,
        connection: socket.socket,
        unsent: bytes = b"",
        decoder: FrameDecoder | None = None,
        come: Iterable[Header | Data] = (),
        *,
        others: bool = False,
    ) -> None:
        self._engine = engine
        self._unsent = unsent
        self._connection = connection
        self._decoder = decoder or FrameDecoder()
        self._come: deque[Header | Data] = deque(come)
        self._others = others
        self._ended = False
        self.rows: int | None = None
        self.seconds = 0.0
        """How much of a processor the answer took, once it has ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Give the connection back."""
        reusable = self._decoder.reusable and not self._others
        self._engine.release(self._connection, reusable=reusable, slow=self._decoder.slow)

    async def soon(self, seconds: float, pieces: int = 1) -> tuple[Header, bytes] | None:
        """The whole answer, where it is there within this time and comes in no more pieces; what
        has come of it is kept.

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
        """Whether more pieces of the answer have come than so many."""
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
        """Whether something has come until then."""
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
        """Take what has come.

        Raises: ProblemError where that tells of one, or the connection is broken.
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

        Raises: ProblemError where a frame tells one, or nothing more comes.
        """
        if not piece:
            raise broken_off()
        for frame in self._decoder.feed(piece):
            match frame:
                case End(rows, seconds):
                    self._ended = True
                    self.rows, self.seconds = rows, seconds
                    return  # that the worker has left after its last answer is no news
                case Problem(error):
                    raise error
                case _:
                    self._come.append(frame)

    async def frames(self) -> AsyncGenerator[Header | Data]:
        """The frames of the answer up to its end, those first that have come already.

        Raises: ProblemError where the engine tells one or breaks off.
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
class Heard:
    """A conversation that is over, of which the whole answer was heard. `rows` as above."""

    def __init__(self, header: Header, body: bytes, rows: int | None) -> None:
        self._answer = header, body
        self.rows = rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Nothing is held."""

    async def soon(
        self,
        seconds: float,  # noqa: ARG002 # it is there
        pieces: int = 1,  # noqa: ARG002 # in one
    ) -> tuple[Header, bytes]:
        """The whole answer."""
        return self._answer

    async def frames(self) -> AsyncGenerator[Header | Data]:
        """The header, and the data in one piece."""
        header, body = self._answer
        yield header
        yield Data(body)


Talk = Conversation | Heard
"""A conversation, whether it is over or goes on."""


def _tell(news: "asyncio.Future[bool]", come: bool) -> None:  # of a callback
    if not news.done():
        news.set_result(come)


async def payloads(frames: AsyncIterator[Header | Data]) -> AsyncGenerator[bytes]:
    """The bytes that the frames carry."""
    async for frame in frames:
        if isinstance(frame, Data):
            yield frame.payload


def begin(
    engine: Engine, query: Query, dataset: Path | None = None, *, slow: bool = False
) -> Conversation:
    """The conversation about the query, which is still to be sent; `slow` as the port says.

    Raises: EngineError where the engine takes no queries.
    """
    return Conversation(engine, engine.connect(dataset, slow=slow), query.to_bytes())


async def answer_frames(
    engine: Engine, query: Query, dataset: Path | None = None
) -> AsyncGenerator[Header | Data]:
    """The frames of the answer to the query, as they come.

    Raises: ProblemError where the engine tells one or breaks off.
    """
    with begin(engine, query, dataset) as conversation:
        async for frame in conversation.frames():
            yield frame
