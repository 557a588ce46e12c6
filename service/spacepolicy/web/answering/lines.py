"""Workers before which quick queries wait in line.

To wake a worker costs more than a look-up does. So quick queries are sent behind one another over
few connections, as many as there are processors to answer them, and a worker that is awake goes on
with the next. Each is expected to take about as long as others like it took.
A query that was taken for a quick one, and is none, has its connection for itself as soon as it is
seen: it goes on, and those behind it are told to be asked elsewhere.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol, final

from spacepolicy.engine.port import CHUNK_BYTES, Data, End, Engine, Frame, FrameDecoder, Header
from spacepolicy.web.answering.conversation import HEADER_AND_PIECE, Conversation

QUICK_SECONDS: Final = 0.005
"""What is expected to take longer waits for nobody, and nobody for it."""
_HOLDING_UP: Final = 2
"""How many times as long the first may take where others wait behind it, since their worker is lost
when it goes on alone."""
_FIRST_SECONDS: Final = 0.001
_LATEST_SHARE: Final = 0.125
_MOST_SECONDS: Final = 4 * QUICK_SECONDS
_FADING: Final = 0.9
_SHORT_SECONDS: Final = 0.0005
"""A line of this length is not too long for another query, though other workers sleep."""
_LONG_SECONDS: Final = 0.1
"""A line that would be longer is not joined."""


@final
class Expectation:
    """How much of a processor queries of one kind take: a guess, and then what the latest took."""

    def __init__(self) -> None:
        self.seconds = _FIRST_SECONDS

    def took(self, seconds: float) -> None:
        """One took so much."""
        self.seconds += _LATEST_SHARE * (seconds - self.seconds)

    def took_long(self) -> None:
        """One is not done yet."""
        self.seconds = min(2 * self.seconds, _MOST_SECONDS)

    def fade(self) -> None:
        """It is less certain, so that slow ones are tried again."""
        self.seconds *= _FADING


class Errand(Protocol):
    """A query that waits in a line, which hears what becomes of it: one of the two, once."""

    @property
    def expected_seconds(self) -> float:
        """How much of a processor it is going to take; always the same."""
        ...

    def answered(self, header: Header, body: bytes, rows: int | None, seconds: float) -> None:
        """Its answer has come, which took so much of a processor."""
        ...

    def unanswered(self, conversation: Conversation | None) -> None:
        """No answer has come so soon; where it is under way, the conversation goes on with it."""
        ...


@final
class Lines:
    """The lines over an engine, of one event loop.

    The first of a line is waited for `patience_seconds`; for longer, where others wait behind it.
    """

    def __init__(self, engine: Engine, patience_seconds: float) -> None:
        self._engine = engine
        self._patience_seconds = patience_seconds
        self._dataset: Path | None = None
        self._lines: list[Line] = []

    @property
    def idle(self) -> bool:
        """Whether nobody waits in a line that others may join."""
        return not any(line.length for line in self._lines)

    def join(self, dataset: Path, seconds: float) -> "Line | None":
        """The line in which to wait with a query about the dataset; None where that takes long or
        all are long.

        Raises: EngineError where the engine takes no queries.
        """
        if dataset is not self._dataset:
            self.turn_to(dataset)
        if seconds > QUICK_SECONDS:
            return None
        shortest = None
        for line in self._lines:
            if line.seconds < _SHORT_SECONDS:
                return line
            if shortest is None or line.seconds < shortest.seconds:
                shortest = line
        if len(self._lines) < self._engine.abreast:
            shortest = self.open(dataset)
            self._lines.append(shortest)
        elif shortest is None or shortest.seconds + seconds > _LONG_SECONDS:
            return None
        return shortest

    def open(self, dataset: Path) -> "Line":
        """A line for one query about the dataset, which nobody else joins.

        Raises: EngineError where the engine takes no queries.
        """
        return Line(self._engine, dataset, self._patience_seconds, self._lines)

    def turn_to(self, dataset: Path | None) -> None:
        """Ask about another dataset from now on, or about none; who waits already is answered."""
        if dataset != self._dataset:
            self._dataset = dataset
            for line in list(self._lines):
                line.close_behind()


@final
class Line:
    """One connection, and the errands whose requests were sent over it, in their order. It may be
    joined while it stands among the `lines`; else it closes after its last errand."""

    def __init__(
        self, engine: Engine, dataset: Path, patience_seconds: float, lines: list["Line"]
    ) -> None:
        self._engine = engine
        self._lines = lines
        self._connection = engine.connect(dataset)
        self._decoder = FrameDecoder()
        self._come: list[Header | Data] = []
        self._errands: deque[Errand] = deque()
        self.seconds = 0.0
        """How long its errands are expected to take together."""
        self._first_since = 0.0
        self._patience_seconds = patience_seconds
        self._watch: asyncio.TimerHandle | None = None
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._connection, self._receive)

    @property
    def length(self) -> int:
        """How many wait."""
        return len(self._errands)

    def send(self, request: bytes, errand: Errand) -> bool:
        """Whether the request was sent, all of it at once, so that its errand will hear."""
        try:
            sent = self._connection.send(request, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if self._errands:
                return False
            sent = 0
        except OSError:
            sent = 0
        if sent < len(request):
            self._end()
            return False
        if not self._errands:
            self._first_since = self._loop.time()
        self._errands.append(errand)
        self.seconds += errand.expected_seconds
        if self._watch is None:
            self._watch_for(self._patience())
        return True

    def _receive(self) -> None:
        """Tell the errands what has come for them."""
        try:
            piece = self._connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._end()
            return
        try:
            self._tell(self._decoder.feed(piece))
        except BaseException:
            self._end()
            raise

    def _tell(self, frames: Iterable[Frame]) -> None:
        """Tell the errands the frames, in their order."""
        for frame in frames:
            if isinstance(frame, Header | Data):
                self._come.append(frame)
                continue
            if not self._errands:
                break
            if isinstance(frame, End):
                self._answered(frame)
            else:
                self._next().unanswered(None)
            if not self._open:
                return
            if not self._decoder.reusable:
                break
        else:
            if len(self._come) > HEADER_AND_PIECE:
                self._hand_over()
            return
        self._end()

    def _answered(self, end: End) -> None:
        header = self._come[0]
        assert isinstance(header, Header)  # noqa: S101 # the port's first frame
        body = b"".join([each.payload for each in self._come if isinstance(each, Data)])
        self._next().answered(header, body, end.rows, end.seconds)

    def _next(self) -> Errand:
        """The first errand, which is done; it is the turn of the one behind it."""
        self._first_since = self._loop.time()
        self._come = []
        errand = self._errands.popleft()
        self.seconds = self.seconds - errand.expected_seconds if self._errands else 0.0
        if not self._errands and self not in self._lines:
            self._close(reusable=self._decoder.reusable)
        return errand

    def _patience(self) -> float:
        """How long the first errand may still take."""
        patience = self._patience_seconds
        if len(self._errands) > 1:
            patience *= _HOLDING_UP
        return self._first_since + patience - self._loop.time()

    def _watch_for(self, seconds: float) -> None:
        self._watch = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """See whether the first errand takes too long."""
        self._watch = None
        if self._errands:
            left = self._patience()
            if left > 0:
                self._watch_for(left)
            else:
                self._hand_over()

    def _hand_over(self) -> None:
        """Let the first errand have the connection, and the others be asked elsewhere."""
        self._shut()
        first, *others = self._errands
        self._errands.clear()
        self._decoder.reusable = False
        first.unanswered(
            Conversation(
                self._engine,
                self._connection,
                decoder=self._decoder,
                come=self._come,
                others=bool(others),
            )
        )
        for errand in others:
            errand.unanswered(None)

    def _end(self) -> None:
        """Close the line, whose worker is of no use any more."""
        if self._open:
            self._close(reusable=False)
        while self._errands:
            self._errands.popleft().unanswered(None)

    def close_behind(self) -> None:
        """Close the line once those are answered who wait already."""
        self._lines.remove(self)
        if not self._errands:
            self._close(reusable=True)

    def _close(self, *, reusable: bool) -> None:
        self._shut()
        self._engine.release(self._connection, reusable=reusable, slow=self._decoder.slow)

    def _shut(self) -> None:
        """Hear of the connection no more."""
        self._open = False
        if self in self._lines:
            self._lines.remove(self)
        self._loop.remove_reader(self._connection)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
