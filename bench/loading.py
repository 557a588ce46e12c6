"""Data on their way in: import, PUT, start and small writes, as users make them."""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path
from typing import Final

from bench import graphs, servers
from bench.graphs import Layout
from bench.processes import Usage, usage
from bench.servers import Server
from bench.tables import Figure
from bench.vocabulary import BASE

PUT_STATEMENTS: Final = 800_000
LARGE: Final = 900_000
"""From so many statements on, ratios are held: on less, what every service has is most of it."""
CONTENT: Final = Path(__file__).parents[1]
"""The checkout, whose content is the shipped ontology."""
MERGED: Final = ("--content", str(CONTENT))
_WRITES: Final = 9
_DOCUMENT: Final = range(480, 541)
"""The statements of a document that is written."""
_FIRST_DOCUMENT: Final = 10_000_000
"""Documents from this number on are in no generated file."""


def imported(store: Path, file: graphs.Written, ours: float, peer: float) -> list[Figure]:
    """What an import into a plain store came to beside the peer, and on disk."""
    share = disk_bytes(store) / file.path.stat().st_size
    is_large = file.statements > LARGE
    return [
        Figure("import, stored", ours, "s", note=f"peer {peer:.1f} s"),
        Figure("import, stored, to the peer's load", ours / peer, "times", 6 if is_large else None),
        Figure("disk, stored, to the N-Quads", share, "times", 3 if is_large else None),
    ]


def merged(folder: Path, size: int, seed: int) -> Iterator[Figure]:
    """An import beside the shipped ontology, with the guard on; then a start and writes there."""
    file = graphs.write(folder / "merged.nq", size, "merged", seed)
    store = folder / "merged"
    with servers.service(store, *MERGED) as service:
        yield _importing(service, file.path)
    file.path.unlink()
    yield from start(store, file.things.tasks[-1], "merged", MERGED)


def _importing(service: Server, file: Path) -> Figure:
    before = usage(service.process)
    began = time.monotonic()
    try:
        seconds = servers.import_file(service.store, file, *MERGED)
    except RuntimeError as error:
        return _failed("import, merged", time.monotonic() - began, 45, str(error))
    used = usage(service.process) - before
    return Figure("import, merged with the ontology", seconds, "s", 45, note=_cost(used))


def _cost(used: Usage) -> str:
    return f"{used.cpu_seconds:.0f} s of processors"


def start(store: Path, thing: str, mode: Layout, options: tuple[str, ...]) -> Iterator[Figure]:
    """A start over the store until the first answer, and writes before and after all is in
    memory."""
    token = servers.write_token(store)
    with servers.starting(store, *options) as service:
        query = f"SELECT ?p ?o {{ {thing} ?p ?o }} LIMIT 5"
        seconds = servers.wait_for_answer(service, query)
        yield Figure(f"start, {mode}, to the first answer", seconds, "s", 2)
        numbers = _documents(mode)
        yield _first_write(service, token, next(numbers), mode)
        waited = servers.wait_for_memory(service)
        yield Figure(f"then until loaded into memory, {mode}", waited, "s")
        yield _writes(service, token, numbers, mode)


def _first_write(service: Server, token: str, number: int, mode: Layout) -> Figure:
    name = f"first document after a start, {mode}, until seen"
    try:
        return Figure(name, written(service, token, number, mode), "s", 5)
    except RuntimeError as error:
        return _failed(name, 0, 5, str(error))


def _writes(service: Server, token: str, numbers: Iterator[int], mode: Layout) -> Figure:
    name = f"a document, {mode}, until seen"
    try:
        each = [1000 * written(service, token, n, mode) for n in islice(numbers, _WRITES)]
    except RuntimeError as error:
        return _failed(name, 0, 300, str(error))
    note = f"{min(each):.0f} to {max(each):.0f} of {_WRITES}"
    return Figure(name, statistics.median(each), "ms", 300, note=note)


def written(service: Server, token: str, number: int, mode: Layout) -> float:
    """Write the document of the number in an update; the seconds until a query sees it.

    Raises: RuntimeError where the write is refused or not seen.
    """
    body, policy = update(number, mode).encode(), f"<{BASE}id/policy/generated-{number}>"
    began = time.monotonic()
    write(service, token, "POST /sparql", body, "application/sparql-update")
    seen = json.loads(service.ask(f"ASK {{ {policy} ?p ?o }}"))["boolean"]
    if not seen:
        raise RuntimeError("a write that was acknowledged is not seen")
    return time.monotonic() - began


def update(number: int, mode: Layout) -> str:
    """An update that adds the document of the number."""
    by_graph: dict[str, list[str]] = {}
    own = f"<{BASE}graph/generated/{number}>" if mode == "merged" else ""
    for subject, predicate, value, source in graphs.document(number):
        by_graph.setdefault(source or own, []).append(f"{subject} {predicate} {value} .")
    blocks = (
        f"GRAPH {graph} {{ {' '.join(lines)} }}" if graph else " ".join(lines)
        for graph, lines in by_graph.items()
    )
    return f"INSERT DATA {{ {' '.join(blocks)} }}"


def _documents(mode: Layout) -> Iterator[int]:
    """Documents of the right size that no file has; others for each mode."""
    first = _FIRST_DOCUMENT if mode == "stored" else 2 * _FIRST_DOCUMENT
    return (n for n in count(first) if sum(1 for _ in graphs.document(n)) in _DOCUMENT)


def put(folder: Path, size: int, seed: int) -> Iterator[Figure]:
    """PUT of one large graph into a plain store and beside the shipped ontology."""
    file = graphs.write(folder / "put.nt", min(size, PUT_STATEMENTS), "triples", seed)
    bounds: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("stored", servers.STORED, 60),
        ("merged", MERGED, 120),
    )
    for mode, options, bound in bounds:
        name = f"PUT of {file.statements:,} triples, {mode}"
        with ExitStack() as stack:
            service = stack.enter_context(servers.service(folder / f"put-{mode}", *options))
            token = servers.write_token(service.store)
            began = time.monotonic()
            try:
                request = f"PUT /graphs?graph={BASE}graph/put"
                write(service, token, request, file.path, "application/n-triples")
                yield Figure(name, time.monotonic() - began, "s", bound)
            except RuntimeError as error:
                yield _failed(name, time.monotonic() - began, bound, str(error))


def write(service: Server, token: str, request: str, body: bytes | Path, kind: str) -> None:
    """Send a request, a method and a target, with a body of that media type.

    Raises: RuntimeError where the answer is no success.
    """
    method, target = request.split(" ")
    fields = {"Authorization": f"Bearer {token}", "Content_Type": kind}
    try:
        status, told = service.request(method, target, body, **fields)
    except OSError as error:
        raise RuntimeError(str(error)) from error
    if status >= 300:
        raise RuntimeError(f"{status}: {told[:300].decode(errors='replace')}")


def _failed(name: str, seconds: float, bound: float, why: str) -> Figure:
    return Figure(name, seconds, "s", bound, note=" ".join(why.split())[:200], failed=True)


def disk_bytes(folder: Path) -> int:
    """The bytes of all files below the folder; one that has several names counts once."""
    states = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum({state.st_ino: state.st_size for state in states}.values())
