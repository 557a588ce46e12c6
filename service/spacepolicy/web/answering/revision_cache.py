"""A cache of values computed for the served revision.

Its values are shared by all requests, so they must depend neither on the reader's language nor on
the address of the request.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, final

Held = TypeVar("Held")


@final
class RevisionCache(Generic[Held]):
    """Holds the `places` most recently used values of the newest revision."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._number = -1
        self._held: OrderedDict[str, Held] = OrderedDict()

    async def get(self, number: int, name: str, make: Callable[[], Awaitable[Held]]) -> Held:
        """Return the value of that name; `make` computes it where it is not cached. `number` is the
        revision's."""
        if number > self._number:
            self._number, self._held = number, OrderedDict()
        if number == self._number and name in self._held:
            self._held.move_to_end(name)
            return self._held[name]
        value = await make()
        if number == self._number:
            self._held[name] = value
            while len(self._held) > self._places:
                self._held.popitem(last=False)
        return value
