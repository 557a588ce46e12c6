"""Lint: what is likely wrong with a query is told with its line; what is right is left alone."""

import pytest
from pyoxigraph import RdfFormat, parse

from spacepolicy.knowledge.checks.lint import LintRemark, remarks
from spacepolicy.knowledge.checks.vocabulary import read_vocabulary

ONTOLOGY = """
PREFIX : <https://example.org/gov/def/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
:Step a owl:Class ; rdfs:label "step"@en , "步骤"@zh .
:Tree a owl:Class ; rdfs:subClassOf :Plant ; rdfs:label "tree"@en .
:Plant a owl:Class .
:Place a owl:Class .
[] a owl:AllDisjointClasses ; owl:members ( :Step :Plant :Place ) .
:plants rdfs:subPropertyOf :actsOn .
:actsOn rdfs:domain :Step ; rdfs:range :Plant .
:growsIn rdfs:domain :Plant ; rdfs:range :Place .
:ordinal rdfs:domain :Step .
:isPlantedBy owl:inverseOf :plants .
:sows owl:deprecated true ; dcterms:isReplacedBy :plants ; :isAskedAs :actsOn .
:isAskedAs rdfs:subPropertyOf dcterms:isReplacedBy .
:digs owl:deprecated true ; dcterms:isReplacedBy :growsIn .
"""
PROLOGUE = """#+ title: ?header is passed over, :AndSo is this
PREFIX : <https://example.org/gov/def/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
VOCABULARY = read_vocabulary(
    "https://example.org/gov/",
    [quad.triple for quad in parse(ONTOLOGY, RdfFormat.TURTLE)],
)


def told(query: str) -> list[LintRemark]:
    prefixes = {"": "https://example.org/gov/def/"}
    return list(remarks(PROLOGUE + query, VOCABULARY, prefixes))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?step ?tree { ?step a :Step ; :plants ?tree . ?tree a :Tree }",
        "SELECT ?x { { ?x a :Step } UNION { ?x a :Tree } }",
        "SELECT ?name { ?s a :Step ; rdfs:label ?name FILTER langMatches(lang(?name), 'zh') }",
        "SELECT (COUNT(?s) AS ?count) { ?s a :Step }",
        "SELECT ?a ?b { ?a a :Step . ?b a :Tree FILTER EXISTS { ?a :plants ?b } }",
        "SELECT ?a ?b { ?a :ordinal ?n . ?b :ordinal ?m FILTER (?n < ?m) }",
        "SELECT ?a ?b { ?a :ordinal ?n . BIND (?n + 1 AS ?m) ?b :ordinal ?m }",
        "SELECT ?s { ?s :plants/:growsIn ?place . ?place a :Place }",
        "SELECT ?s { ?s ?anything :Tree }",
        "ASK { :Step rdfs:label 'step'@en }",
        "SELECT * { ?s a :Step }",
        "SELECT ?s { VALUES ?n { 1 2 } ?s :ordinal ?n }",
    ],
)
def test_what_is_right_is_left_alone(query: str) -> None:
    assert told(query) == []


UNBOUND = [
    ("SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t }\n ?t a :Tree FILTER(BOUND(?t)) }", 5, "?t"),
    ("SELECT * { { ?s :plants ?t } UNION { ?s a :Step }\n OPTIONAL { ?t :growsIn ?p } }", 5, "?t"),
    ("SELECT * { { ?s :plants ?t } UNION { ?s a :Step }\n ?t :growsIn ?p }", 5, "?t"),
    ("SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t }\n ?t :growsIn ?p }", 5, "?t"),
    ("SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t }\n OPTIONAL { ?t :growsIn ?p } }", 5, "?t"),
    ("SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t }\n GRAPH ?t { ?t :growsIn ?p } }", 5, "?t"),
    ("SELECT * { ?t :growsIn ?p .\n { ?s a :Step OPTIONAL { ?s :plants ?t } } }", 5, "?t"),
    ("SELECT * { VALUES (?s ?n) { (:a 1) (:b UNDEF) } ?s a :Step .\n ?x :ordinal ?n }", 5, "?n"),
    ("SELECT * { VALUES ?n { 1 UNDEF } ?s a :Step .\n ?s :ordinal ?n }", 5, "?n"),
    ("SELECT * { ?s :ordinal ?n BIND(1 / ?n AS ?m)\n ?t :ordinal ?m }", 5, "?m"),
    ("SELECT * { ?s rdfs:label ?l BIND(<urn:cast>(?l) AS ?m)\n ?t :ordinal ?m }", 5, "?m"),
    (
        "SELECT * { ?s a :Step OPTIONAL { ?s :ordinal ?n } BIND(?n + 1 AS ?m)\n ?t :ordinal ?m }",
        5,
        "?m",
    ),
    (
        "SELECT * { { SELECT ?s ?t { ?s a :Step OPTIONAL { ?s :plants ?t } } }\n ?t :growsIn ?p }",
        5,
        "?t",
    ),
    (
        "SELECT * { { SELECT (MAX(?n) AS ?m) { ?s a :Step OPTIONAL { ?s :ordinal ?n } } }\n"
        " ?t :ordinal ?m }",
        5,
        "?m",
    ),
    (
        "SELECT ?s { ?s a :Step OPTIONAL { ?s :plants ?t }\n"
        " FILTER NOT EXISTS { ?t :growsIn [] } }",
        5,
        "?t",
    ),
]
"""Queries whose later pattern is joined by a variable that may be unbound, its line, and it."""


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t . ?t :growsIn ?p } }",
        "SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t OPTIONAL { ?t :growsIn ?p } } }",
        "SELECT * { { ?s :plants ?t OPTIONAL { ?t :growsIn ?p } } UNION { ?s a :Step } }",
        "SELECT * { { ?s :plants ?t } UNION { ?s :actsOn ?t } ?t :growsIn ?p }",
        "SELECT * { ?s a :Step OPTIONAL { ?s rdfs:label ?l FILTER langMatches(lang(?l), 'zh') }"
        " OPTIONAL { ?s rdfs:label ?l FILTER langMatches(lang(?l), 'en') } }",
        "SELECT * { { ?s a :Step OPTIONAL { ?s :plants ?t } FILTER(BOUND(?t)) } ?t a :Tree }",
        "SELECT * { { ?s a :Step OPTIONAL { ?s :ordinal ?n } FILTER(?n > 1) } ?t :ordinal ?n }",
        "SELECT * { ?s a :Step OPTIONAL { ?s :ordinal ?n } BIND(COALESCE(?n, 1) AS ?m)"
        " ?t :ordinal ?m }",
        "SELECT * { VALUES ?n { UNDEF } ?s :ordinal ?n }",
        "SELECT * { VALUES (?s ?n) { (:a 1) (:b 2) } ?s :ordinal ?n }",
        "SELECT * { { SELECT (COUNT(?s) AS ?n) { ?s a :Step } } ?t :ordinal ?n }",
        "SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t } FILTER NOT EXISTS { ?s :actsOn ?t } }",
        "SELECT * { ?s a :Step OPTIONAL { ?s :plants ?t }"
        " FILTER(!BOUND(?t) || EXISTS { ?t a :Tree }) }",
        "SELECT * { ?s a :Step MINUS { ?s :plants ?t . ?t a :Tree } }",
    ],
)
def test_what_is_surely_bound_joins_without_a_remark(query: str) -> None:
    assert [each for each in told(query) if each.rule == "unbound-join"] == []


@pytest.mark.parametrize(
    ("query", "rule", "line", "part"),
    [
        ("SELECT ?s {\n ?s a :Stepp }", "unknown-term", 5, ":Step (“step”)"),
        ("SELECT ?s {\n ?s :plants+/:grows ?p . ?p a :Place }", "unknown-term", 5, ":growsIn"),
        ("SELECT ?s {\n ?s a :Step , :Tree }", "impossible-pattern", 4, ":Step and :Tree"),
        ("SELECT ?s {\n ?t a :Step . ?s :plants ?t }", "impossible-pattern", 5, "?t"),
        ("SELECT ?s {\n ?s a :Step OPTIONAL { ?s :growsIn [] } }", "impossible-pattern", 4, "?s"),
        ("SELECT ?s {\n ?s ^:plants ?x . ?x a :Place }", "impossible-pattern", 5, "?x"),
        (
            "SELECT ?n { ?s rdfs:label ?n\n FILTER (lang(?n) = 'en') }",
            "lang-equals",
            5,
            "langMatches",
        ),
        ("SELECT ?s {\n ?s rdfs:label 'Schritt'@de }", "unknown-language", 5, "en, zh"),
        (
            'SELECT ?n { ?s rdfs:label ?n\n FILTER langMatches(lang(?n), "fr") }',
            "unknown-language",
            5,
            "en, zh",
        ),
        ("SELECT ?s {\n ?s :ordinal ?n }", "lonely-variable", 5, "[]"),
        ("SELECT ?s ?t {\n ?s a :Step .\n ?t a :Tree }", "cross-product", 4, "Join"),
        ("SELECT ?s {\n ?s :sows [] }", "deprecated-term", 5, ":actsOn"),
        ("SELECT ?s {\n ?s :plants|:digs [] }", "deprecated-term", 5, ":growsIn"),
        *((query, "unbound-join", line, part) for query, line, part in UNBOUND),
    ],
)
def test_what_is_likely_wrong_is_told_with_its_line_and_a_remedy(
    query: str, rule: str, line: int, part: str
) -> None:
    found = told(query)
    assert [(each.rule, each.line) for each in found if each.rule == rule] == [(rule, line)], found
    assert all(part in each.message + each.remedy for each in found if each.rule == rule)


def test_the_ends_of_an_inverse_count_too() -> None:
    (remark,) = told("SELECT ?s { ?s :isPlantedBy ?by . ?by a :Place }")
    assert remark.rule == "impossible-pattern"
