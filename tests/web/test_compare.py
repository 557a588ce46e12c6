"""Two things side by side: each way to compare them is a saved query."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from bench.axioms import lay_out_both
from bench.documents import lay_out, remove_references

from spacepolicy.errors import FindingsError
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.web import compare

from .conftest import MakeService, assembled, serve

ID = "https://w3id.org/spacepolicy/id/"
OPINIONS = f"{ID}policy/shanghai-2022-spatial-information"
STRATEGY = f"{ID}policy/marevia-2027-remote-sensing"
ASKED = {"a": OPINIONS, "b": STRATEGY}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A site over the shipped policy and the invented one."""
    folder = tmp_path_factory.mktemp("both") / "content"
    folder.mkdir()
    lay_out_both(folder)
    remove_references(folder)
    service = assembled(folder, tmp_path_factory.mktemp("served"))
    with serve(service) as site:
        yield site.client
    service.engine.close()


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A site over the policy whose text is shipped, alone."""
    folder = tmp_path_factory.mktemp("single") / "content"
    folder.mkdir()
    lay_out(folder, ())
    remove_references(folder)
    service = assembled(folder, tmp_path_factory.mktemp("served"))
    with serve(service) as site:
        yield site.client
    service.engine.close()


def rows(page: str, way: str) -> dict[str, list[list[str]]]:
    """What the page has of one way to compare: by each aspect, the quoted words on either side."""
    pattern = rf'<section class="versus[^"]*" id="{way}">(.*?)</section>'
    (section,) = re.findall(pattern, page, re.DOTALL)
    found = {}
    for row in section.split('<div class="row')[2:]:
        (heading,) = re.findall(r"<h3>(.*?)</h3>", row, re.DOTALL)
        name = html.unescape(re.sub(r"<[^>]*>", "", heading.partition(" <span class")[0])).strip()
        sides = row.split('<div class="side">')[1:]
        found[name] = [
            [html.unescape(w) for w in re.findall(r"<q[^>]*><a [^>]*>(.*?)</a>", side)]
            for side in sides
        ]
    return found


def test_two_policies_are_compared_by_theme_by_time_and_by_place(both: httpx.Client) -> None:
    page = both.get("/compare", params=ASKED, headers=PAGE).text
    themes = rows(page, "themes-side-by-side")
    assert len(themes) == 16
    assert themes["cooperation with other countries"] == [
        ["Twelfth, expand the depth and breadth of international cooperation"],
        ["Pillar “People and partners”"],
    ]
    assert themes["commercial space sector"][1] == themes["talent"][0] == []
    times = rows(page, "timelines-side-by-side")
    assert list(times)[1:4] == ["by 2025", "by 2028", "by 2029"]
    assert times["by 2025"] == [["By 2025"], []]
    assert len(times["by 2030"][1]) == 2
    places = rows(page, "where-side-by-side")
    assert places["Marevia"] == [[], ["applies throughout Marevia"]]
    assert len(places["Shanghai"][0]) == 4


def test_the_sides_are_as_they_are_asked_for(both: httpx.Client) -> None:
    page = both.get("/compare", params={"a": STRATEGY, "b": OPINIONS}, headers=PAGE).text
    assert rows(page, "timelines-side-by-side")["by 2025"] == [[], ["By 2025"]]
    assert "<b>5</b> in both" in page
    assert "<b>7</b> only in the second" in page


def test_what_both_have_is_named_and_waits_to_be_shown(both: httpx.Client) -> None:
    page = both.get("/compare", params=ASKED, headers=PAGE).text
    (named,) = re.findall(
        r'<section class="versus" id="themes-side-by-side">.*?<p class="agreed">.*?<input '
        r'type="checkbox">(.*?)</label>',
        page,
        re.DOTALL,
    )
    assert "cooperation with other countries" in named
    assert "talent" not in named
    assert page.count('<div class="row both">') == page.count('<span class="tag">in both</span>')
    style = re.search(r'href="(/assets/style-[^"]*)"', page)
    assert style is not None
    hides = ".versus:not(:has(.agreed input:checked)) .row.both { display: none; }"
    assert hides in both.get(style[1]).text


def test_things_stand_on_one_axis_of_years_as_their_query_tells(both: httpx.Client) -> None:
    page = both.get("/compare", params=ASKED, headers=PAGE).text
    (lanes,) = re.findall(r'<section id="lanes">(.*?)</section>', page, re.DOTALL)
    assert lanes.count('<svg width="100%" height="22" role="img"') == 2
    assert "has time frame 2021–2025" in lanes


def test_words_of_a_comparison_lead_to_their_passage(both: httpx.Client) -> None:
    page = both.get("/compare", params=ASKED, headers=PAGE).text
    assert '<a href="/source/shanghai-2022-opinions#char=599,606">By 2025</a>' in page


def test_a_part_by_reference_leads_to_its_place(shipped: httpx.Client) -> None:
    orders = {"a": "us-eo-14335", "b": "us-eo-14369"}
    asked = {side: f"{ID}policy/{order}" for side, order in orders.items()}
    page = shipped.get("/compare", params=asked, headers=PAGE).text
    for order in orders.values():
        place = rf'<a href="/source/{order}#loc=(sec[^"]*)">passage <code>\1</code></a>'
        assert re.search(place, page)


def test_a_comparison_is_read_in_chinese(both: httpx.Client) -> None:
    page = both.get("/compare", params={**ASKED, "lang": "zh"}, headers=PAGE).text
    assert "对外合作" in rows(page, "themes-side-by-side")


def test_the_same_is_data_at_the_addresses_of_its_queries(both: httpx.Client) -> None:
    page = both.get("/compare", params=ASKED, headers=PAGE).text
    found = re.findall(r'href="(/queries/[^"]*format=csv)"', page)
    assert len(found) == 3
    for address in map(html.unescape, found):
        assert both.get(address).headers["content-type"].startswith("text/csv")


def test_policies_lead_to_their_comparison_where_there_are_two(
    both: httpx.Client, single: httpx.Client
) -> None:
    path = f"/doc/id/{OPINIONS.removeprefix(ID)}"
    (link,) = re.findall(r'href="(/compare\?[^"]*)"', both.get(path, headers=PAGE).text)
    assert rows(both.get(html.unescape(link), headers=PAGE).text, "themes-side-by-side")
    assert "Compare them" in both.get("/", headers=PAGE).text
    for page in (path, "/"):
        found = single.get(page, headers=PAGE).text
        assert "/compare?" not in found
        assert "Compare them" not in found


def test_two_that_share_most_are_compared_where_none_are_named(shipped: httpx.Client) -> None:
    def chosen(**asked: str) -> list[str]:
        page = shipped.get("/compare", params=asked, headers=PAGE).text
        return re.findall(r'<option value="([^"]+)" selected', page)

    def shared(*things: str) -> int:
        page = shipped.get("/compare", params=dict(zip("ab", things, strict=True)), headers=PAGE)
        return page.text.count('<div class="row both">')

    first, second = chosen()
    others = [f"{ID}policy/{name}" for name in ("us-eo-14369", "japan-2023-basic-plan")]
    assert shared(first, second) > max(shared(first, each) for each in others if each != second)
    assert shared(first, second) >= shared(*others)
    assert chosen(a=second) == [second, first]
    assert chosen(a=others[0])[0] == others[0]


def test_what_can_be_compared_is_asked_alone_too(shipped: httpx.Client) -> None:
    page = shipped.get(f"/doc/id/{OPINIONS.removeprefix(ID)}", headers=PAGE).text
    (link,) = re.findall(r'href="(/queries/timelines-side-by-side[^"]*)"', page)
    answer = shipped.get(html.unescape(link), headers={"Accept": "text/csv"})
    assert len(answer.text.splitlines()) == 4
    assert "/queries/timelines" not in shipped.get("/doc/id/region/shanghai", headers=PAGE).text


def test_one_policy_is_compared_with_nothing(single: httpx.Client) -> None:
    page = single.get("/compare", headers=PAGE)
    assert page.status_code == 200
    assert "A comparison takes two" in page.text


def test_what_cannot_be_compared_is_told_what_can(both: httpx.Client) -> None:
    asked = {"a": f"{ID}region/shanghai"}
    answer = both.get("/compare", params=asked, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/problems/bad-parameter")
    assert OPINIONS in answer.json()["detail"]
    same = both.get("/compare", params={"a": OPINIONS, "b": OPINIONS}, headers=PAGE)
    assert "Choose two different ones" in same.text


SIDE_BY_SIDE = """#+ title: {en: "Which is <b>bolder</b>?", zh: "？"}
#+ tags: [side-by-side]
#+ parameters:
#+   - {name: thing, type: iri, options: 'SELECT DISTINCT ?thing { ?thing <urn:by> ?by }'}
SELECT ?thing ?by ?part ?passage
{ VALUES ?thing { UNDEF } ?thing <urn:by> ?by OPTIONAL { ?thing <urn:part> ?part }
  OPTIONAL { ?part <urn:passage> ?passage } }
"""
HOSTILE = f"""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@base <https://w3id.org/spacepolicy/> .
<id/a> rdfs:label "<img src=x onerror=alert(1)>"@en ; <urn:by> "</h3><script>" , <javascript:x> ;
  <urn:part> <id/p> .
<id/b> rdfs:label "\\u202e{"long" * 2000}" ; <urn:by> <javascript:x> , <id/none> .
<id/p> rdfs:label "" ; <urn:passage> <source/s#char=0,1> .
<source/s#char=0,1> <def/exactText> "<img>"@en .
"""


def test_another_way_to_compare_is_a_query_alone_whatever_it_says(
    make_service: MakeService, tmp_path: Path
) -> None:
    (tmp_path / "bolder.rq").write_text(SIDE_BY_SIDE, encoding="utf-8")
    service = replace(make_service(HOSTILE), catalogue=read_catalogue(tmp_path))
    with serve(service) as site:
        page = site.client.get("/compare", headers=PAGE)
    assert page.status_code == 200
    assert list(rows(page.text, "bolder")) == ["</h3><script>", "javascript:x", "id/none"]
    for trap in ("<img", "<script", "<b>bolder", 'href="javascript:'):
        assert trap not in page.text


MANY = f"""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@base <https://w3id.org/spacepolicy/> .
<urn:all> rdfs:label "what all have"@en . <urn:some> rdfs:label "what some have"@en .
{"".join(f'<id/{n}> <urn:by> <urn:all> ; rdfs:label "thing {n}"@en . ' for n in range(8))}
<id/1> <urn:by> <urn:some> . <id/2> <urn:by> <urn:some> , <urn:one> .
"""


def test_of_many_choices_the_first_are_listed_and_those_that_are_compared(
    make_service: MakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bolder.rq").write_text(SIDE_BY_SIDE, encoding="utf-8")
    service = replace(make_service(MANY), catalogue=read_catalogue(tmp_path))
    base = "https://w3id.org/spacepolicy/id/"
    monkeypatch.setattr(compare, "_LISTED", 3)
    monkeypatch.setattr(compare, "_TOLD", 2)
    with serve(service) as site:
        params = {"a": f"{base}0", "b": f"{base}6"}
        page = site.client.get("/compare", params=params, headers=PAGE).text
        listed = re.findall(r'<option value="([^"]*)"', page)
        assert set(listed) == {f"{base}{number}" for number in (0, 1, 2, 6)}
        assert "more are not listed" in page
        wrong = site.client.get("/compare", params={"a": "urn:none"}, headers=PAGE)
        assert wrong.status_code == 400
        assert "and 6 more" in wrong.text
        assert f"{base}5" not in wrong.text


def test_many_are_compared_at_once_up_to_a_number(
    make_service: MakeService, tmp_path: Path
) -> None:
    (tmp_path / "bolder.rq").write_text(SIDE_BY_SIDE, encoding="utf-8")
    service = replace(make_service(MANY), catalogue=read_catalogue(tmp_path))
    base = "https://w3id.org/spacepolicy/id/"
    with serve(service) as site:

        def asked(*numbers: int) -> httpx.Response:
            first, second, *others = (f"{base}{number}" for number in numbers)
            params = {"a": first, "b": second, "also": others}
            return site.client.get("/compare", params=params, headers=PAGE)

        page = asked(2, 1, 4).text
        assert list(rows(page, "bolder")) == ["what all have", "what some have", "urn:one"]
        assert [len(each) for each in rows(page, "bolder").values()] == [3, 3, 3]
        assert "<b>1</b> in all" in page
        assert "<b>1</b> only in thing 2" in page
        assert f'value="{base}4" checked' in page
        assert page.count("checked") == 1
        assert asked(*range(6)).status_code == 200
        assert asked(*range(7)).status_code == 400
        assert "Choose two different ones" in asked(1, 2, 1).text


@pytest.mark.parametrize(
    ("old", "new"),
    [("type: iri", "type: string"), ("?thing ?by ?part ?passage", "?thing ?by ?part")],
)
def test_a_query_that_does_not_compare_is_a_finding(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "bolder.rq"
    path.write_text(SIDE_BY_SIDE.replace(old, new), encoding="utf-8")
    with pytest.raises(FindingsError, match="tagged side-by-side does not give"):
        read_catalogue(tmp_path)
