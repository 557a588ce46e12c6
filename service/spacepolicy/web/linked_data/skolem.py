"""Skolemisation: blank nodes become IRIs, so that statements about them can be referred to.

The name of a blank node is a hash of the statements about it: the same for the same statements in
every document, and after every start of the engine. Two nodes with the same statements are merged.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-skolemization
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

FRAGMENT: Final = "#genid-"
_ROUNDS: Final = 16
"""How often the names of nodes in a cycle are refined; nodes that differ only further away get the
same name."""
_DIGITS: Final = 16
"""64 bits: among a million blank nodes, two have the same name with a probability of one in 40
million."""


def skolemised(triples: Iterable[Triple], document: str) -> Iterator[Triple]:
    """Yield the statements, with each blank node replaced by a fragment of the document's IRI."""
    triples = tuple(triples)
    iris: dict[object, NamedNode] = {
        node: NamedNode(f"{document}{FRAGMENT}{name}") for node, name in _names(triples).items()
    }
    for triple in triples:
        subject, object_ = triple.subject, triple.object
        yield Triple(iris.get(subject, subject), triple.predicate, iris.get(object_, object_))


def _names(triples: Iterable[Triple]) -> dict[object, str]:
    """A name for each blank node: first nodes whose objects have names, nodes in cycles last."""
    by_node: dict[object, list[Triple]] = {}
    for triple in triples:
        for node in (triple.subject, triple.object):
            if isinstance(node, BlankNode):
                by_node.setdefault(node, [])
        if isinstance(triple.subject, BlankNode):
            by_node[triple.subject].append(triple)
    names: dict[object, str] = {}
    while ready := [n for n in by_node.keys() - names.keys() if _leads_to(by_node[n], names)]:
        names |= {node: _name(by_node[node], names) for node in ready}
    cyclic = by_node.keys() - names.keys()
    for _ in range(_ROUNDS if cyclic else 0):
        names |= {node: _name(by_node[node], names) for node in cyclic}
    return names


def _leads_to(triples: Iterable[Triple], names: Mapping[object, str]) -> bool:
    """Whether all blank nodes among the objects have names."""
    return all(t.object in names for t in triples if isinstance(t.object, BlankNode))


def _name(triples: Iterable[Triple], names: Mapping[object, str]) -> str:
    lines = sorted(
        f"{triple.predicate} {names.get(triple.object, '') or '_'}"
        if isinstance(triple.object, BlankNode)
        else f"{triple.predicate} {triple.object}"
        for triple in triples
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]
