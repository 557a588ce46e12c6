"""A connection to a worker over which queries are pipelined.

Waking a worker costs more than a look-up, so a worker that is awake goes on with the next query.
A query that holds up others keeps the connection for itself: the others are sent again to other
workers, and this worker's answers to them are dropped.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol, final

from spacepolicy.engine.answer_frames import Data, End, Frame, FrameDecoder, Header, Problem
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
"""The processor time that the first query may take while others wait behind it: twice what a quick
query may cost."""
_SHARE: Final = 8
"""A worker is assumed to get at least this share (1/8) of a processor. By wall-clock time alone, on
a machine where twelve processes wanted two processors, a look-up got a connection of its own every
few milliseconds, each of which needs a worker, and 460 were answered a second instead of 2,000."""
IDLE_SECONDS: Final = 0.25
"""After this time an unused connection is given back."""
_BY_CLOCK_SECONDS: Final = 0.5
"""After this wall-clock time the first query is handed over in any case: a client's leaving is to
be noticed within a second."""


class PendingQuery(Protocol):
    """A query that waits for a worker or for its answer. Exactly one of its three methods is
    called, once."""

    request: bytes
    """The bytes that are sent over the connection."""
    dataset: Path
    estimate: CostEstimate
    dropped: bool
    """Whether nobody waits for it any more."""
    tries: int
    """How often it was sent to a worker."""

    def answered(self, header: Header, body: bytes, end: End) -> None:
        """Called with the complete answer."""
        ...

    def failed(self, problem: ProblemError) -> None:
        """Called with the problem that the engine reports."""
        ...

    def unanswered(self, stream: QueryStream | None) -> None:
        """Called where the answer takes longer; `stream` is the query where it still runs."""
        ...


class Listener(Protocol):
    """What sends queries over channels, and is notified by them."""

    def news(self) -> None:
        """Called when a channel has room again, or is idle."""
        ...

    def unknown_is_long(self) -> None:
        """Called when a query of a kind that was never measured is not quick."""
        ...

    def closed(self, channel: "WorkerChannel", others: Sequence[PendingQuery]) -> None:
        """Called when the channel takes no more queries; the others have to be sent elsewhere."""
        ...


@final
class WorkerChannel:
    """One connection, and the unanswered queries that were sent over it, in their order."""

    def __init__(
        self,
        engine: Engine,
        dataset: Path,
        listener: Listener,
        hold_seconds: float,
        patience_seconds: float,
        *,
        slow: bool = False,
    ) -> None:
        """Connect to a worker; `slow`: to one of low priority, if there is one.

        The first query may take `hold_seconds` before the others are sent elsewhere, and
        `patience_seconds` before it is handed over; in processor time, where the engine knows it.

        Raises: EngineError, EngineFailedError where the engine takes no queries.
        """
        self._engine = engine
        self._listener = listener
        self._hold_seconds = min(hold_seconds, patience_seconds)
        self._patience_seconds = patience_seconds
        self._slow = slow
        self._connection = engine.connect(dataset, slow=slow)
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
        """The worker's processor time when the first query became the first."""
        self._open = True
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._connection, self._receive)
        self._watch: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no answer is awaited."""
        return not self._sent

    def put(self, pending: PendingQuery, seconds: float) -> None:
        """Queue the query for the next `flush`; `seconds` is its expected processor time."""
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
        """Send the queued queries in one message."""
        data = b"".join(self._unsent)
        self._unsent = []
        try:
            sent = self._connection.send(data, socket.MSG_DONTWAIT)
        except OSError:
            sent = 0
        if sent < len(data):
            self._end(self._leave())

    def close(self) -> None:
        """Take no more queries; give the connection back once all sent queries are answered."""
        self.shared = False
        if not self._sent and self._open:
            self._close(reusable=True)

    def abort(self) -> None:
        """Close the connection if it is open, without notifying its queries."""
        self._sent.clear()
        if self._open:
            self._close(reusable=False)

    # Frames of the worker

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
        """Pass the frames to their queries."""
        for frame in frames:
            if isinstance(frame, (Header, Data)):
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
            if self._decoder.slow and self.shared and not self._slow:
                self._listener.closed(self, self._leave())
                self.close()
                return
        if len(self._come) > HEADER_AND_PIECE:
            self._hand_over()

    def _tell_first(self, frame: End | Problem) -> None:
        """Pass the complete answer, or the problem, to the first query."""
        come, self._come = self._come, []
        pending = self._next()
        if pending is None:
            return
        if isinstance(frame, Problem):
            if isinstance(frame.error, CrashedError):  # perhaps killed from outside
                pending.unanswered(None)
            else:
                pending.failed(frame.error)
            return
        header = come[0]
        assert isinstance(header, Header)  # noqa: S101 # the port's first frame
        parts = [each.payload for each in come if isinstance(each, Data)]
        pending.answered(header, parts[0] if len(parts) == 1 else b"".join(parts), frame)

    def _next(self) -> PendingQuery | None:
        """Remove the first query, which is answered; the next, if any, becomes the first."""
        pending, seconds = self._sent.popleft(), self._expected.popleft()
        if self._sent:
            self.seconds -= seconds
            self._begin_first()
        else:
            self.seconds, self._first_since = 0.0, self._loop.time()
            if not self.shared:
                self._close(reusable=self._decoder.reusable)
        return pending

    # Time limits

    def _begin_first(self) -> None:
        """Start measuring the query that is the first from now on."""
        self._first_since = self._loop.time()
        self._had_before = self._engine.processor_seconds(self._connection)

    def _took(self) -> float:
        """How long the first query took: processor time where it is known, unless the wall-clock
        time is much longer."""
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
        """Check whether the first query takes too long, or the connection is unused. The answer may
        have arrived while the event loop was busy, so it is read first."""
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
        """Handle a first query that holds up others, or takes too long."""
        if not pending.estimate.known:
            self._listener.unknown_is_long()
        pending.estimate.took_longer(took)
        self._keep_alone()
        if took >= self._patience_seconds:
            self._hand_over()
        else:
            self._watch_for(min(self._patience_seconds - took, _BY_CLOCK_SECONDS))

    def _keep_alone(self) -> None:
        """Leave the connection to the first query; the others are sent elsewhere."""
        shared, first = self.shared, self._sent[0]
        others = self._leave()[1:]
        self._sent[0] = first
        if shared or others:
            self._listener.closed(self, others)

    def _leave(self) -> list[PendingQuery]:
        """Take no more queries, and drop the answers still to come; return the queries that wait
        for them."""
        self.shared = False
        others = [each for each in self._sent if each is not None]
        self._sent = deque([None] * len(self._sent))
        return others

    def _hand_over(self) -> None:
        """Hand the connection over to the first query as a `QueryStream`."""
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
        """Handle the loss of the worker. The first query may be the cause, so it is not sent again
        from here."""
        first = self._sent.popleft() if self._sent else None
        self._end(self._leave())
        if first is not None:
            first.unanswered(None)

    def _end(self, others: Sequence[PendingQuery]) -> None:
        """Close the connection and stop using its worker."""
        self._sent.clear()
        if self._open:
            self._close(reusable=False)
        self._listener.closed(self, others)

    def _close(self, *, reusable: bool) -> None:
        self._stop()
        self._engine.release(self._connection, reusable=reusable, slow=self._decoder.slow)

    def _stop(self) -> None:
        """Stop watching the connection."""
        self._open = self.shared = False
        self._loop.remove_reader(self._connection)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
