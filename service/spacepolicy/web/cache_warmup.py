"""Cache warm-up: fills the caches that pages share before the first visit to a revision, while the
service is idle.

It runs in the event loop of the service, from its start to its end (ASGI's lifespan).

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
"""Reads something of the revision in force into a cache."""
_IDLE_SECONDS: Final = 0.05
"""How long the service has to be idle before a reading, at least as long as the last reading took:
with the shipped documents all readings take 0.4 s together, with a million statements 6 s."""
_QUIET_SECONDS: Final = 0.3
"""How long a revision has to be in force first, at least as long as the last warm-up took: of many
revisions in quick succession, only the last one is read."""
_log: Final = logging.getLogger(__name__)


@final
class CacheWarmup:
    """Runs the readings, one by one, for the revision in force, and again after each new one."""

    def __init__(self, app_state: AppState, readings: Sequence[Reading]) -> None:
        self._app_state = app_state
        self._readings = readings
        self._news = asyncio.Event()
        self._seconds = 0.0
        """How long the last complete warm-up took."""

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Handle the ASGI lifespan, and run the warm-up during it."""
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
        """Run the readings, until there is another revision. Over a remote store nothing is read
        ahead, to spare somebody else's server."""
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
        """Wait until the service was idle for so long and the dataset is not being loaded: queries
        are slower meanwhile, and slow down the loading."""
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
    """Run the reading; return how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        await reading()
    except ProblemError as error:
        _log.debug("nothing was read ahead: %s", error.detail)
    return loop.time() - began
