"""Scaffolds of shapes, each with an example that violates it."""

from collections.abc import Iterator, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from spacepolicy.knowledge.checks.rules import FOLDER as CHECKS
from spacepolicy.knowledge.loading.placeholders import fill_in, fill_in_zh
from spacepolicy.knowledge.scaffolds.scaffold import (
    DEFINED_BY,
    LABEL,
    TYPE,
    Scaffold,
    ScaffoldContext,
    text,
)
from spacepolicy.namespaces import OWL, RDFS, SH, XSD
from spacepolicy.turtle_format.printing import print_file

_CLASS: Final = NamedNode(f"{OWL}Class")
_PROPERTIES: Final = tuple(
    NamedNode(f"{OWL}{name}") for name in ("ObjectProperty", "DatatypeProperty")
)
_DOMAIN: Final = NamedNode(f"{RDFS}domain")
_SUBCLASS: Final = NamedNode(f"{RDFS}subClassOf")


def new_shape(context: ScaffoldContext, name: str, *, required: str) -> Scaffold:
    """The shape of a class without one, which requires a property.

    Raises: UsageError where the class or the property is unknown, or the class has a shape.
    """
    kind = context.known(name, [_CLASS], "class")
    path = context.known(required, _PROPERTIES, "property") if required else None
    return class_shape(context, kind, context.label(kind), path=path)


def class_shape(
    context: ScaffoldContext,
    kind: NamedNode,
    label: str,
    *,
    parents: Sequence[NamedNode] = (),
    path: NamedNode | None = None,
) -> Scaffold:
    """The shape of the class, which requires a property of it or of a superclass."""
    file = context.shapes()
    name = kind.value.rpartition("/")[2]
    graph = next(iter(file.graphs))
    shape = NamedNode(f"{graph}#{name}")
    example = f"{CHECKS}/examples/{name}.ttl"
    context.unused(shape, example)
    asked = path or next(_properties(context, (kind, *parents)), LABEL)
    statements = [*_statements(shape, kind, label, asked, context)]
    empty = [Triple(NamedNode("https://example.org/bad/empty"), TYPE, kind)]
    written = (serialize(empty, format=RdfFormat.N_TRIPLES) or b"").decode()
    head = "@prefix bad: <https://example.org/bad/> .\n"
    laid_out = print_file(head + written, path=example, prefixes=context.prefixes)
    after = (
        f"{example} has something that breaks the shape: one for each constraint that you add.",
        "`spacepolicy check shapes`.",
    )
    return Scaffold({example: laid_out}, {file.name: context.grown(file, statements)}, after)


def _properties(context: ScaffoldContext, kinds: Sequence[NamedNode]) -> Iterator[NamedNode]:
    """The properties of the nearest class that has any, from the class upwards."""
    seen: set[NamedNode] = set()
    waiting = [*kinds]
    while waiting:
        kind = waiting.pop(0)
        seen.add(kind)
        for subject in sorted(context.stated, key=lambda each: each.value):
            if kind in context.values(subject, _DOMAIN):
                yield subject
        above = context.values(kind, _SUBCLASS)
        waiting += (each for each in above if isinstance(each, NamedNode) and each not in seen)


def _statements(
    shape: NamedNode,
    kind: NamedNode,
    label: str,
    asked: NamedNode,
    context: ScaffoldContext,
) -> Iterator[Triple]:
    constraint = BlankNode()
    zh = context.label(kind, "zh") if kind in context.stated else fill_in_zh(f"“{label}”的中文名称")
    wish = context.label(asked)
    yield Triple(shape, TYPE, NamedNode(f"{SH}NodeShape"))
    yield Triple(shape, LABEL, text(f"shape of {label}", "en"))
    yield Triple(shape, LABEL, text(f"{zh}的形状", "zh"))
    yield Triple(shape, DEFINED_BY, NamedNode(shape.value.partition("#")[0]))
    yield Triple(shape, NamedNode(f"{SH}targetClass"), kind)
    yield Triple(shape, NamedNode(f"{SH}property"), constraint)
    yield Triple(constraint, NamedNode(f"{SH}path"), asked)
    one = Literal("1", datatype=NamedNode(f"{XSD}integer"))
    yield Triple(constraint, NamedNode(f"{SH}minCount"), one)
    yield Triple(constraint, NamedNode(f"{SH}severity"), NamedNode(f"{SH}Warning"))
    message = NamedNode(f"{SH}message")
    request = fill_in(f"a request, as “Say …”; is “{wish}” what a {label} must have?")
    yield Triple(constraint, message, text(request, "en"))
    yield Triple(constraint, message, text(fill_in_zh("请求，如“请说明……”"), "zh"))
