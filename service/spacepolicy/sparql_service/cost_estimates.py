"""How much of a processor queries take: what those of a kind took, whatever revision they asked.

Two queries are of one kind where their texts have the same tokens but for constants and the names
of variables (`Scan.shape`).
"""

import math
import time
from collections import OrderedDict
from typing import Final, final

QUICK_SECONDS: Final = 0.005
"""What is expected to take longer is not sent behind others, nor others behind it."""
LONG_SECONDS: Final = 0.1
"""What is expected to take longer has to have a seat first; the engine lowers the priority of a
worker whose query runs for so long."""
_FIRST_SECONDS: Final = 0.001
_LATEST_SHARE: Final = 0.125
_MOST: Final = 4096
"""Kinds that are remembered; each takes some 200 bytes."""
_LONG_FOR_SECONDS: Final = 60.0
"""After this time a kind of which one was not done in time is tried as any other: that may have
been the load. One that was measured stays long until others of it are not: to try it again would
cost the quick ones a warm worker each time."""


@final
class CostEstimate:
    """How much of a processor queries of one kind take: a guess, and then what the latest took."""

    __slots__ = ("_long_until", "known", "seconds")

    def __init__(self) -> None:
        self.seconds = _FIRST_SECONDS
        self.known = False
        """Whether any has been answered, or was seen to take longer."""
        self._long_until = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether it may wait before a worker with others."""
        return self.seconds <= QUICK_SECONDS

    @property
    def is_long(self) -> bool:
        """Whether the latest took long, or was not done in time a short while ago."""
        return self.seconds > LONG_SECONDS and time.monotonic() < self._long_until

    def took(self, seconds: float) -> None:
        """One took so much."""
        share = _LATEST_SHARE if self.known else 1.0
        self._learn(self.seconds + share * (seconds - self.seconds), math.inf)

    def took_longer(self, seconds: float) -> None:
        """One is not done after so much time, which says little of what it takes of a processor
        where others use it too: of a kind that is known, one is no reason to give up on the others,
        and none makes it a long one."""
        most = min(2 * self.seconds, LONG_SECONDS) if self.known else LONG_SECONDS
        self._learn(max(self.seconds, min(most, seconds)))

    def was_long(self) -> None:
        """One has taken long beyond doubt."""
        self._learn(max(self.seconds, 2 * LONG_SECONDS))

    def _learn(self, seconds: float, long_for: float = _LONG_FOR_SECONDS) -> None:
        self.seconds = seconds
        self.known = True
        if seconds > LONG_SECONDS:
            self._long_until = time.monotonic() + long_for


@final
class CostEstimates:
    """The estimates of the kinds asked last."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, CostEstimate] = OrderedDict()

    def of(self, kind: int) -> CostEstimate:
        """The estimate of the kind; the same for all of it."""
        found = self._held.get(kind)
        if found is None:
            found = self._held[kind] = CostEstimate()
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(kind)
        return found
