"""The parts of a parsed query: its terms, its triple patterns, and the conjunctions of patterns."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from rdflib import Literal as LiteralNode
from rdflib import URIRef, Variable
from rdflib.paths import InvPath, MulPath, Path
from rdflib.plugins.sparql.parserutils import CompValue

MAX_ALTERNATIVES: Final = 64
"""The most alternatives of a query that are checked; UNIONs joined with UNIONs multiply, and saved
queries have a few."""
_MAX_DEPTH: Final = 100
"""The nesting that is followed; the lexer accepts 128, and saved queries nest far less."""
Pattern = tuple[object, object, object]


def children(node: object) -> Iterator[object]:
    """The direct parts of the node."""
    match node:
        case CompValue():
            yield from (value for key, value in node.items() if key != "_vars")
        case MulPath():
            yield node.path
        case InvPath():
            yield node.arg
        case Path():
            yield from getattr(node, "args", ())
        case dict():
            yield from node.values()
        case list() | tuple() | set() | frozenset():
            yield from node


def iris(node: object, depth: int) -> Iterator[URIRef]:
    """Every IRI in the node."""
    if isinstance(node, URIRef):
        yield node
    if isinstance(node, LiteralNode | str) or depth > _MAX_DEPTH:
        return
    for child in children(node):
        yield from iris(child, depth + 1)


def comparisons(node: object, depth: int) -> Iterator[tuple[str, object]]:
    """Comparisons of a language tag: the operator (`=` or `langMatches`), and the other operand."""
    if depth > _MAX_DEPTH or isinstance(node, str):
        return
    if isinstance(node, CompValue):
        if node.name == "RelationalExpression":
            sides = (node.expr, node.other)
            tags = [isinstance(each, CompValue) and each.name == "Builtin_LANG" for each in sides]
            if any(tags):
                yield "=", sides[tags.index(True) - 1]
        if node.name == "Builtin_LANGMATCHES":
            yield "langMatches", node.arg2
    for child in children(node):
        yield from comparisons(child, depth + 1)


def triples(node: object, depth: int) -> Iterator[Pattern]:
    """Every triple pattern of the query."""
    if isinstance(node, str) or depth > _MAX_DEPTH:
        return
    if isinstance(node, CompValue) and node.name == "BGP":
        yield from node.triples
    if isinstance(node, CompValue) and node.name == "TriplesBlock":
        # What stands in an EXISTS among other conditions is left as it was parsed.
        for parts in node.triples:
            yield from zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    for child in children(node):
        yield from triples(child, depth + 1)


def alternatives(node: object, depth: int = 0) -> list[list[Pattern]]:
    """The triple patterns that are joined, for each choice of the branches of UNIONs."""
    if not isinstance(node, CompValue) or depth > _MAX_DEPTH:
        return [[]]
    match node.name:
        case "BGP":
            return [[(s, p, o) for s, p, o in node.triples]]
        case "Join" | "LeftJoin":
            both = product(alternatives(node.p1, depth + 1), alternatives(node.p2, depth + 1))
            return [[*one, *other] for one, other in list(both)[:MAX_ALTERNATIVES]]
        case "Union":
            return [*alternatives(node.p1, depth + 1), *alternatives(node.p2, depth + 1)]
        case "Minus":
            return alternatives(node.p1, depth + 1)
        case _:
            return alternatives(node.get("p"), depth + 1)


def linked(node: object, depth: int) -> Iterator[set[str]]:
    """The variables that an expression, a BIND, a graph or a sub-query connects."""
    if depth > _MAX_DEPTH or isinstance(node, str):
        return
    if isinstance(node, CompValue):
        if node.name in ("Filter", "LeftJoin") and node.get("expr") is not None:
            yield set(variables(node.expr, depth))
        if node.name == "Extend":
            yield {str(node.var), *variables(node.expr, depth)}
        if node.name == "Graph" and isinstance(node.term, Variable):
            yield {str(node.term), *variables(node.p, depth)}
    for child in children(node):
        yield from linked(child, depth + 1)


def variables(node: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  a tree of many types
    """The names of the variables in the node."""
    if isinstance(node, Variable):
        yield str(node)
    elif depth <= _MAX_DEPTH and not isinstance(node, str):
        for child in children(node):
            yield from variables(child, depth + 1)
