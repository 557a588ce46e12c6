"""The queries that are being answered: how many at once, who waits, and how one is cancelled.

All of it belongs to one event loop.
"""

import asyncio
import re
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, final

from spacepolicy.errors import BadParameterError, OverloadedError, QueryCancelledError

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{22,64}", re.ASCII)
_RETRY_SECONDS: Final = 1
State = Literal["waiting", "running", "sending"]


@final
@dataclass(slots=True)
class Ticket:
    """A query on its way. Its identifier is for those who may cancel it, its text for those who run
    the service, and for no one else; `text` is None of what the service asks for itself."""

    identifier: str
    began: float
    task: "asyncio.Task[object]"
    text: str | None = None
    state: State = "waiting"
    cancelled: bool = False

    def age_seconds(self) -> float:
        """How long ago it came."""
        return time.monotonic() - self.began


@final
class Running:
    """Seats for `max_running` queries, and a queue of `max_waiting` more before a 503."""

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self.max_running = max_running
        self.max_waiting = max_waiting
        self._tickets: dict[str, Ticket] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._seated = 0

    @property
    def full(self) -> bool:
        """Whether whoever comes now has to wait."""
        return self._seated >= self.max_running or bool(self._waiting)

    @asynccontextmanager
    async def admitted(
        self,
        identifier: str,
        wait_seconds: float,
        text: str | None = None,
        *,
        seated: bool = False,
    ) -> AsyncGenerator[Ticket]:
        """A seat for the query, held until the block ends; `seated`: it has one already.

        Raises: OverloadedError where the queue is full or no seat comes free in time,
        QueryCancelledError where the query was cancelled, BadParameterError where another runs
        under the same identifier.
        """
        if identifier in self._tickets:
            raise BadParameterError("Another query runs under this X-Query-Id.")
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # a coroutine runs in a task
        ticket = self._tickets[identifier] = Ticket(identifier, time.monotonic(), task, text)
        try:
            if not seated:
                await self._wait_for_seat(wait_seconds)
            try:
                ticket.state = "running"
                yield ticket
            finally:
                self.leave_seat()
        except asyncio.CancelledError as error:
            if not ticket.cancelled:
                raise
            task.uncancel()
            raise QueryCancelledError("The query was cancelled by its X-Query-Id.") from error
        finally:
            del self._tickets[identifier]

    def cancel(self, identifier: str) -> bool:
        """Stop the query of this identifier; whether there was one."""
        ticket = self._tickets.get(identifier)
        if ticket is None:
            return False
        if not ticket.cancelled:
            ticket.cancelled = True
            ticket.task.cancel()
        return True

    def ticket(self, identifier: str) -> Ticket | None:
        """The query of this identifier."""
        return self._tickets.get(identifier)

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered."""
        return not self._seated and not self._waiting

    def tickets(self) -> tuple[Ticket, ...]:
        """All of them, the oldest first."""
        return tuple(self._tickets.values())

    def take_seat(self) -> bool:
        """Whether there is a seat for whoever comes now, which is theirs until they leave it."""
        if self.full:
            return False
        self._seated += 1
        return True

    def squeeze_in(self) -> None:
        """A seat for who runs already, though there may be none; others wait until there is."""
        self._seated += 1

    async def _wait_for_seat(self, wait_seconds: float) -> None:
        if self.take_seat():
            return
        if len(self._waiting) >= self.max_waiting:
            raise self._overloaded()
        seat: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(seat)
        try:
            async with asyncio.timeout(wait_seconds):
                await seat
        except TimeoutError as error:
            self._give_up(seat)
            raise self._overloaded() from error
        except asyncio.CancelledError:
            self._give_up(seat)
            raise

    def _give_up(self, seat: "asyncio.Future[None]") -> None:
        """Stop waiting; a seat that was given in the same moment goes to the next."""
        if seat.done() and not seat.cancelled():
            self.leave_seat()
        elif seat in self._waiting:
            self._waiting.remove(seat)

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
