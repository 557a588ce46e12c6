"""What is known of how long queries take, whatever revision they were asked about."""

import time
from collections import OrderedDict
from typing import Final, final

from spacepolicy.engine.likeness import likeness

_MOST: Final = 4096
"""Kinds of queries that are remembered, of either sort; each takes some 200 bytes."""
_LONG_FOR_SECONDS: Final = 60.0
"""After this time a query that was long is tried as any other, since data and load change."""


@final
class Costs:
    """Remembers which kinds of queries were quick and which long; two queries are of one kind where
    they differ in constants alone."""

    def __init__(self) -> None:
        self._quick: OrderedDict[int, None] = OrderedDict()
        self._long: OrderedDict[int, float] = OrderedDict()

    @staticmethod
    def kind(text: str) -> int:
        """The kind of the query."""
        return hash(likeness(text) or text)

    def is_quick(self, kind: int) -> bool:
        """Whether the last of its kind was quick."""
        return kind in self._quick

    def is_long(self, kind: int) -> bool:
        """Whether one of its kind was long, a short while ago."""
        return time.monotonic() < self._long.get(kind, 0.0)

    def was_quick(self, kind: int) -> None:
        """One of its kind was quick."""
        self._long.pop(kind, None)
        self._quick[kind] = None
        self._quick.move_to_end(kind)
        if len(self._quick) > _MOST:
            self._quick.popitem(last=False)

    def was_long(self, kind: int) -> None:
        """One of its kind was long."""
        self._quick.pop(kind, None)
        self._long[kind] = time.monotonic() + _LONG_FOR_SECONDS
        self._long.move_to_end(kind)
        if len(self._long) > _MOST:
            self._long.popitem(last=False)
