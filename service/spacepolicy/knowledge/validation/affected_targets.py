"""Affected targets: whose conformance may depend on a statement, by what the shapes read from them.

Every statement that a shape may read from a target is indexed by its predicate (for classes, by the
class) with the path back to the target.

Spec: https://www.w3.org/TR/shacl/ (sections 2.1.3 on targets, 2.3 on paths, 5 on SPARQL)
"""

import itertools
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, cast, final

from pyoxigraph import NamedNode
from rdflib import Graph, URIRef, Variable
from rdflib.collection import Collection
from rdflib.extras.shacl import parse_shacl_path
from rdflib.namespace import SH
from rdflib.paths import Path
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.facts import Delta, Key, Nodes, Row
from spacepolicy.knowledge.validation.paths import AnyPath, Paths, Side, Way, itself, then
from spacepolicy.knowledge.validation.targets import ShapeTargets
from spacepolicy.knowledge.validation.terms import Term, term_of

Pattern = tuple[object, object, object]
_THIS: Final = Variable("this")
_INNER: Final = (SH.node, SH.property, SH.qualifiedValueShape, SH["not"])
_LISTS: Final = (SH["and"], SH["or"], SH.xone)
_COMPARED: Final = (SH.lessThan, SH.lessThanOrEquals, SH.equals, SH.disjoint)


@final
class AffectedTargets:
    """Finds the targets that statements affect, over all that is entailed."""

    def __init__(self, entailed: Entailments, shapes: Graph) -> None:
        self._entailed = entailed
        self._shapes = shapes
        self._paths = Paths(entailed)
        self._reads: dict[NamedNode | None, list[tuple[Node, Side, Way]]] = {}
        self._kinds: dict[Term, list[tuple[Node, Way]]] = {}
        self._targets = ShapeTargets(entailed, shapes)
        for shape, declared in self._targets.declared.items():
            for kind, value in declared:
                self._note_target(shape, kind, value)
            self._walk(shape, shape, itself, ())

    def aims(self, *changed: Delta) -> dict[Node, Nodes]:
        """The targets of each shape whose conformance the added or removed statements may change,
        as numbers."""
        found: dict[Node, set[int]] = {}
        for key, rows in itertools.chain.from_iterable(each.items() for each in changed):
            for shape, nodes in self._reached(key, rows):
                found.setdefault(shape, set()).update(nodes)
        targets = {shape: self._targets.among(shape, nodes) for shape, nodes in found.items()}
        return {shape: nodes for shape, nodes in targets.items() if nodes}

    def _reached(self, key: Key, rows: AbstractSet[Row]) -> Iterator[tuple[Node, Nodes]]:
        """The targets that statements of a key affect; empty where there are none."""
        terms = self._entailed.terms
        predicate = TYPE if key < 0 else terms.term(key)
        kinds = self._kinds.get(cast("Term", terms.term(~key)), ()) if key < 0 else ()
        reads = [*self._reads.get(cast("NamedNode", predicate), ()), *self._reads.get(None, ())]
        if not rows or not (reads or kinds):
            return
        subjects = {row[0] for row in rows}
        objects = {~key} if key < 0 else {row[1] for row in rows}
        for shape, side, way in reads:
            yield shape, way(subjects if side == "subject" else objects)
        for shape, way in kinds:
            yield shape, way(subjects)

    def _note_target(self, shape: Node, kind: str, value: Term) -> None:
        if kind == "targetClass":
            self._kinds.setdefault(value, []).append((shape, itself))
        elif kind != "targetNode" and isinstance(value, NamedNode):
            self._note(shape, value, "subject" if kind == "targetSubjectsOf" else "object", itself)

    def _note(self, shape: Node, predicate: NamedNode | None, side: Side, way: Way) -> None:
        self._reads.setdefault(predicate, []).append((shape, side, way))

    def _note_path(self, target: Node, path: AnyPath, back: Way) -> None:
        for predicate, side, way in self._paths.reads(path):
            self._note(target, predicate, side, then(way, back))

    def _walk(self, target: Node, shape: Node, back: Way, above: tuple[Node, ...]) -> None:
        """Index what the shape reads; `back` leads from its focus to the targets of the outermost
        shape."""
        if shape in above:
            return
        shapes, beyond = self._shapes, back
        node = shapes.value(shape, SH.path)
        if node is not None:
            path = parse_shacl_path(shapes, node)
            self._note_path(target, path, back)
            beyond = then(self._paths.backward(path), back)
        for name in _COMPARED:
            for compared in shapes.objects(shape, name):
                self._note(target, NamedNode(str(compared)), "subject", back)
        if (shape, SH.closed, None) in shapes:
            self._note(target, None, "subject", back)
        for kind in shapes.objects(shape, SH["class"]):
            self._kinds.setdefault(term_of(kind), []).append((target, beyond))
        for constraint in shapes.objects(shape, SH.sparql):
            self._note_query(target, prefixed(shapes, constraint), back)
        for each in self._inner(shape):
            self._walk(target, each, beyond, (*above, shape))

    def _inner(self, shape: Node) -> Iterator[Node]:
        """The shapes that the values have to conform to."""
        for name in _INNER:
            yield from self._shapes.objects(shape, name)
        for name in _LISTS:
            for members in self._shapes.objects(shape, name):
                yield from Collection(self._shapes, members)

    def _note_query(self, target: Node, select: str, back: Way) -> None:
        """Index what a query reads, from `$this` along its patterns; a pattern that is not
        connected to `$this` affects every target."""
        try:
            algebra = prepareQuery(select).algebra
        except Exception:  # noqa: BLE001 # whatever the library makes of a query
            self._note(target, None, "subject", lambda _: self._targets.of(target))
            return
        patterns = list(_patterns(algebra))
        ways: dict[object, Way] = {_THIS: back}
        for _ in patterns:
            for start, path, end in patterns:
                if not isinstance(path, Path | URIRef):
                    continue
                if start in ways and end not in ways and isinstance(end, Variable):
                    ways[end] = then(self._paths.backward(path), ways[start])
                elif end in ways and start not in ways and isinstance(start, Variable):
                    ways[start] = then(self._paths.forward(path), ways[end])
        for start, path, _ in patterns:
            if start in ways and isinstance(path, Path | URIRef):
                self._note_path(target, path, ways[start])
            else:
                self._note(target, None, "subject", lambda _: self._targets.of(target))


def prefixed(shapes: Graph, constraint: Node) -> str:
    """The query of a SPARQL constraint, with its declared prefixes."""
    declared = {
        str(shapes.value(each, SH.prefix)): shapes.value(each, SH.namespace)
        for holder in shapes.objects(constraint, SH.prefixes)
        for each in shapes.objects(holder, SH.declare)
    }
    prologue = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in declared.items())
    return f"{prologue}{shapes.value(constraint, SH.select)}"


def _patterns(part: object) -> Iterator[Pattern]:
    """The triple patterns anywhere in the algebra of a query."""
    if isinstance(part, CompValue):
        for each in dict.get(part, "triples") or ():
            for place in range(0, len(each), 3):
                yield each[place], each[place + 1], each[place + 2]
        for name, value in part.items():
            if name not in ("triples", "_vars"):
                yield from _patterns(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _patterns(each)
