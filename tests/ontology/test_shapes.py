"""The shapes: the shipped data conforms, and every constraint is seen to fail.

`shapes/<Shape>.ttl` holds bad individuals for the node shape of that name: between them they
break each of its constraints.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.term import Node

from spacepolicy.dataset.gates.checks import SHAPES
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.shapes import graph_of, validate
from spacepolicy.dataset.gates.verdict import judge

from .conftest import DATA, ROOT, Content

BAD: Final = Path(__file__).parent / "shapes"
MATERIAL: Final = Material(ROOT, packaged=False)
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

Broken = tuple[Node, Node, str]
"""A constraint: the shape that has it, the node that states it, and its component."""


@cache
def shapes() -> Graph:
    return graph_of(MATERIAL.shapes)


def node_shapes() -> dict[str, Node]:
    """The shapes of a class, or of what a property leads to, by their local names."""
    named = shapes().subjects(SH.targetClass | SH.targetObjectsOf)
    return {str(shape).rpartition("/")[2].rpartition("#")[2]: shape for shape in named}


def constraints(shape: Node) -> Iterator[Broken]:
    """What the shape and its property shapes demand; what these refer to is one constraint."""
    for parameter, component in CONSTRAINTS.items():
        if (shape, SH[parameter], None) in shapes():
            yield shape, shape, component
    for constraint in shapes().objects(shape, SH.sparql):
        yield shape, constraint, "SPARQL"
    for property_shape in shapes().objects(shape, SH.property):
        yield from constraints(property_shape)


def violated(data: Graph) -> set[Broken]:
    return {(each.source, each.constraint, each.component) for each in validate(data, shapes())}


def described(broken: Broken) -> str:
    source, constraint, component = broken
    path = shapes().value(source, SH.path)
    said = shapes().value(constraint, SH.select) or path or source
    what = "a path" if isinstance(said, BNode) else said.n3()
    return f"{component} of {what}: {message(source)}"


def message(source: Node) -> str:
    return " / ".join(str(each) for each in shapes().objects(source, SH.message))


@pytest.mark.parametrize("name", sorted(node_shapes()))
def test_every_constraint_of_a_shape_is_seen_to_fail(name: str) -> None:
    bad = Graph().parse(BAD / f"{name}.ttl")
    data = graph_of(()) + bad
    missed = set(constraints(node_shapes()[name])) - violated(data)
    assert not missed, "\n".join(map(described, missed))


def test_no_example_is_of_a_shape_that_is_not_there() -> None:
    assert {path.stem for path in BAD.glob("*.ttl")} == node_shapes().keys()


def test_every_class_has_a_shape() -> None:
    base = MATERIAL.base.term("").value
    targets = {str(each) for each in shapes().objects(None, SH.targetClass)}
    ontology = graph_of(MATERIAL.knowledge)
    owl_class = URIRef("http://www.w3.org/2002/07/owl#Class")
    classes = {
        str(each)
        for each in ontology.subjects(RDF.type, owl_class)
        if isinstance(each, URIRef) and str(each).startswith(base)
    }
    assert classes == {each for each in targets if each.startswith(base)}


def test_every_constraint_has_its_message_in_two_languages_and_a_severity() -> None:
    for shape in node_shapes().values():
        for source, constraint, _ in constraints(shape):
            told = constraint if constraint != source else source
            languages = [
                getattr(each, "language", None) for each in shapes().objects(told, SH.message)
            ]
            assert sorted(map(str, languages)) == ["en", "zh"], message(source)
            severity = shapes().value(source, SH.severity) or shapes().value(told, SH.severity)
            assert severity in (SH.Violation, SH.Warning, SH.Info, None)


def test_the_shipped_data_conforms() -> None:
    findings = judge(SHAPES, MATERIAL).findings
    assert [str(finding) for finding in findings if finding.severity != "note"] == []


def test_a_violation_is_found_at_its_line_with_a_remedy(shipped: Content) -> None:
    shipped.change(DATA, "    :ordinal 12 ;\n", "    :ordinal 14 ;\n")
    found = [each for each in shipped.findings("shapes") if each.severity == "error"]
    assert {each.path for each in found} == {DATA}
    lines = (shipped.folder / DATA).read_text(encoding="utf-8").splitlines()
    assert any(":ordinal 14" in lines[(each.line or 0) - 1] for each in found)
    assert all(each.remedy for each in found)
