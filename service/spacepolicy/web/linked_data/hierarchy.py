"""The classes, properties and concepts of the dataset's ontologies as trees, with the number of
uses of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import OWL, RDF, RDFS, SKOS
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.vocabulary import OntologyWords, Replacements
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service

_SUBCLASS: Final = f"{RDFS}subClassOf"
_SUBPROPERTY: Final = f"{RDFS}subPropertyOf"
_DEFINED: Final = f"?term <{RDFS}isDefinedBy> ?module"
CLASSES: Final = (
    f"SELECT ?term ?parent {{ {_DEFINED} ; a <{OWL}Class> "
    f"OPTIONAL {{ ?term <{_SUBCLASS}> ?parent FILTER isIRI(?parent) }} }} ORDER BY ?term ?parent"
)
PROPERTIES: Final = (
    f"SELECT ?term ?parent {{ {_DEFINED} ; a ?kind "
    f"VALUES ?kind {{ <{OWL}ObjectProperty> <{OWL}DatatypeProperty> <{OWL}AnnotationProperty> "
    f"<{RDF}Property> }} "
    f"OPTIONAL {{ ?term <{_SUBPROPERTY}> ?parent FILTER isIRI(?parent) }} }} ORDER BY ?term ?parent"
)
CONCEPTS: Final = (
    f"SELECT ?term ?parent {{ {{ ?term a <{SKOS}ConceptScheme> }} UNION "
    f"{{ ?term <{SKOS}inScheme> ?scheme OPTIONAL {{ ?term <{SKOS}broader> ?broader }} "
    "BIND (COALESCE(?broader, ?scheme) AS ?parent) } } ORDER BY ?term ?parent"
)
_OF_CLASSES: Final = "SELECT ?term (COUNT(DISTINCT ?s) AS ?n) { ?s a ?term } GROUP BY ?term"
_OF_PROPERTIES: Final = "SELECT ?term (COUNT(*) AS ?n) { ?s ?term ?o } GROUP BY ?term"
_OF_CONCEPTS: Final = (
    f"SELECT ?term (COUNT(*) AS ?n) {{ ?term <{SKOS}inScheme> ?scheme . ?s ?p ?term "
    f'FILTER (!STRSTARTS(STR(?p), "{SKOS}")) }} GROUP BY ?term'
)


@final
@dataclass(frozen=True, slots=True)
class Deprecation:
    """What replaces a deprecated term in statements, and in queries where that differs."""

    stated: tuple[Link, ...]
    asked: tuple[Link, ...]


@final
@dataclass(frozen=True, slots=True)
class Term:
    """A class, property or concept: its name, its definition, its number of instances or uses, the
    narrower terms, and what replaces it where it is deprecated."""

    link: Link
    definition: str | None
    count: int
    below: "tuple[Term, ...]"
    deprecation: Deprecation | None = None


@final
@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The top classes, the top properties, and the concept schemes, each with narrower terms."""

    classes: tuple[Term, ...]
    properties: tuple[Term, ...]
    schemes: tuple[Term, ...]


@final
@dataclass(frozen=True, slots=True)
class Tree:
    """For each term by IRI: its number of instances or uses, and its broader terms."""

    counts: Mapping[str, int]
    parents: Mapping[str, set[str]]


@final
@dataclass(frozen=True, slots=True)
class TermTrees:
    """The trees of classes, properties and concepts, and the statements that name their terms."""

    trees: tuple[Tree, ...]
    named: tuple[Triple, ...]


async def read_terms(app_state: AppState) -> TermTrees:
    """Read the terms that the ontologies of the served revision define."""
    trees = [
        await _tree(app_state, structure, counts)
        for structure, counts in (
            (CLASSES, _OF_CLASSES),
            (PROPERTIES, _OF_PROPERTIES),
            (CONCEPTS, _OF_CONCEPTS),
        )
    ]
    listed = (NamedNode(term) for tree in trees for term in tree.counts)
    return TermTrees(tuple(trees), await names_of(app_state, [Triple(t, TYPE, t) for t in listed]))


async def _tree(app_state: AppState, structure: str, counts: str) -> Tree:
    found = {row["term"].value: int(row["n"].value) for row in await rows(app_state, counts) if row}
    parents: dict[str, set[str]] = {}
    for row in await rows(app_state, structure):
        above = parents.setdefault(row["term"].value, set())
        if "parent" in row:
            above.add(row["parent"].value)
    return Tree({term: found.get(term, 0) for term in parents}, parents)


def hierarchy(service: Service, vocabulary: OntologyWords, terms: TermTrees) -> Hierarchy:
    """Return the trees with names in the reader's language."""
    names = Labels(service, terms.named)
    tops = [_tops(names, vocabulary, tree.counts, tree.parents) for tree in terms.trees]
    return Hierarchy(*tops)


def deprecation(names: Labels, found: Replacements | None) -> Deprecation | None:
    """Return the replacements as links; None for a term that is not deprecated."""
    if found is None:
        return None
    stated, asked = (tuple(names.link(NamedNode(iri)) for iri in iris)
                     for iris in (found.stated, found.asked))  # fmt: skip
    return Deprecation(stated, asked)


def flat(terms: Sequence[Term]) -> Iterator[Term]:
    """Yield the terms and all their narrower terms, each once."""
    seen: set[str] = set()
    waiting = list(reversed(terms))
    while waiting:
        term = waiting.pop()
        if term.link.iri not in seen:
            seen.add(term.link.iri)
            yield term
        waiting += reversed(term.below)


def below(found: Hierarchy, iri: str) -> tuple[Term, ...]:
    """Return the direct narrower terms of the term with that IRI."""
    terms = flat((*found.classes, *found.properties, *found.schemes))
    return next((term.below for term in terms if term.link.iri == iri), ())


def _tops(
    names: Labels,
    vocabulary: OntologyWords,
    counts: Mapping[str, int],
    parents: Mapping[str, set[str]],
) -> tuple[Term, ...]:
    """The terms without a broader one; all others are placed below their nearest parents."""
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
                vocabulary.definition(term, current_locale().language),
                counts[term],
                terms(term, path | {term}),
                deprecation(names, vocabulary.deprecated.get(term)),
            )
            for term in own
        ]
        return tuple(sorted(found, key=lambda each: each.link.text))

    return terms(None, frozenset())


def _nearest(term: str, parents: Mapping[str, set[str]]) -> set[str]:
    """The direct parents, those that are not above another parent: inference adds all ancestors."""
    known = {each for each in parents[term] if each in parents and each != term}
    return known - _all_above(known, parents, {term})


def _all_above(terms: Iterable[str], parents: Mapping[str, set[str]], seen: set[str]) -> set[str]:
    found: set[str] = set()
    for term in terms:
        for parent in parents.get(term, set()) - seen - {term}:
            found |= {parent} | _all_above([parent], parents, seen | {term})
    return found
