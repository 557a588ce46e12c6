"""The words of references in the user's copies of texts, cached for the latest references."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import final

Words = Mapping[str, str]
"""The words of passages, by their IRIs."""


@final
class CopyWords:
    """Caches the words until the passages change: the copies themselves are read only once."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: tuple[Hashable, Words] | None = None

    async def get(self, described: Hashable, find: Callable[[], Awaitable[Words]]) -> Words:
        """Return the words for the passages that `described` identifies; `find` reads them."""
        async with self._lock:
            if self._known is None or self._known[0] != described:
                self._known = described, await find()
            return self._known[1]
