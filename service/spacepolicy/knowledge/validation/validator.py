"""The validator, pyshacl: violations of SHACL shapes, as a report, as objects, and in words.

The default graph is validated: all statements, merged, and the inferences. So shapes may rely on
inferred classes and relations. The shapes themselves are in graphs that are not merged.

Spec: https://www.w3.org/TR/shacl/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize
from rdflib import BNode, Graph
from rdflib import Literal as LiteralNode
from rdflib.namespace import RDF, SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result
from rdflib.term import Node

from spacepolicy.errors import Severity, SpacepolicyError
from spacepolicy.knowledge.loading.record import (
    StatementFault,
    StatementPlace,
    UnnamedNode,
    short,
)
from spacepolicy.knowledge.validation.terms import term_of

_SEVERITIES: Final[Mapping[Node, Severity]] = {
    SH.Violation: "error",
    SH.Warning: "warning",
    SH.Info: "note",
}


class ValidationError(SpacepolicyError):
    """The validator could not use the shapes; the message is its own."""


@final
@dataclass(frozen=True, slots=True)
class Violation:
    """A result of validation.

    `source` is the property or node shape that has the constraint, `constraint` the component's
    parameter, or the node that states it where it is SPARQL; `shape` the nearest shape with a name.
    """

    focus: Node
    path: Node | None
    value: Node | None
    shape: str
    source: Node
    constraint: Node
    component: str
    severity: Severity
    message: str


def graph_of(triples: Iterable[Triple]) -> Graph:
    """The triples as a graph for the validator."""
    graph = PreparedGraph()
    graph.parse(data=serialize(triples, format=RdfFormat.N_TRIPLES), format="nt")
    return graph


@final
class PreparedGraph(Graph):
    """A graph that parses a query once: SPARQL constraints have the same query for every focus
    node.

    Without it validation takes five times as long; it can go when pyshacl prepares its queries.
    """

    def query(
        self,
        query_object: str | Query,
        *arguments: Any,  # noqa: ANN401  the library's own, passed on as they are
        **options: Any,  # noqa: ANN401
    ) -> Result:
        asked = _prepared(query_object) if isinstance(query_object, str) else query_object
        return super().query(asked, *arguments, **options)


@lru_cache(maxsize=256)
def _prepared(text: str) -> Query:
    """Parse the query; the validator has written its prefixes before it."""
    return prepareQuery(text)


def validate(data: Graph, shapes: Graph) -> Iterator[Violation]:
    """The results of validating the data with the shapes, in no particular order.

    Raises: ValidationError where the validator stops at something in the shapes.
    """
    report = report_on(data, shapes)
    for result in report.objects(None, SH.result):
        source = report.value(result, SH.sourceShape) or BNode()
        component = str(report.value(result, SH.sourceConstraintComponent)).rpartition("#")[2]
        yield Violation(
            focus=report.value(result, SH.focusNode) or BNode(),
            path=report.value(result, SH.resultPath),
            value=report.value(result, SH.value),
            shape=_name(shapes, source),
            source=source,
            constraint=report.value(result, SH.sourceConstraint) or source,
            component=component.removesuffix("ConstraintComponent"),
            severity=_SEVERITIES.get(
                report.value(result, SH.resultSeverity) or SH.Violation, "error"
            ),
            message=_message(report, result),
        )


def report_on(data: Graph, shapes: Graph) -> Graph:
    """The validator's report.

    Raises: as `validate`.
    """
    try:
        import pyshacl  # noqa: PLC0415 # half a second that most gates do without

        _, results, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", inplace=True)
    except Exception as error:
        raise ValidationError(f"pyshacl stopped: {' '.join(str(error).split())}") from error
    if not isinstance(results, Graph):
        raise ValidationError(f"pyshacl could not validate: {results}")
    return results


def _name(shapes: Graph, shape: Node) -> str:
    """The local name of the shape, or of the one that it belongs to."""
    while isinstance(shape, BNode):
        holder = next(shapes.subjects(None, shape), None)
        if holder is None:
            return "shape"
        shape = holder
    return str(shape).rpartition("/")[2].rpartition("#")[2]


def _message(report: Graph, result: Node) -> str:
    messages = list(report.objects(result, SH.resultMessage))
    english = [str(each) for each in messages if _language(each) in (None, "en")]
    return min(english, default="")


def _language(node: Node) -> str | None:
    return node.language if isinstance(node, LiteralNode) else None


def faults_in(data: Graph, shapes: Graph, prefixes: Mapping[str, str]) -> Iterator[StatementFault]:
    """The violations of the shapes in the data, in words."""
    for found in validate(data, shapes):
        focus, path, value = map(_term, (found.focus, found.path, found.value))
        subject = focus if isinstance(focus, NamedNode) else None
        predicate = path if isinstance(path, NamedNode) else None
        node = unnamed_in(data, found.focus, predicate) if focus is None else None
        called = node.shown(prefixes) if node else short(focus, prefixes) if focus else ""
        about = "" if predicate is None else f" in {short(predicate, prefixes)}"
        has = "" if value in (None, focus) or value is None else f" with {short(value, prefixes)}"
        yield StatementFault(
            f"{found.shape}-{found.component[0].lower()}{found.component[1:]}",
            f"{called} does not conform{about}{has}.",
            (
                StatementPlace(subject, predicate, value),
                StatementPlace(subject, predicate),
                StatementPlace(subject, NamedNode(str(RDF.type))),
                StatementPlace(subject),
            )
            if subject or node
            else (StatementPlace(object=focus),),
            found.message,
            found.severity,
            node,
        )


def unnamed_in(graph: Graph, node: Node, predicate: NamedNode | None = None) -> UnnamedNode:
    """Return the description of the blank node in the graph."""
    says = ((NamedNode(str(p)), _term(o)) for p, o in graph.predicate_objects(node))
    held = ((_term(s), NamedNode(str(p))) for s, p in graph.subject_predicates(node))
    return UnnamedNode(
        frozenset((p, o) for p, o in says if o is not None),
        frozenset((s, p) for s, p in held if isinstance(s, NamedNode)),
        predicate,
    )


def _term(node: Node | None) -> NamedNode | Literal | None:
    """The node as a term of the record; None where it is a blank node."""
    term = None if node is None else term_of(node)
    return None if isinstance(term, BlankNode) else term
