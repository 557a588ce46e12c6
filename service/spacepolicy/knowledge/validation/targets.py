"""The targets of shapes: which nodes each shape is about.

Spec: https://www.w3.org/TR/shacl/#targets
"""

from collections.abc import Iterable
from typing import Final, final

from pyoxigraph import NamedNode
from rdflib import Graph
from rdflib.namespace import RDF, RDFS, SH
from rdflib.term import Node

from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.facts import NONE, Nodes
from spacepolicy.knowledge.validation.paths import Paths
from spacepolicy.knowledge.validation.terms import Term, term_of

DECLARED: Final = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")


@final
class ShapeTargets:
    """The targets of shapes in all that is entailed, as numbers.

    `declared`: for each shape that has targets, by which parameter and of which term; a shape that
    is a class has its instances as targets. That instances of a class are those of the classes
    above it too has been inferred.
    """

    def __init__(self, entailed: Entailments, shapes: Graph) -> None:
        self._entailed = entailed
        self._paths = Paths(entailed)
        self.declared: dict[Node, list[tuple[str, Term]]] = {}
        for kind in DECLARED:
            for shape, value in shapes.subject_objects(SH[kind]):
                self.declared.setdefault(shape, []).append((kind, term_of(value)))
        for shape in shapes.subjects(RDF.type, RDFS.Class):
            if is_shape(shapes, shape):
                self.declared.setdefault(shape, []).append(("targetClass", term_of(shape)))

    def among(self, shape: Node, nodes: Nodes) -> Nodes:
        """Those of the nodes that are targets of the shape."""
        declared = self.declared[shape]
        return NONE.union(*(self._meeting(kind, value, nodes) for kind, value in declared))

    def of(self, shape: Node) -> Nodes:
        """All targets of the shape."""
        return NONE.union(*(self._every(kind, value) for kind, value in self.declared[shape]))

    def every(self) -> dict[Node, Nodes]:
        """All targets of each shape that has any."""
        targets = {shape: self.of(shape) for shape in self.declared}
        return {shape: nodes for shape, nodes in targets.items() if nodes}

    def _meeting(self, kind: str, value: Term, nodes: Nodes) -> Iterable[int]:
        match kind:
            case "targetSubjectsOf" if isinstance(value, NamedNode):
                values = self._paths.objects(value, nodes)
            case "targetObjectsOf" if isinstance(value, NamedNode):
                values = self._paths.subjects(value, nodes)
            case _:
                return nodes & self._every(kind, value)
        return (node for node in nodes if values.get(node))

    def _every(self, kind: str, value: Term) -> Nodes:
        entailed, number = self._entailed, self._entailed.terms.number(value)
        match kind:
            case "targetClass":
                return entailed.members(~number)
            case "targetSubjectsOf":
                classes = entailed.classes() if value == TYPE else ()
                return NONE.union(entailed.objects(number), *(nodes for _, nodes in classes))
            case "targetObjectsOf":
                kinds = [~key for key, members in entailed.classes() if members]
                return NONE.union(entailed.subjects(number), kinds if value == TYPE else ())
            case _:
                return {number}


def is_shape(shapes: Graph, node: Node) -> bool:
    """Whether the node is declared to be a shape."""
    return any((node, RDF.type, SH[kind]) in shapes for kind in ("NodeShape", "PropertyShape"))
