"""Examples for shapes: each constraint is seen to fail, with a message in both languages.

`ontology/checks/examples/<Shape>.ttl` has invalid individuals for the node shape of that name:
together they violate each of its constraints. All examples are validated at once, each with names
of its own.

Spec: https://www.w3.org/TR/shacl/#core-components
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import NamedNode
from rdflib import SH, BNode, Graph, URIRef
from rdflib.term import Node

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.graph_files import CHECKS
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.validation.validator import graph_of, unnamed_in, validate
from spacepolicy.text_files import read_text

FOLDER: Final = f"{CHECKS}examples"
LANGUAGES: Final = frozenset({"en", "zh"})
CONSTRAINTS: Final = {
    "class": "Class",
    "closed": "Closed",
    "datatype": "Datatype",
    "disjoint": "Disjoint",
    "equals": "Equals",
    "hasValue": "HasValue",
    "in": "In",
    "languageIn": "LanguageIn",
    "lessThan": "LessThan",
    "lessThanOrEquals": "LessThanOrEquals",
    "maxCount": "MaxCount",
    "maxExclusive": "MaxExclusive",
    "maxInclusive": "MaxInclusive",
    "maxLength": "MaxLength",
    "minCount": "MinCount",
    "minExclusive": "MinExclusive",
    "minInclusive": "MinInclusive",
    "minLength": "MinLength",
    "node": "Node",
    "nodeKind": "NodeKind",
    "not": "Not",
    "and": "And",
    "or": "Or",
    "xone": "Xone",
    "pattern": "Pattern",
    "qualifiedMaxCount": "QualifiedMaxCount",
    "qualifiedMinCount": "QualifiedMinCount",
    "uniqueLang": "UniqueLang",
}
"""The component that each parameter of a constraint belongs to."""


@final
@dataclass(frozen=True, slots=True)
class TestedConstraint:
    """A constraint: the shape that has it, the node that states it, and its component."""

    source: Node
    statement: Node
    component: str


@final
@dataclass(frozen=True, slots=True)
class ShapeExample:
    """The invalid individuals for a shape."""

    shape: str
    path: Path
    statements: Graph


def node_shapes(shapes: Graph) -> dict[str, Node]:
    """Return the shapes that have a target, by their local names."""
    targets = SH.targetClass | SH.targetObjectsOf | SH.targetSubjectsOf | SH.targetNode
    return {_local(shape): shape for shape in shapes.subjects(targets)}


def _local(node: Node) -> str:
    return str(node).rpartition("/")[2].rpartition("#")[2]


def constraints(shapes: Graph, shape: Node) -> Iterator[TestedConstraint]:
    """Return the constraints of the shape and its property shapes; a referenced shape is one."""
    for parameter, component in CONSTRAINTS.items():
        if (shape, SH[parameter], None) in shapes:
            yield TestedConstraint(shape, shape, component)
    for constraint in shapes.objects(shape, SH.sparql):
        yield TestedConstraint(shape, constraint, "SPARQL")
    for property_shape in shapes.objects(shape, SH.property):
        yield from constraints(shapes, property_shape)


def read_examples(content: Path) -> tuple[ShapeExample, ...]:
    """Return the examples of a content folder, by shape.

    Raises: FindingsError where one cannot be read.
    """
    return tuple(_read(path) for path in sorted((content / FOLDER).glob("*.ttl")))


def _read(path: Path) -> ShapeExample:
    try:
        graph = Graph().parse(data=read_text(path), format="turtle")
    except SyntaxError as error:
        line = getattr(error, "lines", 0) + 1
        message = f"the example is no Turtle: {getattr(error, '_why', error)}."
        raise FindingsError([Finding(str(path), line, "syntax", message)]) from error
    return ShapeExample(path.stem, path, graph)


def example_findings(content: Path, shapes: Graph) -> Iterator[Finding]:
    """Return missing examples, and those without a shape."""
    known, given = node_shapes(shapes), {example.shape for example in read_examples(content)}
    for name in sorted(given - known.keys()):
        message = f"there is no shape {name} that the example could break."
        yield Finding(f"{FOLDER}/{name}.ttl", 1, "shape-example", message, "Remove or rename it.")


def example_faults(content: Path, shapes: Graph) -> Iterator[StatementFault]:
    """Return the constraints that no example violates, and shapes without an example."""
    examples = read_examples(content)
    given = {example.shape for example in examples}
    broken = _broken(examples, shapes)
    for name, shape in sorted(node_shapes(shapes).items()):
        path = f"{FOLDER}/{name}.ttl"
        if name not in given:
            message = f"the shape {name} has no example that breaks it."
            remedy = f"Write bad individuals into {path}: between them they break each constraint."
            yield StatementFault(
                "shape-example", message, (StatementPlace(NamedNode(str(shape))),), remedy
            )
            continue
        for missed in constraints(shapes, shape):
            if missed not in broken:
                message = f"nothing in {path} breaks {_described(shapes, missed)} of {name}."
                remedy = "Add a bad individual that does, so that the constraint is seen to fail."
                yield _at(shapes, missed, "shape-example", message, remedy)


def _broken(examples: tuple[ShapeExample, ...], shapes: Graph) -> set[TestedConstraint]:
    together = graph_of(())
    for example in examples:
        own = {_namespace(subject) for subject in example.statements.subjects()}
        for subject, predicate, value in example.statements:
            ends = (_apart(node, own, example.shape) for node in (subject, value))
            together.add((next(ends), predicate, next(ends)))
    found = validate(together, shapes)
    return {TestedConstraint(each.source, each.constraint, each.component) for each in found}


def _apart(node: Node, own: set[str], shape: str) -> Node:
    """The node renamed for the example, where it is one of its individuals."""
    if isinstance(node, URIRef) and _namespace(node) in own:
        return URIRef(f"{node}#{shape}")
    return node


def _namespace(node: Node) -> str:
    return str(node).removesuffix(_local(node)) if isinstance(node, URIRef) else ""


def message_faults(shapes: Graph) -> Iterator[StatementFault]:
    """Return constraints without exactly one message in each language."""
    for name, shape in sorted(node_shapes(shapes).items()):
        for each in constraints(shapes, shape):
            messages = [
                str(getattr(message, "language", None))
                for message in shapes.objects(each.statement, SH.message)
            ]
            for language in sorted(LANGUAGES):
                if messages.count(language) != 1:
                    message = (
                        f"{_described(shapes, each)} of {name} has {messages.count(language)} "
                        f"messages in {language}."
                    )
                    remedy = "Say with sh:message, once in en and once in zh, how to mend the data."
                    yield _at(shapes, each, "shape-message", message, remedy)


def _described(shapes: Graph, constraint: TestedConstraint) -> str:
    path = shapes.value(constraint.source, SH.path)
    about = f" on {_local(path)}" if isinstance(path, URIRef) else ""
    return f"the constraint {constraint.component[0].lower()}{constraint.component[1:]}{about}"


def _at(
    shapes: Graph, constraint: TestedConstraint, rule: str, message: str, remedy: str
) -> StatementFault:
    node = constraint.statement
    if isinstance(node, BNode):
        place: tuple[StatementPlace, ...] = ()
        return StatementFault(rule, message, place, remedy, node=unnamed_in(shapes, node))
    return StatementFault(rule, message, (StatementPlace(NamedNode(str(node))),), remedy)
