"""A queue of queries that wait for a place, first come first served, each with a timeout."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import final


@final
class WaitingQueue:
    """Queries that wait for a place of one kind; belongs to one event loop."""

    def __init__(self) -> None:
        self._places: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._places)

    async def wait(self, seconds: float, release: Callable[[], None]) -> None:
        """Wait for a place; one given after the timeout is passed on by `release`.

        Raises: TimeoutError after that time.
        """
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._places.append(place)
        given = False
        try:
            async with asyncio.timeout(seconds):
                await place
            given = True
        finally:
            if not given:
                if place.done() and not place.cancelled():
                    release()
                elif place in self._places:
                    self._places.remove(place)

    def give(self) -> bool:
        """Give a place to the longest waiter; return whether there was one."""
        while self._places:
            place = self._places.popleft()
            if not place.done():
                place.set_result(None)
                return True
        return False
