"""The gate of shapes: whether they are valid, each is seen to fail, and all knowledge conforms to
them."""

from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.reasoners import clashes
from spacepolicy.knowledge.checks.result import GateResult, count, located_all
from spacepolicy.knowledge.checks.shape_examples import (
    example_faults,
    example_findings,
    message_faults,
)
from spacepolicy.knowledge.checks.shape_syntax import ShapeSyntax
from spacepolicy.knowledge.loading.graph_files import CHECKS
from spacepolicy.knowledge.loading.record import StatementPlace, line_in
from spacepolicy.knowledge.validation.suspects import shape_faults
from spacepolicy.knowledge.validation.validator import ValidationError, graph_of
from spacepolicy.namespaces import RDF, SH

_TYPE: Final = NamedNode(f"{RDF}type")
_NODE_SHAPE: Final = NamedNode(f"{SH}NodeShape")


def shapes(material: CheckContext) -> GateResult:
    """Return the violations, and the faults of the shapes themselves."""
    named = sum(
        triple.predicate == _TYPE and triple.object == _NODE_SHAPE
        for triple in material.shapes
        if isinstance(triple.subject, NamedNode)
    )
    report = (count(named, "shape"),)
    if not material.shapes:
        return GateResult((), report)
    written = ShapeSyntax(material.shapes, material.prefixes, material.names)
    if wrong := located_all(material, written.faults()):
        return GateResult(wrong, (*report, "not validated: shapes are not as SHACL has them"))
    if clashing := clashes(material).findings:
        return GateResult(clashing, (*report, "not validated: nothing follows from clashes"))
    try:
        return GateResult((*_own(material, written), *_conforming(material)), report)
    except ValidationError as error:
        return GateResult((_stopped(material, error),), report)


def _conforming(material: CheckContext) -> tuple[Finding, ...]:
    faults = shape_faults(material.default, material.shapes, material.prefixes, material.dataset)
    return located_all(material, faults)


def _own(material: CheckContext, written: ShapeSyntax) -> Iterator[Finding]:
    """The faults of the messages and examples of the shapes; content without rules of its own need
    not have any."""
    if not (material.content / CHECKS).is_dir():
        return
    graph = graph_of(material.shapes)
    yield from located_all(material, written.aimless())
    yield from located_all(material, message_faults(graph))
    yield from example_findings(material.content, graph)
    yield from located_all(material, example_faults(material.content, graph))


def _stopped(material: CheckContext, error: ValidationError) -> Finding:
    """The finding at the first shape: the validator does not say at which one it stopped."""
    place = StatementPlace(None, _TYPE, _NODE_SHAPE)
    for file in material.record.files:
        if any(quad.object == _NODE_SHAPE for quad in file.quads):
            return Finding(file.name, line_in(file, place), "shape-syntax", f"{error}.")
    return Finding("ontology", None, "shape-syntax", f"{error}.")
