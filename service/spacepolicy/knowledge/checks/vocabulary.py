"""The vocabulary against which queries are checked: its terms, their types, and languages of texts.

A domain or range counts also where a wider property or the inverse states it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    AxiomIndex,
    owl,
)
from spacepolicy.namespaces import DCTERMS

_NONE: Final[frozenset[str]] = frozenset()


@final
@dataclass(frozen=True, slots=True)
class QueryVocabulary:
    """The basis for checking queries: the existing terms, their types, and the languages used."""

    namespace: str
    names: Mapping[str, str]
    languages: frozenset[str]
    domains: Mapping[str, frozenset[str]]
    ranges: Mapping[str, frozenset[str]]
    above: Mapping[str, frozenset[str]]
    disjoint: frozenset[frozenset[str]]
    deprecated: Mapping[str, frozenset[str]]

    def clash(self, classes: Iterable[str]) -> tuple[str, str] | None:
        """Two of the classes that are disjoint; None where there are none."""
        for one, other in combinations(sorted(set(classes)), 2):
            wide = product(
                self.above.get(one, {one}) | {one}, self.above.get(other, {other}) | {other}
            )
            if any(frozenset(pair) in self.disjoint for pair in wide):
                return one, other
        return None


def read_vocabulary(namespace: str, knowledge: Iterable[Triple]) -> QueryVocabulary:
    """The vocabulary of the knowledge, inferences included; IRIs in the namespace must exist."""
    triples = tuple(knowledge)
    above = _grouped(triples, SUBCLASS)
    wider, inverse = _grouped(triples, SUBPROPERTY), _grouped(triples, owl("inverseOf"))
    domains, ranges = (_inherited(_grouped(triples, end), wider) for end in (DOMAIN, RANGE))
    return QueryVocabulary(
        namespace,
        dict(_names(triples)),
        frozenset(
            triple.object.language
            for triple in triples
            if isinstance(triple.object, Literal) and triple.object.language
        ),
        _inherited(_turned(domains, ranges, inverse), wider),
        _inherited(_turned(ranges, domains, inverse), wider),
        above,
        frozenset(_disjoint(triples)),
        _deprecated(triples),
    )


def _deprecated(triples: Sequence[Triple]) -> dict[str, frozenset[str]]:
    """The deprecated terms, each with its replacement: the object of a property narrower than
    isReplacedBy, else that of isReplacedBy."""
    replaced = NamedNode(f"{DCTERMS}isReplacedBy")
    outdated = {
        triple.subject.value
        for triple in triples
        if triple.predicate == owl("deprecated")
        and isinstance(triple.subject, NamedNode)
        and triple.object == Literal(True)
    }
    wide = _grouped(triples, SUBPROPERTY)
    narrower = [name for name, wider in wide.items() if replaced.value in wider]
    asked = [_grouped(triples, NamedNode(name)) for name in narrower]
    stated = _grouped(triples, replaced)
    return {
        term: _NONE.union(*(each.get(term, _NONE) for each in asked)) or stated.get(term, _NONE)
        for term in outdated
    }


def _names(triples: Iterable[Triple]) -> Iterator[tuple[str, str]]:
    """Every IRI with statements, with a name for people."""
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    labelled: list[tuple[str, str]] = []
    for triple in triples:
        if isinstance(triple.subject, NamedNode):
            yield triple.subject.value, ""
            value = triple.object
            if triple.predicate == label and isinstance(value, Literal) and value.language == "en":
                labelled.append((triple.subject.value, value.value))
    yield from labelled


def _grouped(triples: Iterable[Triple], predicate: NamedNode) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for triple in triples:
        match triple.subject, triple.object:
            case NamedNode() as subject, NamedNode() as value if triple.predicate == predicate:
                found.setdefault(subject.value, set()).add(value.value)
    return {name: frozenset(values) for name, values in found.items()}


def _inherited(
    own: Mapping[str, frozenset[str]], wider: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    return {
        name: own.get(name, _NONE).union(*(own.get(each, _NONE) for each in wider.get(name, _NONE)))
        for name in own.keys() | wider.keys()
    }


def _turned(
    own: Mapping[str, frozenset[str]],
    opposite: Mapping[str, frozenset[str]],
    inverse: Mapping[str, frozenset[str]],
) -> dict[str, frozenset[str]]:
    """The classes of properties with those at the other ends of their inverses."""
    found = dict(own)
    for one, others in inverse.items():
        for other in others:
            found[one] = found.get(one, _NONE) | opposite.get(other, _NONE)
            found[other] = found.get(other, _NONE) | opposite.get(one, _NONE)
    return found


def _disjoint(triples: Sequence[Triple]) -> Iterator[frozenset[str]]:
    ontology = AxiomIndex(triples)
    for axiom in ontology.statements(owl("disjointWith")):
        yield from _pairs([axiom.subject, axiom.object])
    for axiom in ontology.statements(owl("members")):
        yield from _pairs(ontology.members(axiom.object))


def _pairs(terms: Iterable[object]) -> Iterator[frozenset[str]]:
    named = [term.value for term in terms if isinstance(term, NamedNode)]
    return (frozenset(pair) for pair in combinations(named, 2))
