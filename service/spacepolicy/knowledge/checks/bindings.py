"""Bindings: which variables the parts of a query certainly bind, and joins by possibly unbound
ones.

A solution that leaves a variable unbound is compatible with whatever a later pattern binds it to:
it is joined with every solution of that pattern.

Spec: https://www.w3.org/TR/sparql11-query/#defn_algCompatibleMapping,
https://www.w3.org/TR/sparql11-query/#defn_algJoin
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from rdflib import URIRef, Variable
from rdflib.plugins.sparql.parserutils import CompValue

from spacepolicy.knowledge.checks.algebra import children, triples, variables

Names = frozenset[str]
_NONE: Final[Names] = frozenset()
_MAX_DEPTH: Final = 100
"""How deeply a query is read, as by the other rules of the linter."""
_LENIENT: Final = frozenset(
    {
        "Builtin_BOUND",
        "Builtin_COALESCE",
        "Builtin_IF",
        "Builtin_EXISTS",
        "Builtin_NOTEXISTS",
        "ConditionalOrExpression",
        "UnaryNot",
    }
)
"""Expressions that may have a value, or be true, where a variable in them is unbound."""
_TOTAL: Final = frozenset({"Builtin_BOUND", "Builtin_EXISTS", "Builtin_NOTEXISTS"})
"""Expressions that have a value even where variables are unbound."""
_FAILING: Final = frozenset({"Function", "MultiplicativeExpression"})
"""Expressions that may be an error though all variables are bound: casts, and divisions."""
_EXISTS: Final = frozenset({"Builtin_EXISTS", "Builtin_NOTEXISTS"})


@final
@dataclass(frozen=True, slots=True)
class UnboundJoin:
    """A variable that may be unbound when a later pattern is joined by it, and the triple patterns
    of the later one that have it."""

    variable: str
    patterns: tuple[tuple[object, object, object], ...]


@final
@dataclass(frozen=True, slots=True)
class _Bound:
    """The variables that every solution binds, and those that some solutions bind."""

    certain: Names = _NONE
    possible: Names = _NONE

    @property
    def open(self) -> Names:
        """The variables that may be unbound."""
        return self.possible - self.certain


def unbound_joins(algebra: CompValue) -> tuple[UnboundJoin, ...]:
    """The joins of the query by variables that may be unbound.

    A parameter of a saved query, `VALUES ?name { UNDEF }`, is bound by the client.
    """
    found: list[UnboundJoin] = []
    _bound(algebra.p if "p" in algebra else algebra, found, 0)
    return tuple(dict.fromkeys(found))


def _bound(node: object, found: list[UnboundJoin], depth: int) -> _Bound:
    """The variables that the part binds; records the joins in it by possibly unbound ones."""
    if not isinstance(node, CompValue) or depth > _MAX_DEPTH:
        return _Bound()
    read = _PARTS.get(node.name)
    return read(node, found, depth) if read else _bound(node.get("p"), found, depth + 1)


def _pattern(node: CompValue, _found: list[UnboundJoin], _depth: int) -> _Bound:
    names = _names(node.triples)
    return _Bound(names, names)


def _graph(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    inner, graph = _bound(node.p, found, depth + 1), _names(node.term)
    return _Bound(inner.certain | graph, inner.possible | graph)


def _union(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    one, other = (_bound(each, found, depth + 1) for each in (node.p1, node.p2))
    return _Bound(one.certain & other.certain, one.possible | other.possible)


def _minus(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    _bound(node.p2, found, depth + 1)
    return _bound(node.p1, found, depth + 1)


def _projected(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    inner = _bound(node.p, found, depth + 1)
    shown = frozenset(map(str, node.PV))
    return _Bound(inner.certain & shown, inner.possible & shown)


def _names(node: object) -> Names:
    return frozenset(variables(node, 0))


def _values(node: CompValue, _found: list[UnboundJoin], _depth: int) -> _Bound:
    """The variables of a VALUES block; UNDEF is a string there. A parameter is ignored."""
    rows: Sequence[Mapping[Variable, object]] = node.res
    bound = [
        frozenset(str(name) for name, value in row.items() if value != "UNDEF") for row in rows
    ]
    every = frozenset(str(name) for row in rows for name in row)
    if len(rows) == 1 and len(every) == 1 and not bound[0]:
        return _Bound()
    return _Bound(frozenset.intersection(*bound) if bound else _NONE, every)


def _joined(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    one, other = (_bound(each, found, depth + 1) for each in (node.p1, node.p2))
    names = (one.open & other.possible) | (one.possible & other.open)
    found.extend(_join(name, node.p2) for name in sorted(names))
    return _Bound(one.certain | other.certain, one.possible | other.possible)


def _left_joined(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    """OPTIONAL: a pattern that is also joined by another variable gives a possibly unbound one its
    value where it has none yet, as names in a second language do."""
    one, other = (_bound(each, found, depth + 1) for each in (node.p1, node.p2))
    tied = one.certain & (other.possible | _names(node.expr))
    names = _NONE if tied else one.open & other.possible
    found.extend(_join(name, node.p2) for name in sorted(names))
    return _Bound(one.certain, one.possible | other.possible)


def _filtered(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    inner = _bound(node.p, found, depth + 1)
    certain = inner.certain | (_demanded(node.expr) & inner.possible)
    for exists in _exists_in(node.expr, 0):
        asked = _names(exists.graph)
        names = asked & (inner.possible - certain) - _tested(node.expr, 0)
        if not asked & certain:
            found.extend(_join(name, exists.graph) for name in sorted(names))
    return _Bound(certain, inner.possible)


def _demanded(expression: object) -> Names:
    """The variables without which the expression is an error or false."""
    if isinstance(expression, Variable):
        return frozenset({str(expression)})
    if not isinstance(expression, CompValue) or expression.name in _LENIENT - {"Builtin_BOUND"}:
        return _NONE
    inside = (child for child in children(expression))
    names = [_demanded(each) for each in _flat(inside)]
    return _NONE.union(*names)


def _flat(nodes: Iterator[object]) -> Iterator[object]:
    for node in nodes:
        if isinstance(node, list | tuple):
            yield from _flat(iter(node))
        else:
            yield node


def _exists_in(node: object, depth: int) -> Iterator[CompValue]:
    if depth > _MAX_DEPTH or isinstance(node, str):
        return
    if isinstance(node, CompValue) and node.name in _EXISTS:
        yield node
        return
    for child in children(node):
        yield from _exists_in(child, depth + 1)


def _tested(node: object, depth: int) -> Names:
    """The variables that the expression tests with BOUND."""
    if depth > _MAX_DEPTH or isinstance(node, str):
        return _NONE
    if isinstance(node, CompValue) and node.name == "Builtin_BOUND":
        return _names(node.arg)
    return _NONE.union(*(_tested(child, depth + 1) for child in children(node)))


def _extended(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    inner = _bound(node.p, found, depth + 1)
    name = frozenset({str(node.var)})
    certain = inner.certain | name if _has_value(node.expr, inner.certain) else inner.certain
    return _Bound(certain, inner.possible | name)


def _has_value(expression: object, certain: Names) -> bool:
    """Whether the expression certainly has a value where these variables have one: it has no casts
    and divisions, and the variables it needs are bound."""
    if isinstance(expression, Variable):
        return str(expression) in certain
    if not isinstance(expression, CompValue):
        return True
    if expression.name == "Builtin_COALESCE":
        return any(_has_value(each, certain) for each in expression.arg)
    if expression.name in _FAILING and "/" in dict.get(expression, "op", "/"):
        return False
    parts = () if expression.name in _TOTAL else _flat(children(expression))
    return all(_has_value(each, certain) for each in parts)


def _aggregated(node: CompValue, found: list[UnboundJoin], depth: int) -> _Bound:
    """A group has at least one solution, so that its aggregates of bound variables have values."""
    inner = _bound(node.p, found, depth + 1)
    certain, possible = set(inner.certain), set(inner.possible)
    for each in node.A:
        result = str(each.res)
        possible.add(result)
        if each.name == "Aggregate_Count" or _has_value(each.vars, inner.certain):
            certain.add(result)
    return _Bound(frozenset(certain), frozenset(possible))


def _join(name: str, later: object) -> UnboundJoin:
    """The join of the earlier patterns with the later one."""
    patterns = [each for each in triples(later, 0) if Variable(name) in each]
    return UnboundJoin(name, tuple(patterns))


def predicates(join: UnboundJoin) -> Iterator[URIRef]:
    """The predicates that identify the later pattern in the text."""
    for _, predicate, _ in join.patterns:
        if isinstance(predicate, URIRef):
            yield predicate


_PARTS: Final[Mapping[str, Callable[[CompValue, list[UnboundJoin], int], _Bound]]] = {
    "AggregateJoin": _aggregated,
    "BGP": _pattern,
    "Extend": _extended,
    "Filter": _filtered,
    "Graph": _graph,
    "Join": _joined,
    "LeftJoin": _left_joined,
    "Minus": _minus,
    "Project": _projected,
    "Union": _union,
    "values": _values,
}
"""The function for each part of the algebra; all others bind what the part in them binds."""
