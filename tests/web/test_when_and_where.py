"""The page of a thing draws when and where it is, by what saved queries tell, and its history."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from spacepolicy.errors import FindingsError
from spacepolicy.saved_queries import read_catalogue

from .conftest import MakeService, serve

PAGE = {"Accept": "text/html"}
GOAL = "/doc/id/policy/shanghai-2022-spatial-information/goal/development"
WHEN = """#+ title: {en: "When is it?", zh: "何时？"}
#+ tags: [timeline]
#+ parameters:
#+   - {name: thing, type: iri}
SELECT ?what ?relation ?when ?first ?last
{ VALUES ?thing { UNDEF } ?thing <urn:time> ?node . OPTIONAL { ?node <urn:what> ?what }
  OPTIONAL { ?node <urn:first> ?first } OPTIONAL { ?node <urn:last> ?last } }
ORDER BY ?node
"""
WHERE = """#+ title: {en: "Where is it?", zh: "何处？"}
#+ tags: [places]
#+ parameters:
#+   - {name: thing, type: iri}
SELECT ?relation ?place ?within
{ VALUES ?thing { UNDEF } VALUES ?at { <urn:at> }
  { ?thing ?at ?place BIND(?at AS ?relation) } UNION { ?thing <urn:at>/<urn:in> ?place }
  OPTIONAL { ?place <urn:in> ?within } }
"""
DATA = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://w3id.org/spacepolicy/> .
<id/a> rdfs:label "<img src=x>"@en ; <urn:at> <id/city> , <id/odd> ;
  <urn:time> <urn:t1> , <urn:t2> , <urn:t3> , <urn:t4> , <urn:t5> , <urn:t6> , <urn:t7> .
<urn:t1> <urn:first> 2020 ; <urn:last> 2022 .
<urn:t2> <urn:last> "2024-07-01"^^xsd:date ; <urn:what> <id/part> .
<urn:t3> <urn:last> "--02-16"^^xsd:gMonthDay .
<urn:t4> <urn:first> 2030 ; <urn:last> 2021 .
<urn:t5> <urn:last> "</svg><script>" .
<urn:t6> <urn:first> 2023 . <urn:t7> <urn:of> <urn:no-year> .
<id/part> rdfs:label "\u202e a part" .
<id/city> rdfs:label "City"@en ; <urn:in> <id/land> , <id/world> .
<id/land> rdfs:label "Land"@en ; <urn:in> <id/world> . <id/world> rdfs:label "World"@en .
<id/odd> rdfs:label "Odd"@en ; <urn:in> <id/even> .
<id/even> rdfs:label "Even"@en ; <urn:in> <id/odd> .
<id/b> rdfs:label "B"@en .
"""


@pytest.fixture(scope="module")
def page(make_service: MakeService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("when-and-where")
    (folder / "when.rq").write_text(WHEN, encoding="utf-8")
    (folder / "where.rq").write_text(WHERE, encoding="utf-8")
    service = replace(make_service(DATA), catalogue=read_catalogue(folder))
    with serve(service) as site:
        other = site.client.get("/doc/id/b", headers=PAGE).text
        assert "<h2>When</h2>" not in other
        assert "<h2>Where</h2>" not in other
        yield site.client.get("/doc/id/a", headers=PAGE).text


def test_times_are_drawn_over_an_axis_that_holds_them_all(page: str) -> None:
    labels = re.findall(r'<text class="role" x="(\d+)" y="16" text-anchor="middle">(\d+)<', page)
    assert [year for _, year in labels] == ["2020", "2021", "2022", "2023", "2024"]
    lines = [int(x) for x in re.findall(r'<path class="tick" d="M(\d+) 24 ', page)]
    for (x, _), (start, end) in zip(labels, pairwise(lines), strict=True):
        assert abs(int(x) - (start + end) / 2) <= 1
    at = dict(zip(["2020", "2021", "2022", "2023", "2024", "2025"], lines, strict=True))
    (bar,) = re.findall(r'<rect class="middle" x="(\d+)" y="\d+" width="(\d+)" height="12"', page)
    assert (int(bar[0]), int(bar[0]) + int(bar[1])) == (at["2020"], at["2023"])
    points = [int(x) + 7 for x in re.findall(r'<path class="middle" d="M(\d+) \d+ l7', page)]
    day, backwards, begun = points
    assert at["2024"] < day < at["2025"]
    assert (backwards, begun) == (at["2022"], at["2023"])


def test_times_are_told_as_a_list_too_with_those_that_cannot_be_drawn(page: str) -> None:
    (times,) = re.findall(r'<ul class="plain">\n(<li>.*?)</ul>\n<p class="small">', page, re.DOTALL)
    listed = re.sub(r"<[^>]*>", "", times).splitlines()
    assert listed == [
        "2020–2022",
        "2024-07-01 · \u202e a part ",
        "--02-16",
        "2030–2021",
        "&lt;/svg&gt;&lt;script&gt;",
        "2023–",
    ]
    for trap in ("<img", "</svg><script"):
        assert trap not in page


def test_a_place_stands_in_the_narrowest_around_it(page: str) -> None:
    outline = re.sub(r"<(?!/?ul|/?li)[^>]*>|\s|urn:", "", re.sub(r" class=\"[^\"]*\"", "", page))
    city = "<li>World<ul><li>Land<ul><li>Cityat</li></ul></li></ul></li>"
    assert city in outline
    assert "<li>Oddat</li>" in outline  # the two are around each other


def test_the_shipped_goal_is_due_and_lies_in_its_places(shipped: httpx.Client) -> None:
    page = shipped.get(GOAL, headers=PAGE).text
    assert "2021–2025" in page
    assert re.search(r">China</a>.*<ul class=\"nested\">\s*<li>.*>Yangtze River Delta</a>", page)
    chinese = shipped.get(GOAL, headers=PAGE, params={"lang": "zh"}).text
    assert "时间</h2>" in chinese
    behind = re.findall(r'href="(/queries/[a-z]+\?thing=[^"]*)"', page)
    assert len(behind) == 2
    for address in behind:
        assert shipped.get(address, headers={"Accept": "text/csv"}).text.count("\r\n") > 1


@pytest.mark.parametrize("text", [WHEN, WHERE])
@pytest.mark.parametrize(("old", "new"), [("type: iri", "type: string"), ("SELECT ", "SELECT ?x ")])
def test_a_query_that_gives_something_else_is_a_finding(
    tmp_path: Path, text: str, old: str, new: str
) -> None:
    (tmp_path / "when.rq").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FindingsError, match="does not give what its page shows"):
        read_catalogue(tmp_path)


def test_a_thing_tells_the_revisions_that_changed_it(make_service: MakeService) -> None:
    service = make_service('<https://w3id.org/spacepolicy/id/a> <urn:b> "1" , "2" .')
    thing, graph = "<https://w3id.org/spacepolicy/id/a>", "<urn:g>"
    lines = [
        f'D {thing} <urn:b> "0" .',
        f'A {thing} <urn:b> "1" .',
        f'A {thing} <urn:b> "1" {graph} .',
    ]
    patch = "\n".join(["TX .", *lines, f'A {thing} <urn:b> "2" .', "TC .", ""])
    service.revision.changes.write_text(patch, encoding="utf-8")
    with serve(service) as site:
        page = site.client.get("/doc/id/a", headers=PAGE).text
        assert '<a href="/revisions/7">7</a>' in page
        assert '><a href="/revisions/6..7">+2 −1</a></td>' in page
        service.revision.changes.write_text("TX .\nTC .\n", encoding="utf-8")
        assert "<h2>History</h2>" not in site.client.get("/doc/id/a?lang=en", headers=PAGE).text
