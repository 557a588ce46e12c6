"""A service in stored mode whose dataset changes from case to case."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from pyoxigraph import RdfFormat
from starlette.types import ASGIApp

from spacepolicy.access_tokens import AccessTokens, add_token, tokens_file
from spacepolicy.commands.build import build, pool
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.history import History
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
    """A service over a store of its own that takes writes."""

    client: httpx.Client
    writer: StoreWriter
    history: History
    folder: Path
    _read: Data | None = None

    def reading(self, data: Data) -> httpx.Client:
        """A client that only reads; the dataset is put there unless the case before read it too."""
        if data != self._read:
            self.holding(data)
            self._read = data
        return self.client

    def holding(self, data: Data) -> httpx.Client:
        """A client of the service, which holds this dataset now and nothing else."""
        self._read = None
        file = self.folder / "restored.nq"
        store(data).dump(file, RdfFormat.N_QUADS)
        restored = DatasetWrite(Upload(file, "nquads", "urn:none"), whole=True)
        self.writer.write(WriteRequest(restored, "test"))
        return self.client


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("instance")
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
            yield Instance(client, writer, history, folder)
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
