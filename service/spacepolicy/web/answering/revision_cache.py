"""What was put together for the served revision and may be wanted again soon.

It is held for all who ask, and so must not depend on who does: neither on the language of a reader
nor on the address that is asked.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, final

Held = TypeVar("Held")


@final
class RevisionCache(Generic[Held]):
    """Holds up to `places` things, those used last, of the newest revision asked about."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._number = -1
        self._held: OrderedDict[str, Held] = OrderedDict()

    async def get(self, number: int, name: str, make: Callable[[], Awaitable[Held]]) -> Held:
        """The thing of that name, made now where it is not there."""
        if number > self._number:
            self._number, self._held = number, OrderedDict()
        if number == self._number and name in self._held:
            self._held.move_to_end(name)
            return self._held[name]
        made = await make()
        if number == self._number:
            self._held[name] = made
            while len(self._held) > self._places:
                self._held.popitem(last=False)
        return made
