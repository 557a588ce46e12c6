"""What a user's copies say of references, kept for the references asked about last."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import final

Words = Mapping[str, str]
"""The words of passages, by their IRIs."""


@final
class CopyWords:
    """Keeps the words until other passages are described: copies stay as they were read."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: tuple[Hashable, Words] | None = None

    async def get(self, described: Hashable, find: Callable[[], Awaitable[Words]]) -> Words:
        """The words of the passages that are described so."""
        async with self._lock:
            if self._known is None or self._known[0] != described:
                self._known = described, await find()
            return self._known[1]
