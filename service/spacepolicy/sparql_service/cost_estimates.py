"""Estimates of the processor time of queries, from what queries of the same kind took.

Two queries are of one kind where their texts differ only in constants and the names of variables
(`Scan.shape`).
"""

import math
import time
from collections import OrderedDict
from typing import Final, final

QUICK_SECONDS: Final = 0.005
"""A query that is expected to take longer shares no connection with others."""
SLOW_SECONDS: Final = 0.1
"""The engine lowers the priority of a worker whose query runs for so long: a query that is expected
to is answered by a worker of low priority from the start."""
LONG_SECONDS: Final = 0.5
"""A query that is expected to take longer needs a seat first."""
_FIRST_SECONDS: Final = 0.001
_LATEST_SHARE: Final = 0.125
_UNEVEN_SECONDS: Final = 0.01
"""What waits behind a query that takes longer is sent again, to another worker."""
_UNEVEN_SHARE: Final = 0.02
_UNEVEN_LATEST: Final = 1 / 64
"""A kind of which more than one query in fifty takes so long, of some sixty, shares no connection,
however quick the others are: over a million statements, tasks with deadlines and actors take 3 ms
on average and 60 for the largest themes; 235 of them were answered a second while they shared
connections, with 1.2 new workers, where `oxigraph serve` answered 575."""
_MOST: Final = 4096
"""How many kinds are remembered; each takes some 200 bytes."""
_LONG_FOR_SECONDS: Final = 60.0
"""After this time a kind of which one query was not done in time is tried like any other: the
load may have been the cause. A kind that was measured as long stays long until a query of it is
not: each attempt would cost the quick queries a warm worker."""


@final
class CostEstimate:
    """The processor time that queries of one kind take: a guess first, then an average in which
    the latest count most."""

    __slots__ = ("_long_until", "_uneven", "known", "seconds")

    def __init__(self) -> None:
        self.seconds = _FIRST_SECONDS
        self.known = False
        """Whether a query of the kind has been measured, or was seen to take longer."""
        self._long_until = 0.0
        self._uneven = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether queries of the kind may share a connection."""
        return self.seconds <= QUICK_SECONDS and self._uneven <= _UNEVEN_SHARE

    @property
    def is_slow(self) -> bool:
        """Whether queries of the kind lower the priority of their worker."""
        return self.seconds > SLOW_SECONDS

    @property
    def is_long(self) -> bool:
        """Whether queries of the kind take long, or one was not done in time a short while ago."""
        return self.seconds > LONG_SECONDS and time.monotonic() < self._long_until

    def took(self, seconds: float) -> None:
        """Record that a query took so long."""
        share = _LATEST_SHARE if self.known else 1.0
        self._uneven += _UNEVEN_LATEST * ((seconds > _UNEVEN_SECONDS) - self._uneven)
        self._learn(self.seconds + share * (seconds - self.seconds), math.inf)

    def took_longer(self, seconds: float) -> None:
        """Record that a query was not done after so long.

        That says little about its processor time where others use the processor too. So for a kind
        that is known the estimate at most doubles, and never becomes long.
        """
        most = min(2 * self.seconds, LONG_SECONDS) if self.known else LONG_SECONDS
        self._learn(max(self.seconds, min(most, seconds)))

    def was_long(self) -> None:
        """Record that a query has certainly taken long."""
        self._learn(max(self.seconds, 2 * LONG_SECONDS))

    def _learn(self, seconds: float, long_for: float = _LONG_FOR_SECONDS) -> None:
        self.seconds = seconds
        self.known = True
        if seconds > LONG_SECONDS:
            self._long_until = time.monotonic() + long_for


@final
class CostEstimates:
    """The estimates of the most recently asked kinds."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, CostEstimate] = OrderedDict()

    def of(self, kind: int) -> CostEstimate:
        """Return the estimate of the kind, one object for all its queries."""
        estimate = self._held.get(kind)
        if estimate is None:
            estimate = self._held[kind] = CostEstimate()
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(kind)
        return estimate
