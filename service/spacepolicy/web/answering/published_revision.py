"""The revision that a remote store holds, read for each request; and requests that are answered
again where it changed meanwhile."""

import asyncio
from contextlib import suppress
from typing import Final, final

from starlette.types import Message, Receive

from spacepolicy.errors import ProblemError
from spacepolicy.publishing.served_store import ServedStore
from spacepolicy.store.revision import Revision

_MAX_REPLAYED_BYTES: Final = 1 << 22
"""A request with a larger body is not answered again: four times the limit of a query."""


@final
class PublishedRevision:
    """Reads the revision; calls during a reading share the next one."""

    def __init__(self, store: ServedStore) -> None:
        self._store = store
        self._running: asyncio.Task[Revision] | None = None
        self._next: asyncio.Task[Revision] | None = None

    async def get(self) -> Revision:
        """Return the revision that the store held at some moment after the call.

        Raises: ProblemError as `ServedStore.look` does.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read(self._running))
        return await asyncio.shield(self._next)

    async def _read(self, before: "asyncio.Task[Revision] | None") -> Revision:
        if before is not None:
            with suppress(ProblemError):
                await before
        self._running, self._next = self._next, None
        return await asyncio.to_thread(self._store.look)


@final
class ReplayedRequest:
    """An ASGI `receive` that can be rewound, so that a request is answered in up to `attempts`
    attempts."""

    def __init__(self, receive: Receive, attempts: int) -> None:
        self._receive = receive
        self._left = attempts - 1
        self._messages: list[Message] = []
        self._next = 0
        self._bytes = 0

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be read again: all of it is held, and attempts are left."""
        return self._left > 0 and self._bytes <= _MAX_REPLAYED_BYTES

    def rewind(self) -> None:
        """Start again from the first message."""
        self._left -= 1
        self._next = 0

    async def __call__(self) -> Message:
        """Return the next message, a held one or a new one."""
        if self._next < len(self._messages):
            self._next += 1
            return self._messages[self._next - 1]
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes <= _MAX_REPLAYED_BYTES:
            self._messages.append(message)
            self._next += 1
        else:
            self._messages.clear()
            self._next = 0
        return message
