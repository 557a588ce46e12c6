"""How fast the service answers beside `oxigraph serve` in memory, as ratios of one run.

    python -m bench.engine [--subjects 20000] [--seconds 2] [--clients 4]

Both serve the same generated quads over HTTP on the loopback, in turn, to the same clients. What
is asked again and again comes from the cache; every other query has a fresh constant, so that no
cache helps. Answers are compared before anything is timed.
Exits with 1 where a ratio or a delay misses what the project holds itself to.
"""

import argparse
import gc
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from bench.clients import JSON, Endpoint, kind, measure
from spacepolicy.commands.echoes import Echoes
from spacepolicy.commands.moulds import Moulds
from spacepolicy.commands.serve_http import server
from spacepolicy.engine.pool import Pool
from spacepolicy.revisions.history import History
from spacepolicy.revisions.revision import Counts, Revision
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

EX: Final = "https://example.org/"
_ROWS: Final = 500
_ROUNDS: Final = 8
CROSS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
P99_SECONDS: Final = 0.05


@final
@dataclass(frozen=True, slots=True)
class Load:
    """A kind of query, made from a fresh number, and the least ratio to the peer's rate."""

    name: str
    least: float
    query: Callable[[int], str]
    fresh: bool = True

    def text(self, number: int) -> str:
        """The query; the same for every number where it is asked again and again."""
        return self.query(number if self.fresh else 7)


def _look_up(i: int) -> str:
    return f"SELECT ?p ?o {{ <{EX}s{i}> ?p ?o }}"


def _counted_join(i: int) -> str:
    return (
        f"SELECT (COUNT(*) AS ?n) {{ ?a <{EX}knows> ?b . ?b <{EX}knows> ?c . ?c <{EX}knows> ?d . "
        f"?d <{EX}kind> <{EX}k{i % 50}> ; <{EX}value> ?v FILTER(?v > {i}) }}"
    )


LOADS: Final = (
    Load("look-up again", 1.2, _look_up, fresh=False),
    Load("join again", 20, _counted_join, fresh=False),
    Load("look-up", 0.25, _look_up),
    Load(
        "look-up in two steps",
        0.25,
        lambda i: f"SELECT ?o ?v {{ <{EX}s{i}> <{EX}knows> ?o . ?o <{EX}value> ?v }}",
    ),
    Load("join, counted", 0.8, _counted_join),
    Load(
        "join of 500 rows",
        0.8,
        lambda i: (
            f"SELECT ?a ?c {{ ?a <{EX}knows> ?b . ?b <{EX}knows> ?c . ?c <{EX}kind> <{EX}k{i % 50}>"
            f" ; <{EX}value> ?v FILTER(?v > {i}) }}"
        ),
    ),
    Load(
        "aggregate",
        0.8,
        lambda i: (
            f"SELECT ?k (COUNT(*) AS ?n) (AVG(?v) AS ?m) {{ ?s <{EX}kind> ?k ; <{EX}value> ?v"
            f" FILTER(?v != {i}) }} GROUP BY ?k"
        ),
    ),
)
_FRESH_LOOK_UP: Final = LOADS[2]


def write_quads(path: Path, subjects: int) -> None:
    """Five statements about each subject, the same on every run."""
    chance = random.Random(1)  # noqa: S311 # data, no secret
    integer = "http://www.w3.org/2001/XMLSchema#integer"
    with path.open("w", encoding="utf-8") as file:
        for i in range(subjects):
            for predicate, value in (
                ("label", f'"subject {i}"'),
                ("value", f'"{i}"^^<{integer}>'),
                ("kind", f"<{EX}k{i % 50}>"),
                ("knows", f"<{EX}s{chance.randrange(subjects)}>"),
                ("knows", f"<{EX}s{chance.randrange(subjects)}>"),
            ):
                file.write(f"<{EX}s{i}> <{EX}{predicate}> {value} .\n")


def serve(dataset: Path, port: int) -> None:
    """The service over the quads, until it is killed."""
    revision = Revision(1, "", "", "", Counts(), "", "", None, {}, dataset.parent)
    service = Service(Pool(dataset, 1 << 30), History([revision]), (), timeout_seconds=60)
    listening = socket.create_server(("127.0.0.1", port))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    echoes = Echoes(service.max_cache_bytes // 4, lambda: service.history.current.number)
    moulds = Moulds(lambda: service.history.current.number)
    http = server(create_app(service), echoes, moulds)
    gc.collect()
    gc.freeze()
    http.run(sockets=[listening])


@contextmanager
def running(*command: str, port: int) -> Iterator[None]:
    """A server while it runs; entered once it listens."""
    with subprocess.Popen(  # noqa: S603 # this file and the peer
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    if process.poll() is not None:
                        raise RuntimeError(f"{command[:3]} ended at once") from None
                    time.sleep(0.05)
            yield
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def texts_of(load: Load, subjects: int) -> list[str]:
    """Its queries, each with constants of its own where they are fresh; more than are answered."""
    if not load.fresh:
        return [load.text(0)]
    constants = list(range(subjects))
    random.Random(load.name).shuffle(constants)  # noqa: S311 # queries, no secret
    texts = [load.text(constant) for constant in constants]
    return [f"{text} LIMIT {_ROWS + more}" for more in range(_ROUNDS) for text in texts]


def bindings(body: bytes) -> list[str]:
    """The solutions, as a bag."""
    rows: list[Any] = json.loads(body)["results"]["bindings"]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def compare_answers(ours: Endpoint, theirs: Endpoint) -> None:
    """See that both give the same; where LIMIT leaves a choice, the same number."""
    for load in LOADS:
        for number in (1, 77, 500):
            text = f"{load.text(number)} LIMIT {_ROWS}"
            one, other = (bindings(each.ask(each.client(), text)) for each in (ours, theirs))
            same = len(one) == len(other) if len(one) == _ROWS else one == other
            if not same:
                raise RuntimeError(f"{load.name}: the answers differ: {text}")


def run(chosen: argparse.Namespace) -> bool:
    """Print the table; whether everything held."""
    held = True
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "generation"
        write_quads(dataset, chosen.subjects)
        ours, theirs = Endpoint(free_port(), "/sparql"), Endpoint(free_port(), "/query")
        command = (sys.executable, "-m", "bench.engine", "--serve", str(dataset), str(ours.port))
        oxigraph = str(Path(sys.executable).with_name("oxigraph"))
        peer = (oxigraph, "serve", "--bind", f"127.0.0.1:{theirs.port}")
        with running(*command, port=ours.port), running(*peer, port=theirs.port):
            store = theirs.client()
            store.request(
                "POST", "/store", dataset.read_bytes(), {"Content-Type": "application/n-quads"}
            )
            store.getresponse().read()
            compare_answers(ours, theirs)
            print(f"clients: {kind()}")
            print(f"{'':24}{'ours/s':>10}{'peer/s':>10}{'ratio':>8}{'least':>8}{'p99 ms':>8}")
            for load in LOADS:
                texts = texts_of(load, chosen.subjects)
                we, they = (
                    measure(each, texts, chosen.seconds, chosen.clients) for each in (ours, theirs)
                )
                ratio = we.rate / they.rate
                held &= ratio >= load.least
                rates = f"{we.rate:10.0f}{they.rate:10.0f}"
                print(f"{load.name:24}{rates}{ratio:8.2f}{load.least:8.2f}{we.p99:8.1f}")
            held &= beside_cross_products(ours, chosen)
    return held


def beside_cross_products(endpoint: Endpoint, chosen: argparse.Namespace) -> bool:
    """Whether look-ups keep their delay while each core has a cross product to compute."""
    texts = texts_of(_FRESH_LOOK_UP, chosen.subjects)
    half = len(texts) // 2
    before = measure(endpoint, texts[:half], chosen.seconds, chosen.clients)
    heavy = [endpoint.client() for _ in range(os.cpu_count() or 1)]
    for client in heavy:
        client.request("GET", endpoint.target(CROSS), headers=JSON)
    time.sleep(0.5)
    beside = measure(endpoint, texts[half:], chosen.seconds, chosen.clients)
    for client in heavy:
        client.close()
    print(
        f"look-ups beside {len(heavy)} cross products: p99 {beside.p99:.1f} ms, "
        f"{beside.rate / before.rate:.2f} of their rate"
    )
    return beside.p99 < 1000 * P99_SECONDS


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--clients", type=int, default=4)
    sys.exit(0 if run(parser.parse_args()) else 1)
