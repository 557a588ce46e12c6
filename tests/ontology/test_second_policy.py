"""A second policy, of an invented country, told by the same ontology: figures and comparisons."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from bench.axioms import lay_out_both
from pyoxigraph import Store

from spacepolicy.catalogue import SavedQuery, tagged
from spacepolicy.dataset.assembly import assemble
from spacepolicy.dataset.gates.checks import GATES, RULES
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.verdict import Gate, judge

from .asking import BY_NAME, DEF, ID, POLICY, QUERIES, answer, column, solutions

NAME: Final = "marevia-2027-strategy"
MAREVIA: Final = f"{ID}policy/marevia-2027-remote-sensing"
STRATEGY: Final = "remote sensing strategy of Marevia for 2027 to 2032"
OPINIONS: Final = (
    "Shanghai implementation opinions on the high-quality development"
    " of the spatial information industry"
)
GOAL: Final = "Marevia is a trusted supplier of ocean data by 2032"
TREASURY: Final = "Treasury of Marevia"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content, with the second policy's three files beside the first's."""
    folder = tmp_path_factory.mktemp("two") / "content"
    folder.mkdir()
    lay_out_both(folder)
    return folder


@pytest.fixture(scope="module")
def both(content: Path) -> Store:
    """The dataset of both policies, reasoned."""
    return assemble(content, packaged=False, report=lambda _: None).store


@pytest.fixture(scope="module")
def material(content: Path) -> Material:
    """The same files, for the gates."""
    return Material(content, packaged=False)


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
        ("<{policy}> :hasPart/:hasDeadline ?x", 5),
        ("?part :isPartOf <{policy}> ; :undertakenBy ?x . ?x a :Organisation", 6),
        ("?part :isPartOf <{policy}> ; :builds ?x . ?x a :Facility", 3),
        ("VALUES ?x { <{policy}> } ?x a :QuantifiedPolicy, :TimeBoundPolicy", 1),
        ("?x a :QuantifiedPolicy", 1),
    ],
)
def test_the_strategy_has_the_figures_of_its_text(both: Store, what: str, number: int) -> None:
    assert count(both, what.replace("{policy}", MAREVIA)) == number


def test_the_first_policy_says_what_it_said_alone(both: Store, store: Store) -> None:
    mine = f"SELECT DISTINCT ?p ?o {{ <{ID}policy/shanghai-2022-spatial-information> ?p ?o }}"
    assert {str(row) for row in solutions(both, mine)} == {
        str(row) for row in solutions(store, mine)
    }


BESIDE: Final = [
    RULES if gate.name == "rules" else gate for gate in GATES if gate.name != "queries"
]
"""All but the saved queries, whose headers speak of the shipped files; the rules without oracles,
which are asked of the shipped files."""


@pytest.mark.parametrize("gate", BESIDE, ids=lambda gate: gate.name)
def test_the_strategy_passes_every_gate(gate: Gate, material: Material) -> None:
    found = judge(gate, material).findings
    assert [str(each) for each in found if each.severity != "note" or NAME in each.path] == []


def test_saved_queries_fit_the_strategy_but_for_their_expected_rows(material: Material) -> None:
    """`expect` speaks of the shipped documents alone; all else of the gate holds of any content."""
    (gate,) = (gate for gate in GATES if gate.name == "queries")
    found = judge(gate, material).findings
    assert {each.rule for each in found} <= {"expect-row", "expect-rows", "expect-order"}


CHOOSABLE: Final = [
    query for query in QUERIES if any(each.name == "policy" for each in query.parameters)
]


@pytest.mark.parametrize("query", CHOOSABLE, ids=lambda query: query.name)
def test_a_query_answers_of_one_policy_where_that_is_asked(both: Store, query: SavedQuery) -> None:
    def rows(**values: str) -> set[str]:
        return {str(row) for row in answer(both, query, **values)}

    opinions, strategy = rows(policy=f"<{POLICY}>"), rows(policy=f"<{MAREVIA}>")
    if not any(each.name == "policy" and each.default for each in query.parameters):
        assert rows() == opinions | strategy
    assert opinions != strategy or not opinions


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_rows_of_two_policies_are_told_apart_or_can_be(
    store: Store, both: Store, query: SavedQuery
) -> None:
    found = answer(both, query)
    if len(found) > len(answer(store, query)):
        columns = {name for row in found for name in row}
        named = {"policy_name", "document_name", "graph_name"} & columns
        assert query in CHOOSABLE or named


COMPARED: Final[Mapping[str, list[tuple[str, ...]]]] = {
    "shared-technologies": [
        ("artificial satellite", OPINIONS, "7"),
        ("artificial satellite", STRATEGY, "9"),
        ("inter-satellite networking", OPINIONS, "1"),
        ("inter-satellite networking", STRATEGY, "1"),
        ("launch vehicle", OPINIONS, "2"),
        ("launch vehicle", STRATEGY, "1"),
        ("on-orbit maintenance", OPINIONS, "1"),
        ("on-orbit maintenance", STRATEGY, "1"),
        ("payload", OPINIONS, "2"),
        ("payload", STRATEGY, "1"),
        ("remote sensing", OPINIONS, "3"),
        ("remote sensing", STRATEGY, "5"),
        ("reusable rocket", OPINIONS, "1"),
        ("reusable rocket", STRATEGY, "1"),
        ("rocket", OPINIONS, "4"),
        ("rocket", STRATEGY, "1"),
        ("spacecraft", OPINIONS, "11"),
        ("spacecraft", STRATEGY, "11"),
    ],
    "themes-of-one-policy": [
        (OPINIONS, "commercial spaceflight", "task 9: guide and support the orderly development"
         " of commercial spaceflight"),
        (OPINIONS, "core technologies", "task 5: deepen research on key and core technologies"),
        (OPINIONS, "industrial and supply chains", "task 7: consolidate the foundation of"
         " industrial and supply chains"),
        (OPINIONS, "industrial layout", "task 11: coordinate and optimise the industrial layout"),
        (OPINIONS, "innovation platforms", "task 6: build a platform system for scientific and"
         " technological innovation"),
        (OPINIONS, "national missions", "task 1: serve and support the overall needs of the"
         " country"),
        (OPINIONS, "technical foundations of industry", "task 8: strengthen basic support"
         " conditions for industrial technologies"),
        (STRATEGY, "funding"),
        (STRATEGY, "regulation", "pillar 3: Keep orbits clean"),
        (STRATEGY, "space sustainability and security", "pillar 3: Keep orbits clean"),
        (STRATEGY, "talent", "pillar 4: People and partners"),
    ],
    "themes-left-out": [
        (OPINIONS, "funding"),
        (OPINIONS, "regulation"),
        (OPINIONS, "space sustainability and security"),
        (OPINIONS, "talent"),
        (STRATEGY, "commercial spaceflight"),
        (STRATEGY, "core technologies"),
        (STRATEGY, "industrial and supply chains"),
        (STRATEGY, "industrial layout"),
        (STRATEGY, "innovation platforms"),
        (STRATEGY, "national missions"),
        (STRATEGY, "technical foundations of industry"),
    ],
    "earliest-deadlines": [
        ("2025", OPINIONS, "development goals of Shanghai's spatial information industry by 2025",
         "By 2025"),
        ("2028", STRATEGY, "building a batch production line for small satellites",
         "By 2028, Skerry Orbital builds a batch production line for small satellites on the"
         " Northern Isles"),
        ("2028", STRATEGY, "setting up a platform for sharing ocean data",
         "by 2028, it sets up a platform on which public bodies share ocean data"),
    ],
    "targets": [
        (GOAL, "at least 12 radar satellites in orbit by 2031", "at least", "12", "{satellite}",
         "2031", "by 2031, at least 12 radar satellites are in orbit"),
        (GOAL, "pictures reach users within 3 hours by 2029", "at most", "3", "h", "2029",
         "by 2029, a picture reaches its user no more than 3 hours after it was taken"),
        (GOAL, "at least 92.5% of public ocean data free of charge by 2030", "at least", "92.5",
         "%", "2030", "by 2030, at least 92.5% of public ocean data is free of charge"),
        (GOAL, "about 400 trained analysts by 2032", "about", "400", "{analyst}", "2032",
         "by 2032, about 400 analysts of satellite data have been trained"),
        ("pillar 3: Keep orbits clean", "satellites leave orbit within 5 years after their"
         " mission from 2030 on", "at most", "5", "a", "2030", "From 2030 on, a satellite leaves"
         " its orbit no more than 5 years after the end of its mission"),
    ],
    "budgets": [
        (STRATEGY, "exactly", "180000000", "EUR", TREASURY,
         "The Treasury sets aside €180 million for the strategy"),
        ("pillar 1: Watch", "at least", "75000000", "EUR", TREASURY,
         "at least €75 million of it goes to the pillar “Watch”"),
    ],
    "related-policies": [
        (STRATEGY, "supersedes", "Earth Observation Plan of Marevia of 2021",
         "This strategy replaces the Cabinet’s Earth Observation Plan of 2021"),
        (STRATEGY, "implements", "Space Activities Act of Marevia of 2019",
         "puts into practice the Space Activities Act"),
    ],
}  # fmt: skip
"""The rows of the comparison queries over both policies, without what is unbound."""


@pytest.mark.parametrize("query", tagged(QUERIES, "comparison"), ids=lambda query: query.name)
def test_a_comparison_spans_both_policies(query: SavedQuery, both: Store) -> None:
    assert [tuple(row.values()) for row in answer(both, query)] == COMPARED[query.name]


@pytest.mark.parametrize("query", tagged(QUERIES, "comparison"), ids=lambda query: query.name)
def test_a_comparison_is_answered_in_chinese_too(query: SavedQuery, both: Store) -> None:
    assert len(answer(both, query, language="zh")) == len(COMPARED[query.name])


@pytest.mark.parametrize(
    ("name", "values", "of_column", "found"),
    [
        ("tasks", {"policy": MAREVIA}, "heading", {"Watch", "Deliver", "Keep orbits clean",
         "People and partners"}),
        ("targets", {"policy": f"{ID}policy/shanghai-2022-spatial-information"}, "number", set()),
        ("deadline", {"measure": f"{MAREVIA}/task/1/measure/4"}, "by_year", {"2028", "2032"}),
        ("deadline", {"measure": f"{MAREVIA}/task/1/measure/1"}, "by_year", {"2031", "2032"}),
        ("jurisdiction", {"measure": f"{MAREVIA}/task/4/measure/3"}, "region_name", {"Marevia"}),
        ("kinds-of-task", {"policy": MAREVIA, "kind": ":FacilityTask"}, "ordinal", {"1", "2"}),
        ("kinds-of-task", {"policy": MAREVIA, "kind": ":InternationalTask"}, "ordinal", {"4"}),
        ("measure-in-full", {"measure": f"{MAREVIA}/task/1/measure/5"}, "value_name",
         {GOAL, "Marevia", "Marevian Space Office", "Tolmarsh University", "by 2032",
          "2027 to 2032", "pillar 1: Watch"}),
        ("words-behind", {"subject": MAREVIA, "predicate": ":supersedes",
         "object": f"{ID}policy/marevia-2021-earth-observation"}, "words",
         {"This strategy replaces the Cabinet’s Earth Observation Plan of 2021"}),
    ],
)  # fmt: skip
def test_questions_of_the_first_policy_are_answered_of_the_second(
    both: Store, name: str, values: Mapping[str, str], of_column: str, found: set[str]
) -> None:
    assert column(answer(both, BY_NAME[name], **values), of_column) == found
