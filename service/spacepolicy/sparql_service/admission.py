"""The queries that are being answered: how many at once, who waits, and how one is cancelled.

All of it belongs to one event loop.
"""

import asyncio
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, final

from spacepolicy.errors import BadParameterError, OverloadedError, QueryCancelledError

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_RETRY_SECONDS: Final = 1
_LENDING_SECONDS: Final = 0.05
"""A client that takes longer over a piece does not keep others from the processor meanwhile."""
State = Literal["waiting", "running", "sending"]


@final
@dataclass(slots=True, eq=False)
class RunningQuery:
    """A query on its way. Its identifier is for those who may cancel it, its text for those who run
    the service, and for no one else; `text` is None of what the service asks for itself."""

    identifier: str
    began: float
    task: "asyncio.Task[object]"
    text: str | None = None
    state: State = "waiting"
    cancelled: bool = False
    cut: bool = False
    """Whether it was stopped for others, since its client takes the answer too slowly."""

    def age_seconds(self) -> float:
        """How long ago it came."""
        return time.monotonic() - self.began


@final
class Seat:
    """One of the places of longer queries. While its client takes what it was sent, a query uses no
    processor: its seat is lent then, and it goes on when the client does."""

    __slots__ = ("_held", "_running", "ticket")

    def __init__(self, running: "Admission", ticket: RunningQuery | None = None) -> None:
        self.ticket = ticket
        self._running = running
        self._held = True

    def leave(self) -> None:
        """Give the seat up."""
        if self._held:
            self._held = False
            self._running.leave_seat()
        elif self.ticket is not None:
            self._running.lent.pop(self.ticket, None)

    def lend(self) -> None:
        """Let others have the seat for a while; where too many do that, the one that has done so
        for longest is stopped."""
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
        """Have the seat again, though there may be none; others wait until there is."""
        if not self._held and self.ticket is not None and self.ticket in self._running.lent:
            del self._running.lent[self.ticket]
            self._held = True
            self._running.squeeze_in()


@final
class Slot:
    """One of the places in which queries begin, until it is left."""

    __slots__ = ("_held", "_running")

    def __init__(self, running: "Admission") -> None:
        self._running = running
        self._held = True

    def leave(self) -> None:
        """Give the slot up."""
        if self._held:
            self._held = False
            self._running.leave_slot()


async def lending(seat: Seat | None, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The pieces; while whoever takes them takes long, the seat is lent."""
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
    before a 503; and slots in which every query begins, for a short time, unless its like is known
    to take long. So those that are short get in beside any number of long ones."""

    def __init__(self, max_running: int, max_waiting: int, slots: int = 8) -> None:
        self.max_running = max_running
        self.max_waiting = max_waiting
        self.max_lent = max(max_running, max_waiting)
        self.lent: dict[RunningQuery, None] = {}
        self._tickets: dict[str, RunningQuery] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._seated = 0
        self._free_slots = self._slots = slots
        self._first: deque[asyncio.Future[None]] = deque()
        self._later: deque[asyncio.Future[None]] = deque()

    @property
    def slotless(self) -> bool:
        """Whether whoever begins now has to wait."""
        return not self._free_slots

    @property
    def slots_wanted(self) -> bool:
        """Whether anybody waits for a slot."""
        return bool(self._first or self._later)

    @asynccontextmanager
    async def registered(
        self, identifier: str, text: str | None = None
    ) -> AsyncGenerator[RunningQuery]:
        """The query's entry, until the block ends.

        Raises: QueryCancelledError where the query is cancelled, OverloadedError where it is
        stopped for others, BadParameterError where another runs under the same identifier.
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
        """A seat for the query, held until the block ends.

        Raises: as `registered` and `seat`.
        """
        async with self.registered(identifier, text) as ticket:
            seat = await self.seat(ticket, wait_seconds)
            try:
                yield ticket
            finally:
                seat.leave()

    async def seat(self, ticket: RunningQuery, wait_seconds: float) -> Seat:
        """A seat, which is to be left.

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
        """A slot to begin in, which is to be left soon; `first`: before those who are not.

        Raises: OverloadedError where none comes free in time.
        """
        found = self.take_slot()
        if found is None:
            waiting = self._first if first else self._later
            await self._wait(waiting, wait_seconds, self.leave_slot)
            found = Slot(self)
        ticket.state = "running"
        return found

    def take_slot(self) -> Slot | None:
        """A slot, where one is free."""
        if not self._free_slots:
            return None
        self._free_slots -= 1
        return Slot(self)

    def leave_slot(self) -> None:
        """Hand the slot to whoever has waited longest, of those who come first if there are any."""
        for waiting in (self._first, self._later):
            while waiting:
                place = waiting.popleft()
                if not place.done():
                    place.set_result(None)
                    return
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
        """The query of this identifier."""
        return self._tickets.get(identifier)

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered."""
        return not self._seated and not self._waiting and self._free_slots == self._slots

    def tickets(self) -> tuple[RunningQuery, ...]:
        """All queries, in the order in which they came."""
        return tuple(self._tickets.values())

    def take_seat(self) -> bool:
        """Whether there is a seat, which is taken from now on."""
        if self._seated >= self.max_running or self._waiting:
            return False
        self._seated += 1
        return True

    def squeeze_in(self) -> None:
        """A seat for who runs already, though there may be none; others wait until there is."""
        self._seated += 1

    async def _wait(
        self,
        waiting: "deque[asyncio.Future[None]]",
        wait_seconds: float,
        leave: Callable[[], None],
    ) -> None:
        """Wait for a place; one that was given when it is too late is left to the next.

        Raises: OverloadedError after that time.
        """
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(place)
        given = False
        try:
            async with asyncio.timeout(wait_seconds):
                await place
            given = True
        except TimeoutError as error:
            raise self._overloaded() from error
        finally:
            if not given:
                if place.done() and not place.cancelled():
                    leave()
                elif place in waiting:
                    waiting.remove(place)

    def leave_seat(self) -> None:
        """Hand the seat to whoever has waited longest, unless it was one too many."""
        while self._waiting and self._seated <= self.max_running:
            seat = self._waiting.popleft()
            if not seat.done():
                seat.set_result(None)
                return
        self._seated -= 1

    def _overloaded(self) -> OverloadedError:
        return OverloadedError(
            f"{self._seated} queries run and {len(self._waiting)} wait; no more are taken now.",
            headers={"Retry-After": str(_RETRY_SECONDS)},
        )


def query_identifier(wanted: str | None) -> str:
    """The identifier that the client chose, so that it can cancel before it hears; or a new one.

    Raises: BadParameterError where what it chose could be guessed.
    """
    if wanted is None:
        return secrets.token_urlsafe(16)
    if not _IDENTIFIER.fullmatch(wanted):
        raise BadParameterError(
            "X-Query-Id is 22 to 64 letters, digits, - and _ that no one can guess."
        )
    return wanted
