"""Engines under test, over a dataset that all of them hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spacepolicy.engine.pool import MEMORY_QUADS, Pool
from spacepolicy.engine.port import Engine

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


@pytest.fixture(scope="session", params=["memory", "snapshot"])
def engine(dataset: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Every engine behind the port."""
    memory_quads = 1 if request.param == "snapshot" else MEMORY_QUADS
    pool = Pool(dataset, memory_bytes=256 << 20, memory_quads=memory_quads)
    yield pool
    pool.close()


@pytest.fixture
def pool(dataset: Path) -> Iterator[Pool]:
    """A pool of its own, for a test that looks at its processes."""
    pool = Pool(dataset, memory_bytes=256 << 20, spares=2)
    yield pool
    pool.close()
