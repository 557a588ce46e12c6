"""The connections of a server: how many there may be, and how long each may take.

One timer looks at all of them, so that a request costs no timer of its own.
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
"""Descriptors that the service needs beside its connections: files, the control socket, the
writer, uploads and the refused connections that are still told why."""
_DESCRIPTORS_A_QUERY: Final = 2
_LEAST_CONNECTIONS: Final = 16
_SHARE_CLOSED: Final = 64
"""Of so many connections one is closed where there are too many: to find the right ones takes a
look at all, which a flood of new connections should not ask for each time."""
_MAX_REFUSED: Final = 16
"""Connections that are refused and still told why; beyond that the oldest is told nothing."""


@final
@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long each part of a request may take.

    The head has `head_seconds` from its first byte, and a new connection as long for that byte; a
    body has `body_seconds` and one more for each `rate_bytes` that came; between requests a
    connection may be idle for `idle_seconds`; of an answer, the client has to take `rate_bytes` a
    second, looked at each `send_seconds`. There may be so many
    `connections`, `from_one_address` of them from one. The settings say why.
    """

    connections: int = 1024
    from_one_address: int = 512
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    rate_bytes: int = 1024
    idle_seconds: float = 75.0
    send_seconds: float = 30.0


def most_connections(wanted: int, max_running: int) -> int:
    """How many connections there may be: as many as wanted, where the process may have as many
    descriptors beside those that it needs itself."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    left = soft - _RESERVED_DESCRIPTORS - _DESCRIPTORS_A_QUERY * max_running
    return max(_LEAST_CONNECTIONS, min(wanted, left))


class Connection(Protocol):
    """What is asked of a connection; times are those of the event loop's clock."""

    address: str | None
    """Where it comes from; None where that is not told apart from others."""
    until: float
    """When it has to be done with the part of a request that is arriving."""

    def standing(self) -> tuple[float, float]:
        """What is closed first where there are too many connections: the smallest. Those whose
        request is being answered begin with infinity."""
        ...

    def expire(self) -> None:
        """Its time is over."""
        ...

    def look(self, now: float) -> None:
        """See whether its client takes too little of its answer."""
        ...

    def abort(self) -> None:
        """Close it at once."""
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
        """Take the connection in, another one going for it where there are too many; the problem
        where it is refused, since all others are being answered."""
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
        """Forget the connection, which has been closed."""
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
        """Close the connections that have least to lose, of those from the address where one is
        named; whether there was any that is not being answered."""
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
        """Look at all connections, and again later, while there are any."""
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
