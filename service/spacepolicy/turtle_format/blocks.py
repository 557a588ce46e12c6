"""The blocks of the layout: one for each subject, one around them for each named graph.

Spec: https://www.w3.org/TR/turtle/#sec-grammar, https://www.w3.org/TR/trig/#sec-grammar
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from spacepolicy.turtle_format.names import PrefixNames, iri_name, literal_form
from spacepolicy.turtle_format.nodes import NIL, SETS, BlankNodes, blank_nodes
from spacepolicy.turtle_format.order import (
    TYPE,
    GraphName,
    Node,
    SubjectKey,
    Term,
    graph_key,
    object_key,
    predicate_key,
    subject_key,
)

_INDENT = "  "

_Statements = Mapping[Node, Sequence[tuple[NamedNode, Term]]]


@final
@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph to print, with what all graphs of the document share."""

    statements: _Statements
    names: PrefixNames
    blank: BlankNodes


def blocks(quads: Collection[Quad], names: PrefixNames) -> str:
    """All graphs of the document, its declarations left out; `quads` carry canonical labels."""
    blank = blank_nodes(quads)
    by_graph: defaultdict[GraphName, list[Quad]] = defaultdict(list)
    for quad in quads:
        by_graph[quad.graph_name].append(quad)
    return "\n".join(
        _graph(name, _Graph(_by_subject(by_graph[name]), names, blank))
        for name in sorted(by_graph, key=graph_key)
    )


def _by_subject(quads: Iterable[Quad]) -> _Statements:
    statements: defaultdict[Node, list[tuple[NamedNode, Term]]] = defaultdict(list)
    for quad in quads:
        statements[quad.subject].append((quad.predicate, quad.object))
    return statements


def _graph(name: GraphName, graph: _Graph) -> str:
    match name:
        case DefaultGraph():
            return _subjects(graph, "")
        case _:
            return f"{_node(name, graph)} {{\n{_subjects(graph, _INDENT)}}}\n"


def _subjects(graph: _Graph, indent: str) -> str:
    subjects = graph.statements.keys() - graph.blank.nested
    texts = sorted(_subject(subject, graph, indent) for subject in subjects)
    return "\n".join(text for _, text in texts)


def _subject(subject: Node, graph: _Graph, indent: str) -> tuple[SubjectKey, str]:
    statements = _statements(subject, graph, indent + _INDENT)
    text = f"{indent}{_node(subject, graph)}\n{statements}{indent}.\n"
    types = [term for predicate, term in graph.statements[subject] if predicate == TYPE]
    return subject_key(subject, types, text), text


def _statements(subject: Node, graph: _Graph, indent: str) -> str:
    lines = []
    for predicate, term in graph.statements.get(subject, ()):
        verb = "a" if predicate == TYPE else iri_name(predicate, graph.names)
        text = _object(term, graph, indent, in_order=predicate not in SETS)
        key = predicate_key(predicate, verb), object_key(term, text)
        lines.append((key, f"{indent}{verb} {text} ;\n"))
    return "".join(line for _, line in sorted(lines))


def _node(node: Node, graph: _Graph) -> str:
    match node:
        case NamedNode():
            return iri_name(node, graph.names)
        case _:
            return graph.blank.labels.get(node, "[]")


def _object(term: Term, graph: _Graph, indent: str, *, in_order: bool = True) -> str:
    """The term; the members of a list in their order, or sorted where the order means nothing."""
    match term:
        case Literal():
            return literal_form(term, graph.names)
        case BlankNode() if term in graph.blank.collections:
            return _collection(graph.blank.collections[term], graph, indent, in_order=in_order)
        case BlankNode() if term in graph.blank.nested:
            return _nested(term, graph, indent)
        case _:
            return "()" if term == NIL else _node(term, graph)


def _collection(members: Iterable[Term], graph: _Graph, indent: str, *, in_order: bool) -> str:
    inner = indent + _INDENT
    texts = [(member, _object(member, graph, inner)) for member in members]
    if not in_order:
        texts.sort(key=lambda each: object_key(*each))
    lines = "".join(f"{inner}{text}\n" for _, text in texts)
    return f"(\n{lines}{indent})"


def _nested(node: BlankNode, graph: _Graph, indent: str) -> str:
    lines = _statements(node, graph, indent + _INDENT)
    return f"[\n{lines}{indent}]" if lines else "[]"
