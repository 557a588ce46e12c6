"""The saved queries: their headers, what is expected of them, and particular answers.

That they answer what is expected over each document is judged by the gate.
"""

import re
from collections.abc import Mapping
from typing import Final

import pytest
from pyoxigraph import Literal, Store

from spacepolicy.knowledge.checks.expected_results import terms_of
from spacepolicy.knowledge.checks.expected_rows import (
    SUFFIX,
    Expected,
    read_document,
    read_set,
    set_paths,
)
from spacepolicy.saved_queries import SavedQuery, bind, tagged

from .asking import (
    BASE,
    BY_NAME,
    CONCEPT,
    DEF,
    ID,
    POLICY,
    QUERIES,
    ROOT,
    answer,
    column,
    prologue,
    solutions,
    terms,
)

QUOTATIONS: Final = frozenset({"words", "heading", "wording"})
"""The columns whose values stand in the row's passages, to the letter."""

each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)


EXPECTED: Final = [
    *map(read_document, sorted((ROOT / "data").glob(f"*{SUFFIX}"))),
    *map(read_set, set_paths(ROOT)),
]
"""What is expected over each document and each set that is there."""


@pytest.fixture(scope="module")
def passages(store: Store) -> Mapping[str, str | None]:
    """The exact text of every passage by its IRI; None of one that is described by reference."""
    described = f"""SELECT ?p ?text {{ ?p a <{DEF}Passage>
        OPTIONAL {{ ?p <{DEF}exactText> ?text }} OPTIONAL {{ ?p <{DEF}locator> ?locator }}
        FILTER (BOUND(?text) || BOUND(?locator)) }}"""
    return {
        row["p"].value: row["text"] and str(row["text"].value)
        for row in solutions(store, described)
    }


def iri_of(passage: str, expected: Expected) -> str:
    """The IRI of a passage, which in a document's own file may go without its name."""
    document, _, place = passage.partition("#")
    return f"{BASE}source/{document or expected.documents[0]}#{place}"


@each_query
def test_the_columns_of_an_answer_are_described(query: SavedQuery) -> None:
    assert [column.name for column in query.described] == list(query.columns)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", column.name) for column in query.described)
    assert all(column.holds["en"] and column.holds["zh"] for column in query.described)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.path.name)
def test_the_passages_of_an_expected_row_say_its_words(
    expected: Expected, passages: Mapping[str, str | None]
) -> None:
    """Whether they state anything is judged by the gate. A passage by reference has no words;
    what its document is divided by has names."""
    for case in expected.cases:
        query = BY_NAME[case.query]
        quoting = [name in QUOTATIONS for name in query.columns]
        for row in case.rows:
            iris = [iri_of(each, expected) for each in row.passages]
            quoted = [text for iri in iris if (text := passages[iri]) is not None]
            for value, quotes in zip(terms_of(query, row), quoting, strict=True):
                if quotes and quoted and value is not None:
                    assert isinstance(value, Literal)
                    assert any(value.value in text for text in quoted), (case.query, row.values)


@each_query
def test_a_saved_query_answers_as_its_text_stands(query: SavedQuery, store: Store) -> None:
    unbound = set(map(terms, solutions(store, query.text)))
    assert unbound >= set(map(terms, solutions(store, bind(query, {}))))


@each_query
def test_a_saved_query_is_a_question_in_two_languages(query: SavedQuery) -> None:
    assert query.title["en"].endswith("?")
    assert query.title["zh"].endswith("？")
    assert query.description["en"].endswith(".")
    assert query.description["zh"].endswith("。")
    assert query.tags


@each_query
def test_the_options_of_a_parameter_are_choices_that_it_takes(
    query: SavedQuery, store: Store
) -> None:
    for parameter in query.parameters:
        if parameter.options is None:
            continue
        offered = solutions(store, f"{prologue(query)} {parameter.options}")
        choices = [str(row[parameter.name].value) for row in offered]
        assert choices
        assert len(set(choices)) == len(choices)
        assert parameter.default is None or parameter.default in choices
        chosen = bind(query, {parameter.name: choices})
        asked = list(solutions(store, bind(query, {})))
        assert list(solutions(store, chosen)) or not asked, parameter.name


@pytest.mark.parametrize(
    "query",
    [query for query in QUERIES if any(each.name == "language" for each in query.parameters)],
    ids=lambda query: query.name,
)
def test_a_saved_query_answers_in_chinese_where_it_names_things(
    query: SavedQuery, store: Store
) -> None:
    english, chinese = answer(store, query), answer(store, query, language="zh")
    assert len(chinese) == len(english)
    assert chinese != english or not english


def test_three_questions_are_answered_on_the_first_page() -> None:
    home = {query.name for query in tagged(QUERIES, "home")}
    assert home == {"deadlines-by-day", "policies-by-technology", "shared-technologies"}


@pytest.mark.parametrize(
    ("technology", "tasks"),
    [
        ("reusable-rocket", {2}),
        ("launch-vehicle", {2, 8}),
        ("remote-sensing", {3, 4}),
        ("on-orbit-maintenance", {5}),
        ("artificial-satellite", {2, 3, 4, 5}),
        ("core-technologies", {7}),
        ("commercial-space-technology", {6}),
    ],
)
def test_tasks_are_found_by_any_technology(store: Store, technology: str, tasks: set[int]) -> None:
    query = BY_NAME["tasks-by-technology"]
    found = answer(store, query, technology=f"{ID}technology/{technology}", policy=POLICY)
    assert column(found, "ordinal") == set(map(str, tasks))


def test_the_words_for_a_technology_are_found_wherever_a_task_concerns_it(store: Store) -> None:
    concerning = f"""SELECT DISTINCT ?thing ?ordinal {{
        ?task a <{DEF}Task> ; <{DEF}ordinal> ?ordinal ; <{DEF}concerns> ?thing }}"""
    known: dict[str, set[str]] = {}
    for row in solutions(store, concerning):
        known.setdefault(row["thing"].value, set()).add(row["ordinal"].value)
    query = BY_NAME["tasks-by-technology"]
    assert {
        thing: column(answer(store, query, technology=thing), "ordinal") for thing in known
    } == known


@pytest.mark.parametrize(
    ("name", "values", "of_column", "found"),
    [
        (
            "breakthroughs",
            {"ordinal": "7"},
            "breakthrough_in",
            {"core technology"},
        ),
        ("breakthroughs", {"ordinal": "2"}, "breakthrough_in", set()),
        (
            "what-tasks-build",
            {"ordinal": "6"},
            "builds",
            {
                "commercial space technology innovation platform",
                "platform system for scientific and technological innovation",
                "state-level key laboratory",
            },
        ),
        ("what-tasks-do", {"act": ":attracts"}, "ordinal", {"9"}),
        (
            "what-tasks-do",
            {"ordinal": "9", "act": ":attracts"},
            "object_name",
            {"leading domestic enterprises", "leading foreign enterprises"},
        ),
        ("targets", {}, "number", set()),
        ("measures", {"ordinal": "5"}, "measure_ordinal", {"1"}),
        ("goals", {"kind": f"{CONCEPT}goal-kind/position"}, "by_year", {"2025"}),
        ("facilities", {"kind": ":Facility"}, "ordinal", {"2", "4", "6"}),
        ("facilities", {"kind": ":Platform"}, "ordinal", {"2", "6"}),
        (
            "tasks-by-domain",
            {"domain": f"{CONCEPT}technology-domain/launch-vehicle"},
            "ordinal",
            {"2", "8"},
        ),
        (
            "tasks-by-domain",
            {"domain": f"{CONCEPT}technology-domain/satellite"},
            "ordinal",
            {"1", "2", "3", "4", "5"},
        ),
        (
            "tasks-by-technology",
            {"technology": f"{ID}initiative/belt-and-road"},
            "words",
            {"support cooperation with countries along the Belt and Road"},
        ),
        ("find", {"text": "卫星地面终端"}, "thing", {f"{ID}product/ground-terminal"}),
        (
            "find",
            {"text": "TELEPORTATION"},
            "thing",
            {f"{ID}technology/remote-sensing", f"{ID}system/integrated-space-information-system"},
        ),
        ("find", {"text": "no such thing"}, "thing", set()),
        (
            "jurisdiction",
            {"measure": f"{POLICY}/task/12"},
            "region_name",
            {"China", "Shanghai", "Yangtze River Delta"},
        ),
        ("deadline", {"measure": f"{POLICY}/outlook/next-step/measure/1"}, "by_year", set()),
    ],
)
def test_another_value_gives_another_answer_of_the_shipped_policy(
    store: Store, name: str, values: Mapping[str, str], of_column: str, found: set[str]
) -> None:
    rows = answer(store, BY_NAME[name], policy=POLICY, **values)
    assert column(rows, of_column) == found


def test_words_are_found_for_a_statement_as_it_is_made_and_for_nothing_else(store: Store) -> None:
    query = BY_NAME["words-behind"]
    rocket = f"{ID}technology/reusable-rocket"
    stated = answer(store, query, subject=f"{POLICY}/task/2/measure/1", object=rocket)
    assert column(stated, "passage") == {
        "https://w3id.org/spacepolicy/source/shanghai-2022-opinions#char=1510,1534"
    }
    assert answer(store, query, subject=POLICY, predicate=":concerns", object=rocket) == stated
    assert answer(store, query, subject=f"{POLICY}/task/3", object=rocket) == []


def test_every_passage_that_makes_a_statement_is_found(store: Store) -> None:
    line = f"{ID}facility/rocket-assembly-line"
    found = answer(store, BY_NAME["words-behind"], predicate=":builds", object=line)
    assert [row["start"] for row in found] == ["78", "1605"]


def test_there_are_questions_enough() -> None:
    assert len(QUERIES) >= 40
