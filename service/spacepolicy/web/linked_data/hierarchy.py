"""The classes and properties of the dataset's ontologies as trees, with what there is of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import OWL, RDF, RDFS
from spacepolicy.web.answering.asking import rows
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.names import Link, Names
from spacepolicy.web.linked_data.vocabulary import Vocabulary
from spacepolicy.web.reading import reader

_SUBCLASS: Final = f"{RDFS}subClassOf"
_SUBPROPERTY: Final = f"{RDFS}subPropertyOf"
_CLASSES: Final = (
    f"SELECT ?term ?parent (COUNT(DISTINCT ?each) AS ?n) {{ ?term <{RDFS}isDefinedBy> ?module ; "
    f"a <{OWL}Class> OPTIONAL {{ ?term <{_SUBCLASS}> ?parent FILTER isIRI(?parent) }} "
    "OPTIONAL { ?each a ?term } } GROUP BY ?term ?parent ORDER BY ?term ?parent"
)
_PROPERTIES: Final = (
    f"SELECT ?term ?parent (COUNT(?s) AS ?n) {{ ?term <{RDFS}isDefinedBy> ?module ; a ?kind "
    f"VALUES ?kind {{ <{OWL}ObjectProperty> <{OWL}DatatypeProperty> <{OWL}AnnotationProperty> "
    f"<{RDF}Property> }} "
    f"OPTIONAL {{ ?term <{_SUBPROPERTY}> ?parent FILTER isIRI(?parent) }} "
    "OPTIONAL { ?s ?term ?o } } GROUP BY ?term ?parent ORDER BY ?term ?parent"
)


@final
@dataclass(frozen=True, slots=True)
class Term:
    """A class or property: its name, what it means, how many things or statements there are of
    it, and those below it."""

    link: Link
    definition: str | None
    count: int
    below: "tuple[Term, ...]"


@final
@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The tops of the classes, and of the properties."""

    classes: tuple[Term, ...]
    properties: tuple[Term, ...]


async def hierarchy(desk: Desk, vocabulary: Vocabulary) -> Hierarchy:
    """The hierarchy of the terms that an ontology of the served revision defines."""
    trees = []
    for query in (_CLASSES, _PROPERTIES):
        counts: dict[str, int] = {}
        parents: dict[str, set[str]] = {}
        for row in await rows(desk, query):
            term = row["term"].value
            counts[term] = int(row["n"].value)
            parents.setdefault(term, set())
            if "parent" in row:
                parents[term].add(row["parent"].value)
        mentioned = [Triple(NamedNode(t), TYPE, NamedNode(t)) for t in counts]
        names = Names(desk.service, await names_of(desk, mentioned))
        trees.append(_tops(names, vocabulary, counts, parents))
    return Hierarchy(*trees)


def _tops(
    names: Names,
    vocabulary: Vocabulary,
    counts: Mapping[str, int],
    parents: Mapping[str, set[str]],
) -> tuple[Term, ...]:
    """The terms below no other; each below its nearest parents."""
    above = {term: _nearest(term, parents) for term in counts}

    def terms(parent: str | None, path: frozenset[str]) -> tuple[Term, ...]:
        own = [
            term
            for term in counts
            if term not in path and (parent in above[term] if parent else not above[term])
        ]
        found = [
            Term(
                names.link(NamedNode(term)),
                vocabulary.definition(term, reader().language),
                counts[term],
                terms(term, path | {term}),
            )
            for term in own
        ]
        return tuple(sorted(found, key=lambda each: each.link.text))

    return terms(None, frozenset())


def _nearest(term: str, parents: Mapping[str, set[str]]) -> set[str]:
    """The parents that are above no other parent: inference states those further up as well."""
    known = {each for each in parents[term] if each in parents and each != term}
    return known - _all_above(known, parents, {term})


def _all_above(terms: Iterable[str], parents: Mapping[str, set[str]], seen: set[str]) -> set[str]:
    found: set[str] = set()
    for term in terms:
        for parent in parents.get(term, set()) - seen - {term}:
            found |= {parent} | _all_above([parent], parents, seen | {term})
    return found
