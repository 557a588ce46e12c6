"""The page of a search: facets that combine, pages, and what to try where nothing is found."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

import httpx
import pytest

from .conftest import SHIPPED_BASE, MakeService, serve

PAGE: Final = {"Accept": "text/html", "Accept-Language": "en"}
THINGS: Final = 45
"""Things that have a word in common: three pages of twenty."""


def _data() -> str:
    head = f"""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix : <{SHIPPED_BASE}def/> .
@base <{SHIPPED_BASE}> .
:Sort rdfs:label "sort"@en , "种类"@zh . :Odd rdfs:label "odd one"@en . :Even rdfs:label "even"@en .
<source/x> rdfs:label "the report"@en , "报告"@zh .
<graph/x> :source <source/x> .
"""
    things = (
        f'<id/{n:02}> a :Sort , {":Odd" if n % 2 else ":Even"} ; rdfs:label "common {n:02}"@en .\n'
        for n in range(THINGS)
    )
    return head + "".join(things) + '<id/zh> a :Sort ; rdfs:label "common 同"@zh .\n'


@pytest.fixture(scope="module")
def site(make_service: MakeService) -> Iterator[httpx.Client]:
    with serve(make_service(_data(), "graph/x")) as served:
        yield served.client


def read(site: httpx.Client, address: str) -> str:
    answer = site.get(address, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def facets(page: str) -> dict[str, tuple[str, str]]:
    """Where the values of facets lead, and how many results they have, by their names."""
    found = re.findall(
        r'<a href="(/search\?[^"]*)"[^>]*><span[^>]*>([^<]*)</span> (?:<i>(\d+)|<span)', page
    )
    return {name: (unescape(address), count) for address, name, count in found}


def shown(page: str) -> list[str]:
    return re.findall(r'<a href="[^"]*/id/([^"?]*)"', page.partition("<ol")[2])


def test_pages_lead_on_and_back_and_hold_every_result_once(site: httpx.Client) -> None:
    address, every, places = "/search?q=common", list[str](), list[str]()
    while True:
        page = read(site, address)
        every += shown(page)
        places += re.findall(r"<p class=\"soft\">(\d+–\d+ of \d+)", page)
        following = re.search(r'<a rel="next" href="([^"]*)"', page)
        if not following:
            break
        address = unescape(following[1])
    assert len(every) == len(set(every)) == THINGS + 1
    assert places == ["1–20 of 46", "21–40 of 46", "41–46 of 46"]
    back = re.search(r'<a rel="prev" href="([^"]*)"', page)
    assert back is not None
    assert "21–40 of 46" in read(site, unescape(back[1]))


def test_programs_page_too(site: httpx.Client) -> None:
    answer = site.get("/search", params={"q": "common", "limit": 10, "page": 2})
    links = ", ".join(answer.headers.get_list("link"))
    assert re.findall(r'page=(\d)>; rel="(\w+)"', links) == [("1", "prev"), ("3", "next")]
    assert (answer.json()["total"], len(answer.json()["results"])) == (46, 10)
    for wrong in ("0", "x", "1001", "-1"):
        assert site.get("/search", params={"q": "common", "page": wrong}).status_code == 400


def test_facets_count_combine_and_are_taken_back(site: httpx.Client) -> None:
    every = facets(read(site, "/search?q=common"))
    assert {name: count for name, (_, count) in every.items()} == {
        "odd one": "22", "even": "23", "English": "45", "中文": "1",
    }  # fmt: skip
    odd = read(site, every["odd one"][0])
    assert "1–20 of 22" in odd
    assert 'aria-current="true"' in odd
    both = read(site, facets(odd)["English"][0]) if "English" in facets(odd) else odd
    assert "of 22" in both
    assert "46" in read(site, facets(odd)["× odd one"][0])
    none = read(site, f"{every['odd one'][0]}&language=zh")
    assert "Nothing has these words with what is chosen." in none
    assert 'href="/search?q=common"' in none


def test_a_source_is_a_facet(site: httpx.Client) -> None:
    found = site.get("/search", params={"q": "common", "source": f"{SHIPPED_BASE}source/x"}).json()
    assert found["total"] == THINGS + 1
    assert found["sources"] == [
        {"iri": f"{SHIPPED_BASE}source/x", "name": "the report", "count": THINGS + 1}
    ]
    other = site.get("/search", params={"q": "common", "source": "urn:other"}).json()
    assert (other["total"], other["sources"][0]["count"]) == (0, THINGS + 1)
    chinese = read(site, "/search?q=common&lang=zh")
    assert "报告" in chinese
    assert "第 1–20 条，共 46 条" in chinese


def test_a_result_says_its_most_specific_kind(site: httpx.Client) -> None:
    page = read(site, "/search?q=common+07")
    assert '<span class="kind">odd one</span>' in page
    assert '<span class="kind">sort</span>' not in page


def test_where_nothing_is_found_the_page_says_what_to_try(site: httpx.Client) -> None:
    page = read(site, "/search?q=comxyzzzzz")
    assert "Nothing has these words." in page
    assert ">common 00</a>" in page
    assert 'href="/queries"' in page
    nowhere = read(site, "/search?q=qqqq")
    assert "Did you mean" not in nowhere
    assert "What to try" in nowhere
    assert "There are fewer pages" in read(site, "/search?q=common&page=9")
    assert 'href="/queries"' in read(site, "/search")


def test_what_is_chosen_cannot_write_into_the_page(site: httpx.Client) -> None:
    page = read(site, '/search?q=common&type="><script>&language="><script>')
    assert "<script>" not in page
