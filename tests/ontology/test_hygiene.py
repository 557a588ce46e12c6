"""The rules of hygiene: the shipped content keeps them all, and each is seen to fail.

`ontology/checks/examples/<rule>.trig` holds statements that break the rule of that name, as if
they were shipped.
"""

from typing import Final

import pytest
from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from spacepolicy.errors import FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import judge
from spacepolicy.knowledge.checks.rules import (
    FOLDER,
    HygieneRule,
    hygiene_faults,
    read_hygiene,
)
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile, located

from .conftest import ROOT, Content

BAD: Final = ROOT / "ontology" / "checks" / "examples"
MATERIAL: Final = CheckContext(ROOT, packaged=False)
RULES: Final = MATERIAL.hygiene


def merged(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())


@pytest.fixture(scope="module")
def dataset() -> Store:
    """The shipped dataset, to add bad statements to and to take them out again."""
    store = Store()
    store.extend(MATERIAL.dataset)
    return store


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_what_breaks_it_at_its_line_and_says_how_to_mend_it(
    rule: HygieneRule, dataset: Store
) -> None:
    path = BAD / f"{rule.name}.trig"
    stated = tuple(parse(path=path, format=RdfFormat.TRIG))
    added = [quad for each in stated for quad in (each, merged(each)) if quad not in dataset]
    bad = GraphFile(path, path.name, stated)
    record = FileRecord(MATERIAL.base, (bad, *MATERIAL.record.files))
    dataset.extend(added)
    try:
        faults = list(hygiene_faults(rule, dataset, MATERIAL.prefixes))
    finally:
        for quad in added:
            dataset.remove(quad)
    findings = [located(record, fault) for fault in faults]
    assert any(each.path == path.name and each.line for each in findings), findings
    assert all(each.rule == rule.name and each.message and each.remedy for each in findings)
    assert not [each for each in findings if "{?" in each.message + each.remedy]


def test_every_example_breaks_a_rule_that_is_there() -> None:
    assert {path.stem for path in BAD.glob("*.trig")} == {rule.name for rule in RULES}


def test_every_rule_belongs_to_a_gate() -> None:
    assert {rule.gate for rule in RULES} <= {gate.name for gate in GATES}


@pytest.mark.parametrize("name", ["metadata", "naming", "labels", "pitfalls", "skos"])
def test_the_shipped_content_keeps_the_rules(name: str) -> None:
    (gate,) = (each for each in GATES if each.name == name)
    verdict = judge(gate, MATERIAL)
    assert [str(each) for each in verdict.findings] == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("SELECT * {}", "there is no header"),
        ("#+ gate: labels\nSELECT * {}", "the header needs"),
        ("#+ gate: labels\n#+ rule: x\nSELECT * {}", "no key"),
        (
            "#+ {gate: labels, title: t, message: m, remedy: r, severity: grave}\nSELECT * {}",
            "severity",
        ),
        ("#+ {gate: skoss, title: t, message: m, remedy: r}\nSELECT * {}", "Did you mean skos?"),
        ("#+ {gate: profiles, title: t, message: m, remedy: r}\nSELECT * {}", "takes rules"),
        ("#+ {gate: labels, title: t, message: m, remedy: r}\nSELECT", "not SPARQL"),
    ],
)
def test_a_rule_that_is_wrong_is_found(shipped: Content, text: str, part: str) -> None:
    shipped.add(f"{FOLDER}/wrong.rq", text)
    with pytest.raises(FindingsError, match=part):
        read_hygiene(shipped.folder)


def test_a_label_that_is_lost_is_found_in_its_file(shipped: Content) -> None:
    path = shipped.folder / "ontology/time.ttl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (gone,) = (n for n, line in enumerate(lines) if line == '  rdfs:label "期限"@zh ;\n')
    path.write_text("".join(lines[:gone] + lines[gone + 1 :]), encoding="utf-8")
    finding = shipped.only("labels")
    assert (finding.path, finding.rule) == (
        "ontology/time.ttl",
        "terms-have-one-label-in-each-language",
    )
    assert finding.line == gone
    assert "0 labels in zh" in finding.message


def test_a_deprecated_term_that_is_replaced_and_unused_is_no_finding(shipped: Content) -> None:
    shipped.add(
        "ontology/evidence.ttl",
        "\n:formerly\n  a owl:ObjectProperty ;\n  owl:deprecated true ;\n"
        "  dcterms:isReplacedBy :cites ;\n.\n",
    )
    rules = {finding.rule for finding in shipped.findings("pitfalls")}
    assert "deprecated-terms-are-replaced-and-unused" not in rules
