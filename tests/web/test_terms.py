"""The pages of terms: definitions, axioms in plain words, shapes, examples, queries, alignments."""

import html
import re

import httpx
import pytest

from .conftest import MakeService, serve

PAGE = {"Accept": "text/html"}


def text_of(site: httpx.Client, path: str, **asked: str) -> str:
    """The words of the page, tags left out."""
    page = site.get(path, params=asked, headers=PAGE)
    assert page.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page.text)).split())


@pytest.mark.parametrize(
    ("term", "language", "sentence"),
    [
        ("Measure", "en", "Every measure is a policy element."),
        ("Measure", "zh", "凡措施都是政策要素。"),
        (
            "Measure",
            "en",
            "Nothing that is a measure is any of these: aim, amendment, outlook, section, task.",
        ),
        ("TechnologyTask", "en", "Whatever is a task and concerns some technology is a technology"),
        ("TechnologyTask", "zh", "凡是任务且涉及某个技术者，是技术任务。"),
        ("Technology", "en", "Whatever is a task and concerns some technology is a technology"),
        ("hasDeadline", "en", "What “has deadline” leads to is a deadline."),
        (
            "hasDeadline",
            "en",
            "If “addresses”, then “has deadline” lead from A to C, “has deadline” leads",
        ),
        ("locatedIn", "en", "Where “located in” leads in several steps, it leads at once."),
        ("ordinal", "en", "What “ordinal” leads to is a whole number."),
        ("Task", "en", "task is identified by: is task of,"),
    ],
)
def test_axioms_are_put_in_plain_words(
    shipped: httpx.Client, term: str, language: str, sentence: str
) -> None:
    assert sentence in text_of(shipped, f"/doc/def/{term}", lang=language)


AXIOMS = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix : <https://w3id.org/spacepolicy/def/> .
<https://w3id.org/spacepolicy/ontology> a owl:Ontology .
:C a owl:Class ; rdfs:label "cup"@en ; rdfs:subClassOf
  [ a owl:Restriction ; owl:onProperty :p ; owl:allValuesFrom [ owl:unionOf ( :D :E ) ] ] ,
  [ a owl:Restriction ; owl:onProperty :p ; owl:minCardinality 2 ] ,
  [ a owl:Restriction ; owl:onProperty :p ; owl:maxQualifiedCardinality 3 ; owl:onClass :D ] ,
  [ a owl:Restriction ; owl:onProperty [ owl:inverseOf :p ] ; owl:hasValue "x<y" ] ,
  [ owl:complementOf :E ] ; owl:equivalentClass [ owl:oneOf ( :d :e ) ] .
:D a owl:Class ; rdfs:label "dish"@en ; owl:disjointWith :E .
:E a owl:Class ; rdfs:label "egg"@en .
:p a owl:ObjectProperty , owl:FunctionalProperty , owl:SymmetricProperty ;
  rdfs:label "pours"@en ; rdfs:subPropertyOf :q ; owl:inverseOf :q .
:q a owl:ObjectProperty ; rdfs:label "fills"@en .
:d rdfs:label "dee"@en . :e rdfs:label "ee"@en .
"""


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        ("C", "Every cup pours only thing that is a dish or is an egg."),
        ("C", "Every cup pours at least 2 thing."),
        ("C", "Every cup pours at most 3 dish."),
        ("C", "Every cup pours backwards x<y."),
        ("C", "Every cup is not an egg."),
        ("C", "Whatever is dee or ee is a cup, and the other way round."),
        ("E", "Every cup is not an egg."),
        ("D", "Nothing is both a dish and an egg."),
        ("p", "What “pours” links, “fills” links too."),
        ("p", "“pours” is “fills” read backwards."),
        ("p", "“pours” leads to one thing at most."),
        ("p", "“pours” holds both ways."),
    ],
)
def test_every_kind_of_axiom_has_its_words(
    make_service: MakeService, term: str, sentence: str
) -> None:
    with serve(make_service(AXIOMS, graph="ontology")) as site:
        assert sentence in text_of(site.client, f"/doc/def/{term}")


def test_a_term_shows_what_the_data_is_held_to(shipped: httpx.Client) -> None:
    assert "must A country has a code of two letters." in text_of(shipped, "/doc/def/Country")
    of_property = text_of(shipped, "/doc/def/isoCode")
    assert "must A country has a code of two letters. (country)" in of_property
    assert "国家须有两个字母的代码。" in text_of(shipped, "/doc/def/isoCode", lang="zh")


def test_a_term_shows_examples_with_their_words_and_how_many_there_are(
    shipped: httpx.Client,
) -> None:
    page = shipped.get("/doc/def/isDueBy", headers=PAGE).text
    assert '<a href="/source/shanghai-2022-opinions#char=599,606">By 2025</a>' in page
    counted = shipped.get(
        "/sparql",
        params={"query": "SELECT (COUNT(*) AS ?n) { ?s :isDueBy ?o }", "format": "csv"},
    ).text.split()[1]
    assert f'In the data <span class="soft">{counted}</span>' in page


def test_a_term_leads_to_the_questions_that_use_it(shipped: httpx.Client) -> None:
    page = shipped.get("/doc/def/isDueBy", headers=PAGE).text
    assert 'href="/queries/deadline"' in page
    assert 'href="/queries/documents"' not in page


def test_a_term_shows_what_other_vocabularies_have_for_it(shipped: httpx.Client) -> None:
    page = text_of(shipped, "/doc/def/Passage")
    assert "In other vocabularies" in page
    assert "oa:SpecificResource" in page


@pytest.mark.parametrize(
    ("path", "narrower"),
    [
        ("def/Task", "technology task"),
        ("concept/task-theme", "talent"),
        ("concept/application-area/government-services", "city management"),
    ],
)
def test_a_term_shows_those_below_it(shipped: httpx.Client, path: str, narrower: str) -> None:
    page = shipped.get(f"/doc/{path}", headers=PAGE).text
    tree = page[page.index("<h2>Subclasses and narrower terms</h2>") :].partition("</ul>\n<h2")[0]
    assert f">{narrower}</a>" in tree


def test_a_query_among_the_examples_can_be_run(shipped: httpx.Client) -> None:
    page = shipped.get("/doc/def/Measure", headers=PAGE).text
    for address in re.findall(r'href="(/sparql\?query=SELECT[^"]*)"', page)[:2]:
        assert shipped.get(html.unescape(address), headers=PAGE).status_code == 200
    note = text_of(shipped, "/doc/def/Measure")
    assert "The smallest unit: usually one clause." in note


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("concept/chain-segment/launch", "en", "Example rocket assembly line"),
        ("concept/chain-segment/launch", "zh", "示例 火箭总装线"),
        ("def/Measure", "en", "Usage note The smallest unit"),
    ],
)
def test_an_example_is_not_called_a_note(
    shipped: httpx.Client, path: str, language: str, words: str
) -> None:
    assert words in text_of(shipped, f"/doc/{path}", lang=language)


def test_definitions_are_there_without_a_mouse(shipped: httpx.Client) -> None:
    page = shipped.get("/doc/id/technology/reusable-rocket", headers=PAGE).text
    found = re.findall(r'<details class="meaning"><summary[^>]*>\?</summary><span>([^<]+)</', page)
    assert found
    assert not re.findall(r"<dt[^>]* title=", page)


@pytest.mark.parametrize(
    "path",
    [
        "/ontology",
        "/ontology/shapes",
        "/doc/def/Measure",
        "/doc/id/region/china",
        "/catalog",
        "/.well-known/void",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_borrowed_terms_have_names_too(shipped: httpx.Client, path: str, language: str) -> None:
    page = shipped.get(path, params={"lang": language}, headers=PAGE).text
    names = re.findall(r"<dt>\s*<(?:a|span) [^>]*>([^<]*)<", page)
    assert names
    assert [name for name in names if ":" in name and "：" not in name] == []
    assert "_:" not in page


def test_a_term_out_of_use_says_what_replaces_it(make_service: MakeService) -> None:
    with serve(make_service(DEPRECATED, graph="ontology")) as site:
        page = text_of(site.client, "/doc/def/Old")
    assert "Deprecated: not to be used any more. Use instead: new" in page


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "To state it: is due · To ask for it: has effective deadline"),
        ("zh", "陈述用： 应完成于 · 查询用： 有效期限为"),
    ],
)
def test_a_term_out_of_use_says_what_to_state_and_what_to_ask(
    shipped: httpx.Client, language: str, told: str
) -> None:
    asked = {"lang": language}
    page = shipped.get("/doc/def/hasDeadline", params=asked, headers=PAGE).text
    assert told in " ".join(re.sub(r"<[^>]*>", " ", page).split())


DEPRECATED = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix : <https://w3id.org/spacepolicy/def/> .
<https://w3id.org/spacepolicy/ontology> a owl:Ontology .
:Old a owl:Class ; owl:deprecated true ; <http://purl.org/dc/terms/isReplacedBy> :New .
:New a owl:Class ; rdfs:label "new"@en .
"""
HOSTILE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <https://w3id.org/spacepolicy/def/> .
<https://w3id.org/spacepolicy/ontology> a owl:Ontology .
:A a owl:Class ; rdfs:label "<img src=x>{0}{name}"@en ; rdfs:subClassOf :B , <javascript:x> ,
  _:c ; skos:example "SELECT * { ?s ?p '</pre><script>' }" ; skos:scopeNote "<img>"@en .
:B a owl:Class ; rdfs:label "" .
_:c owl:intersectionOf ( _:c :A ) .
_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> :A ;
  <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .
:A owl:hasKey _:l .
"""


def test_hostile_axioms_break_no_page(make_service: MakeService) -> None:
    with serve(make_service(HOSTILE, graph="ontology")) as site:
        for path in ("/doc/def/A", "/doc/def/B", "/ontology"):
            page = site.client.get(path, headers=PAGE)
            assert page.status_code == 200
            for trap in ("<img", "<script", 'href="javascript:'):
                assert trap not in page.text
        assert "<img src=x>{0}{name}" in text_of(site.client, "/doc/def/A")
