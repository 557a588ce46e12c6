"""The gate of saved queries: another answer, or a slip in a query or a file of rows, is found."""

import shutil

import pytest

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import judge

from .conftest import DATA, ROOT, Content

QUERY = "queries/breakthroughs.rq"
EXPECTED = "data/shanghai-2022-opinions.expect.yaml"
SET = "queries/sets/vocabulary.yaml"
(GATE,) = (each for each in GATES if each.name == "queries")
EXPECT = """policy: 'https://w3id.org/spacepolicy/id/policy/shanghai-2022-spatial-information'
queries:
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> CheckContext:
    """A copy of the content with one query and one document, reasoned once: only the query and what
    is expected of it are changed."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(ROOT / "ontology", folder / "ontology")
    (folder / "data").mkdir()
    (folder / "seeds").mkdir()
    (folder / "queries" / "sets").mkdir(parents=True)
    for path in (ROOT / "data").rglob("*.*"):
        if path.suffix not in (".trig", ".quotes", ".csv"):
            continue
        if not (ROOT / "seeds" / f"{path.stem}.toml").is_file() or path.stem in DATA:
            (folder / path.relative_to(ROOT)).parent.mkdir(exist_ok=True)
            shutil.copy(path, folder / path.relative_to(ROOT))
    for name in (
        QUERY,
        "queries/parameters.toml",
        "queries/tags.toml",
        "seeds/shanghai-2022-opinions.toml",
        "seeds/shanghai-2022-opinions.txt",
    ):
        shutil.copy(ROOT / name, folder / name)
    (folder / SET).write_text("documents: []\nqueries: {}\n", encoding="utf-8")
    text = (ROOT / EXPECTED).read_text(encoding="utf-8")
    start = text.index("  breakthroughs:\n")
    end = text.index("\n  budgets:\n")
    (folder / EXPECTED).write_text(EXPECT + text[start:end] + "\n", encoding="utf-8")
    return CheckContext(folder, packaged=False)


def test_every_saved_query_fits_and_answers_as_expected() -> None:
    verdict = judge(GATE, CheckContext(ROOT, packaged=False))
    assert [str(each) for each in verdict.findings] == []
    assert "saved queries" in verdict.report[0]


def errors(material: CheckContext) -> list[Finding]:
    """Without the warnings of examples that other documents answer."""
    return [each for each in judge(GATE, material).findings if each.severity == "error"]


def test_the_copy_that_is_changed_has_no_finding(copied: CheckContext) -> None:
    assert errors(copied) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "rule"),
    [
        (EXPECTED, "values: [5, ", "values: [6, ", "expect-row"),
        (EXPECTED, "'#char=2176,2306'", "'#char=2176,2307'", "expect-passage"),
        (EXPECTED, "'#char=2176,2306'", "'2176,2306'", "expect-passage"),
        (EXPECTED, "values: [5, ", "values: [5, 5, ", "expect"),
        (EXPECTED, "values: [5, ", "values: [five, ", "expect"),
        (EXPECTED, "breakthroughs:", "break-throughs:", "expect-unknown"),
        (EXPECTED, "breakthroughs:", "break-throughs:", "expect-missing"),
        (EXPECTED, "    rows:", "    parameters: {number: 5}\n    rows:", "expect"),
        (EXPECTED, "    rows:", "    answer:", "expect"),
        (EXPECTED, "queries:", "queries: [", "expect"),
        (EXPECTED, "        passages", "        passage", "expect"),
        (SET, "documents: []", "policies: []", "expect"),
        (SET, "queries: {}", "queries: {breakthroughs: {rows: []}}", "expect-unknown"),
        (QUERY, "name: words, type: langString", "name: words, type: string", "column-type"),
        (QUERY, "name: ordinal, type: integer, e", "name: no, type: integer, e", "saved-query"),
        (QUERY, "name: words, type: langString", "name: words, type: text", "saved-query"),
        (QUERY, "?words ?policy_name\n", "?words\n", "saved-query"),
        (QUERY, ":seeksBreakthroughIn ?thing }\n", ":seeksBreakthruIn ?thing }\n", "unknown-name"),
        (QUERY, "\nORDER BY ?policy", "\nORDER BY DESC(?breakthrough_in) ?policy", "expect-order"),
        (QUERY, '#+   zh: "一项', '#+   # "', "saved-query-language"),
        (QUERY, "tags: [", "tags: [unheard-of, ", "saved-query-language"),
        (QUERY, "#+ tags:", "#+ about: vocabulary\n#+ tags:", "policy"),
        (QUERY, "#+ tags:", "#+ about: everything\n#+ tags:", "saved-query"),
        (QUERY, "#+ tags:", "#+ expect: {rows: []}\n#+ tags:", "saved-query"),
        (QUERY, "name: policy, type: iri", "name: policy, type: string", "policy"),
    ],
)  # fmt: skip
def test_what_is_changed_in_a_query_or_in_what_is_expected_is_found(
    copied: CheckContext, file: str, before: str, after: str, rule: str
) -> None:
    right = (copied.content / file).read_bytes()
    Content(copied.content).change(file, before, after)
    findings = judge(GATE, copied).findings
    (copied.content / file).write_bytes(right)
    assert rule in {each.rule for each in findings}, findings
    assert file in {each.path for each in findings} or rule.startswith("expect-")
    assert all(each.line and each.message for each in findings)


def test_a_query_whose_rows_name_no_policy_is_found(copied: CheckContext) -> None:
    right = (copied.content / QUERY).read_text(encoding="utf-8")
    without = right.replace(" ?policy_name\n", "\n").replace("name: policy_name", "name: words")
    lines = [each for each in without.splitlines() if "name of the policy" not in each]
    (copied.content / QUERY).write_text("\n".join(lines), encoding="utf-8")
    findings = [each for each in judge(GATE, copied).findings if each.rule == "policy"]
    (copied.content / QUERY).write_text(right, encoding="utf-8")
    assert [each.message for each in findings] == ["rows of two policies cannot be told apart."]


def test_a_document_without_expected_answers_is_found(copied: CheckContext) -> None:
    right = (copied.content / EXPECTED).read_bytes()
    (copied.content / EXPECTED).unlink()
    (finding,) = errors(copied)
    (copied.content / EXPECTED).write_bytes(right)
    assert (finding.path, finding.rule) == (EXPECTED, "expect-missing")
    assert "spacepolicy accept" in finding.remedy


def test_a_statement_that_is_changed_makes_answers_differ(shipped: Content) -> None:
    was = ":develops [ id technology:reusable-rocket"
    now = ":develops technology:spacecraft ; :namesAsExample [ id technology:reusable-rocket"
    shipped.change(DATA, was, now)
    findings = shipped.findings("queries")
    assert {each.rule for each in findings} <= {"expect-row", "expect-passage", "shown-query"}
    assert "tasks-by-technology" in " ".join(each.message for each in findings)
    assert {each.path for each in findings} >= {EXPECTED}


def test_a_rule_that_joins_by_what_may_be_unbound_is_found(shipped: Content) -> None:
    rule = "ontology/checks/labels-of-things.rq"
    shipped.add(
        rule,
        """#+ gate: labels
#+ title: things are named
#+ message: "{?subject} is misnamed."
#+ remedy: Name it.
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?subject
WHERE {
  ?subject a ?class .
  OPTIONAL { ?class rdfs:label ?label }
  [] rdfs:comment ?label .
}
""",
    )
    (finding,) = [each for each in shipped.findings("queries") if each.path == rule]
    assert (finding.rule, finding.line) == ("unbound-join", 10)
