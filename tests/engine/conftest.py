"""Engines under test, over a dataset that all of them hold."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pyoxigraph import RdfFormat, Store, parse

from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import Engine
from spacepolicy.engine.remote import Remote

QUADS = "".join(
    f'<https://example.org/s{i}> <https://example.org/p{j}> "{i} {j}" .\n'
    for i in range(200)
    for j in range(10)
)
NAMED = """<https://example.org/a> <https://example.org/b> "c"@EN <https://example.org/g> .
<https://example.org/a> <https://example.org/b> "c"@EN <https://example.org/h> .
<https://example.org/a> <https://example.org/b> "d"@EN <https://example.org/h> .
"""


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "dataset.nq"
    path.write_text(QUADS + NAMED, encoding="utf-8")
    return path


def generation(dataset: Path) -> Path:
    """The quads of the file as a store publishes them."""
    folder = dataset.with_name("revisions") / "000001" / "generation"
    folder.parent.mkdir(parents=True)
    store = Store(str(dataset.with_name("live")))
    store.extend(parse(path=dataset, format=RdfFormat.N_QUADS))
    store.backup(str(folder))
    return folder


@pytest.fixture(scope="session")
def memory(dataset: Path) -> Iterator[Engine]:
    pool = Pool(dataset, memory_bytes=256 << 20)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def snapshot(dataset: Path) -> Iterator[Engine]:
    pool = Pool(generation(dataset), memory_bytes=256 << 20, in_memory=False)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def remote(dataset: Path) -> Iterator[Engine]:
    """The engine over `oxigraph serve`, which cannot stop a query: give it short ones."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).with_name("oxigraph")
    with subprocess.Popen(
        [program, "serve", "--bind", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    ) as server:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport) as client:
            headers = {"Content-Type": "application/n-quads"}
            loaded = client.post(f"{address}/store", content=dataset.read_bytes(), headers=headers)
            assert loaded.is_success
        engine = Remote(f"{address}/query", timeout_seconds=20)
        yield engine
        engine.close()
        server.kill()


def _named(request: pytest.FixtureRequest) -> Engine:
    engine = request.getfixturevalue(request.param)
    assert isinstance(engine, Pool | Remote)
    return engine


@pytest.fixture(params=["memory", "snapshot", "remote"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine behind the port."""
    return _named(request)


@pytest.fixture(params=["memory", "snapshot"])
def local(request: pytest.FixtureRequest) -> Engine:
    """The engines that evaluate queries themselves."""
    return _named(request)


@pytest.fixture
def pool(dataset: Path) -> Iterator[Pool]:
    """A pool of its own, for a test that looks at its processes."""
    pool = Pool(dataset, memory_bytes=256 << 20, spares=2)
    yield pool
    pool.close()
