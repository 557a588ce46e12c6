"""How soon a table of nine columns is a polars frame: by ours, by SPARQLWrapper, and in maplib.

    python -m bench.frames [--size 660000] [--times 5]

The service runs over an imported file, as its users load it. It is asked by `spacepolicy_client`
(Arrow), each time for a query that was not asked before and then for the same again, and by
SPARQLWrapper, whose JSON is made a frame by a loop over its rows. maplib, which keeps its data as
frames, is asked the same in its own process, where it is installed (`pip install maplib`). 660,000
statements give some 100,000 rows. Numbers of rows and of different values in each column are
compared before anything is timed. Exits with 1 where something misses what it is held to, with 2
where answers differ.
"""

import argparse
import importlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import polars as pl
from SPARQLWrapper import JSON, POST, SPARQLWrapper

from bench import graphs, servers, tables
from bench.tables import Figure
from bench.vocabulary import LABEL, term
from spacepolicy_client import Client

_COLUMNS: Final = ("measure", "name", "n", "kind", "task", "title", "place", "policy", "day")
_OF_JSON: Final = 8.0
"""A frame is there so many times sooner than by SPARQLWrapper."""
_OF_MAPLIB: Final = 8.0
_OF_MAPLIB_AGAIN: Final = 2.0
"""As many times as long as in maplib a frame may take: the first time, and asked for again."""

Work = Callable[[], pl.DataFrame]


def _query(number: int) -> str:
    """Measures in both languages beside their tasks and policies; the number changes nothing."""
    return (
        f"SELECT {' '.join(f'?{each}' for each in _COLUMNS)} {{ "
        f"?measure {term('isMeasureOf')} ?task ; {LABEL} ?name ; {term('ordinal')} ?n ; "
        f"{term('hasActionKind')} ?kind . "
        f"?task {term('isTaskOf')} ?policy ; {LABEL} ?title ; {term('ordinal')} ?place . "
        f"?policy {term('issuedOn')} ?day FILTER(?n != {number}) }}"
    )


def _by_json(address: str, query: str) -> pl.DataFrame:
    """What a user of SPARQLWrapper writes."""
    wrapper = SPARQLWrapper(address)
    wrapper.setMethod(POST)
    wrapper.setQuery(query)
    wrapper.setReturnFormat(JSON)
    told: Any = wrapper.queryAndConvert()
    rows = told["results"]["bindings"]
    return pl.DataFrame({
        name: [row[name]["value"] if name in row else None for row in rows]
        for name in told["head"]["vars"]
    })  # fmt: skip


def _seconds(work: Work, times: int) -> float:
    """The middle of so many times."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        work()
        took.append(time.monotonic() - began)
    return statistics.median(took)


def _maplib(file: Path) -> Callable[[str], pl.DataFrame] | None:
    """Asks maplib, which has read the file; None where it is not installed."""
    try:
        model = importlib.import_module("maplib").Model()
    except ModuleNotFoundError:
        return None
    model.read(str(file), format="ntriples")

    def ask(query: str) -> pl.DataFrame:
        found: pl.DataFrame = model.query(query)
        return found

    return ask


def _differences(one: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """In which columns two frames differ: by how many rows, or how many different values."""
    if one.height != other.height:
        return [f"{one.height} rows and {other.height}"]
    counts = ((name, one[name].n_unique(), other[name].n_unique()) for name in _COLUMNS)
    return [f"?{name}: {a} values and {b}" for name, a, b in counts if a != b]


def run(size: int, times: int, folder: Path) -> int:
    """Print the table; 0 where everything held, 1 where it did not, 2 where answers differ."""
    file = graphs.write(folder / "graphs.nt", size, "triples", 1).path
    numbers = iter(range(1_000_000, 2_000_000))
    in_maplib = _maplib(file)
    with servers.service(folder / "store", *servers.STORED) as ours:
        servers.import_file(folder / "store", file)
        servers.wait_for_memory(ours)
        address = f"http://127.0.0.1:{ours.endpoint.port}"
        client = Client(address, timeout=600)

        def arrow(query: str) -> pl.DataFrame:
            frame: pl.DataFrame = client.select(query).polars()
            return frame

        kept = _query(next(numbers))
        first, json = arrow(kept), _by_json(f"{address}/sparql", kept)
        others = [json] if in_maplib is None else [json, in_maplib(kept)]
        for each in others:
            if found := _differences(first, each):
                print(f"answers differ: {'; '.join(found)}", file=sys.stderr)
                return 2
        asked = (_query(next(numbers)) for _ in iter(int, 1))
        fresh = _seconds(lambda: arrow(next(asked)), times)
        again = _seconds(lambda: arrow(kept), times)
        by_json = _seconds(lambda: _by_json(f"{address}/sparql", next(asked)), times)
    print(tables.figures_header(f"{first.height:,} rows of {len(_COLUMNS)} columns as a frame"))
    figures = [
        Figure("Arrow, asked anew", 1000 * fresh, "ms"),
        Figure("Arrow, asked again", 1000 * again, "ms"),
        Figure("SPARQLWrapper's JSON, asked anew", 1000 * by_json, "ms"),
        Figure("asked anew, sooner than JSON", by_json / fresh, "times", _OF_JSON, "at least"),
        Figure("asked again, sooner than JSON", by_json / again, "times", _OF_JSON, "at least"),
    ]
    if in_maplib is not None:
        ask = in_maplib
        took = _seconds(lambda: ask(next(asked)), times)
        figures += [
            Figure("maplib, in its own process", 1000 * took, "ms"),
            Figure("asked anew, of maplib's", fresh / took, "times", _OF_MAPLIB),
            Figure("asked again, of maplib's", again / took, "times", _OF_MAPLIB_AGAIN),
        ]
    for figure in figures:
        print(tables.figure_row(figure))
    return 0 if all(each.held for each in figures) else 1


def main() -> int:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=660_000)
    parser.add_argument("--times", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return run(chosen.size, chosen.times, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
