"""How long a write takes until it is on disk and visible to all: one document's graphs at a time.

    python -m bench.writes [--sizes 10000 100000] [--writes 20]

The store holds the shipped content and generated documents as graphs that clients have put. Each
write adds a document of about 450 quads in an update over HTTP, or replaces one by another (the
guard is on but lenient, since generated documents break rules), and a query that follows must see
it. Meanwhile a reader asks for two counts that always agree; it may see no error and no mixture.
Prints milliseconds and what a revision costs on disk; exits with 1 where the middle of what is
added at 100k is above 300.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pyoxigraph import NamedNode, Quad

from bench.kills import Service, serving
from bench.policies import CONTENT, Shipped, document, shipped
from spacepolicy.commands.build import digest
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.settings import ContentFolder
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.draft import Draft, publish
from spacepolicy.store.publication import RevisionStatement
from spacepolicy.store.revision import Counts
from spacepolicy.store.revision_writer import DurableStore

LIMIT_MS: Final = 300.0
_ATTEMPT: Final = 10**9


def put(source: Shipped, number: int) -> list[Quad]:
    """The document as a client would put it: what it says in graphs of files, in one of its own."""
    shared = {quad.graph_name for quad in source.document}
    own = NamedNode(f"urn:background:{number}")
    return [
        quad
        if quad.graph_name not in shared
        else Quad(quad.subject, quad.predicate, quad.object, own)
        for quad in document(source, number)
    ]


def fill(store: Path, source: Shipped, size: int) -> int:
    """Publish the shipped content with documents beside it, about that many statements in all; how
    many documents."""
    beside: list[Quad] = []
    number = 0
    while len(beside) + len(source.knowledge) < size:
        number += 1
        beside += put(source, number)
    material = CheckContext(CONTENT, packaged=False, beside=beside)
    revisions.open_store(store, "merged")
    said = RevisionStatement(
        author="bench",
        message="generated",
        counts=Counts(
            len(material.quads) + len(beside), len(material.inferred), len(material.default), 0
        ),
        record_sha256=material.digest,
        content_sha256=digest(ContentFolder(CONTENT, packaged=False), "merged"),
        base=material.base.iri,
        files=material.file_graphs,
        prefixes=material.prefixes,
    )
    with DurableStore(store) as durable:
        publish(durable, Draft(material.dataset, said))
    return number


def insertion(source: Shipped, number: int) -> str:
    """An update that adds the document of the number."""
    lines: dict[object, list[str]] = {}
    for quad in put(source, number):
        line = f"{quad.subject} {quad.predicate} {quad.object} ."
        lines.setdefault(quad.graph_name, []).append(line)
    puts = "\n".join(f"GRAPH {graph} {{ {' '.join(each)} }}" for graph, each in lines.items())
    return f"INSERT DATA {{ {puts} }}"


def replacement(source: Shipped, number: int) -> str:
    """An update that puts another document in the place of that of the number."""
    before = {quad.graph_name for quad in put(source, number)}
    drops = " ; ".join(f"DROP SILENT GRAPH {graph}" for graph in sorted(before, key=str))
    return f"{drops} ;\n{insertion(source, number + _ATTEMPT)}"


class Reader:
    """Asks twice in one query for what always agrees, until it is told to end."""

    def __init__(self, service: Service) -> None:
        self.faults: list[str] = []
        self.asked = 0
        self._service = service
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        query = (
            "SELECT ?n ?m { { SELECT (COUNT(*) AS ?n) { GRAPH <urn:left> { ?s ?p ?o } } }"
            " { SELECT (COUNT(*) AS ?m) { GRAPH <urn:right> { ?s ?p ?o } } } }"
        )
        while not self._ended.is_set():
            try:
                told = self._service.request("GET", f"/sparql?format=csv&query={quote(query)}")
                left, right = told.split()[1].split(b",")
                if left != right:
                    self.faults.append(f"a mixture: {left!r} and {right!r}")
            except (OSError, ValueError, http.client.HTTPException) as error:
                self.faults.append(str(error))
            self.asked += 1
            time.sleep(0.005)

    def end(self) -> None:
        """Ask no more."""
        self._ended.set()
        self._thread.join()


def measured(service: Service, updates: Iterable[str]) -> Iterator[float]:
    """The milliseconds of each write, until a query has seen it."""
    for attempt, update in enumerate(updates):
        both = " ".join(
            f"GRAPH <urn:{side}> {{ <urn:w> <urn:n> {attempt} }}" for side in ("left", "right")
        )
        text = f"{update} ;\nINSERT DATA {{ {both} }}"
        query = f"ASK {{ GRAPH <urn:left> {{ <urn:w> <urn:n> {attempt} }} }}"
        began = time.perf_counter()
        service.request("POST", "/sparql", text, "application/sparql-update")
        told = service.request("GET", f"/sparql?format=json&query={quote(query)}")
        yield 1000 * (time.perf_counter() - began)
        if not json.loads(told)["boolean"]:
            raise SystemExit("a write that was acknowledged is not visible")


def at_size(size: int, writes: int) -> float:
    """Print what writes take at this size; the middle in milliseconds."""
    source = shipped()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        documents = fill(store, source, size)
        made = [str(Path(sys.executable).with_name("spacepolicy")), "token", "new"]
        made += ["--scope", "write", "--store", str(store)]
        told = subprocess.run(made, capture_output=True, text=True, check=True)  # noqa: S603
        arguments = ["--store", str(store), "--content", str(CONTENT), "--guard", "warn"]
        with serving(arguments, told.stdout.strip()) as service:
            list(measured(service, ["INSERT DATA {}"]))  # the writer is ready now
            reader = Reader(service)
            new = [insertion(source, documents + n + 1) for n in range(writes)]
            middle = _print(size, "added", measured(service, new))
            others = [replacement(source, n + 1) for n in range(min(writes, documents))]
            _print(size, "replaced", measured(service, others))
            reader.end()
            costs = [each.disk_bytes for each in revisions.history(store).revisions[2:]]
    print(
        f"  a revision takes {statistics.median(costs) / 1024:.0f} KiB; {reader.asked} reads "
        f"meanwhile, faults: {reader.faults[:3] or 'none'}"
    )
    if reader.faults:
        raise SystemExit("readers were disturbed")
    return middle


def _print(size: int, what: str, taken: Iterable[float]) -> float:
    """Print what the writes took; the middle."""
    times = sorted(taken)
    middle = statistics.median(times)
    print(
        f"{size:>9,} statements, a document {what}: {middle:.0f} ms in the middle, "
        f"{times[0]:.0f} to {times[-1]:.0f}"
    )
    return middle


def main() -> int:
    """Measure at each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--writes", type=int, default=20)
    given = parser.parse_args()
    middles = {size: at_size(size, given.writes) for size in given.sizes}
    return 1 if middles.get(100_000, 0) > LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main())
