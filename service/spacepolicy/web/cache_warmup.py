"""What pages share is read ahead of the first visit to a revision, while nothing else is asked.

It belongs to the event loop of the service, and begins and ends with it (ASGI's lifespan).

Spec: https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, final

from starlette.types import Receive, Send

from spacepolicy.errors import ProblemError
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.request_context import read_on

Reading = Callable[[], Awaitable[object]]
"""Reads something of the revision in force, and leaves it where pages find it."""
_IDLE_SECONDS: Final = 0.05
"""How long nothing must have been asked, and as long as the reading before took: with the shipped
documents all take 0.4 s together, with a million statements 6 s."""
_QUIET_SECONDS: Final = 0.3
"""How long a revision must have been in force, and as long as those of the one before took: of
many that follow each other, only the last one is read ahead."""
_log: Final = logging.getLogger(__name__)


@final
class CacheWarmup:
    """Does the readings, one by one, for the revision in force, and again for each that follows."""

    def __init__(self, app_state: AppState, readings: Sequence[Reading]) -> None:
        self._app_state = app_state
        self._readings = readings
        self._news = asyncio.Event()
        self._seconds = 0.0
        """How long the readings of a revision took."""

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Read ahead from the service's start to its end."""
        await receive()
        loop = asyncio.get_running_loop()

        def hear(_: Revision) -> None:
            loop.call_soon_threadsafe(self._news.set)

        leave = self._app_state.service.history.listen(hear)
        task = asyncio.create_task(self._run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        leave()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        while True:
            self._news.clear()
            await self._read_ahead()
            await self._news.wait()
            self._app_state.dispatcher.turn_to(self._app_state.service.history.current.dataset)
            await self._quiet()

    async def _quiet(self) -> None:
        """Wait until no revision has followed for a while."""
        while self._news.is_set():
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(_QUIET_SECONDS, self._seconds)):
                    await self._news.wait()

    async def _read_ahead(self) -> None:
        """Do the readings, until there is another revision; of a store elsewhere, whose time is
        somebody else's, nothing is read that no one asks for."""
        revision = self._app_state.service.history.current
        if self._app_state.service.published is not None:
            return
        read_on(revision)
        together = took = 0.0
        for reading in self._readings:
            await self._idleness(took)
            if self._news.is_set():
                return
            took = await _seconds_of(reading)
            together += took
        self._seconds = together
        _log.debug("revision %d was read ahead in %.2f s", revision.number, together)

    async def _idleness(self, seconds: float) -> None:
        """Wait until nothing was asked for so long, nor the dataset loaded: to read it from disk
        takes longer, and from whoever loads it."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        while loop.time() - since < max(seconds, _IDLE_SECONDS):
            await asyncio.sleep(_IDLE_SECONDS)
            if self._news.is_set():
                return
            loading = self._app_state.service.engine.loading
            if not self._app_state.running.idle or not self._app_state.dispatcher.idle or loading:
                since = loop.time()


async def _seconds_of(reading: Reading) -> float:
    """How long the reading takes."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await reading()
    except ProblemError as error:
        _log.debug("nothing was read ahead: %s", error.detail)
    return loop.time() - began
