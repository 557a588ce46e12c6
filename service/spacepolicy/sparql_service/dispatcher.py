"""Dispatches queries to workers: which worker answers a query, and when.

Quick queries share a few connections, as many as there are processors. Queries that take some
milliseconds wait for one of as many others, so that they hinder the quick ones little and each
other not at all; and those of a tenth of a second and more for one of as many to workers of low
priority. Longer queries need a seat, and are left to the application.

An unknown kind is tried as a quick one. After one has turned out not to be quick, unknown kinds are
tried one at a time per connection for a while, and never on all connections at once.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final
from weakref import WeakSet

from spacepolicy.engine.port import Engine
from spacepolicy.errors import EngineError, EngineFailedError
from spacepolicy.sparql_service.worker_channel import (
    HOLD_SECONDS,
    PendingQuery,
    WorkerChannel,
)

_SHORT_SECONDS: Final = 0.0005
"""A channel with less work than this takes another query, even while other workers are idle."""
_FULL_SECONDS: Final = 0.004
"""How much work is queued on one channel: if the first query is a long one, the rest is sent
again to other workers."""
_WARY_SECONDS: Final = 1.0
"""How long unknown kinds are tried one at a time after one that was long."""
_MEDIUM_PATIENCE: Final = 5
_SLOW_PATIENCE: Final = 10
"""A query with a connection of its own is waited for so many times as long: fewer of these run at
once than have seats, so each is done sooner. With the usual patience that is 0.25 and 0.5 s, within
the second in which a client's leaving is to be noticed."""
_MOST_WAITING_SECONDS: Final = 1.0
"""A query that would wait longer for a connection of its own is left to the application, which
checks its timeout meanwhile; none that is sent here has a shorter one."""
_TRIES: Final = 3
"""A query that loses its worker so often through other queries is left to the application."""


@final
class _OwnChannels:
    """Queries that have a connection each for themselves, and the connections; `slow`: to workers
    of low priority."""

    def __init__(self, patience: float, *, slow: bool) -> None:
        self.patience = patience
        self.slow = slow
        self.waiting = deque[PendingQuery]()
        self.channels: list[WorkerChannel] = []


@final
class Dispatcher:
    """Sends queries to the workers of an engine; belongs to one event loop.

    A query may take `patience_seconds` once its worker has begun; then it is left to the
    application. At most `max_waiting` queries that are not quick are queued, fewer of those that
    take long.
    """

    def __init__(self, engine: Engine, patience_seconds: float, max_waiting: int) -> None:
        self._engine = engine
        self._patience_seconds = patience_seconds
        self._max_waiting = max_waiting
        self._dataset: Path | None = None
        self._quick = deque[PendingQuery]()
        self._unknown = deque[PendingQuery]()
        self._medium = _OwnChannels(_MEDIUM_PATIENCE, slow=False)
        self._slow = _OwnChannels(_SLOW_PATIENCE, slow=True)
        self._channels: list[WorkerChannel] = []
        self._trying: list[WorkerChannel] = []
        self._made = WeakSet[WorkerChannel]()
        self._wary_until = 0.0
        self._scheduled = False

    @property
    def idle(self) -> bool:
        """Whether no query waits or runs."""
        return not self.queued and all(
            channel.idle for channels in self._lists() for channel in channels
        )

    @property
    def queued(self) -> int:
        """How many queries wait for a worker."""
        return sum(map(len, self._queues()))

    def submit(self, pending: PendingQuery) -> bool:
        """Send the query now or queue it; False where the application has to answer it."""
        estimate = pending.estimate
        if not self._engine.abreast or estimate.is_long:
            return False
        if not estimate.is_quick and self._would_wait_long(pending):
            return False
        if pending.dataset is not self._dataset:
            self.turn_to(pending.dataset)
        if not self._sent_at_once(pending):
            self._enqueue(pending)
            self.news()
        return True

    def _sent_at_once(self, pending: PendingQuery) -> bool:
        """Send the query if nothing else is queued; whether it was sent. Queries that come in the
        same iteration of the event loop are sent together behind it."""
        estimate, channel = pending.estimate, self._channels[0] if self._channels else None
        if channel is None or not channel.idle or self._quick:
            return False
        if not (estimate.known and estimate.is_quick):
            return False
        channel.put(pending, estimate.seconds)
        channel.flush()
        return True

    def turn_to(self, dataset: Path | None) -> None:
        """Switch to another dataset, or to none. Queries that were sent are still answered; queued
        ones are left to the application."""
        if dataset == self._dataset:
            return
        self._dataset = dataset
        for channel in [channel for channels in self._lists() for channel in channels]:
            channel.close()
        self._channels, self._medium.channels, self._slow.channels = [], [], []
        self._trying = []
        for waiting in self._queues():
            _give_up(waiting)

    def close(self) -> None:
        """Send nothing more, and ignore answers to what was sent."""
        self.turn_to(None)
        for channel in list(self._made):
            channel.abort()

    def news(self) -> None:
        """Implements `Listener.news`."""
        if not self._scheduled and any(self._queues()):
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send)

    def unknown_is_long(self) -> None:
        """Implements `Listener.unknown_is_long`."""
        self._wary_until = asyncio.get_running_loop().time() + _WARY_SECONDS

    def closed(self, channel: WorkerChannel, others: Sequence[PendingQuery]) -> None:
        """Implements `Listener.closed`."""
        for channels in (*self._lists(), self._trying):
            if channel in channels:
                channels.remove(channel)
        for pending in reversed(others):
            if pending.tries < _TRIES and pending.dataset == self._dataset:
                (self._quick if pending.estimate.known else self._unknown).appendleft(pending)
            else:
                pending.unanswered(None)
        self.news()

    def _lists(self) -> tuple[list[WorkerChannel], ...]:
        """The open channels: those for quick queries, and those for one query at a time."""
        return self._channels, self._medium.channels, self._slow.channels

    def _queues(self) -> tuple[deque[PendingQuery], ...]:
        return self._quick, self._unknown, self._medium.waiting, self._slow.waiting

    def _own(self, pending: PendingQuery) -> _OwnChannels:
        """The connections of which a query that is not quick has one for itself."""
        return self._slow if pending.estimate.is_slow else self._medium

    def _would_wait_long(self, pending: PendingQuery) -> bool:
        """Whether too many queries wait for a connection of their own already."""
        waiting = len(self._own(pending).waiting)
        seconds = waiting * pending.estimate.seconds / self._engine.abreast
        return waiting >= self._max_waiting or seconds > _MOST_WAITING_SECONDS

    def _enqueue(self, pending: PendingQuery) -> None:
        if not pending.estimate.is_quick:
            self._own(pending).waiting.append(pending)
        elif pending.estimate.known:
            self._quick.append(pending)
        else:
            self._unknown.append(pending)

    def _send(self) -> None:
        """Send queued queries as far as channels have room."""
        self._scheduled = False
        touched = dict[WorkerChannel, None]()
        try:
            if self._quick:
                self._send_quick(touched)
            if self._unknown:
                self._send_unknown(touched)
            for own in (self._medium, self._slow):
                if own.waiting:
                    self._send_alone(own, touched)
        except (EngineError, EngineFailedError):
            for waiting in self._queues():
                _give_up(waiting)
        for channel in touched:
            channel.flush()

    def _send_quick(self, touched: dict[WorkerChannel, None]) -> None:
        while (pending := _next(self._quick)) is not None:
            if not pending.estimate.is_quick:
                self._enqueue(self._quick.popleft())
                continue
            seconds = pending.estimate.seconds
            channel = self._room(self._channels, seconds)
            if channel is None:
                return
            self._quick.popleft()
            channel.put(pending, seconds)
            touched[channel] = None

    def _send_unknown(self, touched: dict[WorkerChannel, None]) -> None:
        """Send queries of kinds that were not measured yet."""
        wary = asyncio.get_running_loop().time() < self._wary_until
        while (pending := _next(self._unknown)) is not None:
            if pending.estimate.known:
                self._enqueue(self._unknown.popleft())
                self.news()
                continue
            unkept = self._unkept()
            seconds = pending.estimate.seconds
            channel = self._room_alone(unkept) if wary else self._room(unkept, seconds)
            if channel is None:
                return
            self._unknown.popleft()
            channel.put(pending, _FULL_SECONDS if wary else seconds)
            touched[channel] = None
            if channel not in self._trying:
                self._trying.append(channel)

    def _send_alone(self, own: _OwnChannels, touched: dict[WorkerChannel, None]) -> None:
        """Send queries that have a connection each; what was learned of a kind since may have made
        it one for others."""
        while (pending := _next(own.waiting)) is not None:
            if pending.estimate.is_long:
                own.waiting.popleft().unanswered(None)
                continue
            if self._own(pending) is not own:
                self._own(pending).waiting.append(own.waiting.popleft())
                self.news()
                continue
            channel = next((each for each in own.channels if each.idle), None)
            if channel is None:
                if len(own.channels) >= self._engine.abreast:
                    return
                channel = self._opened(own.channels, own)
            own.waiting.popleft()
            channel.put(pending, pending.estimate.seconds)
            touched[channel] = None

    def _unkept(self) -> Sequence[WorkerChannel]:
        """The channels that may be lost to a query of an unknown kind: all but the first, whose
        worker is kept for what is known to be quick, since another would have to get its copy of
        the dataset first."""
        if self._engine.abreast < 2:
            return self._channels
        if not self._channels:
            self._opened(self._channels)
        return self._channels[1:]

    def _room(self, channels: Sequence[WorkerChannel], seconds: float) -> WorkerChannel | None:
        """The channel for a quick query: the first with little work, so that its worker stays
        awake; else the one with the least, if it is not full."""
        shortest = None
        for channel in channels:
            if channel.seconds < _SHORT_SECONDS:
                return channel
            if shortest is None or channel.seconds < shortest.seconds:
                shortest = channel
        if len(self._channels) < self._engine.abreast:
            return self._opened(self._channels)
        if shortest is None or shortest.seconds + seconds > _FULL_SECONDS:
            return None
        return shortest

    def _room_alone(self, channels: Sequence[WorkerChannel]) -> WorkerChannel | None:
        """Return an idle channel, while another is left for queries known to be quick."""
        self._trying = [each for each in self._trying if not each.idle]
        if len(self._trying) >= max(1, self._engine.abreast - 1):
            return None
        found = next((each for each in channels if each.idle), None)
        if found is None and len(self._channels) < self._engine.abreast:
            return self._opened(self._channels)
        return found

    def _opened(
        self, channels: list[WorkerChannel], own: _OwnChannels | None = None
    ) -> WorkerChannel:
        """Open a channel and add it to the list; `own`: for queries that have it for themselves."""
        assert self._dataset is not None  # noqa: S101 # something waits to be sent
        patience = self._patience_seconds * (own.patience if own else 1)
        hold = patience if own else HOLD_SECONDS
        slow = own is not None and own.slow
        channel = WorkerChannel(self._engine, self._dataset, self, hold, patience, slow=slow)
        channels.append(channel)
        self._made.add(channel)
        return channel


def _next(waiting: deque[PendingQuery]) -> PendingQuery | None:
    """The first query that is not dropped; dropped ones before it are removed."""
    while waiting and waiting[0].dropped:
        waiting.popleft()
    return waiting[0] if waiting else None


def _give_up(waiting: deque[PendingQuery]) -> None:
    while waiting:
        waiting.popleft().unanswered(None)
