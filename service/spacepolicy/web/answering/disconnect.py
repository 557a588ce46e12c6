"""Cancelling work when its client disconnects."""

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, final

from starlette.types import Receive


@final
class Connected:
    """A context manager whose block ends, without an error, when the client disconnects.

    It watches for that only after `look`, so that short work needs no task.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task = asyncio.current_task()
        self._lookout: asyncio.Task[None] | None = None
        self._gone = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        if self._lookout is None:
            return False
        self._lookout.cancel()
        if not self._gone or self._task is None:
            return False
        others = self._task.uncancel()
        return kind is asyncio.CancelledError and others == 0

    def look(self) -> None:
        """Start watching for a disconnect."""
        if self._lookout is None:
            self._lookout = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._task is not None:
            self._task.cancel()


async def while_connected(receive: Receive, answering: Awaitable[None]) -> None:
    """Await `answering`; cancel it when the client disconnects."""
    async with Connected(receive) as client:
        client.look()
        await answering
