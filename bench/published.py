"""Whether another store answers the saved queries as the local engine does.

    python -m bench.published [--engine virtuoso] [--seconds 30]

The shipped dataset is published into an empty store of the engine (`virtuoso`, from Debian's
packages, or `oxigraph`, from the environment of the tests), a service runs over each, and every
saved query is asked of both with its defaults. Rows are compared as bags, blank nodes alike, and
then by the values of their terms alone. Exits with 1 where one differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bench import tables
from bench.other_peers import configure_virtuoso, tell_virtuoso
from bench.policies import CONTENT
from bench.servers import (
    Server,
    free_port,
    peer,
    program,
    service,
    started,
    wait_for_answer,
)
from bench.wrk import Endpoint
from spacepolicy.saved_queries import bind, read_catalogue

_BUFFERS: Final = 40_000
"""Some 320 MB of memory for Virtuoso; the shipped dataset has 50,000 statements."""
_HEADINGS: Final = ("saved query", "rows here", "there", "seconds here", "there", "answers")


@final
@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A store that is published into: its address for queries, and for updates where that is
    another."""

    query: str
    update: str | None = None


@contextmanager
def oxigraph(_: Path) -> Iterator[Elsewhere]:
    """An empty `oxigraph serve`."""
    with peer() as server:
        address = f"http://127.0.0.1:{server.endpoint.port}"
        yield Elsewhere(f"{address}/query", f"{address}/update")


@contextmanager
def virtuoso(folder: Path) -> Iterator[Elsewhere]:
    """An empty Virtuoso whose endpoint anybody may write to."""
    http, sql = free_port(), free_port()
    configuration = configure_virtuoso(folder, http, sql, _BUFFERS)
    with started(["virtuoso-t", "+foreground", "+configfile", str(configuration)]) as process:
        server = Server("Virtuoso", process.pid, Endpoint(http, "/sparql"))
        wait_for_answer(server, "ASK { GRAPH ?g { ?s ?p ?o } }")
        tell_virtuoso(sql, 'GRANT SPARQL_UPDATE TO "SPARQL"; checkpoint;')
        yield Elsewhere(f"http://127.0.0.1:{http}/sparql")


ENGINES: Final[Mapping[str, Callable[[Path], AbstractContextManager[Elsewhere]]]] = {
    "oxigraph": oxigraph,
    "virtuoso": virtuoso,
}


def publish(store: Path, elsewhere: Elsewhere) -> None:
    """Publish the store's revision in force.

    Raises: RuntimeError with what the command says where it fails.
    """
    command = [program(), "publish", elsewhere.query, "--store", str(store)]
    command += ["--update-url", elsewhere.update] if elsewhere.update else []
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip())


def answer(server: Server, text: str) -> tuple[list[dict[str, dict[str, str]]], float]:
    """The rows of the answer to a query, and the seconds that they took.

    Raises: RuntimeError where there is no answer.
    """
    began = time.monotonic()
    body = server.ask(text)
    return json.loads(body)["results"]["bindings"], time.monotonic() - began


def difference(
    here: list[dict[str, dict[str, str]]], there: list[dict[str, dict[str, str]]]
) -> str:
    """In what two answers differ: "the same", "other terms" where their values are the same, or
    "others"."""
    if _bag(here, whole=True) == _bag(there, whole=True):
        return "the same"
    return "other terms" if _bag(here, whole=False) == _bag(there, whole=False) else "others"


def _bag(rows: list[dict[str, dict[str, str]]], *, whole: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        cells = {}
        for name, term in row.items():
            value = None if term["type"] == "bnode" else term["value"]
            kind = (term.get("datatype", ""), term.get("xml:lang", "")) if whole else ()
            cells[name] = (value, *kind)
        found[json.dumps(cells, sort_keys=True)] += 1
    return found


def compared(here: Server, there: Server) -> Iterator[tuple[str, ...]]:
    """The cells of a row for each saved query."""
    for query in read_catalogue(CONTENT / "queries"):
        text = bind(query, {})
        ours, seconds = answer(here, text)
        try:
            theirs, longer = answer(there, text)
        except RuntimeError as error:
            told = str(error).partition(text[:40])[0].strip(": ")
            yield query.name, str(len(ours)), "", f"{seconds:.2f}", "", told[:120]
        else:
            cells = str(len(ours)), str(len(theirs)), f"{seconds:.2f}", f"{longer:.2f}"
            yield query.name, *cells, difference(ours, theirs)


def main() -> int:
    """Publish, ask, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", choices=sorted(ENGINES), default="virtuoso")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long a query may take")
    given = parser.parse_args()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        own, store = Path(folder) / "elsewhere", Path(folder) / "store"
        own.mkdir()
        here = running.enter_context(service(store, "--content", str(CONTENT)))
        elsewhere = running.enter_context(ENGINES[given.engine](own))
        began = time.monotonic()
        publish(store, elsewhere)
        print(f"Published into {given.engine} in {time.monotonic() - began:.0f} s.\n")
        limits = "--timeout", f"{given.seconds}", "--max-timeout", f"{given.seconds}"
        remote = service(elsewhere.query, "--content", str(CONTENT), *limits)
        there = running.enter_context(remote)
        print(tables.header(_HEADINGS))
        for cells in compared(here, there):
            outcomes[
                cells[-1] if cells[-1] in ("the same", "other terms", "others") else "none"
            ] += 1
            print(tables.row(cells), flush=True)
    print()
    print(", ".join(f"{count} {what}" for what, count in outcomes.most_common()))
    return 0 if set(outcomes) <= {"the same"} else 1


if __name__ == "__main__":
    sys.exit(main())
