"""Engines under test, over a dataset that all of them hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import Engine

QUADS = "".join(
    f'<https://example.org/s{i}> <https://example.org/p{j}> "{i} {j}" .\n'
    for i in range(200)
    for j in range(10)
)
NAMED = '<https://example.org/a> <https://example.org/b> "c"@EN <https://example.org/g> .\n'


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "dataset.nq"
    path.write_text(QUADS + NAMED, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def engine(dataset: Path) -> Iterator[Engine]:
    pool = Pool(dataset, memory_bytes=256 << 20)
    yield pool
    pool.close()
