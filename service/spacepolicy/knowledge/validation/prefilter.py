"""The prefilter: which nodes certainly conform to a shape, so that the validator gets only a few.

All nodes of a shape are checked together, as numbers of terms. Each constraint
decides which of them certainly meet it and which certainly do not; the validator gets the others,
and all nodes of a constraint that is not known here.

Spec: https://www.w3.org/TR/shacl/ (sections 2.3 on paths, 4 on the core constraints, 5 on SPARQL)
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, final

from pyoxigraph import NamedNode, Store, Triple, Variable
from rdflib import Graph, URIRef
from rdflib.collection import Collection
from rdflib.extras.shacl import parse_shacl_path
from rdflib.namespace import SH
from rdflib.term import Node

from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.facts import NONE, Index, Nodes
from spacepolicy.knowledge.validation.affected_targets import prefixed
from spacepolicy.knowledge.validation.conformance import (
    COUNTS,
    UNDECIDED,
    Check,
    Conformance,
    Judge,
    all_of,
    alone,
    conjunction,
    counted,
    disjunction,
    exactly_one,
    negation,
    of_each,
)
from spacepolicy.knowledge.validation.paths import AnyPath, Paths, united
from spacepolicy.knowledge.validation.term_constraints import OF_TERMS, is_less, is_unique
from spacepolicy.knowledge.validation.terms import Term, term_of

_DEEPEST: Final = 20
"""How deeply shapes that refer to each other are followed: people nest three or four."""
_SILENT: Final = frozenset(
    {"path", "message", "severity", "name", "description", "order", "group", "flags", "prefixes",
     "targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "declare",
     "qualifiedMinCount", "qualifiedMaxCount", "sparql"}
)  # fmt: skip
"""The parts of a shape that constrain nothing by themselves; queries are run for targets alone, see
`suspects`."""
_FEW: Final = 16
"""So many nodes are queried one by one: each query is short then."""
_TOGETHER: Final = 500
"""How many nodes are in one query: its text then has some 40 KB."""
_EXISTS: Final = re.compile(r"\bEXISTS\s*\{[^{}]*\}", re.IGNORECASE)
_FLAT: Final = re.compile(r"[^{}]*\bSELECT\b[^{}()*+]*\{[^{}]*\}\s*", re.IGNORECASE)
_CLOSURE: Final = re.compile(r"[*+](?![^<>]*>)")
_BINDS_THIS: Final = re.compile(r"\{\s*[?$]this\s+[^{}?$\s]")


def is_flat(query: str) -> bool:
    """Whether binding `$this` gives the same as joining with its values: the query has one group of
    patterns and filters and no aggregates; where it tests EXISTS, it begins with a pattern about
    `$this`. OPTIONAL is excluded, which the engine evaluates for all nodes before it joins, and so
    are paths of any length, which are only fast from a bound end.

    >>> is_flat("SELECT $this WHERE { $this <urn:p> ?o . FILTER (?o > 1) }")
    True
    >>> is_flat("SELECT $this WHERE { $this <urn:p> ?o . FILTER NOT EXISTS { ?o <urn:q> 1 } }")
    True
    >>> is_flat("SELECT $this WHERE { FILTER NOT EXISTS { $this <urn:q> 1 } }")
    False
    >>> is_flat("SELECT $this WHERE { { $this <urn:p> ?o } UNION { ?o <urn:p> $this } }")
    False
    >>> is_flat("SELECT $this WHERE { $this <urn:p>+ $this }")
    False
    """
    outer, before = query, ""
    while outer != before:  # the innermost first
        outer, before = _EXISTS.sub(" ", outer), outer
    if outer != query and not _BINDS_THIS.search(outer):
        return False
    return _FLAT.fullmatch(outer) is not None and not _CLOSURE.search(query)


@final
class Prefilter:
    """Checks nodes with shapes, over all that is entailed and a store with the same
    statements."""

    def __init__(self, entailed: Entailments, shapes: Graph, dataset: Store) -> None:
        self._entailed = entailed
        self._shapes = shapes
        self._dataset = dataset
        self._compiled: dict[Node, Judge] = {}
        self._queries: dict[Node, tuple[str, ...]] = {}
        self._depth = 0
        self._paths = Paths(entailed)

    def suspects(
        self, aims: Mapping[Node, Nodes], applied: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Node, Term]]:
        """The targets, each with its shape, that do not certainly conform; `aims` has them by
        shape, as numbers. The store is queried once `applied` returns: then it has all that is
        entailed."""
        passed: dict[Node, Nodes] = {}
        for shape, nodes in aims.items():
            passed[shape] = self._shape(shape)(nodes).conforming
            yield from ((shape, self._term(node)) for node in nodes - passed[shape])
        applied()
        for shape, nodes in passed.items():
            terms = [self._term(node) for node in nodes] if self._queries[shape] else []
            yield from ((shape, node) for node in self._caught_by_queries(shape, terms))

    def _term(self, number: int) -> Term:
        term = self._entailed.terms.term(number)
        assert not isinstance(term, Triple)  # noqa: S101 # no triple is a target
        return term

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
        """The nodes for which the query has a solution, many in one query."""
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

    def _shape(self, shape: Node) -> Judge:
        if shape not in self._compiled:
            self._compiled[shape] = self._later(shape)  # shapes may refer to each other
            self._compiled[shape] = self._judge(shape)
        return self._compiled[shape]

    def _later(self, shape: Node) -> Judge:
        def judge(nodes: Nodes) -> Conformance:
            if not nodes or self._depth > _DEEPEST:
                return UNDECIDED
            self._depth += 1
            try:
                return self._compiled[shape](nodes)
            finally:
                self._depth -= 1

        return judge

    def _judge(self, shape: Node) -> Judge:
        shapes = self._shapes
        self._queries[shape] = tuple(
            prefixed(shapes, constraint) for constraint in shapes.objects(shape, SH.sparql)
        )
        if (shape, SH.deactivated, None) in shapes:
            return lambda _: UNDECIDED
        node = shapes.value(shape, SH.path)
        path = None if node is None else parse_shacl_path(shapes, node)
        constraints = [
            (name, wanted)
            for parameter, wanted in shapes.predicate_objects(shape)
            if isinstance(parameter, URIRef)
            and parameter.startswith(str(SH))
            and (name := parameter.removeprefix(str(SH))) not in _SILENT
        ]
        if path is not None and [name for name, _ in constraints] == ["minCount"]:
            return self._at_least(path, int(str(constraints[0][1])))
        values = alone if path is None else self._paths.values(path)
        checks = [self._check(shape, name, wanted) for name, wanted in constraints]

        def judge(nodes: Nodes) -> Conformance:
            found = values(nodes)
            return all_of(nodes, (check(nodes, found) for check in checks))

        return judge

    def _at_least(self, path: AnyPath, count: int) -> Judge:
        """The judge of whether a path has so many values: of what everything leads to, no more is
        read than these."""
        values = self._paths.each(path)

        def has(node: int) -> bool:
            found: set[int] = set()
            for value in values(node) if count else ():
                found.add(value)
                if len(found) == count:
                    break
            return len(found) == count

        def judge(nodes: Nodes) -> Conformance:
            conforming = {node for node in nodes if has(node)}
            return Conformance(conforming, nodes - conforming)

        return judge

    def _check(self, shape: Node, parameter: str, wanted: Node) -> Check:
        """The check of the constraint; none where it is not known here."""
        of_shapes: dict[str, Callable[[], Check]] = {
            "node": lambda: of_each(self._inner(wanted)),
            "property": lambda: of_each(self._inner(wanted)),
            "and": lambda: of_each(conjunction(self._members(wanted))),
            "or": lambda: of_each(disjunction(self._members(wanted))),
            "xone": lambda: of_each(exactly_one(self._members(wanted))),
            "not": lambda: of_each(negation(self._inner(wanted))),
            "qualifiedValueShape": lambda: self._qualified(shape, wanted),
            "class": lambda: self._among(lambda: self._instances(term_of(wanted))),
            "in": lambda: self._among(self._listed(wanted)),
            "hasValue": lambda: self._having(term_of(wanted)),
            "lessThan": lambda: self._compared(wanted, equal=False),
            "lessThanOrEquals": lambda: self._compared(wanted, equal=True),
            "uniqueLang": lambda: self._unique_languages(wanted),
        }
        if parameter in of_shapes:
            return of_shapes[parameter]()
        if parameter in COUNTS:
            return counted(COUNTS[parameter], int(str(wanted)))
        if parameter in OF_TERMS and (shape, SH.flags, None) not in self._shapes:
            return self._of_terms(OF_TERMS[parameter](self._shapes, wanted))
        return lambda _nodes, _values: UNDECIDED

    def _inner(self, shape: Node) -> Judge:
        """The judge of a shape that others refer to; where it has a query, which is run for targets
        alone, nothing certainly conforms."""
        judge = self._shape(shape)
        if (shape, SH.sparql, None) not in self._shapes:
            return judge
        return lambda nodes: Conformance(NONE, judge(nodes).violating)

    def _members(self, shapes: Node) -> list[Judge]:
        """The judges of a list of shapes."""
        return [self._inner(each) for each in Collection(self._shapes, shapes)]

    def _instances(self, kind: Term) -> Nodes:
        return self._entailed.members(~self._entailed.terms.number(kind))

    def _listed(self, terms: Node) -> Callable[[], Nodes]:
        allowed = [term_of(each) for each in Collection(self._shapes, terms)]
        return lambda: {self._entailed.terms.number(term) for term in allowed}

    def _among(self, allowed: Callable[[], Nodes]) -> Check:
        """The check that each value is one of the allowed ones."""

        def judge(values: Nodes) -> Conformance:
            conforming = values & allowed()
            return Conformance(conforming, values - conforming)

        return of_each(judge)

    def _having(self, term: Term) -> Check:
        def check(nodes: Nodes, values: Index) -> Conformance:
            number = self._entailed.terms.number(term)
            conforming = {node for node in nodes if number in values.get(node, NONE)}
            return Conformance(conforming, nodes - conforming)

        return check

    def _of_terms(self, met: Callable[[Term], bool]) -> Check:
        """The check that each value's term certainly meets the condition."""
        terms = self._entailed.terms

        def is_met(number: int) -> bool:
            term = terms.term(number)
            return isinstance(term, Triple) or met(term)  # no shape looks at triple terms

        def judge(values: Nodes) -> Conformance:
            nonlocal terms
            terms = self._entailed.terms
            return Conformance({number for number in values if is_met(number)})

        return of_each(judge)

    def _compared(self, wanted: Node, *, equal: bool) -> Check:
        predicate = NamedNode(str(wanted))

        def check(nodes: Nodes, values: Index) -> Conformance:
            others, term = self._paths.objects(predicate, nodes), self._entailed.terms.term
            return Conformance(
                {
                    node
                    for node in nodes
                    if all(
                        is_less(term(one), term(other), equal=equal)
                        for one in values.get(node, NONE)
                        for other in others.get(node, NONE)
                    )
                }
            )

        return check

    def _unique_languages(self, wanted: Node) -> Check:
        def check(nodes: Nodes, values: Index) -> Conformance:
            term = self._entailed.terms.term
            if str(wanted) != "true":
                return Conformance(nodes)
            return Conformance(
                {
                    node
                    for node in nodes
                    if len(found := values.get(node, NONE)) < 2 or is_unique(map(term, found))
                }
            )

        return check

    def _qualified(self, shape: Node, wanted: Node) -> Check:
        shapes, inner = self._shapes, self._inner(wanted)
        least = int(str(shapes.value(shape, SH.qualifiedMinCount) or 0))
        most = shapes.value(shape, SH.qualifiedMaxCount)
        if (shape, SH.qualifiedValueShapesDisjoint, None) in shapes:
            return lambda _nodes, _values: UNDECIDED

        def check(nodes: Nodes, values: Index) -> Conformance:
            judged = inner(united(values, nodes))
            conforming, violating = set(), set()
            for node in nodes:
                found = values.get(node, NONE)
                sure, possible = len(found & judged.conforming), len(found - judged.violating)
                if sure >= least and (most is None or possible <= int(str(most))):
                    conforming.add(node)
                elif possible < least or (most is not None and sure > int(str(most))):
                    violating.add(node)
            return Conformance(conforming, violating)

        return check
