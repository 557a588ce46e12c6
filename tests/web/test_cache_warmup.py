"""What pages share is read before anyone asks, and out of everyone's way."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import Message

from spacepolicy.errors import EngineError
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.store.write_requests import Update, WriteRequest
from spacepolicy.web.answering.app_state import AppState, make_app_state
from spacepolicy.web.cache_warmup import CacheWarmup
from spacepolicy.web.service import Service

from .conftest import SAVED, serve
from .test_running import until
from .writers import Engines, MemoryWriter

pytestmark = pytest.mark.alone

SHARED = ("/", "/search?q=c", "/context.jsonld")


class Counting(Engines):
    """Engines that count the queries they are asked."""

    asked = 0

    def processor_seconds(self, connection: socket.socket) -> float | None:  # noqa: ARG002
        return None

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        self.asked += 1
        return super().connect(dataset, slow=slow)


@dataclass
class Served:
    """A service whose data change."""

    service: Service
    writer: MemoryWriter
    engines: Counting

    def publish(self, name: str) -> None:
        text = f"INSERT DATA {{ <urn:{name}> <urn:b> <urn:c> }}"
        self.writer.write(WriteRequest(Update(text), "someone", ""))


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "how-many.rq").write_text(SAVED, encoding="utf-8")
    (tmp_path / "store").mkdir()
    writer, engines = MemoryWriter(tmp_path / "store"), Counting()
    saved = read_catalogue(tmp_path)
    service = Service(engines, writer.history, saved, timeout_seconds=5, mode="stored")
    yield Served(service, writer, engines)
    engines.close()


def test_the_first_visits_to_a_revision_find_what_they_share(
    changing: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="spacepolicy.web.cache_warmup")

    def read_ahead() -> bool:
        number = changing.service.history.current.number
        return any(f"revision {number} was read ahead" in each for each in caplog.messages)

    with serve(changing.service, ahead=True) as site:
        for name in ("one", "other"):
            until(read_ahead)
            before = changing.engines.asked
            assert before > 0
            for address in SHARED:
                assert site.client.get(address).status_code == 200
            assert changing.engines.asked == before
            changing.publish(name)
            until(lambda: changing.engines.asked > before)  # noqa: B023 # it is called at once


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the tests that are coroutines."""
    return "asyncio"


@dataclass
class Readings:
    """What was read of which revision."""

    app_state: AppState
    done: list[tuple[str, int]] = field(default_factory=list)

    async def names(self) -> None:
        self.done.append(("names", self.app_state.number))
        raise EngineError("It could not be read.")

    async def words(self) -> None:
        self.done.append(("words", self.app_state.number))

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def reading_ahead(service: Service) -> AsyncIterator[Readings]:
    readings = Readings(make_app_state(service))
    told: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    warming = CacheWarmup(readings.app_state, (readings.names, readings.words))
    task = asyncio.create_task(warming.lifespan(told.get, heard.put))
    told.put_nowait({"type": "lifespan.startup"})
    assert (await heard.get())["type"] == "lifespan.startup.complete"
    try:
        yield readings
    finally:
        told.put_nowait({"type": "lifespan.shutdown"})
        async with asyncio.timeout(10):
            assert (await heard.get())["type"] == "lifespan.shutdown.complete"
            await task


@pytest.mark.anyio
async def test_each_revision_in_force_is_read_and_a_failure_stops_nothing(changing: Served) -> None:
    async with reading_ahead(changing.service) as readings:
        await readings.until(lambda: len(readings.done) == 2)
        for name in ("one", "two", "three"):
            changing.publish(name)
            await asyncio.sleep(0.15)
        await readings.until(lambda: len(readings.done) == 4)
    assert readings.done == [("names", 1), ("words", 1), ("names", 4), ("words", 4)]


@pytest.mark.anyio
async def test_nothing_is_read_ahead_while_a_query_is_answered(changing: Served) -> None:
    async with reading_ahead(changing.service) as readings:
        await readings.until(lambda: len(readings.done) == 2)
        async with readings.app_state.running.admitted("q" * 22, 1):
            changing.publish("one")
            await asyncio.sleep(1)
            assert len(readings.done) == 2
        await readings.until(lambda: len(readings.done) == 4)
