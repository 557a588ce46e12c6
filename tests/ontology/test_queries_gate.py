"""The gate of saved queries over the shipped content: another answer, or a slip, is seen."""

import pytest

from spacepolicy.dataset.gates.checks import GATES
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.verdict import judge

from .conftest import DATA, ROOT, Content


def test_every_saved_query_fits_and_answers_as_expected() -> None:
    (gate,) = (each for each in GATES if each.name == "queries")
    verdict = judge(gate, Material(ROOT, packaged=False))
    assert [str(each) for each in verdict.findings] == []
    assert "saved queries" in verdict.report[0]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("values: [5, ", "values: [6, ", "expect-row"),
        ('"#char=2176,2306"', '"#char=2176,2307"', "expect-passage"),
        ("columns: [ordinal, ", "columns: [number, ", "expect-columns"),
        ("values: [5, ", "values: [5 5, ", "expect"),
        ("?ordinal ?task_name ?breakthrough_in ?words\n", "?ordinal ?words\n", "expect-columns"),
        (":seeksBreakthroughIn ?thing }\n", ":seeksBreakthruIn ?thing }\n", "unknown-term"),
        ("\nORDER BY ?ordinal", "\nORDER BY DESC(?breakthrough_in) ?ordinal", "expect-order"),
    ],
)
def test_a_saved_query_that_is_changed_is_found(
    shipped: Content, before: str, after: str, rule: str
) -> None:
    name = "queries/breakthroughs.rq"
    shipped.change(name, before, after)
    findings = shipped.findings("queries")
    assert {each.path for each in findings} == {name}
    assert rule in {each.rule for each in findings}
    assert all(each.line and each.remedy for each in findings)


def test_a_statement_that_is_changed_makes_answers_differ(shipped: Content) -> None:
    shipped.change(DATA, ":develops technology:reusable-rocket", ":develops technology:spacecraft")
    findings = shipped.findings("queries")
    assert {each.rule for each in findings} <= {"expect-row", "expect-passage"}
    assert "queries/tasks-by-technology.rq" in {each.path for each in findings}
