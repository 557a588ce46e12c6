"""A connection to a worker over which queries are sent behind one another.

To wake a worker costs more than a look-up does, so a worker that is awake goes on with the next.
One that holds others up keeps its connection for itself: the others are asked again elsewhere, and
what the worker answers to them here is dropped.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol, final

from spacepolicy.engine.frames import Data, End, Frame, FrameDecoder, Header, Problem
from spacepolicy.engine.port import Engine
from spacepolicy.engine.requests import CHUNK_BYTES
from spacepolicy.errors import CrashedError, ProblemError
from spacepolicy.sparql_service.cost_estimates import CostEstimate
from spacepolicy.sparql_service.query_stream import (
    HEADER_AND_PIECE,
    LEFTOVER_SECONDS,
    QueryStream,
)

HOLD_SECONDS: Final = 0.01
"""What the first may have of a processor while others wait behind it: twice what a quick query may
cost."""
_SHARE: Final = 8
"""A worker that gets less than this part of a processor is waited for no longer by the clock: on a
machine where twelve processes wanted two processors a look-up came to have a connection of its own
every few milliseconds, each of which needs a worker, and 460 were answered a second, not 2,000."""
IDLE_SECONDS: Final = 0.25
"""After this time a connection that nobody uses is given back."""
_BY_CLOCK_SECONDS: Final = 0.5
"""The first goes on by itself after this time in any case: a client that leaves is to be missed
within a second."""


class PendingQuery(Protocol):
    """A query that waits for a worker or for its answer. Exactly one of its three methods is
    called, once."""

    request: bytes
    """As it goes over the connection."""
    dataset: Path
    estimate: CostEstimate
    dropped: bool
    """Nobody waits for it any more."""
    tries: int
    """How often it was sent."""

    def answered(self, header: Header, body: bytes, end: End) -> None:
        """Its whole answer has come."""
        ...

    def failed(self, problem: ProblemError) -> None:
        """It has come to a problem."""
        ...

    def unanswered(self, stream: QueryStream | None) -> None:
        """No answer has come so soon; where it is under way, the stream goes on with it."""
        ...


class Listener(Protocol):
    """What sends queries over channels."""

    def news(self) -> None:
        """Called when a channel has room again, or is idle."""
        ...

    def unknown_is_long(self) -> None:
        """Called when a query of a kind that was never measured is not quick."""
        ...

    def closed(self, channel: "WorkerChannel", others: Sequence[PendingQuery]) -> None:
        """The channel takes no more; the others are to be asked elsewhere."""
        ...


@final
class WorkerChannel:
    """One connection, and the queries that were sent over it, in their order."""

    def __init__(
        self,
        engine: Engine,
        dataset: Path,
        listener: Listener,
        hold_seconds: float,
        patience_seconds: float,
    ) -> None:
        """Connect. The first query may take `hold_seconds` before the connection is its own, and
        `patience_seconds` before it goes on by itself: of a processor, where the engine knows.

        Raises: EngineError, EngineFailedError where the engine takes no queries.
        """
        self._engine = engine
        self._listener = listener
        self._hold_seconds = min(hold_seconds, patience_seconds)
        self._patience_seconds = patience_seconds
        self._connection = engine.connect(dataset)
        self._decoder = FrameDecoder()
        self._come: list[Header | Data] = []
        self._sent: deque[PendingQuery | None] = deque()
        self._expected: deque[float] = deque()
        self._unsent: list[bytes] = []
        self.seconds = 0.0
        """How long its queries are expected to take together."""
        self.shared = True
        """Whether it takes more queries."""
        self._first_since = 0.0
        self._had_before: float | None = None
        """What the worker had had of a processor when the first became so."""
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._connection, self._receive)
        self._watch: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no answer is to come."""
        return not self._sent

    def put(self, pending: PendingQuery, seconds: float) -> None:
        """Send the query with the next `flush`; it is expected to take so much."""
        if not self._sent:
            self._begin_first()
            if self._watch is None:
                self._watch_for(self._hold_seconds)
        self._sent.append(pending)
        self._expected.append(seconds)
        self.seconds += seconds
        self._unsent.append(pending.request)
        pending.tries += 1

    def flush(self) -> None:
        """Send what was put, in one message."""
        data = b"".join(self._unsent)
        self._unsent = []
        try:
            sent = self._connection.send(data, socket.MSG_DONTWAIT)
        except OSError:
            sent = 0
        if sent < len(data):
            self._end(self._leave())

    def close(self) -> None:
        """Take no more queries; give the connection back once those are answered that were sent."""
        self.shared = False
        if not self._sent and self._open:
            self._close(reusable=True)

    def abort(self) -> None:
        """Close the connection, if it is open, without a call to the queries on it."""
        self._sent.clear()
        if self._open:
            self._close(reusable=False)

    # What the worker says

    def _receive(self) -> None:
        try:
            piece = self._connection.recv(CHUNK_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._break_off()
            return
        try:
            self._tell(self._decoder.feed(piece))
        except BaseException:
            self._end(self._leave())
            raise
        if self._open and self.shared:
            self._listener.news()

    def _tell(self, frames: Iterable[Frame]) -> None:
        """Tell the queries the frames, in their order."""
        for frame in frames:
            if isinstance(frame, Header | Data):
                if self._sent and self._sent[0] is not None:
                    self._come.append(frame)
                continue
            if self._sent:
                self._tell_first(frame)
            if not self._open:
                return
            if not self._decoder.reusable:
                self._end(self._leave())
                return
            if self._decoder.slow and self.shared:
                self._listener.closed(self, self._leave())
                self.close()
                return
        if len(self._come) > HEADER_AND_PIECE:
            self._hand_over()

    def _tell_first(self, frame: End | Problem) -> None:
        """The answer to the first has ended."""
        come, self._come = self._come, []
        pending = self._next()
        if pending is None:
            return
        if isinstance(frame, Problem):
            if isinstance(frame.error, CrashedError):  # perhaps made to from outside
                pending.unanswered(None)
            else:
                pending.failed(frame.error)
            return
        header = come[0]
        assert isinstance(header, Header)  # noqa: S101 # the port's first frame
        parts = [each.payload for each in come if isinstance(each, Data)]
        pending.answered(header, parts[0] if len(parts) == 1 else b"".join(parts), frame)

    def _next(self) -> PendingQuery | None:
        """Remove the first query, which is answered, and go on with the next."""
        self._begin_first()
        pending, seconds = self._sent.popleft(), self._expected.popleft()
        self.seconds = self.seconds - seconds if self._sent else 0.0
        if not self._sent and not self.shared:
            self._close(reusable=self._decoder.reusable)
        return pending

    # What takes too long

    def _begin_first(self) -> None:
        """Another query is the first from now on."""
        self._first_since = self._loop.time()
        self._had_before = self._engine.processor_seconds(self._connection)

    def _took(self) -> float:
        """What the first has had of a processor, where that is known, or by the clock where that is
        much more."""
        by_clock = self._loop.time() - self._first_since
        had = self._engine.processor_seconds(self._connection)
        if had is None:
            return by_clock
        if self._had_before is None:
            self._had_before = had
        longest = self._patience_seconds if by_clock > _BY_CLOCK_SECONDS else 0.0
        return max(had - self._had_before, by_clock / _SHARE, longest)

    def _watch_for(self, seconds: float) -> None:
        self._watch = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """See whether the first takes too long, or nobody uses the connection. The loop may have
        been busy, and the answer have come."""
        self._watch = None
        if self._sent:
            self._receive()
        if not self._open or self._watch is not None:
            return
        if not self._sent:
            self._look_idle(self._loop.time() - self._first_since)
            return
        if (pending := self._sent[0]) is None:
            self._look_leftover(self._loop.time() - self._first_since)
        elif (took := self._took()) < self._hold_seconds:
            self._watch_for(self._hold_seconds - took)
        else:
            self._look_first(pending, took)

    def _look_idle(self, idle: float) -> None:
        if idle < IDLE_SECONDS:
            self._watch_for(self._hold_seconds)
        else:
            self._close(reusable=True)
            self._listener.closed(self, ())

    def _look_leftover(self, took: float) -> None:
        if took > LEFTOVER_SECONDS:
            self._end(())
        else:
            self._watch_for(LEFTOVER_SECONDS)

    def _look_first(self, pending: PendingQuery, took: float) -> None:
        """The first holds others up, or is not done soon."""
        if not pending.estimate.known:
            self._listener.unknown_is_long()
        pending.estimate.took_longer(took)
        self._keep_alone()
        if took >= self._patience_seconds:
            self._hand_over()
        else:
            self._watch_for(min(self._patience_seconds - took, _BY_CLOCK_SECONDS))

    def _keep_alone(self) -> None:
        """Leave the connection to the first; the others are asked elsewhere."""
        shared, first = self.shared, self._sent[0]
        others = self._leave()[1:]
        self._sent[0] = first
        if shared or others:
            self._listener.closed(self, others)

    def _leave(self) -> list[PendingQuery]:
        """Take no more queries, and drop the answers that are to come; those who wait for them."""
        self.shared = False
        others = [each for each in self._sent if each is not None]
        self._sent = deque([None] * len(self._sent))
        return others

    def _hand_over(self) -> None:
        """Let the first have the connection, and go on by itself."""
        self._keep_alone()
        pending, behind = self._sent[0], len(self._sent) - 1
        self._sent.clear()
        self._stop()
        self._decoder.reusable = False
        assert pending is not None  # noqa: S101 # nothing is kept of an answer that is dropped
        pending.unanswered(
            QueryStream(
                self._engine,
                self._connection,
                decoder=self._decoder,
                come=self._come,
                behind=behind,
            )
        )

    # The end

    def _break_off(self) -> None:
        """The worker has gone. The first may be why, and is not simply sent again."""
        first = self._sent.popleft() if self._sent else None
        self._end(self._leave())
        if first is not None:
            first.unanswered(None)

    def _end(self, others: Sequence[PendingQuery]) -> None:
        """Close the connection, whose worker is of no use any more."""
        self._sent.clear()
        if self._open:
            self._close(reusable=False)
        self._listener.closed(self, others)

    def _close(self, *, reusable: bool) -> None:
        self._stop()
        self._engine.release(self._connection, reusable=reusable, slow=self._decoder.slow)

    def _stop(self) -> None:
        """Hear of the connection no more."""
        self._open = self.shared = False
        self._loop.remove_reader(self._connection)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
