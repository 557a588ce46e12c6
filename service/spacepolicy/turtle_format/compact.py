"""The compact layout of statements: a subject a line, where it fits.

A longer paragraph continues in indented lines, with as much on each as fits. A thing of which only
its class is said is written where it is first named, as an IRI property list of Notation3:
`:plan :builds [ id :lab a :Laboratory ]`.

Spec: https://w3c.github.io/N3/spec/#iripropertylist
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, cast, final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from spacepolicy.turtle_format.names import PrefixNames, iri_name, literal_form
from spacepolicy.turtle_format.nodes import NIL, SETS, BlankNodes
from spacepolicy.turtle_format.order import (
    TYPE,
    Node,
    Term,
    object_key,
    predicate_key,
    subject_key,
)

WIDTH: Final = 120
"""The longest line that statements are joined on: what fits side by side on a current screen."""

_INDENT: Final = "  "

_Phrase = tuple[str, Sequence[str]]
"""A predicate and its objects, as they are written."""


@final
@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph to print, with what all graphs of the file share."""

    statements: Mapping[Node, Sequence[tuple[NamedNode, Term]]]
    names: PrefixNames
    blank: BlankNodes
    classified: Mapping[Node, tuple[Node, NamedNode]]
    """Things of which only the class is said, each with the subject and predicate it is written
    behind."""


def compact(quads: Iterable[Quad], names: PrefixNames, blank: BlankNodes) -> str:
    """The statements of one graph, each subject a paragraph of one line or more."""
    statements: defaultdict[Node, list[tuple[NamedNode, Term]]] = defaultdict(list)
    for quad in quads:
        statements[quad.subject].append((quad.predicate, quad.object))
    graph = _Graph(statements, names, blank, _classified(statements, names))
    found = []
    for subject in statements.keys() - blank.nested - graph.classified.keys():
        text = _paragraph(_node(subject, graph), _phrases(subject, graph))
        types = [term for predicate, term in statements[subject] if predicate == TYPE]
        found.append((subject_key(subject, types, text), text))
    return "".join(text for _, text in sorted(found))


def _classified(
    statements: Mapping[Node, Sequence[tuple[NamedNode, Term]]], names: PrefixNames
) -> dict[Node, tuple[Node, NamedNode]]:
    """The things of which only the class is said, each with the first statement that names it."""
    alone = {
        subject
        for subject, said in statements.items()
        if isinstance(subject, NamedNode)
        and all(predicate == TYPE for predicate, _ in said)
        and not (names.base and subject.value.startswith(names.base))
    }
    found: defaultdict[Node, list[tuple[Node, NamedNode]]] = defaultdict(list)
    for subject, said in statements.items():
        for predicate, term in said:
            if isinstance(subject, NamedNode) and predicate != TYPE and term in alone:
                found[cast("NamedNode", term)].append((subject, predicate))

    def place(named: tuple[Node, NamedNode]) -> tuple[object, ...]:
        subject, predicate = named
        types = [term for each, term in statements[subject] if each == TYPE]
        verb = iri_name(predicate, names)
        return subject_key(subject, types, ""), predicate_key(predicate, verb)

    return {thing: min(uses, key=place) for thing, uses in found.items()}


def _paragraph(subject: str, phrases: Sequence[_Phrase]) -> str:
    """The subject with its phrases, broken after a phrase or, where one is too long, an object."""
    lines = [subject]
    last = len(phrases) - 1
    for number, (verb, objects) in enumerate(phrases):
        ends = " ." if number == last else " ;"
        whole = f"{verb} {' , '.join(objects)}{ends}"
        if _fits(lines[-1], whole):
            lines[-1] += f" {whole}"
        elif len(whole) + len(_INDENT) <= WIDTH:
            lines.append(_INDENT + whole)
        else:
            _broken(lines, verb, objects, ends)
    return "\n".join(lines) + "\n"


def _fits(line: str, words: str) -> bool:
    return len(line.rpartition("\n")[2]) + 1 + len(words) <= WIDTH and "\n" not in words


def _broken(lines: list[str], verb: str, objects: Sequence[str], ends: str) -> None:
    """Write a phrase over several lines, as many of its objects on each as fit."""
    written = [f"{each} ," for each in objects[:-1]] + [objects[-1] + ends]
    first = f"{verb} {written[0]}"
    if _fits(lines[-1], first):
        lines[-1] += f" {first}"
    else:
        lines.append(_INDENT + first)
    for each in written[1:]:
        if _fits(lines[-1], each):
            lines[-1] += f" {each}"
        else:
            lines.append(_INDENT * 2 + each)


def _phrases(subject: Node, graph: _Graph) -> list[_Phrase]:
    found = []
    for predicate, term in graph.statements.get(subject, ()):
        verb = "a" if predicate == TYPE else iri_name(predicate, graph.names)
        text = _object(term, graph, in_order=predicate not in SETS)
        order = (predicate_key(predicate, verb), verb, object_key(term, text))
        if graph.classified.get(cast("Node", term)) == (subject, predicate):
            text = f"[ id {text} {_joined(_phrases(cast('Node', term), graph))} ]"
        found.append((*order, text))
    groups = groupby(sorted(found), key=lambda each: each[1])
    return [(verb, [each[3] for each in group]) for verb, group in groups]


def _joined(phrases: Sequence[_Phrase]) -> str:
    """The phrases on one line, as they stand in brackets."""
    return " ; ".join(f"{verb} {' , '.join(objects)}" for verb, objects in phrases)


def _node(node: Node, graph: _Graph) -> str:
    match node:
        case NamedNode():
            return "<>" if node.value == graph.names.base else iri_name(node, graph.names)
        case _:
            return graph.blank.labels.get(node, "[]")


def _object(term: Term, graph: _Graph, *, in_order: bool = True) -> str:
    match term:
        case Literal():
            return literal_form(term, graph.names)
        case BlankNode() if term in graph.blank.collections:
            members = [(each, _object(each, graph)) for each in graph.blank.collections[term]]
            ordered = members if in_order else sorted(members, key=lambda each: object_key(*each))
            return f"( {' '.join(text for _, text in ordered)} )"
        case BlankNode() if term in graph.blank.nested:
            inner = _joined(_phrases(term, graph))
            return f"[ {inner} ]" if inner else "[]"
        case _:
            return "()" if term == NIL else _node(term, graph)
