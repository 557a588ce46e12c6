"""Admission control: how many queries run at once, which wait, and how one is cancelled.

All of it belongs to one event loop.
"""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, final

from spacepolicy.errors import BadParameterError, OverloadedError, QueryCancelledError
from spacepolicy.sparql_service.waiting_queue import WaitingQueue

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_RETRY_SECONDS: Final = 1
_LENDING_SECONDS: Final = 0.05
"""While a client takes longer than this to read a piece, its seat is lent to another query."""
State = Literal["waiting", "running", "sending"]


@final
@dataclass(slots=True, eq=False)
class RunningQuery:
    """A query that waits or runs. Only those who may cancel it may see its identifier, and only
    operators its text; `text` is None for the service's own queries."""

    identifier: str
    began: float
    task: "asyncio.Task[object]"
    text: str | None = None
    state: State = "waiting"
    cancelled: bool = False
    cut: bool = False
    """Whether it was stopped in favour of others, since its client reads the answer too slowly."""

    def age_seconds(self) -> float:
        """How long ago the query arrived."""
        return time.monotonic() - self.began


@final
class Seat:
    """A place for a longer query. A query whose client is slow to read uses no processor: its seat
    is lent to another query until the client reads on."""

    __slots__ = ("_held", "_running", "ticket")

    def __init__(self, running: "Admission", ticket: RunningQuery | None = None) -> None:
        self.ticket = ticket
        self._running = running
        self._held = True

    def leave(self) -> None:
        """Release the seat."""
        if self._held:
            self._held = False
            self._running.leave_seat()
        elif self.ticket is not None:
            self._running.lent.pop(self.ticket, None)

    def lend(self) -> None:
        """Lend the seat until it is reclaimed; where `max_lent` are lent already, the query whose
        seat has been lent for longest is stopped."""
        if not self._held or self.ticket is None:
            return
        lent = self._running.lent
        if len(lent) >= self._running.max_lent:
            oldest = next(iter(lent))
            del lent[oldest]
            oldest.cut = True
            oldest.task.cancel()
        lent[self.ticket] = None
        self._held = False
        self._running.leave_seat()

    def reclaim(self) -> None:
        """Take a lent seat back at once, even beyond `max_running`; no seat is given to others
        until fewer are taken."""
        if not self._held and self.ticket is not None and self.ticket in self._running.lent:
            del self._running.lent[self.ticket]
            self._held = True
            self._running.force_acquire()


@final
class Slot:
    """One of the places in which queries begin, held until `leave`."""

    __slots__ = ("_held", "_running")

    def __init__(self, running: "Admission") -> None:
        self._running = running
        self._held = True

    def leave(self) -> None:
        """Release the slot."""
        if self._held:
            self._held = False
            self._running.leave_slot()


async def lending(seat: Seat | None, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the pieces; while their consumer is slow, the seat is lent to another query."""
    loop = asyncio.get_running_loop()
    async for piece in pieces:
        timer = None if seat is None else loop.call_later(_LENDING_SECONDS, seat.lend)
        try:
            yield piece
        finally:
            if seat is not None and timer is not None:
                timer.cancel()
                seat.reclaim()


@final
class Admission:
    """Two kinds of places: seats for `max_running` longer queries, with a queue of `max_waiting`
    before a 503; and slots in which every query begins, for a short time, unless queries of its
    kind are known to take long. So short queries are answered beside any number of long ones."""

    def __init__(self, max_running: int, max_waiting: int, slots: int = 8) -> None:
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.max_lent = max(max_running, max_waiting)
        self.lent: dict[RunningQuery, None] = {}
        self._tickets: dict[str, RunningQuery] = {}
        self._waiting = WaitingQueue()
        self._seated = 0
        self._free_slots = self._slots = slots
        self._first, self._later = WaitingQueue(), WaitingQueue()

    @property
    def slotless(self) -> bool:
        """Whether a query that begins now has to wait for a slot."""
        return not self._free_slots

    @property
    def slots_wanted(self) -> bool:
        """Whether a query waits for a slot."""
        return bool(self._first or self._later)

    @asynccontextmanager
    async def registered(
        self, identifier: str, text: str | None = None
    ) -> AsyncGenerator[RunningQuery]:
        """Register the query until the block ends.

        Raises: QueryCancelledError where the query is cancelled, OverloadedError where it is
        stopped in favour of others, BadParameterError where another runs under the same identifier.
        """
        if identifier in self._tickets:
            raise BadParameterError("Another query runs under this X-Query-Id.")
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # a coroutine runs in a task
        ticket = self._tickets[identifier] = RunningQuery(identifier, time.monotonic(), task, text)
        try:
            yield ticket
        except asyncio.CancelledError as error:
            if not ticket.cancelled and not ticket.cut:
                raise
            task.uncancel()
            if ticket.cancelled:
                raise QueryCancelledError("The query was cancelled by its X-Query-Id.") from error
            raise self._overloaded() from error
        finally:
            del self._tickets[identifier]

    @asynccontextmanager
    async def admitted(
        self, identifier: str, wait_seconds: float, text: str | None = None
    ) -> AsyncGenerator[RunningQuery]:
        """Register the query, and hold a seat for it until the block ends.

        Raises: as `registered` and `seat`.
        """
        async with self.registered(identifier, text) as ticket:
            seat = await self.seat(ticket, wait_seconds)
            try:
                yield ticket
            finally:
                seat.leave()

    async def seat(self, ticket: RunningQuery, wait_seconds: float) -> Seat:
        """Return a seat, once there is one; its holder releases it.

        Raises: OverloadedError where the queue is full or no seat comes free in time.
        """
        ticket.state = "waiting"
        if not self.take_seat():
            if len(self._waiting) >= self.max_waiting:
                raise self._overloaded()
            await self._wait(self._waiting, wait_seconds, self.leave_seat)
        ticket.state = "running"
        return Seat(self, ticket)

    async def slot(self, ticket: RunningQuery, wait_seconds: float, *, first: bool) -> Slot:
        """Return a slot to begin in, to be released soon; `first`: ahead of waiters without it.

        Raises: OverloadedError where none comes free in time.
        """
        slot = self.take_slot()
        if slot is None:
            waiting = self._first if first else self._later
            await self._wait(waiting, wait_seconds, self.leave_slot)
            slot = Slot(self)
        ticket.state = "running"
        return slot

    def take_slot(self) -> Slot | None:
        """Return a slot if one is free."""
        if not self._free_slots:
            return None
        self._free_slots -= 1
        return Slot(self)

    def leave_slot(self) -> None:
        """Release a slot; the longest waiter of the preferred queue gets it, else of the other."""
        if not self._first.give() and not self._later.give():
            self._free_slots += 1

    def cancel(self, identifier: str) -> bool:
        """Stop the query of this identifier; whether there was one."""
        ticket = self._tickets.get(identifier)
        if ticket is None:
            return False
        if not ticket.cancelled:
            ticket.cancelled = True
            ticket.task.cancel()
        return True

    def ticket(self, identifier: str) -> RunningQuery | None:
        """Return the query of this identifier."""
        return self._tickets.get(identifier)

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered."""
        return not self._seated and not self._waiting and self._free_slots == self._slots

    def tickets(self) -> tuple[RunningQuery, ...]:
        """Return all queries, in the order of arrival."""
        return tuple(self._tickets.values())

    def take_seat(self) -> bool:
        """Take a seat if one is free; return whether it was."""
        if self._seated >= self.max_running or self._waiting:
            return False
        self._seated += 1
        return True

    def force_acquire(self) -> None:
        """Take a seat for a query that runs already, even beyond `max_running`."""
        self._seated += 1

    async def _wait(
        self, waiting: WaitingQueue, wait_seconds: float, release: Callable[[], None]
    ) -> None:
        """Raises: OverloadedError where no place comes free in time."""
        try:
            await waiting.wait(wait_seconds, release)
        except TimeoutError as error:
            raise self._overloaded() from error

    def leave_seat(self) -> None:
        """Release a seat; the longest waiter gets it unless there are more than `max_running`."""
        if self._seated > self.max_running or not self._waiting.give():
            self._seated -= 1

    def _overloaded(self) -> OverloadedError:
        return OverloadedError(
            f"{self._seated} queries run and {len(self._waiting)} wait; no more are taken now.",
            headers={"Retry-After": str(_RETRY_SECONDS)},
        )


def query_identifier(wanted: str | None) -> str:
    """Return the identifier that the client chose, with which it can cancel the query before any
    answer; else a new one.

    Raises: BadParameterError where the chosen one has another form, or is too short to be secret.
    """
    if wanted is None:
        return secrets.token_urlsafe(16)
    if not _IDENTIFIER.fullmatch(wanted):
        raise BadParameterError(
            "X-Query-Id is 22 to 64 letters, digits, - and _ that no one can guess."
        )
    return wanted
