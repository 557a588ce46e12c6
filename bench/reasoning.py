"""Reasoning beside its peers: first the same inferences, then times, ratios and memory.

    python -m bench.reasoning [--sizes 10000 100000 1000000] [--owlrl-seconds 1800]

Each measurement is a process of its own that reads the statements, and then reasons with the clock
running until every inference is a statement again. The clock is that of the processor, so that
what else the machine does counts little. Keys are left out for the peers: owlrl's hasKey
is unsound, and reasonable has none; it has no property chains either, and so infers less.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from bench.policies import document, policies, shipped
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reference_reasoners.comparison import compared
from spacepolicy.namespaces import OWL

_KEY: Final = NamedNode(f"{OWL}hasKey")
_REPEATS: Final = 3
Measures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--owlrl-seconds", type=int, default=1800, help="owlrl's time for a size")
    parser.add_argument("--peers-most", type=int, default=100_000, help="the peers' largest size")
    parser.add_argument("--measure", nargs=2, metavar=("WHO", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(_MEASURES[given.measure[0]](Path(given.measure[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        ours = {size: _at_size(size, given, Path(folder)) for size in given.sizes}
    for small, large in zip(given.sizes, given.sizes[1:], strict=False):
        ratio = ours[large]["seconds"] / ours[small]["seconds"]
        print(f"{large:,} takes {ratio:.1f} times the time of {small:,}")


def _at_size(size: int, given: argparse.Namespace, folder: Path) -> Measures:
    file = folder / f"{size}.ttl"
    file.write_bytes(serialize(policies(size), format=RdfFormat.N_TRIPLES) or b"")
    ours = _measured("ours", file, 600)
    _print("ours", size, ours)
    _print("one document", size, ours["change"])
    share = ours["change"]["seconds"] / ours["seconds"]
    print(f"  {'':12}  replacing a document takes 1/{1 / share:.0f} of the full time")
    for who, seconds in (("owlrl", given.owlrl_seconds), ("reasonable", 600)):
        if size > given.peers_most:
            continue
        peer = _measured(who, file, seconds)
        _print(who, size, peer, ours)
        if who == "owlrl" and "digest" in peer:
            same = peer["digest"] == ours["keyless"]
            print(f"  {'':12}  the same {peer['compared']:,} statements: {same}")
            if not same:
                raise SystemExit("owlrl and ours infer different statements")
    return ours


def _measured(who: str, file: Path, seconds: int) -> Measures:
    command = [sys.executable, "-m", "bench.reasoning", "--measure", who, str(file)]
    started = time.perf_counter()
    try:
        ended = subprocess.run(  # noqa: S603  our own interpreter
            command, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return {"seconds": time.perf_counter() - started, "stopped": True}
    if ended.returncode:
        return {"failed": ended.stderr.strip().rpartition("\n")[2] or f"exit {ended.returncode}"}
    measures: Measures = json.loads(ended.stdout)
    return measures


def _print(who: str, size: int, measures: Measures, ours: Measures | None = None) -> None:
    if "failed" in measures:
        print(f"{who:>12}  {size:>9,}  not measured: {measures['failed']}")
        return
    ratio = measures["seconds"] / ours["seconds"] if ours else 1.0
    more = "over " if measures.get("stopped") else ""
    inferred = f"{measures['inferred']:>9,} inferred" if "inferred" in measures else "stopped"
    memory = f"{measures['mebibytes']:>6,} MiB" if "mebibytes" in measures else ""
    print(
        f"{who:>12}  {size:>9,}  {more}{measures['seconds']:8.3f} s  {inferred}  {memory}"
        f"{f'  {more}{ratio:.1f} times ours' if ours else ''}",
        flush=True,
    )


def _ours(file: Path) -> Measures:
    triples = [quad.triple for quad in parse(path=file, format=RdfFormat.N_TRIPLES)]
    before = _mebibytes()
    seconds = []
    inferred: list[Triple]
    for _ in range(_REPEATS):
        reasoner, inferred = None, []  # freed before the clock runs
        started = time.process_time()
        reasoner = Reasoner(triples)
        inferred = reasoner.inferences()
        seconds.append(time.process_time() - started)
    assert reasoner is not None  # noqa: S101  the loop ran
    memory = _mebibytes()
    return {
        "seconds": min(seconds),
        "inferred": len(inferred),
        "mebibytes": memory - before,
        "change": _change(reasoner, set(triples)),
        "keyless": _digest(_keyless(triples)) if len(triples) < 200_000 else "",
    }


def _keyless(triples: list[Triple]) -> frozenset[Triple]:
    kept = [triple for triple in triples if triple.predicate != _KEY]
    return compared([*kept, *Reasoner(kept).inferred()])


def _change(reasoner: Reasoner, asserted: set[Triple]) -> Measures:
    """One document takes the place of another, some times over."""
    source = shipped()
    seconds, inferred, changed = [], 0, 0
    for number in range(1, 6):
        before = {quad.triple for quad in document(source, number)}
        after = {quad.triple for quad in document(source, 10**9 + number)} - asserted
        gone = {each for each in before if _is_own(each, number)} & asserted
        started = time.process_time()
        change = reasoner.change(added=after, withdrawn=gone)
        seconds.append(time.process_time() - started)
        inferred += len(change.appeared) + len(change.gone)
        changed += len(after) + len(gone)
    return {"seconds": sorted(seconds)[2], "inferred": inferred // 5, "statements": changed // 5}


def _is_own(triple: Triple, number: int) -> bool:
    return f"-{number}" in str(triple)


def _owlrl(file: Path) -> Measures:
    import owlrl
    import rdflib

    graph = rdflib.Graph()
    for quad in parse(path=file, format=RdfFormat.N_TRIPLES):
        if quad.predicate != _KEY:
            graph.add(tuple(map(_for_rdflib, quad.triple)))  # type: ignore[arg-type]
    size, before = len(graph), _mebibytes()
    started = time.process_time()
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    seconds = time.process_time() - started
    memory = _mebibytes() - before
    found = compared(_statements(graph))
    return {
        "seconds": seconds,
        "inferred": len(graph) - size,
        "mebibytes": memory,
        "compared": len(found),
        "digest": _digest(found),
    }


def _for_rdflib(term: object) -> object:
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    assert isinstance(term, Literal)  # noqa: S101  there is no other kind of term
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = None if term.datatype.value.endswith("#string") else term.datatype.value
    return rdflib.Literal(
        term.value, datatype=datatype and rdflib.URIRef(datatype), normalize=False
    )


def _statements(graph: Iterable[Any]) -> Iterator[Triple]:
    """The statements that RDF has: those of owlrl whose subject is a literal are left out."""
    import rdflib

    for statement in graph:
        if not isinstance(statement[0], rdflib.Literal):
            yield Triple(*map(_of_rdflib, statement))  # type: ignore[arg-type]


def _of_rdflib(term: Any) -> NamedNode | BlankNode | Literal:  # noqa: ANN401  rdflib has many
    import rdflib

    if isinstance(term, rdflib.URIRef):
        return NamedNode(term)
    if isinstance(term, rdflib.BNode):
        return BlankNode(term)
    if term.language:
        return Literal(str(term), language=term.language)
    return Literal(str(term), datatype=term.datatype and NamedNode(term.datatype))


def _reasonable(file: Path) -> Measures:
    import reasonable  # type: ignore[import-not-found,import-untyped,unused-ignore]

    before = _mebibytes()
    reasoner = reasonable.PyReasoner()
    reasoner.load_file(str(file))
    size = len(file.read_bytes().splitlines())
    started = time.process_time()
    found = reasoner.reason()
    seconds = time.process_time() - started
    return {
        "seconds": seconds,
        "inferred": len(found) - size,
        "mebibytes": _mebibytes() - before,
    }


_MEASURES: Final[dict[str, Callable[[Path], Measures]]] = {
    "ours": _ours,
    "owlrl": _owlrl,
    "reasonable": _reasonable,
}


def _digest(triples: frozenset[Triple]) -> str:
    import hashlib

    return hashlib.sha256("\n".join(sorted(map(str, triples))).encode()).hexdigest()


def _mebibytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
