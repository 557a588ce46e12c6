"""pyoxigraph in this process, without HTTP: what no server that holds it can pass.

    python -m bench.in_process graphs.nq < queries.json

Reads an object of lists of queries from standard input, by name; writes what was measured as JSON:
seconds to load, memory of the loaded store, and for each list how many a second one thread answers,
each answer serialised.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import QueryResultsFormat, QueryTriples, RdfFormat, Store

from bench.processes import proportional_bytes

_SECONDS: Final = 2.0
"""At most so long a list."""


@final
@dataclass(frozen=True, slots=True)
class InProcess:
    """What was measured."""

    load_seconds: float
    memory: int
    """PSS of the process with the store, in bytes."""
    rates: Mapping[str, float]


def measure(file: Path, queries: Mapping[str, Sequence[str]]) -> InProcess:
    """Measure in a process of its own, which ends."""
    ended = subprocess.run(  # noqa: S603 # this module
        [sys.executable, "-m", "bench.in_process", str(file)],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
    )
    return InProcess(**json.loads(ended.stdout))


def _rate(store: Store, queries: Sequence[str]) -> float:
    began, asked = time.perf_counter(), 0
    for query in queries:
        found = store.query(query)
        format = RdfFormat.N_TRIPLES if isinstance(found, QueryTriples) else QueryResultsFormat.JSON
        found.serialize(format=format)  # type: ignore[arg-type]
        asked += 1
        if time.perf_counter() - began > _SECONDS:
            break
    return asked / (time.perf_counter() - began)


def main() -> None:
    """Load, ask, and write what was measured."""
    store, began = Store(), time.perf_counter()
    store.load(path=sys.argv[1], format=RdfFormat.N_QUADS)
    load_seconds = time.perf_counter() - began
    memory = proportional_bytes(os.getpid())
    lists: dict[str, list[str]] = json.load(sys.stdin)
    rates = {name: _rate(store, queries) for name, queries in lists.items()}
    print(json.dumps({"load_seconds": load_seconds, "memory": memory, "rates": rates}))


if __name__ == "__main__":
    main()
