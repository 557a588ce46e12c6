"""Queries and updates over a dataset whose named graphs are all but one."""

import pytest
from pyoxigraph import Quad, QueryBoolean, QuerySolutions, RdfFormat, Store

from spacepolicy.engine.named_graphs import query_without, update_without

PREFIXES = {"": "urn:x:", "ex": "urn:x:"}
HIDDEN = "urn:x:inferred"
SHOWN = """
@prefix : <urn:x:> .
:a :p :b . :b :p :c . :a :q 1 . :c :q 2 . :a :r "GRAPH ?g {" .
:g1 { :a :p :b . :a :r "GRAPH ?g {" }
:g2 { :b :p :c . :a :q 1 }
:g3 { :g1 :about :a . :g2 :about :b }
"""
DERIVED = """
@prefix : <urn:x:> .
:inferred { :a :pp :c . :a :p :b . :b :q 3 . :inferred :about :a }
"""
QUERIES = [
    "SELECT ?g { GRAPH ?g { :a ?p ?o } }",
    "SELECT ?g { GRAPH $g { :a ?p ?o } }",
    "SELECT ?g { GRAPH ?g {} }",
    "SELECT * { GRAPH :inferred { ?s ?p ?o } }",
    "SELECT * { GRAPH <urn:x:inferred> { ?s ?p ?o } }",
    "SELECT * { GRAPH <urn:x:\\u0069nferred> { ?s ?p ?o } }",
    "BASE <urn:x:> SELECT * { GRAPH <urn:x:inferred> { ?s ?p ?o } }",
    "PREFIX other: <urn:x:infer> SELECT * { GRAPH other:red { ?s ?p ?o } }",
    "PREFIX other: <urn:x:infer> SELECT * { GRAPHother:red { ?s ?p ?o } }",
    "SELECT * { { GRAPH :inferred { ?s ?p ?o } } UNION { GRAPH :g1 { ?s ?p ?o } } }",
    "SELECT * { ?s :p ?o . GRAPH ?g { ?s :p ?o } }",
    "SELECT * { ?s :p ?o OPTIONAL { GRAPH ?g { ?s :p ?o } } }",
    "SELECT * { ?s :p ?o OPTIONAL { GRAPH ?g { ?s :pp ?x } FILTER(?x = :c) } }",
    "SELECT * { ?s :p ?o OPTIONAL { GRAPH :inferred { ?s :p ?o } } }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o FILTER NOT EXISTS { GRAPH :inferred { ?s ?p ?o } } }",
    "SELECT * { ?s ?p ?o MINUS { GRAPH ?g { ?s ?p ?o } } }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } MINUS { GRAPH ?g { ?s :q ?o } } }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } MINUS { ?g :about :b } }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g HAVING (COUNT(*) > 1)",
    "SELECT * { { SELECT ?s { GRAPH ?g { ?s :p ?o } } } GRAPH ?h { ?s ?q ?v } }",
    "SELECT * { { SELECT DISTINCT ?g { GRAPH ?g { ?s :about ?o } } LIMIT 9 } }",
    "SELECT ?s (EXISTS { GRAPH ?g { ?s :pp [] } } AS ?x) { ?s :p ?o }",
    "SELECT * { GRAPH ?g { GRAPH ?h { ?s :p ?o } ?s ?q ?v } }",
    "SELECT * { GRAPH ?g { GRAPH ?g { ?s :p ?o } } }",
    "SELECT * { VALUES ?g { :inferred :g1 } GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } } VALUES ?g { :inferred :g1 }",
    "SELECT * { BIND(:inferred AS ?g) GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { :a :p/:p? ?o } }",
    "SELECT * { GRAPH ?g { :a :p* ?o } }",
    "SELECT * { GRAPH ?g { ?s :r 'GRAPH ?g {' } # GRAPH ?h { ?x ?y ?z }\n}",
    "SELECT * { ?s :q true.GRAPH?g{?s ?p ?o} }",
    "SELECT * { ?s :q 1.GRAPH?g{?s ?p ?o}FILTER(1<2)}",
    "SELECT * { GRAPH ?g { ?s ?p ?o . } . }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } ?s :q 1 ; . }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } ?s :q ?n FILTER(?n<2&&?n>0) }",
    "select*{graph?g{?s ?p ?o}graph?h{?s ?p ?o}}",
    "ASK { GRAPH ?g { ?s :pp ?o } }",
    "ASK { GRAPH :inferred {} }",
    "CONSTRUCT { ?s ?p ?g } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "DESCRIBE ?g { GRAPH ?g { :a :p :b } }",
    "DESCRIBE ?s { GRAPH :inferred { ?s :pp ?o } }",
]


def store(text: str = SHOWN + DERIVED) -> Store:
    made = Store()
    made.load(text.encode(), RdfFormat.TRIG)
    return made


def answer(store: Store, query: str) -> list[str]:
    found = store.query(query, prefixes=PREFIXES)
    if isinstance(found, QueryBoolean):
        return [str(bool(found))]
    if isinstance(found, QuerySolutions):
        names = [variable.value for variable in found.variables]
        return sorted(str({name: str(row[name]) for name in names}) for row in found)
    return sorted(map(str, found))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_answered_as_if_the_graph_were_not_there(query: str) -> None:
    narrowed = query_without(query, PREFIXES, None, HIDDEN)
    assert answer(store(), narrowed.text) == answer(store(SHOWN), query)


def test_these_queries_tell_whether_the_graph_is_there() -> None:
    differ = [query for query in QUERIES if answer(store(), query) != answer(store(SHOWN), query)]
    assert len(differ) > len(QUERIES) * 3 // 4


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?graph { ?graph ?p 'GRAPH ?g { }' }",
        "SELECT * { GRAPH :g1 { ?s ?p ?o } }",
        "SELECT * { # GRAPH ?g { ?s ?p ?o }\n ?s ?p ?o }",
        "SELECT * { GRAPH ?g { ?s ?p ?o }",
        "SELECT * { GRAPH ?g }",
    ],
)
def test_a_query_without_such_a_pattern_is_left_as_it_is(query: str) -> None:
    assert query_without(query, PREFIXES, None, HIDDEN).text == query


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * { GRAPH :inferred { ?s ?p ?o } }", True),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", False),
        ("SELECT * { GRAPH :g1 { ?s ?p :inferred } }", False),
    ],
)
def test_it_is_known_whether_a_pattern_names_the_graph(query: str, names: bool) -> None:
    assert query_without(query, PREFIXES, None, HIDDEN).names is names


def test_a_relative_name_of_the_graph_is_its_name() -> None:
    query = "SELECT * { GRAPH <graph/inferred> { ?s ?p ?o } }"
    graph = "http://example.org/graph/inferred"
    assert query_without(query, {}, "http://example.org/sparql", graph).names


UPDATES = [
    "DELETE WHERE { GRAPH ?g { ?s :p ?o } }",
    "DELETE WHERE { GRAPH ?g { ?s :p ?o } ?s :q ?n }",
    "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "INSERT { GRAPH :new { ?s :in ?g } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "INSERT { GRAPH :new { ?s :in 1 } } WHERE { GRAPH :inferred { ?s ?p ?o } }",
    "WITH :g1 DELETE { ?s ?p ?o } INSERT { ?s :in ?g } WHERE { ?s ?p ?o GRAPH ?g { ?s ?q ?v } }",
    "INSERT DATA { GRAPH :g1 { :a :in 1 } } ; DELETE WHERE { GRAPH ?g { :a ?p ?o } }",
    "INSERT { GRAPH :new { ?s :in 1 } } WHERE { ?s :p ?o FILTER EXISTS { GRAPH ?g { ?s :q 3 } } }",
]


def updated(text: str, update: str) -> set[Quad]:
    made = store(text)
    made.update(update, prefixes=PREFIXES)
    return set(made)


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_finds_what_is_there_without_the_graph(update: str) -> None:
    narrowed = update_without(update, PREFIXES, None, HIDDEN)
    derived = set(store(SHOWN + DERIVED)) - set(store(SHOWN))
    assert updated(SHOWN + DERIVED, narrowed) == updated(SHOWN, update) | derived
    assert updated(SHOWN + DERIVED, update) != updated(SHOWN, update) | derived


@pytest.mark.parametrize(
    "update",
    [
        "INSERT { GRAPH :new { ?s :in 1 } } USING NAMED :inferred WHERE { GRAPH ?g { ?s ?p ?o } }",
        "INSERT DATA { GRAPH :inferred { :a :b 1 } }",
        "DELETE DATA { GRAPH :inferred { :a :pp :c } }",
        "CLEAR GRAPH :inferred",
        "DELETE WHERE { GRAPH :g1 { ?s ?p ?o } }",
    ],
)
def test_an_update_that_names_its_dataset_or_has_no_pattern_is_left_as_it_is(update: str) -> None:
    assert update_without(update, PREFIXES, None, HIDDEN) == update


def test_using_holds_for_its_own_operation_alone() -> None:
    one = "INSERT { GRAPH :n { ?s ?p ?g } } USING NAMED :inferred WHERE { GRAPH ?g { ?s ?p ?o } }"
    other = "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }"
    narrowed = update_without(f"{one} ; {other}", PREFIXES, None, HIDDEN)
    assert narrowed == f"{one} ; {update_without(other, PREFIXES, None, HIDDEN).strip()}"


VERSIONED = """
@prefix : <https://example.org/p/> .
<https://example.org/p/ontology/actors> { :now :p 1 }
<https://example.org/p/ontology/actors/0.1.0> { :then :p 1 }
<https://example.org/p/ontology/0.12.3> { :core :p 1 }
<https://example.org/p/ontology/my/v0.1.0> { :other :p 1 }
<https://example.org/p/source/0.1.0> { :text :p 1 }
<https://example.org/p/graph/inferred> { :followed :p 1 }
"""


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT ?s { GRAPH ?g { ?s ?p ?o } }", {"now", "other", "text"}),
        ("SELECT ?s { ?s ?p ?o FILTER EXISTS { GRAPH ?h { ?s ?p ?o } } }", {"now"}),
        ("SELECT ?s { GRAPH <https://example.org/p/ontology/0.12.3> { ?s ?p ?o } }", {"core"}),
    ],
)
def test_earlier_versions_of_the_ontology_are_found_by_their_names_alone(
    query: str, found: set[str]
) -> None:
    store = Store()
    store.load(VERSIONED.encode(), RdfFormat.TRIG)
    store.load(b"<https://example.org/p/now> <https://example.org/p/p> 1 .", RdfFormat.TURTLE)
    store.load(b"<https://example.org/p/then> <https://example.org/p/p> 1 .", RdfFormat.TURTLE)
    text = query_without(query, {}, None, "https://example.org/p/graph/inferred").text
    solutions = store.query(text)
    assert isinstance(solutions, QuerySolutions)
    assert {str(row["s"]).rpartition("/")[2].rstrip(">") for row in solutions} == found
