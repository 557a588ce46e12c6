"""Blank nodes as IRIs, so that what a document says of them can be pointed at.

A blank node is named by what is said of it: the same in every document that says the same, and
after every start of the engine. Two of which the same is said are one.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-skolemization
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

FRAGMENT: Final = "#genid-"
_ROUNDS: Final = 16
"""How far nodes that lie on a circle are told apart."""
_DIGITS: Final = 16
"""64 bits: among a million blank nodes of a document, two have the same with a chance of one in 40
million."""


def skolemised(triples: Iterable[Triple], document: str) -> Iterator[Triple]:
    """The statements, each blank node replaced by a fragment of the document."""
    triples = tuple(triples)
    iris: dict[object, NamedNode] = {
        node: NamedNode(f"{document}{FRAGMENT}{name}") for node, name in _names(triples).items()
    }
    for triple in triples:
        subject, object_ = triple.subject, triple.object
        yield Triple(iris.get(subject, subject), triple.predicate, iris.get(object_, object_))


def _names(triples: Iterable[Triple]) -> dict[object, str]:
    """A name for each blank node: those that lead to named ones first, circles at the end."""
    said: dict[object, list[Triple]] = {}
    for triple in triples:
        for node in (triple.subject, triple.object):
            if isinstance(node, BlankNode):
                said.setdefault(node, [])
        if isinstance(triple.subject, BlankNode):
            said[triple.subject].append(triple)
    names: dict[object, str] = {}
    while ready := [node for node in said.keys() - names.keys() if _leads_to(said[node], names)]:
        names |= {node: _name(said[node], names) for node in ready}
    circling = said.keys() - names.keys()
    for _ in range(_ROUNDS if circling else 0):
        names |= {node: _name(said[node], names) for node in circling}
    return names


def _leads_to(triples: Iterable[Triple], names: Mapping[object, str]) -> bool:
    """Whether the statements lead to no blank node that has no name yet."""
    return all(t.object in names for t in triples if isinstance(t.object, BlankNode))


def _name(triples: Iterable[Triple], names: Mapping[object, str]) -> str:
    lines = sorted(
        f"{triple.predicate} {names.get(triple.object, '') or '_'}"
        if isinstance(triple.object, BlankNode)
        else f"{triple.predicate} {triple.object}"
        for triple in triples
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]
