"""The guard: whether what a write touches keeps to the shapes and to the meaning of the terms.

Shapes are asked of the nodes that a change touches, and of their neighbours where a shape looks at
what a value is. pyshacl judges, over a view of the reasoner's facts.

Spec: https://www.w3.org/TR/shacl/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast, final

import pyshacl
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as LiteralNode
from rdflib.namespace import RDF, SH, XSD
from rdflib.store import Store
from rdflib.term import Node

from spacepolicy.dataset.files.record import shown
from spacepolicy.dataset.gates.shapes import PreparedGraph, graph_of
from spacepolicy.dataset.keeping.knowledge import Derived
from spacepolicy.dataset.reasoning.fixpoint import Clash, Reasoner
from spacepolicy.dataset.reasoning.wording import Wording

Term = NamedNode | BlankNode | Literal
_RULES: Final = URIRef(
    "https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules"
)
_FALSE: Final = LiteralNode("false", datatype=XSD.boolean)
_TYPE: Final = NamedNode(str(RDF.type))
_TARGETS: Final = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_NAMES: Final = re.compile(r"<([^<>\s]+)>|([\w-]*):([A-Za-z][\w-]*)")
_VALUES: Final = (SH["class"], SH.node, SH.property, SH.qualifiedValueShape, SH.sparql)
"""What makes a shape look at more of a value than its own term."""


@final
@dataclass(frozen=True, slots=True)
class Judgement:
    """The results, as JSON tells them, and the SHACL report as N-Triples; `refuses` where one of
    them is a violation."""

    violations: tuple[dict[str, str], ...]
    report: bytes
    refuses: bool


@final
class Guard:
    """Judges changes of what a reasoner knows by shapes."""

    def __init__(self, reasoner: Reasoner, shapes: Iterable[Triple]) -> None:
        self._reasoner = reasoner
        self._shapes = graph_of(shapes)
        self._targets = [
            (shape, kind, value)
            for kind in _TARGETS
            for shape, value in self._shapes.subject_objects(kind)
        ]
        self._near = frozenset(self._predicates_of_values())
        self._read = frozenset(
            NamedNode(str(each)) for each in self._shapes.objects() if isinstance(each, URIRef)
        )

    def _predicates_of_values(self) -> Iterator[NamedNode]:
        """The properties whose values the shapes look further at."""
        shapes = self._shapes
        yield _TYPE
        for shape in set(shapes.subjects(SH.path)):
            if any(shapes.value(shape, each) is not None for each in _VALUES):
                yield from map(_named, _iris_of_path(shapes, shapes.value(shape, SH.path)))
        declared = {
            str(shapes.value(each, SH.prefix)): str(shapes.value(each, SH.namespace))
            for each in shapes.objects(None, SH.declare)
        }
        for query in shapes.objects(None, SH.select):
            for iri, prefix, local in _NAMES.findall(str(query)):
                if iri or prefix in declared:
                    yield NamedNode(iri or declared[prefix] + local)

    def judge(self, derived: Derived, wording: Wording, prefixes: Mapping[str, str]) -> Judgement:
        """Whether the statements that came and went leave all well."""
        focus = self._focus((*derived.appeared, *derived.gone))
        report = self._validated(focus)
        for clash in derived.clashes:
            _add_clash(report, clash, wording, prefixes)
        violations = tuple(_told(report))
        refuses = any(each["severity"] == "Violation" for each in violations)
        lines = report.serialize(format="nt", encoding="utf-8") if violations else b""
        return Judgement(violations, lines, refuses)

    def _focus(self, statements: Iterable[Triple]) -> set[Node]:
        """The nodes whose shapes may see the statements."""
        touched = {
            term
            for triple in statements
            if triple.predicate in self._read or triple.predicate in self._near
            for term in (triple.subject, triple.object)
            if isinstance(term, NamedNode | BlankNode)
        }
        near: set[object] = set(touched)
        for term in touched:
            for predicate in self._near - {_TYPE}:
                near.update(each.subject for each in self._reasoner.matching(None, predicate, term))
                near.update(each.object for each in self._reasoner.matching(term, predicate, None))
        return {_node(term) for term in near if isinstance(term, NamedNode | BlankNode)}

    def _validated(self, focus: set[Node]) -> Graph:
        """The report on those nodes."""
        aims = [(shape, node) for node in focus for shape in self._shapes_of(node)]
        if not aims:
            return Graph()
        shapes = Graph()
        shapes += self._shapes
        for kind in _TARGETS:
            shapes.remove((None, kind, None))
        for shape, node in aims:
            shapes.add((shape, SH.targetNode, node))
        data = PreparedGraph(store=_Facts(self._reasoner))
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", inplace=True)
        return cast("Graph", report)

    def _shapes_of(self, node: Node) -> Iterator[Node]:
        """The shapes that the node is a target of."""
        term = _term(node)
        kinds = {_node(each.object) for each in self._reasoner.matching(term, _TYPE, None)}
        for shape, kind, value in self._targets:
            other = _term(value)
            if kind == SH.targetClass:
                aimed = value in kinds
            elif kind == SH.targetNode or not isinstance(other, NamedNode):
                aimed = node == value
            elif kind == SH.targetSubjectsOf:
                aimed = self._any(term, other, None)
            else:
                aimed = self._any(None, other, term)
            if aimed:
                yield shape

    def _any(self, subject: Term | None, predicate: NamedNode, value: Term | None) -> bool:
        return next(self._reasoner.matching(subject, predicate, value), None) is not None


@final
class _Facts(Store):
    """What a reasoner knows, as rdflib reads it; the validator wants a store of graphs."""

    context_aware = True
    graph_aware = True

    def __init__(self, reasoner: Reasoner) -> None:
        super().__init__()
        self._reasoner = reasoner

    def triples(self, pattern: Any, context: Any = None) -> Iterator[Any]:  # noqa: ANN401, ARG002
        """The statements that match, as the library asks for them."""
        subject, predicate, value = (None if part is None else _term(part) for part in pattern)
        if isinstance(subject, Literal) or isinstance(predicate, BlankNode | Literal):
            return
        for triple in self._reasoner.matching(subject, predicate, value):
            yield tuple(_node(part) for part in triple), iter(())

    def __len__(self, context: Any = None) -> int:  # noqa: ANN401
        """Something: that there are statements is all that is asked."""
        return 1


def _add_clash(report: Graph, clash: Clash, wording: Wording, prefixes: Mapping[str, str]) -> None:
    meeting = " and ".join(dict.fromkeys(shown(each, prefixes) for each in clash.statements))
    axiom = clash.rule.axiom
    by = f" by the axiom {wording.axiom(axiom)}" if axiom is not None else ""
    message = f"{meeting} cannot hold{by} ({clash.rule.name})."
    result, holder = BNode(), report.value(None, RDF.type, SH.ValidationReport) or BNode()
    report.add((holder, RDF.type, SH.ValidationReport))
    report.set((holder, SH.conforms, _FALSE))
    report.add((holder, SH.result, result))
    for predicate, value in (
        (RDF.type, SH.ValidationResult),
        (SH.focusNode, _node(clash.statements[0].subject)),
        (SH.resultPath, _node(clash.statements[0].predicate)),
        (SH.value, _node(clash.statements[0].object)),
        (SH.resultSeverity, SH.Violation),
        (SH.sourceConstraintComponent, _RULES),
        (SH.resultMessage, LiteralNode(message, lang="en")),
    ):
        report.add((result, predicate, value))


def _told(report: Graph) -> Iterator[dict[str, str]]:
    """Each result as JSON tells it, violations first."""
    names = {
        "severity": SH.resultSeverity,
        "focus": SH.focusNode,
        "path": SH.resultPath,
        "value": SH.value,
        "constraint": SH.sourceConstraintComponent,
        "shape": SH.sourceShape,
    }
    results = []
    for result in report.objects(None, SH.result):
        told = {
            name: str(found)
            for name, predicate in names.items()
            if (found := report.value(result, predicate)) is not None
            and not isinstance(found, BNode)
        }
        told["severity"] = told.get("severity", str(SH.Violation)).rpartition("#")[2]
        messages = sorted(report.objects(result, SH.resultMessage), key=_by_language)
        told["message"] = str(messages[0]) if messages else ""
        results.append(told)
    order = ("Violation", "Warning", "Info")
    return iter(
        sorted(
            results,
            key=lambda each: (
                order.index(each["severity"]) if each["severity"] in order else 0,
                each.get("focus", ""),
                each["message"],
            ),
        )
    )


def _by_language(node: Node) -> tuple[bool, str]:
    language = node.language if isinstance(node, LiteralNode) else None
    return language not in (None, "en"), str(node)


def _iris_of_path(shapes: Graph, path: Node | None) -> Iterator[URIRef]:
    """The properties that a path is made of."""
    if isinstance(path, URIRef):
        yield path
    elif path is not None:
        for predicate, value in shapes.predicate_objects(path):
            if predicate != RDF.first or value != path:
                yield from _iris_of_path(shapes, value) if value != RDF.nil else ()


def _named(node: URIRef) -> NamedNode:
    return NamedNode(str(node))


@lru_cache(maxsize=1 << 16)
def _node(term: Term) -> Node:
    match term:
        case NamedNode():
            return URIRef(term.value)
        case BlankNode():
            return BNode(term.value)
        case Literal() if term.language:
            return LiteralNode(term.value, lang=term.language)
        case _:
            return LiteralNode(term.value, datatype=URIRef(term.datatype.value))


@lru_cache(maxsize=1 << 16)
def _term(node: Node) -> Term:
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
