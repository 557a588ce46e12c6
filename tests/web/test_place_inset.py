"""The page of a place shows where on the earth it is: a map of coasts, and the same in words."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from spacepolicy.saved_queries import read_catalogue
from spacepolicy.web.linked_data import place_points

from .conftest import MakeService, Site, serve

PAGE = {"Accept": "text/html"}
WHERE = """#+ title: {en: "Where is it?", zh: "何处？"}
#+ tags: [places]
#+ parameters:
#+   - {name: thing, type: iri}
SELECT ?relation ?place ?within
{ VALUES ?thing { UNDEF }
  { ?thing <urn:in> ?place BIND(<urn:in> AS ?relation) } UNION { ?place <urn:in> ?thing }
  UNION { BIND(?thing AS ?place) ?thing <urn:of> <urn:earth> }
  OPTIONAL { ?place <urn:in> ?within } }
"""
DATA = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@base <https://w3id.org/spacepolicy/> .
<id/land> rdfs:label "Land"@en , "国"@zh ; <urn:of> <urn:earth> ; wgs84:lat 40 ; wgs84:long 0 .
<id/city> rdfs:label "<b>City"@en , "城"@zh ; <urn:of> <urn:earth> ; <urn:in> <id/land> ;
  wgs84:lat 41.5 ; wgs84:long -2.25 .
<id/port> rdfs:label "Port"@en ; <urn:in> <id/land> ; geo:asWKT "POINT(3 42)" .
<id/odd> rdfs:label "Odd"@en ; <urn:of> <urn:earth> ; <urn:in> <id/land> ;
  wgs84:lat "</svg><script>" , 95 ; wgs84:long 0 ; geo:asWKT "POINT(1" .
<urn:far> rdfs:label "Far"@en ; <urn:in> <id/land> ; wgs84:lat 40 ; wgs84:long 1 .
<id/alone> rdfs:label "Alone"@en ; wgs84:lat -12 ; wgs84:long -77 .
"""


@pytest.fixture(scope="module")
def site(make_service: MakeService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("map")
    (folder / "where.rq").write_text(WHERE, encoding="utf-8")
    service = replace(make_service(DATA), catalogue=read_catalogue(folder))
    with serve(service) as site:
        yield site


def page(client: httpx.Client, path: str, language: str = "en") -> str:
    answer = client.get(path, headers=PAGE, params={"lang": language})
    assert answer.status_code == 200
    return answer.text


def drawn(text: str) -> str:
    """The drawing of the map; empty where there is none."""
    return "".join(
        re.findall(r'(?:<div role="group"[^>]*>\s*)?<svg class="inset".*?</svg>', text, re.DOTALL)
    )


def test_marks_lead_to_the_places_inside_and_around(site: Site) -> None:
    land = drawn(page(site.client, "/doc/id/land"))
    assert re.findall(r'<a href="([^"]*)"', land) == ["/id/city?lang=en", "/id/port?lang=en"]
    assert 'role="group" aria-label="Land on a map of coasts"' in land
    assert '<path class="land" d="M' in land
    city = drawn(page(site.client, "/doc/id/city"))
    assert re.findall(r'<a href="([^"]*)"', city) == ["/id/land?lang=en"]
    assert '<circle class="own" cx="135" cy="90"' in city


def test_the_words_are_those_of_the_language(site: Site) -> None:
    text = page(site.client, "/doc/id/land", "zh")
    assert 'aria-label="国在海岸线地图上的位置"' in drawn(text)
    assert "<title>城：北纬41.5°，西经2.25°</title>" in drawn(text)
    assert "其中的地点" in text


def test_the_places_beside_the_map_are_told_with_their_points(site: Site) -> None:
    for language, own, port in (
        ("en", "40° N, 0° E", "42° N, 3° E"),
        ("zh", "北纬40°，东经0°", "北纬42°，东经3°"),
    ):
        text = page(site.client, "/doc/id/land", language)
        beside = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
        assert re.search(rf"<li>\s*{own}</li>", beside)
        assert f'</a> <span class="soft small">{port}</span>' in beside


def test_a_thing_alone_has_its_map_too(site: Site) -> None:
    text = page(site.client, "/doc/id/alone")
    assert 'role="img"' in drawn(text)
    assert "12° S, 77° W" in text


def test_nonsense_gives_no_map(site: Site) -> None:
    text = page(site.client, "/doc/id/odd")
    assert drawn(text) == ""
    assert "<script>" not in text
    assert "40° N" not in text


def test_without_built_coasts_the_point_is_told_in_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_points, "coasts", lambda: ())
    # The page of this place is asked for in Chinese here alone: it is not in the cache.
    answer = site.client.get("/doc/id/city", headers={**PAGE, "Accept-Language": "zh"})
    assert answer.status_code == 200
    assert drawn(answer.text) == ""
    assert "<li>北纬41.5°，西经2.25°</li>" in answer.text


def test_the_shipped_regions_tell_where_they_are(shipped: httpx.Client) -> None:
    for name, words in (
        ("shanghai", "31.2° N, 121.5° E"),
        ("china", "35° N, 105° E"),
        ("luxembourg", "49.8° N, 6.2° E"),
        ("united-states", "38° N, 97° W"),
    ):
        text = page(shipped, f"/doc/id/region/{name}")
        assert words in text
        assert 0 < len(drawn(text)) < 6_000
    for name in ("moon", "europe", "beijing-key-districts"):
        assert drawn(page(shipped, f"/doc/id/region/{name}")) == ""
    inside = drawn(page(shipped, "/doc/id/region/yangtze-river-delta"))
    assert "/id/region/shanghai" in inside
