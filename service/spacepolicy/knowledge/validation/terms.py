"""Conversion between terms of the engine and nodes of the validator."""

from functools import lru_cache

from pyoxigraph import BlankNode, Literal, NamedNode
from rdflib import BNode, URIRef
from rdflib import Literal as LiteralNode
from rdflib.term import Node

Term = NamedNode | BlankNode | Literal
_MANY = 1 << 16
"""Terms that are cached: as many as a large write mentions."""


@lru_cache(maxsize=_MANY)
def node_of(term: Term) -> Node:
    """The term as a node of the validator."""
    match term:
        case NamedNode():
            return URIRef(term.value)
        case BlankNode():
            return BNode(term.value)
        case Literal() if term.language:
            return LiteralNode(term.value, lang=term.language)
        case _:
            return LiteralNode(term.value, datatype=URIRef(term.datatype.value))


@lru_cache(maxsize=_MANY)
def term_of(node: Node) -> Term:
    """The node as a term of the engine."""
    match node:
        case URIRef():
            return NamedNode(str(node))
        case BNode():
            return BlankNode(str(node))
        case LiteralNode(language=str(language)):
            return Literal(str(node), language=language)
        case LiteralNode(datatype=URIRef() as datatype):
            return Literal(str(node), datatype=NamedNode(str(datatype)))
        case _:
            return Literal(str(node))
