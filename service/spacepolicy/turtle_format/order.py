"""The order of a document's statements, so that equal data is printed equally.

Runs of digits count as numbers: task/2 comes before task/10, #char=9,12 before #char=10,11.
"""

import re
from collections.abc import Collection

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Triple

from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SKOS

Node = NamedNode | BlankNode | Triple
Term = NamedNode | BlankNode | Literal | Triple
GraphName = NamedNode | BlankNode | DefaultGraph
NaturalKey = tuple[tuple[str | tuple[int, str], ...], str]
SubjectKey = tuple[int, NaturalKey]
ObjectKey = tuple[int, str, NaturalKey, str]

TYPE = NamedNode(RDF + "type")
ONTOLOGY = NamedNode(OWL + "Ontology")

_FIRST_PREDICATES = (
    RDF + "type",
    RDFS + "label",
    DCTERMS + "title",
    SKOS + "prefLabel",
    SKOS + "altLabel",
    SKOS + "hiddenLabel",
    SKOS + "definition",
    DCTERMS + "description",
    SKOS + "scopeNote",
    SKOS + "example",
    RDFS + "comment",
)
_RANKS = {predicate: rank for rank, predicate in enumerate(_FIRST_PREDICATES)}

_DIGITS = re.compile("([0-9]+)")


def natural_key(text: str) -> NaturalKey:
    """The key that sorts runs of digits by their value.

    >>> sorted(["task/10", "task/2", "task/2/measure/1"], key=natural_key)
    ['task/2', 'task/2/measure/1', 'task/10']
    """
    parts = enumerate(_DIGITS.split(text))
    return tuple(_number_key(part) if index % 2 else part for index, part in parts), text


def _number_key(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant


def graph_key(name: GraphName) -> tuple[int, NaturalKey]:
    """The key that sorts the default graph first, then named graphs by IRI, then by blank node."""
    match name:
        case DefaultGraph():
            return 0, natural_key("")
        case NamedNode():
            return 1, natural_key(name.value)
        case BlankNode():
            return 2, natural_key(name.value)


def subject_key(subject: Node, types: Collection[Term], text: str) -> SubjectKey:
    """The key that sorts the ontology's header first, then IRIs, then blank nodes by their text."""
    match subject:
        case NamedNode():
            return int(ONTOLOGY not in types), natural_key(subject.value)
        case _:
            return 2, natural_key(text)


def predicate_key(predicate: NamedNode, name: str) -> tuple[int, bool, str]:
    """The key that sorts the type first, then names, definition and notes, then others by name."""
    rank = _RANKS.get(predicate.value, len(_RANKS))
    return rank, name.startswith("<"), name


def object_key(term: Term, text: str) -> ObjectKey:
    """The key that sorts IRIs, then literals by language tag and value, then blank nodes by
    text."""
    match term:
        case NamedNode():
            return 0, "", natural_key(term.value), text
        case Literal():
            return 1, term.language or "", natural_key(term.value), text
        case _:
            return 2, "", natural_key(text), ""
