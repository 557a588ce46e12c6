"""What is likely wrong with queries that are SPARQL, found from the text and the data."""

import re

import pytest
from pyoxigraph import RdfFormat, Store

from spacepolicy.engine.hint_cache import HintCache, what_hints_depend_on
from spacepolicy.engine.hint_rules import Hints, only_selected
from spacepolicy.engine.hints import KINDS, MAX_HINTS, hint

PREFIXES = {"": "urn:x:", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}
DATA = """
@prefix : <urn:x:> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:Task a rdfs:Class .
:builds a rdfs:Property .
:t1 a :Task ; :builds :engine ; :code "A1" ; rdfs:label "build it"@en , "建造"@zh .
:engine rdfs:label "reusable engine"@en .
"""
OUTDATED = (
    DATA
    + """
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
:old owl:deprecated true ; dcterms:isReplacedBy :stated ; :askedBy :asked .
:askedBy rdfs:subPropertyOf dcterms:isReplacedBy .
:older owl:deprecated true ; dcterms:isReplacedBy <urn:y:other> .
:oldest owl:deprecated true .
:fresh owl:deprecated false .
:t1 :old 1 ; :older 1 ; :oldest 1 ; :fresh 1 .
"""
)


@pytest.fixture(scope="module")
def hints() -> Hints:
    store = Store()
    store.load(DATA.encode(), RdfFormat.TURTLE)
    return Hints(store)


def told(hints: Hints, text: str, *, says_little: bool = True) -> list[str]:
    return [each.worded() for each in hints.of(text, PREFIXES, None, says_little=says_little)]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "SELECT * { ?x :bulids ?y }",
            "nothing is said of :bulids here; :builds was perhaps meant",
        ),
        (
            "SELECT * { ?x :biulsd ?y }",
            "nothing is said of :biulsd here; :builds was perhaps meant",
        ),
        ("SELECT * { ?x a :task }", "nothing is said of :task here; :Task was perhaps meant"),
        ("SELECT * { ?x :nowhere ?y }", "nothing is said of :nowhere here"),
        (
            "SELECT * { ?x <urn:x:buids> ?y }",
            "nothing is said of <urn:x:buids> here; <urn:x:builds> was perhaps meant",
        ),
        ("SELECT * { ?x :builds/:lable ?y }", "nothing is said of :lable here"),
        ("SELECT * { VALUES ?x { :t2 } ?x a :Task }", None),
        (
            'SELECT * { ?x rdfs:label "reusable engine" }',
            '"reusable engine" has no language, and the data have "reusable engine"@en',
        ),
        (
            'SELECT * { ?x rdfs:label ?l FILTER(?l = "build it") }',
            '"build it" has no language, and the data have "build it"@en',
        ),
        (
            'SELECT * { ?x rdfs:label "no such name" }',
            '"no such name" has no language, and values of rdfs:label have: en, zh',
        ),
        (
            'SELECT * { ?x :code "A1"@en }',
            '"A1"@en has a language that the data do not have for it; they have "A1"',
        ),
        (
            'SELECT * { ?x rdfs:label "build it"@zh }',
            '"build it"@zh has a language that the data do not have for it; they have '
            '"build it"@en',
        ),
        (
            "SELECT ?lable { ?x rdfs:label ?label }",
            "?lable stands in no pattern and never has a value; ?label was perhaps meant",
        ),
        (
            "SELECT * { ?x a :Task FILTER(?z > 1) }",
            "?z stands in no pattern and never has a value",
        ),
        ('ASK { "A1" :code ?x }', '"A1" is a literal, which is the subject of nothing'),
    ],
)
def test_a_query_that_answers_little_is_told_why(hints: Hints, text: str, hint: str | None) -> None:
    assert hint is None or hint in told(hints, text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?x a :Task }",
        "PREFIX n: <urn:new:> CONSTRUCT { ?x n:made ?y } { ?x :builds ?y }",
        "SELECT (COUNT(*) AS ?n) { ?x a :Task }",
        "SELECT ?n { { SELECT (COUNT(*) AS ?n) { ?x a :Task } } }",
        'SELECT ?x { ?x :code "A1" }',
        'SELECT ?x { ?x rdfs:label "build it"@en BIND(1 AS ?y) FILTER(?y = 1) }',
        'SELECT ?x { ?x :code ?c FILTER(regex(?c, "nothing like it")) }',
        "SELECT ?x { ?x :code ?c FILTER(<urn:function>(?c)) }",
        'SELECT ?x { ?x :code "1"^^<urn:datatype> }',
        "SELECT ?g { GRAPH ?g { ?x a :Task } }",
        "SELECT (?c AS ?d) { ?x :code ?c } GROUP BY ?c",
        "SELECT ?d { ?x :code ?c } GROUP BY (STR(?c) AS ?d)",
    ],
)
def test_nothing_is_told_of_a_query_that_asks_about_what_is_there(hints: Hints, text: str) -> None:
    assert told(hints, text) == []


@pytest.mark.parametrize("name", [":b%3D", "<http://[a>", "<urn:x:%zz>", "<>", "<a>"])
def test_an_odd_name_is_only_unknown(hints: Hints, name: str) -> None:
    for text in (f"ASK {{ ?x {name} ?y }}", f'ASK {{ ?x {name} "build it" }}'):
        assert all("perhaps" not in each for each in told(hints, text))


def test_a_part_that_matches_nothing_is_told_beside_rows(hints: Hints) -> None:
    text = "SELECT * { ?x a :Task OPTIONAL { ?x :bulids ?y } }"
    assert told(hints, text, says_little=False) == told(hints, text)
    assert told(hints, "SELECT * { ?x a :Taks }", says_little=False) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("SELECT * { ?x :old ?y }", [":old is deprecated; to ask, use :asked"]),
        (
            "SELECT * { ?x <urn:x:old> ?y }",
            ["<urn:x:old> is deprecated; to ask, use <urn:x:asked>"],
        ),
        ("SELECT * { ?x :older ?y }", [":older is deprecated; to ask, use <urn:y:other>"]),
        ("SELECT * { ?x :oldest ?y }", [":oldest is deprecated"]),
        ("SELECT * { ?x :fresh ?y }", []),
        ('SELECT * { ?x :code "old" }', []),
        ("SELECT (1 AS ?old) { ?x :code ?y }", []),
    ],
)
def test_what_to_ask_for_a_deprecated_term_is_told_of_every_answer(
    text: str, hint: list[str]
) -> None:
    store = Store()
    store.load(OUTDATED.encode(), RdfFormat.TURTLE)
    assert told(Hints(store), text, says_little=False) == hint


def test_hints_are_few(hints: Hints) -> None:
    text = "SELECT * { " + " ".join(f"?x :nothing{n} ?y ." for n in range(3 * MAX_HINTS)) + " }"
    assert len(told(hints, text)) == MAX_HINTS


def test_a_variable_that_is_selected_alone_is_seen_in_the_text() -> None:
    assert only_selected("SELECT ?lable { ?x :p ?label }", "lable")
    assert not only_selected("SELECT (COUNT(*) AS ?n) { ?x :p ?y }", "n")
    assert not only_selected("SELECT * { ?x :p ?y }", "x")


def test_every_hint_has_words_in_every_language() -> None:
    names = ("term", "near", "literal", "better", "property", "languages", "variable", "function",
             "name", "graph")  # fmt: skip
    for kind in KINDS:
        one = hint(kind, **dict.fromkeys(names, "that"))
        assert one.worded("en") != one.worded("zh")
        assert re.search(r"[\u4e00-\u9fff]", one.worded("zh"))


def depends(text: str) -> tuple[str, ...]:
    return what_hints_depend_on(text, lambda name: name in {":builds", "<urn:x:t1>", "<urn:x:t2>"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT * { <urn:x:t1> :builds ?y }", "SELECT * {\n<urn:x:t2> :builds ?y # same\n}"),
        ("SELECT * { ?x :bulids 1 } LIMIT 5", "SELECT * { ?x :bulids 20 } LIMIT 70"),
    ],
)
def test_hints_are_shared_by_queries_that_differ_in_what_is_known(one: str, other: str) -> None:
    assert depends(one) == depends(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT * { ?x :bulids ?y }", "SELECT * { ?x :biulds ?y }"),
        ("SELECT * { ?x :builds ?y }", "SELECT * { ?x :builds ?z }"),
        ('SELECT * { ?x :builds "a" }', 'SELECT * { ?x :builds "b" }'),
        ('SELECT * { ?x :builds "a"@en }', 'SELECT * { ?x :builds "a"@zh }'),
        ("SELECT * { ?x :builds ?y }", "SELECT * { ?x :builds+ ?y }"),
        ("PREFIX : <urn:y:> ASK { ?x :builds ?y }", "PREFIX : <urn:y:> ASK { ?x <urn:x:t1> ?y }"),
    ],
)
def test_hints_are_not_shared_by_queries_that_differ_otherwise(one: str, other: str) -> None:
    assert depends(one) != depends(other)


def test_each_query_has_its_own_hints_whatever_was_asked_before(hints: Hints) -> None:
    for _ in range(2):
        for wrong in (":bulids", ":biulds"):
            found = told(hints, f"SELECT * {{ :t1 {wrong} ?y }}")
            assert found == [f"nothing is said of {wrong} here; :builds was perhaps meant"]
        assert told(hints, "SELECT * { :t1 :builds ?y }") == []
        assert told(hints, 'SELECT * { :t1 rdfs:label "build it" }') == [
            '"build it" has no language, and the data have "build it"@en'
        ]


def test_a_name_that_the_text_declares_anew_is_not_taken_for_a_known_one(hints: Hints) -> None:
    for name in ("builds", "Task"):
        text = f"PREFIX : <urn:y:> SELECT * {{ ?x :{name} ?y }}"
        assert f"nothing is said of :{name} here" in " ".join(told(hints, text))


def test_kept_hints_are_those_asked_for_last() -> None:
    cache = HintCache()
    for number in range(1_001):
        cache.keep(number, ())
        assert cache.get(1) == (() if number else None)
    assert cache.get(0) is None
    assert cache.get(1_000) == ()
