"""Policies without end, shaped like the shipped ones: what benchmarks read.

A document is a copy of a shipped one under names of its own: its passages (all that hold others,
and a share of those that do not) and what the background says of its parts. What documents share
stays shared, but for every fifth thing, which is the document's own, and every third, which is
changed for another of its kinds. The same size and seed make the same policies.
"""

import argparse
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from spacepolicy.knowledge.loading.graph_files import name_graphs, read_files
from spacepolicy.knowledge.loading.ontology import find_base, knowledge_graphs
from spacepolicy.knowledge.loading.record import FileRecord, graph_iri
from spacepolicy.knowledge.reasoning.expressions import TYPE

CONTENT: Final = Path(__file__).parents[1]
_SHARE: Final = 0.2


@dataclass(frozen=True)
class Shipped:
    """The shipped files: what all know, and the document that others are copies of."""

    knowledge: frozenset[Triple]
    ontology: frozenset[Triple]
    document: tuple[Quad, ...]
    own: tuple[str, ...]
    kinds: dict[NamedNode, tuple[NamedNode, ...]]


def shipped(content: Path = CONTENT) -> Shipped:
    """The shipped files as the generator needs them."""
    files = name_graphs(read_files(content, _refuse), _refuse)
    base = find_base(files, _refuse)
    if base is None:
        raise SystemExit("the shipped files have no base")
    record = FileRecord(base, files)
    merged = knowledge_graphs(record)
    quads = [quad for quad in record.quads() if graph_iri(quad) in merged]
    reports = next(quad for quad in quads if quad.predicate == base.term("reportsOn"))
    own = tuple(
        term.value for term in (reports.subject, reports.object) if isinstance(term, NamedNode)
    )
    document = tuple(
        quad
        for quad in quads
        if graph_iri(quad).startswith(own[0])
        or (isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(own))
    )
    ontology = frozenset(
        quad.triple for quad in quads if graph_iri(quad).startswith(base.ontology.value)
    )
    return Shipped(
        frozenset(quad.triple for quad in quads), ontology, document, own, _kinds(base.iri, quads)
    )


def _refuse(finding: object) -> None:
    raise SystemExit(str(finding))


def _kinds(base: str, quads: list[Quad]) -> dict[NamedNode, tuple[NamedNode, ...]]:
    """For each shared thing, those of the same class."""
    classes: dict[object, list[NamedNode]] = {}
    for quad in quads:
        thing = quad.subject
        if (
            quad.predicate == TYPE
            and isinstance(thing, NamedNode)
            and thing.value.startswith(f"{base}id/")
            and "/policy/" not in thing.value
        ):
            classes.setdefault(quad.object, []).append(thing)
    return {
        thing: tuple(sorted(set(things), key=lambda each: each.value))
        for things in classes.values()
        for thing in things
    }


def document(source: Shipped, number: int) -> list[Quad]:
    """The quads of the document of that number, in the graphs that state them."""
    chance = random.Random(number)  # noqa: S311  no secret
    kept = _kept_passages(source, chance)
    names: dict[NamedNode, NamedNode] = {}

    def renamed(term: object) -> object:
        if not isinstance(term, NamedNode):
            return term
        if term not in names:
            names[term] = _name(source, term, number, chance)
        return names[term]

    quads = []
    for quad in source.document:
        about = {
            each.value
            for each in (quad.graph_name, quad.subject, quad.object)
            if isinstance(each, NamedNode) and each.value.startswith(source.own[0])
        }
        if all(each in kept for each in about):
            subject, predicate, value, graph = (renamed(part) for part in quad)
            quads.append(Quad(subject, predicate, value, graph))  # type: ignore[arg-type]
    return quads


def _kept_passages(source: Shipped, chance: random.Random) -> set[str]:
    passages = sorted({graph_iri(quad) for quad in source.document if "#" in graph_iri(quad)})
    holding = {
        quad.object.value
        for quad in source.document
        if quad.predicate.value.endswith("/isWithin") and isinstance(quad.object, NamedNode)
    }
    share = {each for each in passages if each in holding or chance.random() < _SHARE}
    return {source.own[0], *share}


def _name(source: Shipped, term: NamedNode, number: int, chance: random.Random) -> NamedNode:
    for own in source.own:
        if term.value.startswith(own):
            return NamedNode(f"{own}-{number}{term.value.removeprefix(own)}")
    others = source.kinds.get(term)
    if others is None:
        return term
    fate = chance.random()
    if fate < 0.2:
        return NamedNode(f"{term.value}-{number}")
    return chance.choice(others) if fate < 0.5 else term


def policies(size: int, source: Shipped | None = None) -> list[Triple]:
    """About that many statements: the shipped knowledge, and documents until there are enough."""
    source = source or shipped()
    triples = dict.fromkeys(sorted(source.knowledge, key=str))
    for number in itertools.count(1):
        if len(triples) >= size:
            break
        triples |= dict.fromkeys(quad.triple for quad in document(source, number))
    return list(triples)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write policies as N-Triples.")
    parser.add_argument("size", type=int)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    given.file.write_bytes(serialize(_written(given.size), format=RdfFormat.N_TRIPLES) or b"")


def _written(size: int) -> Iterator[Triple]:
    return iter(policies(size))


if __name__ == "__main__":
    main()
