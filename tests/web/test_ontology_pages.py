"""The ontology as pages: its terms as trees and drawn, and the whole of it on one page."""

import html
import re

import httpx
import pytest

from .conftest import MakeService, serve

PAGE = {"Accept": "text/html"}
CLASSES = "SELECT ?label ?definition { ?c a owl:Class ; rdfs:isDefinedBy [] ; rdfs:label ?label ; "
CLASSES += "skos:definition ?definition FILTER (lang(?label) = 'en' && lang(?definition) = 'en') }"


def rows(site: httpx.Client, query: str) -> list[dict[str, str]]:
    found = site.get("/sparql", params={"query": query, "format": "json"}).json()
    return [
        {name: term["value"] for name, term in row.items()} for row in found["results"]["bindings"]
    ]


def test_every_class_is_drawn_with_its_count(shipped: httpx.Client) -> None:
    page = shipped.get("/ontology", headers=PAGE).text
    drawing = page[page.index('<svg class="diagram"') : page.index("</svg>")]
    drawn = {
        html.unescape(each) for each in re.findall(r'<text x="\d+" y="\d+">(.*?)</text', drawing)
    }
    names = {row["label"] for row in rows(shipped, CLASSES)}
    assert len(names) > 50
    assert {each for each in names if len(each) <= 26} <= drawn
    assert len(re.findall("<rect", drawing)) >= len(names)


def test_the_properties_between_two_classes_are_drawn_and_listed(shipped: httpx.Client) -> None:
    page = shipped.get("/ontology", headers=PAGE).text
    listed = page[page.index('id="links"') :]
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", listed, re.DOTALL)
    said = {
        re.sub(r"<[^>]*>", "", pair).strip(): re.sub(r"<[^>]*>", "", links).split(" · ")
        for pair, links in pairs
        if "→" in pair
    }
    between = ["is component of", "is instance of", "is kind of", "is meant for"]
    assert said["entity → entity"] == between
    edges = re.findall(r'<path class="edge w\d"', listed[: listed.index("</svg>")])
    assert len(edges) == len(said)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_whole_ontology_is_on_one_page(shipped: httpx.Client, language: str) -> None:
    asked = {"view": "whole", "lang": language}
    page = html.unescape(shipped.get("/ontology", params=asked, headers=PAGE).text)
    for row in rows(shipped, CLASSES.replace("'en'", f"'{language}'")):
        assert row["definition"] in page
    sentence = {"en": "Every {} is a {}.", "zh": "凡{}都是{}。"}[language]
    names = {"en": ("measure", "policy element"), "zh": ("措施", "政策要素")}[language]
    assert sentence.format(*names) in re.sub(r"<[^>]*>", "", page)


MARKS = {
    "en": "has deadline {} deprecated To state it: is due · To ask for it: has effective deadline",
    "zh": "期限为 {} 已弃用 陈述用： 应完成于 · 查询用： 有效期限为",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", ["", "whole"])
def test_a_deprecated_term_is_marked_with_what_replaces_it(
    shipped: httpx.Client, language: str, view: str
) -> None:
    asked = {"view": view, "lang": language}
    page = html.unescape(shipped.get("/ontology", params=asked, headers=PAGE).text)
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    (row,) = rows(shipped, "SELECT (COUNT(*) AS ?n) { ?s :hasDeadline ?o }")
    assert MARKS[language].format(row["n"]) in text
    deprecated = rows(shipped, "SELECT ?term { ?term owl:deprecated true }")
    word = "deprecated" if language == "en" else "已弃用"
    assert page.count(f'<span class="tag out">{word}</span>') >= len(deprecated) > 2


def test_concepts_stand_below_their_schemes(shipped: httpx.Client) -> None:
    page = shipped.get("/ontology", headers=PAGE).text
    schemes = page[page.index('id="schemes"') :]
    tops = re.findall(r'<li><a href="/concept/([^"]*)"', schemes)
    assert tops.index("task-theme") + 1 == tops.index("task-theme/digital-applications")


def test_an_ontology_of_nothing_is_a_page(make_service: MakeService) -> None:
    empty = "<https://w3id.org/spacepolicy/ontology> a <http://www.w3.org/2002/07/owl#Ontology> ."
    with serve(make_service(empty, graph="ontology")) as site:
        for view in ("", "?view=whole", "?view=none"):
            page = site.client.get(f"/ontology{view}", headers=PAGE)
            assert page.status_code == 200
            assert "<svg" not in page.text
