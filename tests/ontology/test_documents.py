"""Each document, and all of them: adding one adds files, and takes nothing from the others."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from bench.documents import CONTENT, OVERLAYS, ROOT, keep_few, lay_out, overlays
from pyoxigraph import Literal, Store

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.documents import dataset_of, policies_of
from spacepolicy.knowledge.checks.expected_results import scope_of
from spacepolicy.knowledge.checks.expected_rows import document_path, read_document
from spacepolicy.knowledge.checks.gates import GATES, RULES
from spacepolicy.knowledge.checks.result import Gate, judge
from spacepolicy.saved_queries import COMPARISON, POLICY, SavedQuery, bind

from .asking import BASE, DEF, ID, QUERIES, Row, solutions, terms

PROGRAM: Final = str(Path(sys.executable).with_name("spacepolicy"))
SHIPPED: Final = tuple(sorted(path.stem for path in (ROOT / "seeds").glob("*.toml")))
DOCUMENTS: Final = tuple(sorted({*SHIPPED, *overlays()}))
TASKED: Final = f"SELECT DISTINCT ?policy {{ ?task <{DEF}isTaskOf> ?policy }}"
MAREVIA: Final = f"{ID}policy/marevia-2027-remote-sensing"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the checkout with all documents of the tests."""
    folder = tmp_path_factory.mktemp("all") / "content"
    folder.mkdir()
    lay_out(folder, overlays())
    return folder


@pytest.fixture(scope="module")
def material(content: Path) -> CheckContext:
    return CheckContext(content, packaged=False)


@pytest.fixture(scope="module")
def everything(material: CheckContext) -> Store:
    """The dataset of all documents, reasoned."""
    return material.dataset


ASKED_ONCE: Final = frozenset({"consistency", "profiles", "queries", "shapes"})
JUDGED: Final = [
    RULES if gate.name == "rules" else gate for gate in GATES if gate.name not in ASKED_ONCE
]
"""The gates that take seconds; those that take a minute, and the other reasoners for the rules,
judge all documents together in `tests.adding_documents`."""


@pytest.mark.parametrize("gate", JUDGED, ids=lambda gate: gate.name)
def test_all_documents_together_pass_the_gates(gate: Gate, material: CheckContext) -> None:
    found = judge(gate, material).findings
    assert [str(each) for each in found if each.severity == "error"] == []


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] in CONTENT
    }


@pytest.mark.parametrize("name", overlays())
def test_a_document_is_added_by_copying_its_files(name: str, tmp_path: Path) -> None:
    """Shapes and queries are judged over all documents together, by `tests.adding_documents`."""
    folder = tmp_path / "content"
    folder.mkdir()
    lay_out(folder, ())
    keep_few(folder)
    for path in files_in(OVERLAYS / name):
        (folder / path).unlink(missing_ok=True)
    before = files_in(folder)
    subprocess.run(["cp", "-R", f"{OVERLAYS / name}/.", str(folder)], check=True)
    after = files_in(folder)
    assert {path: text for path, text in after.items() if path in before} == before
    here = ("--content", str(folder))
    for command in (["fmt", "--check"], ["check", "syntax", "evidence"]):
        ended = subprocess.run(
            [PROGRAM, *command, *here], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
    for path in files_in(OVERLAYS / name):
        (folder / path).unlink()
    assert files_in(folder) == before


def test_what_is_expected_over_each_document_is_what_accept_writes(content: Path) -> None:
    before = {name: document_path(content, name).read_bytes() for name in DOCUMENTS}
    ended = subprocess.run(
        [PROGRAM, "accept", "--check", "--content", str(content)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    after = {name: document_path(content, name).read_bytes() for name in DOCUMENTS}
    assert after == before


CHOOSABLE: Final = [
    query
    for query in QUERIES
    if any(each.name == POLICY for each in query.parameters) and COMPARISON not in query.tags
]
UNKNOWN: Final = Literal("unknown", language="en")


def bag(store: Store, text: str) -> Counter[Row]:
    return Counter(map(terms, solutions(store, text)))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_policy_loses_no_row_where_others_are_there(
    name: str, material: CheckContext, everything: Store
) -> None:
    """It may win some: what another document says of a thing is known of it then. What only
    another document can say, such as that it revokes this one, takes the place of "unknown"."""
    (source,) = (each for each in material.sources if each.name == name)
    alone = dataset_of(material, {name})
    policies = policies_of(alone, material, source)
    assert policies
    for query in CHOOSABLE:
        text = bind(query, {POLICY: policies})
        lost = bag(alone, text) - bag(everything, text)
        assert not {row for row in lost if UNKNOWN not in row}, query.name


@pytest.mark.parametrize("query", CHOOSABLE, ids=lambda query: query.name)
def test_rows_of_different_policies_are_told_apart(query: SavedQuery, everything: Store) -> None:
    """By a column that no two policies share a value of; asked of each, none is lost."""
    if query.about != "policy":
        return
    told = "policy" if "policy" in query.columns else "policy_name"
    seen: dict[object, str] = {}
    asked: Counter[Row] = Counter()
    offered = f"SELECT DISTINCT ?policy {{ ?policy a <{DEF}PolicyDocument> }}"
    for policy in [row["policy"].value for row in solutions(everything, offered)]:
        rows = bag(everything, bind(query, {POLICY: [policy]}))
        for value in {row[query.columns.index(told)] for row in rows}:
            assert seen.setdefault(value, policy) == policy
        asked += rows
    assert bag(everything, bind(query, {})) == asked


def test_the_file_of_a_document_names_the_policy_that_its_source_reports_on(
    material: CheckContext,
) -> None:
    for source in material.sources:
        expected = read_document(document_path(material.content, source.name))
        alone = dataset_of(material, {source.name})
        assert expected.policies == policies_of(alone, material, source)


def test_the_dataset_of_a_document_holds_nothing_of_the_others(material: CheckContext) -> None:
    expected = read_document(document_path(material.content, "marevia-2027-strategy"))
    alone = scope_of(material, expected).dataset
    sources = {
        graph.value.partition("#")[0]
        for graph in alone.named_graphs()
        if graph.value.startswith(f"{BASE}source/")
    }
    assert sources == {f"{BASE}source/marevia-2027-strategy"}
    policies = {row["policy"].value for row in solutions(alone, TASKED)}
    assert policies == {MAREVIA}


def test_a_document_that_is_removed_takes_its_answers_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    lay_out(folder, overlays())
    keep_few(folder)
    for path in files_in(OVERLAYS / "marevia-2027-strategy"):
        if not path.startswith("queries/"):
            (folder / path).unlink()
    left = CheckContext(folder, packaged=False)
    (gate,) = (gate for gate in GATES if gate.name == "queries")
    verdict = judge(gate, left)
    assert verdict.findings == ()
    assert "the set opinions-and-strategy waits for marevia-2027-strategy" in verdict.report
    shutil.copy(
        OVERLAYS / "marevia-2027-strategy/data/marevia-2027-strategy.expect.yaml", folder / "data"
    )
    (finding,) = judge(gate, left).findings
    assert finding.path == "data/marevia-2027-strategy.expect.yaml"
    assert finding.rule == "expect-unknown"


def count(store: Store, pattern: str) -> int:
    """How many things `?x` the pattern finds in the default graph."""
    text = f"PREFIX : <{DEF}> SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}"
    return int(next(solutions(store, text))["n"].value)


@pytest.mark.parametrize(
    ("what", "number"),
    [
        ("?x :isTaskOf <{policy}>", 4),
        ("?x a :Measure ; :isPartOf <{policy}>", 17),
        ("?x a :Goal ; :isPartOf <{policy}>", 2),
        ("?x a :Target ; :isPartOf <{policy}>", 5),
        ("<{policy}> :hasPart/:isDueBy ?x", 5),
        ("?part :isPartOf <{policy}> ; :carriedOutBy ?x . ?x a :Organisation", 6),
        ("?part :isPartOf <{policy}> ; :builds ?x . ?x a :Facility", 3),
        ("VALUES ?x { <{policy}> } ?x a :QuantifiedPolicy, :TimeBoundPolicy", 1),
    ],
)
def test_the_strategy_of_marevia_has_the_figures_of_its_text(
    everything: Store, what: str, number: int
) -> None:
    assert count(everything, what.replace("{policy}", MAREVIA)) == number
