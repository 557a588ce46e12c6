"""The connections of a server: how many may be open, and how long each may take.

One timer checks all of them, so that a request costs no timer of its own.
"""

import asyncio
import math
import resource
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, Protocol, final

from spacepolicy.errors import OverloadedError, ProblemError, TooManyConnectionsError

SWEEP_SECONDS: Final = 0.25
"""How late a limit may be noticed: a client that has left has to be noticed within a second."""
_RESERVED_DESCRIPTORS: Final = 64
"""Descriptors that the service needs besides its connections: files, the control socket, the
writer, uploads and the refused connections that still get an answer."""
_DESCRIPTORS_A_QUERY: Final = 2
_LEAST_CONNECTIONS: Final = 16
_SHARE_CLOSED: Final = 64
"""Where there are too many connections, one in so many is closed: finding those with the least to
lose takes a pass over all, which a flood of new connections should not cause each time."""
_MAX_REFUSED: Final = 16
"""Refused connections that still get an answer; beyond that the oldest is closed without one."""


@final
@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long each part of a request may take.

    A head may take `head_seconds` from its first byte, and a new connection as long to send that
    byte; a body may take `body_seconds` and one second more for each `rate_bytes` received;
    between requests a connection may be idle for `idle_seconds`; the client has to read
    `rate_bytes` of an answer a second, checked every `send_seconds`. At most `connections` may be
    open, `from_one_address` of them from the same address. `settings.py` gives the reasons.
    """

    connections: int = 1024
    from_one_address: int = 512
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    rate_bytes: int = 1024
    idle_seconds: float = 75.0
    send_seconds: float = 30.0


def most_connections(wanted: int, max_running: int) -> int:
    """Return how many connections there may be: as many as wanted, as far as RLIMIT_NOFILE allows
    after the descriptors that the process itself needs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    left = soft - _RESERVED_DESCRIPTORS - _DESCRIPTORS_A_QUERY * max_running
    return max(_LEAST_CONNECTIONS, min(wanted, left))


class Connection(Protocol):
    """A connection as `Connections` sees it; times are those of the event loop's clock."""

    address: str | None
    """The address it is counted by; None where it is not counted."""
    until: float
    """The deadline of the part of a request that is arriving."""

    def standing(self) -> tuple[float, float]:
        """Return the rank among connections: the smallest is closed first where there are too
        many. The first number is infinite while a request is being answered."""
        ...

    def expire(self) -> None:
        """Called when `until` has passed."""
        ...

    def look(self, now: float) -> None:
        """Check whether the client reads its answer fast enough."""
        ...

    def abort(self) -> None:
        """Close the connection at once."""
        ...


@final
class Connections:
    """The connections of one server, of one event loop."""

    def __init__(self, limits: ConnectionLimits, now: Callable[[], float]) -> None:
        self.limits = limits
        self._now = now
        self._open: dict[Connection, None] = {}
        self._refused: dict[Connection, None] = {}
        self._from: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> ProblemError | None:
        """Add the connection, and close others where there are too many.

        Returns the problem where it is refused, since all others are being answered.
        """
        refused = self._make_place(connection.address)
        if refused is None:
            self._open[connection] = None
            if connection.address is not None:
                self._from[connection.address] += 1
        else:
            self._refused[connection] = None
            if len(self._refused) > _MAX_REFUSED:
                next(iter(self._refused)).abort()
        if self._timer is None:
            self._sweep()
        return refused

    def remove(self, connection: Connection) -> None:
        """Remove a closed connection."""
        self._refused.pop(connection, None)
        if connection not in self._open:
            return
        del self._open[connection]
        address = connection.address
        if address is not None:
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]

    def _make_place(self, address: str | None) -> ProblemError | None:
        limits, retry = self.limits, {"Retry-After": "1"}
        if address is not None and self._from[address] >= limits.from_one_address:
            if not self._close_some(address, limits.from_one_address):
                return TooManyConnectionsError(
                    f"{self._from[address]} connections from your address are being answered.",
                    headers=retry,
                )
        elif len(self._open) >= limits.connections and not self._close_some(
            None, limits.connections
        ):
            return OverloadedError(
                f"{len(self._open)} connections are being answered.", headers=retry
            )
        return None

    def _close_some(self, address: str | None, limit: int) -> bool:
        """Close the connections with the least to lose, of all or of one address; whether any was
        closed."""
        standings = [
            (each.standing(), number, each)
            for number, each in enumerate(self._open)
            if address is None or each.address == address
        ]
        least = nsmallest(max(1, limit // _SHARE_CLOSED), standings)
        closed = [each for (rank, _), _, each in least if not math.isinf(rank)]
        for each in closed:
            self.remove(each)
            each.abort()
        return bool(closed)

    def _sweep(self) -> None:
        """Check all connections, and schedule the next check while there are any."""
        now = self._now()
        for connection in [*self._open, *self._refused]:
            if connection.until <= now:
                connection.expire()
            else:
                connection.look(now)
        self._timer = None
        if self._open or self._refused:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(SWEEP_SECONDS, self._sweep)
