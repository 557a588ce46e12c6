"""The screen: which nodes surely conform to a shape, so that the validator is asked about few.

A constraint that is not known here is never sure of anything: what the validator finds is found.

Spec: https://www.w3.org/TR/shacl/ (sections 2.3 on paths, 4 on the core constraints, 5 on SPARQL)
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Store, Variable
from rdflib import Graph, URIRef
from rdflib.collection import Collection
from rdflib.extras.shacl import parse_shacl_path
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from spacepolicy.knowledge.incremental.affected_targets import prefixed
from spacepolicy.knowledge.incremental.paths import Paths
from spacepolicy.knowledge.incremental.terms import Term, term_of
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.values import is_of, value

Values = Callable[[Term], frozenset[Term]]
Check = Callable[[Term, frozenset[Term]], bool]
Conforms = Callable[[Term], bool]
_TYPE: Final = NamedNode(str(RDF.type))
_DEEPEST: Final = 20
_SILENT: Final = frozenset(
    {"path", "message", "severity", "name", "description", "order", "group", "flags", "prefixes",
     "targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "declare",
     "qualifiedMinCount", "qualifiedMaxCount"}
)  # fmt: skip
"""What of a shape constrains nothing by itself."""
_SOME: Final = [("minCount", "1")]
"""A constraint that the first value meets: a node may have very many."""


_FEW: Final = 16
"""So many nodes are asked about one by one: each query is short then."""
_TOGETHER: Final = 500
"""How many nodes a query is asked about at once: its text has some 40 KB then."""
_FLAT: Final = re.compile(r"[^{}]*\bSELECT\b[^{}()*+]*\{[^{}]*\}\s*", re.IGNORECASE)
_CLOSURE: Final = re.compile(r"[*+](?![^<>]*>)")


def is_flat(query: str) -> bool:
    """Whether the query has one group of patterns and filters and counts nothing, so that to have
    `$this` bound is the same as to join with its values; paths of any length, which are only quick
    from a bound end, are left out.

    >>> is_flat("SELECT $this WHERE { $this <urn:p> ?o . FILTER (?o > 1) }")
    True
    >>> is_flat("SELECT $this WHERE { $this <urn:p> ?o . FILTER NOT EXISTS { ?o <urn:q> 1 } }")
    False
    >>> is_flat("SELECT $this WHERE { $this <urn:p>+ $this }")
    False
    """
    return _FLAT.fullmatch(query) is not None and not _CLOSURE.search(query)


@final
class Prefilter:
    """Looks at nodes through shapes, over what a reasoner knows and a store that holds the same."""

    def __init__(self, reasoner: Reasoner, shapes: Graph, dataset: Store) -> None:
        self._reasoner = reasoner
        self._shapes = shapes
        self._dataset = dataset
        self._compiled: dict[Node, Conforms] = {}
        self._queries: dict[Node, tuple[str, ...]] = {}
        self._values: dict[tuple[Node, Term], frozenset[Term]] = {}
        self._depth = 0
        self._paths = Paths(reasoner)

    def suspects(
        self, aims: Mapping[Node, Iterable[Term]], applied: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Node, Term]]:
        """The nodes, each with its shape, that do not surely conform; of targets by their shape.
        The store is asked once `applied` returns: then it holds what the reasoner knows."""
        self._values.clear()
        passed: dict[Node, list[Term]] = {}
        for shape, nodes in aims.items():
            conforms = self._shape(shape)
            passed[shape] = []
            for node in nodes:
                if conforms(node):
                    passed[shape].append(node)
                else:
                    yield shape, node
        self._values.clear()
        applied()
        for shape, each in passed.items():
            yield from ((shape, node) for node in self._caught_by_queries(shape, each))

    def _caught_by_queries(self, shape: Node, nodes: list[Term]) -> set[Term]:
        """The nodes for which one of the shape's queries has a solution; all, where one fails."""
        caught: set[Term] = set()
        for query in self._queries[shape]:
            left = [node for node in nodes if node not in caught]
            if len(left) > _FEW and is_flat(query):
                caught |= self._caught_together(query, left)
            else:
                caught.update(node for node in left if self._is_caught(query, node))
        return caught

    def _caught_together(self, query: str, nodes: list[Term]) -> set[Term]:
        """The nodes for which the query has a solution, asked for many at once."""
        caught: set[Term] = {node for node in nodes if not isinstance(node, NamedNode)}
        named = [node for node in nodes if isinstance(node, NamedNode)]
        start = query.index("{") + 1
        for first in range(0, len(named), _TOGETHER):
            part = named[first : first + _TOGETHER]
            values = f" VALUES ?this {{ {' '.join(map(str, part))} }} "
            try:
                found = self._dataset.query(query[:start] + values + query[start:])
                caught.update(each["this"] for each in found)  # type: ignore[union-attr] # a SELECT
            except (SyntaxError, ValueError, OSError, KeyError):
                caught.update(part)
        return caught

    def _is_caught(self, query: str, node: Term) -> bool:
        if not isinstance(node, NamedNode):
            return True
        try:
            found = self._dataset.query(query, substitutions={Variable("this"): node})
            return next(iter(found), None) is not None  # type: ignore[arg-type] # a SELECT
        except (SyntaxError, ValueError, OSError):
            return True

    def _shape(self, shape: Node) -> Conforms:
        if shape not in self._compiled:
            self._compiled[shape] = self._later(shape)  # shapes may refer to each other
            self._compiled[shape] = self._conforms(shape)
        return self._compiled[shape]

    def _later(self, shape: Node) -> Conforms:
        def conforms(node: Term) -> bool:
            if self._depth > _DEEPEST:
                return False
            self._depth += 1
            try:
                return self._compiled[shape](node)
            finally:
                self._depth -= 1

        return conforms

    def _conforms(self, shape: Node) -> Conforms:
        shapes = self._shapes
        self._queries[shape] = tuple(
            prefixed(shapes, constraint) for constraint in shapes.objects(shape, SH.sparql)
        )
        if (shape, SH.deactivated, None) in shapes:
            return _never
        path = shapes.value(shape, SH.path)
        constraints = [
            (parameter.removeprefix(str(SH)), wanted)
            for parameter, wanted in shapes.predicate_objects(shape)
            if isinstance(parameter, URIRef)
            and parameter.startswith(str(SH))
            and parameter.removeprefix(str(SH)) not in _SILENT
        ]
        if path is not None and [(name, str(wanted)) for name, wanted in constraints] == _SOME:
            way = self._paths.forward(parse_shacl_path(shapes, path))
            return lambda node: any(True for _ in way(node))
        values = _alone if path is None else self._remembered(path)
        checks = [self._check(shape, name, wanted) for name, wanted in constraints]

        def conforms(node: Term) -> bool:
            found = values(node)
            return all(check(node, found) for check in checks)

        return conforms

    def _remembered(self, path: Node) -> Values:
        """What the path leads to, found once for each node."""
        way = self._paths.forward(parse_shacl_path(self._shapes, path))

        def values(node: Term) -> frozenset[Term]:
            known = self._values.get((path, node))
            if known is None:
                known = self._values[path, node] = frozenset(way(node))
            return known

        return values

    def _objects(self, node: Term, predicate: NamedNode) -> frozenset[Term]:
        if isinstance(node, Literal):
            return frozenset()
        found = self._reasoner.matching(node, predicate, None)
        return frozenset(each.object for each in found)  # type: ignore[misc] # no triple terms

    def _check(self, shape: Node, parameter: str, wanted: Node) -> Check:
        """What the constraint asks of the values; what is not known here is never met."""
        of_shapes: dict[str, Callable[[], Check]] = {
            "sparql": lambda: _always,  # asked of targets alone, see `suspects`
            "node": lambda: self._every(wanted),
            "property": lambda: self._every(wanted),
            "qualifiedValueShape": lambda: self._qualified(shape, wanted),
            "class": lambda: _each(lambda term: self._is_of(term, term_of(wanted))),
            "lessThan": lambda: self._compared(wanted, equal=False),
            "lessThanOrEquals": lambda: self._compared(wanted, equal=True),
        }
        if parameter in of_shapes:
            return of_shapes[parameter]()
        if parameter in _OF_VALUES:
            return _OF_VALUES[parameter](self._shapes, wanted)
        if parameter in _OF_TERMS and (shape, SH.flags, None) not in self._shapes:
            return _each(_OF_TERMS[parameter](self._shapes, wanted))
        return _unsure

    def _every(self, wanted: Node) -> Check:
        inner = self._shape(wanted)
        return _unsure if self._asks(wanted) else lambda _, values: all(map(inner, values))

    def _asks(self, shape: Node) -> bool:
        """Whether the shape has a query, which is asked of targets alone."""
        return (shape, SH.sparql, None) in self._shapes

    def _compared(self, wanted: Node, *, equal: bool) -> Check:
        other = NamedNode(str(wanted))
        return lambda node, values: all(
            _less(one, two, equal=equal) for one in values for two in self._objects(node, other)
        )

    def _is_of(self, term: Term, kind: Term) -> bool:
        if isinstance(term, Literal):
            return False
        return next(self._reasoner.matching(term, _TYPE, kind), None) is not None

    def _qualified(self, shape: Node, wanted: Node) -> Check:
        shapes, inner = self._shapes, self._shape(wanted)
        if (shape, SH.qualifiedValueShapesDisjoint, None) in shapes or self._asks(wanted):
            return _unsure
        least = shapes.value(shape, SH.qualifiedMinCount)
        most = shapes.value(shape, SH.qualifiedMaxCount)
        if most is not None:
            return _unsure  # a value that does not surely conform may conform
        return lambda _, values: sum(map(inner, values)) >= int(str(least or 0))


def _alone(node: Term) -> frozenset[Term]:
    """The node alone: the value of a node shape."""
    return frozenset({node})


def _always(_node: Term, _values: frozenset[Term]) -> bool:
    return True


def _unsure(_node: Term, _values: frozenset[Term]) -> bool:
    return False


def _never(_node: Term) -> bool:
    return False


_KINDS: Final = {"IRI": NamedNode, "BlankNode": BlankNode, "Literal": Literal}


def _each(check: Conforms) -> Check:
    return lambda _, values: all(map(check, values))


def _has_datatype(term: Term, datatype: NamedNode) -> bool:
    return isinstance(term, Literal) and term.datatype == datatype and is_of(term, datatype)


def _less(one: Term, other: Term, *, equal: bool) -> bool:
    """Whether one surely is less than the other, or as much; numbers and nothing else."""
    if not isinstance(one, Literal) or not isinstance(other, Literal):
        return False
    first, second = value(one), value(other)
    if not isinstance(first, tuple) or not isinstance(second, tuple):
        return False
    if first[0] != "number" or second[0] != "number":
        return False
    return bool(first[1] < second[1] or (equal and first[1] == second[1]))


def _is_in(term: Term, ranges: tuple[str, ...]) -> bool:
    language = term.language.lower() if isinstance(term, Literal) and term.language else ""
    return any(language == each or language.startswith(f"{each}-") for each in ranges)


def _unique(values: frozenset[Term]) -> bool:
    tags = [each.language.lower() for each in values if isinstance(each, Literal) and each.language]
    return len(tags) == len(set(tags))


def _bound(*, least: bool, equal: bool) -> Callable[[Graph, Node], Conforms]:
    """A bound of numbers, the least or the greatest, and whether it may be reached."""

    def check(_: Graph, wanted: Node) -> Conforms:
        limit = term_of(wanted)
        if least:
            return lambda term: _less(limit, term, equal=equal)
        return lambda term: _less(term, limit, equal=equal)

    return check


def _kinds(_: Graph, wanted: Node) -> Conforms:
    kinds = tuple(kind for name, kind in _KINDS.items() if name in str(wanted))
    return lambda term: isinstance(term, kinds)


def _pattern(_: Graph, wanted: Node) -> Conforms:
    form = re.compile(str(wanted))
    return lambda term: form.search(term.value) is not None


def _languages(shapes: Graph, wanted: Node) -> Conforms:
    ranges = tuple(str(each).lower() for each in Collection(shapes, wanted))
    return lambda term: _is_in(term, ranges)


def _among(shapes: Graph, wanted: Node) -> Conforms:
    allowed = frozenset(term_of(each) for each in Collection(shapes, wanted))
    return lambda term: term in allowed


def _datatype(_: Graph, wanted: Node) -> Conforms:
    datatype = NamedNode(str(wanted))
    return lambda term: _has_datatype(term, datatype)


_OF_VALUES: Final[Mapping[str, Callable[[Graph, Node], Check]]] = {
    "minCount": lambda _, wanted: lambda _, values: len(values) >= int(str(wanted)),
    "maxCount": lambda _, wanted: lambda _, values: len(values) <= int(str(wanted)),
    "hasValue": lambda _, wanted: lambda _, values: term_of(wanted) in values,
    "uniqueLang": lambda _, wanted: lambda _, values: str(wanted) != "true" or _unique(values),
}
"""Constraints of all values together."""
_OF_TERMS: Final[Mapping[str, Callable[[Graph, Node], Conforms]]] = {
    "datatype": _datatype,
    "nodeKind": _kinds,
    "in": _among,
    "pattern": _pattern,
    "languageIn": _languages,
    "minLength": lambda _, wanted: lambda term: len(term.value) >= int(str(wanted)),
    "maxLength": lambda _, wanted: lambda term: len(term.value) <= int(str(wanted)),
    "minInclusive": _bound(least=True, equal=True),
    "maxInclusive": _bound(least=False, equal=True),
    "minExclusive": _bound(least=True, equal=False),
    "maxExclusive": _bound(least=False, equal=False),
}
"""Constraints of each value by itself."""
