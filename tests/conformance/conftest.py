"""A served instance in stored mode whose dataset changes from case to case."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from pyoxigraph import RdfFormat
from starlette.types import ASGIApp, Receive, Scope, Send

from spacepolicy.access_tokens import AccessTokens, add_token, tokens_file
from spacepolicy.commands.build import build, pool
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.store.write_requests import DatasetWrite, Upload, WriteRequest
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service
from spacepolicy.writes.coordinator import StoreWriter

from .manifests import SUITES, Data, store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip without the suites where that may be; a checkout that is checked must have them."""
    if SUITES.is_dir() or os.environ.get("CI") == "true":
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"the W3C suites are not at {SUITES}"))


@dataclass
class Instance:
    """One server; `serve` puts a dataset behind it as a new revision."""

    folder: Path
    client: httpx.Client
    _app: list[ASGIApp]
    _pools: list[Pool] = field(default_factory=list)
    _served: Data | None = None
    _number: int = 0

    def serve(self, data: Data) -> httpx.Client:
        """A client of the instance, which now holds this dataset."""
        if data != self._served:
            self._app[0] = create_app(self._service(data))
            self._served = data
        return self.client

    def _service(self, data: Data) -> Service:
        self.close()
        self._number += 1
        directory = self.folder / str(self._number)
        directory.mkdir()
        store(data).dump(directory / GENERATION, RdfFormat.N_QUADS)
        revision = Revision(
            number=self._number,
            time="2026-01-02T03:04:05+00:00",
            author="test",
            message="test",
            counts=Counts(),
            record_sha256="",
            content_sha256="",
            base=None,
            prefixes={},
            directory=directory,
        )
        self._pools.append(Pool(revision.dataset, memory_bytes=1 << 30, spares=1))
        return Service(self._pools[0], History([revision]), (), timeout_seconds=20, mode="stored")

    def close(self) -> None:
        """End the engine."""
        while self._pools:
            self._pools.pop().close()


@dataclass
class Writable:
    """A service over a store of its own that takes writes."""

    client: httpx.Client
    writer: StoreWriter
    folder: Path

    def holding(self, data: Data) -> httpx.Client:
        """A client of the service, which holds this dataset now and nothing else."""
        file = self.folder / "restored.nq"
        store(data).dump(file, RdfFormat.N_QUADS)
        restored = DatasetWrite(Upload(file, "nquads", "urn:none"), whole=True)
        self.writer.write(WriteRequest(restored, "test"))
        return self.client


@pytest.fixture(scope="session")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writable]:
    folder = tmp_path_factory.mktemp("writable")
    chosen = Settings(content="none", default_graph="stored", store=str(folder / "store"))
    engine = pool(build(chosen, lambda _: None), chosen)
    history = revisions.history(folder / "store")
    writer = StoreWriter(
        folder / "store",
        engine,
        history,
        ["stored", "refuse", "2"],
        5_000_000,
        memory_bytes=1 << 30,
    )
    file = tokens_file(folder)
    token = add_token(file, "write")
    service = Service(engine, history, (), timeout_seconds=20, mode="stored", writer=writer,
                      tokens=AccessTokens(file))  # fmt: skip
    with serve(create_app(service)) as address:
        bearing = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, timeout=30, headers=bearing) as client:
            yield Writable(client, writer, folder)
    writer.close()
    engine.close()


@contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """The address at which the application answers, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does, for others
        config = uvicorn.Config(app, http="httptools", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            host, port = listening.getsockname()
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    apps: list[ASGIApp] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[0](scope, receive, send)

    with serve(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        apps.append(app)
        served = Instance(tmp_path_factory.mktemp("w3c"), client, apps)
        yield served
        served.close()
