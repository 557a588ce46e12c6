"""How long the service takes to make its pages, over a dataset of policies without end.

    python -m bench.pages [--quads 100000] [--each 12] [--rounds 3]

The record is the shipped one with so many documents like it that this many quads are stored, what
follows and the merged default graph included. Several of every kind of page are asked for, of saved
questions and of the service's own pages all; each once, so that no kept page helps. That is done in
rounds, each with a service that has just begun and had two seconds to read ahead, and the quickest
visit of a page counts, since the machine may have more to do. The first page of a kind is the one
before which none like it was made. The times are the service's own, from the request to the last
byte on the loopback. Exits with 1 where any page takes longer than it may.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
from pyoxigraph import NamedNode, Quad, RdfFormat

from bench.policies import CONTENT, shipped
from spacepolicy.engine.pool import Pool
from spacepolicy.http.server import server
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.record import graph_iri
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

LIMIT_MS: Final = 100
_AHEAD_SECONDS: Final = 2
_SOME: Final = 4
PAGE: Final = {"Accept": "text/html"}
Pages = dict[str, list[str]]
"""Addresses of pages, by their kind."""


def material_of(size: int) -> CheckContext:
    """The shipped files, and beside them copies of their documents under names of their own:
    passages, what they say, and what the background says of the parts; so many that about that
    many quads are stored, inferences and the merged default graph included."""
    files = CheckContext(CONTENT, packaged=False)
    own = (*source_names(files), *shipped().own)
    copied = [
        quad
        for quad in files.quads
        if graph_iri(quad).startswith(own)
        or (isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(own))
    ]

    def beside(copies: int) -> CheckContext:
        quads = [copy(quad, own, number) for number in range(copies) for quad in copied]
        return CheckContext(CONTENT, packaged=False, beside=quads)

    alone, with_some = len(files.dataset), len(beside(_SOME).dataset)
    return beside(max(round((size - alone) * _SOME / (with_some - alone)), 1))


def source_names(files: CheckContext) -> list[str]:
    """The IRIs of the documents that passages are quoted from."""
    found = {graph.partition("#")[0] for graph in map(graph_iri, files.quads) if "#" in graph}
    return sorted(found)


def copy(quad: Quad, own: tuple[str, ...], number: int) -> Quad:
    """The quad as the copy of that number says it."""

    def renamed(term: object) -> object:
        for name in own if isinstance(term, NamedNode) else ():
            if term.value.startswith(name):  # type: ignore[attr-defined]
                return NamedNode(f"{name}-{number}{term.value.removeprefix(name)}")  # type: ignore[attr-defined]
        return term

    subject, predicate, value, graph = map(renamed, quad)
    if graph == quad.graph_name:
        graph = NamedNode(f"{graph_iri(quad)}-{number}")
    return Quad(subject, predicate, value, graph)  # type: ignore[arg-type] # terms stay terms


@contextmanager
def engine_over(material: CheckContext, folder: Path) -> Iterator[tuple[Pool, History]]:
    """The engine over the files, and the history of their only revision, until the block ends."""
    material.dataset.dump(str(folder / "generation"), RdfFormat.N_QUADS)
    record = len(material.quads) + len(material.beside)
    counts = Counts(record, len(material.inferred), len(material.default), 0)
    revision = Revision(
        1, "2026-01-01T00:00:00+00:00", "", "", counts, "", "",
        material.base.iri, material.prefixes, folder,
    )  # fmt: skip
    engine = Pool(revision.dataset, 1 << 30)
    try:
        yield engine, History([revision])
    finally:
        engine.close()


@contextmanager
def served(engine: Pool, history: History) -> Iterator[httpx.Client]:
    """A client of a service that has kept nothing yet, until the block ends."""
    saved = read_catalogue(CONTENT / "queries")
    service = Service(engine, history, saved, timeout_seconds=60, max_page_bytes=1 << 24)
    app = create_app(service)
    running = server(app, app.endpoint)
    running.config.port = 0
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    time.sleep(_AHEAD_SECONDS)
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=PAGE, timeout=60) as client:
            yield client
    finally:
        running.should_exit = True
        thread.join()


def kinds_of_page(material: CheckContext, each: int) -> Pages:
    """Addresses of every kind of page."""
    store, base = material.dataset, material.base.iri

    def things(pattern: str) -> list[str]:
        query = f"SELECT DISTINCT ?x {{ {pattern} FILTER isIRI(?x) }} ORDER BY ?x LIMIT {each}"
        found = store.query(query, prefixes=dict(material.prefixes))
        return [row["x"].value for row in found]  # type: ignore[union-attr] # the query is a SELECT

    def paths(prefix: str, pattern: str) -> list[str]:
        return [prefix + quote(iri.removeprefix(base)) for iri in things(pattern)]

    part_of, source = f"<{base}def/isPartOf>", f"<{base}def/source>"
    wholes = f"[] {part_of} ?x FILTER NOT EXISTS {{ ?x {part_of} [] }}"
    counted = "SELECT ?x (COUNT(*) AS ?n) { ?s ?p ?x FILTER isIRI(?s) } GROUP BY ?x"
    most = f"{{ {counted} ORDER BY DESC(?n) LIMIT {3 * each} }}"
    thing = f"FILTER STRSTARTS(STR(?x), '{base}id/')"
    pair = [quote(iri, safe="") for iri in things(wholes)]
    rows = "SELECT * {{ ?s ?p ?o }} OFFSET {} LIMIT 100"
    saved = sorted(path.stem for path in (CONTENT / "queries").glob("*.rq"))
    words = ("data", "launch", "policy", "region", "2025", "a")
    singles = ("/", "/queries", "/status", "/catalog", "/.well-known/void", "/sparql", "/api")
    return {
        "a whole with its parts": paths("/doc/", wholes),
        "a part": paths("/doc/", f"?x {part_of} [] . [] {part_of} ?x"),
        "a thing": paths("/doc/", f"?s ?p ?x . ?x a ?c . ?c rdfs:isDefinedBy [] {thing}"),
        "what most leads to": paths("/doc/", f"{most} {thing}"),
        "a class": paths("/doc/", "?x a owl:Class ; rdfs:isDefinedBy []"),
        "a property": paths("/doc/", "?x a owl:ObjectProperty ; rdfs:isDefinedBy []"),
        "a concept": paths("/doc/", "?x a skos:Concept"),
        "a source to read": paths("/", f"[] {source} ?x"),
        "a graph": paths("/", "?x dcterms:title ?t . GRAPH ?x { ?x ?p ?o }"),
        "a comparison": [f"/compare?a={pair[0]}&b={other}" for other in pair[1:]],
        "search": [f"/search?q={word}" for word in words],
        "a saved question": [f"/queries/{name}" for name in saved],
        "an answer": [f"/sparql?query={quote(rows.format(n))}" for n in range(each)],
        **{path: [path, f"{path}?lang=zh"] for path in singles},
        "/ontology": ["/ontology?lang=en", "/ontology?lang=zh", "/ontology?view=whole&lang=zh"],
    }


def milliseconds(client: httpx.Client, address: str) -> float:
    """What the page takes."""
    started = time.perf_counter()
    answer = client.get(address)
    taken = 1000 * (time.perf_counter() - started)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    return taken


def best_of(rounds: int, material: CheckContext, pages: Pages) -> dict[str, float]:
    """Of each page the quickest of as many first visits, each to a service just started."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, engine_over(material, Path(folder)) as engine:
        for _ in range(rounds):
            with served(*engine) as client:
                for address in (each for addresses in pages.values() for each in addresses):
                    taken = milliseconds(client, address)
                    found[address] = min(taken, found.get(address, taken))
    return found


def run(quads: int, each: int, rounds: int) -> bool:
    """Print the table, and each page that is late; whether none is."""
    material = material_of(quads)
    record, stored = len(material.quads) + len(material.beside), len(material.dataset)
    print(f"{record:,} quads stated, {stored:,} stored")
    pages = kinds_of_page(material, each)
    times = best_of(rounds, material, pages)
    print(f"{'':24}{'pages':>6}{'first':>8}{'median':>8}{'worst':>8}  worst page (ms)")
    for kind, addresses in pages.items():
        if addresses:
            taken = [times[address] for address in addresses]
            worst = max(addresses, key=times.__getitem__)
            print(f"{kind:24}{len(taken):6}{taken[0]:8.1f}{statistics.median(taken):8.1f}"
                  f"{times[worst]:8.1f}  {worst[:60]}")  # fmt: skip
    late = sorted((each for each in times if times[each] > LIMIT_MS), key=times.__getitem__)
    for address in reversed(late):
        print(f"TOO LATE{times[address]:8.1f}  {address}")
    return not late


def main(arguments: Sequence[str]) -> int:
    """Measure; 1 where a page is late."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quads", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    return 0 if run(chosen.quads, chosen.each, chosen.rounds) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
