"""The gate of saved queries over the shipped content: another answer, or a slip, is seen."""

import shutil

import pytest

from spacepolicy.dataset.gates.checks import GATES
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.verdict import judge

from .conftest import DATA, ROOT, Content

CHANGED = "queries/breakthroughs.rq"
(GATE,) = (each for each in GATES if each.name == "queries")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A copy of the shipped content with one query, reasoned once: only the query is changed."""
    folder = tmp_path_factory.mktemp("copied")
    for name in ("ontology", "data", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "queries").mkdir()
    for name in (CHANGED, "queries/tags.toml"):
        shutil.copy(ROOT / name, folder / name)
    return Material(folder, packaged=False)


def test_every_saved_query_fits_and_answers_as_expected() -> None:
    verdict = judge(GATE, Material(ROOT, packaged=False))
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
        ("\nORDER BY ?policy", "\nORDER BY DESC(?breakthrough_in) ?policy", "expect-order"),
        ('#+   zh: "一项', '#+   # "', "saved-query-language"),
        ("tags: [", "tags: [unheard-of, ", "saved-query-language"),
    ],
)
def test_a_saved_query_that_is_changed_is_found(
    copied: Material, before: str, after: str, rule: str
) -> None:
    right = (copied.content / CHANGED).read_bytes()
    assert judge(GATE, copied).findings == ()
    Content(copied.content).change(CHANGED, before, after)
    findings = judge(GATE, copied).findings
    (copied.content / CHANGED).write_bytes(right)
    assert {each.path for each in findings} == {CHANGED}
    assert rule in {each.rule for each in findings}
    assert all(each.line and each.remedy for each in findings)


def test_a_statement_that_is_changed_makes_answers_differ(shipped: Content) -> None:
    shipped.change(DATA, ":develops technology:reusable-rocket", ":develops technology:spacecraft")
    findings = shipped.findings("queries")
    assert {each.rule for each in findings} <= {"expect-row", "expect-passage"}
    assert "queries/tasks-by-technology.rq" in {each.path for each in findings}
