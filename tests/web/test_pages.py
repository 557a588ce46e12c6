"""Pages, operations and problems outside the endpoint."""

import html
import re
from pathlib import Path

import httpx
import pytest

from spacepolicy.errors import problems
from spacepolicy.web import pages
from spacepolicy.web.i18n import WORDS

from .conftest import SHIPPED_BASE, MakeService, serve


def test_the_first_page_answers_its_questions_live(site: httpx.Client) -> None:
    page = site.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "How many things are there?" in page.text
    assert ' class="number">1000</td>' in page.text
    in_chinese = site.get("/", params={"lang": "zh"}, headers={"Accept": "text/html"})
    assert "有多少事物？" in in_chinese.text


def test_no_page_loads_from_elsewhere(site: httpx.Client) -> None:
    for path in ("/", "/sparql", "/problems/syntax-error"):
        answer = site.get(path, headers={"Accept": "text/html"})
        scripts = re.findall(r'src="([^"]*)"', answer.text)
        assert all(path == "/sparql" and each.startswith("/assets/") for each in scripts)
        assert "@import" not in answer.text
        loaded = re.findall(r'<link rel="(?:icon|stylesheet)" href="([^"]*)"', answer.text)
        assert loaded[0] == "data:,"
        assert all(re.match("/[^/]", each) for each in loaded[1:])
        style = site.get(loaded[1])
        assert style.headers["content-type"].startswith("text/css")
        assert "immutable" in style.headers["cache-control"]
        for font in re.findall(r"url\(([^)]*)\)", style.text):  # beside it, at the service itself
            assert re.fullmatch(r"[a-z]+-[0-9a-f]+\.woff2", font)
        policy = answer.headers["content-security-policy"]
        assert policy.count("script") == policy.count("script-src 'self'") == (path == "/sparql")


@pytest.mark.parametrize(
    ("accepted", "asked", "written"),
    [
        ("", "", "en"),
        ("zh-CN, en;q=0.5", "", "zh"),
        ("fr, en;q=0.3, zh;q=0.2", "", "en"),
        ("en", "zh", "zh"),
        ("zh", "no-language", "zh"),
    ],
)
def test_a_page_is_in_the_language_that_is_asked_for(
    site: httpx.Client, accepted: str, asked: str, written: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": accepted}
    for path in ("/", "/sparql", "/queries", "/search", "/no/such/thing"):
        page = site.get(path, params={"lang": asked} if asked else {}, headers=headers)
        assert page.headers["content-language"] == written
        assert "Accept-Language" in page.headers["vary"]
        assert f'<html lang="{written}">' in page.text
        assert WORDS[written]["questions"] in page.text


def test_a_kept_page_is_kept_for_its_language(site: httpx.Client) -> None:
    texts = [
        site.get("/queries", headers={"Accept": "text/html", "Accept-Language": each}).text
        for each in ("en", "zh", "en", "zh")
    ]
    assert texts[0] == texts[2] != texts[1] == texts[3]


def test_links_go_on_in_the_language_that_was_chosen(site: httpx.Client) -> None:
    page = site.get("/", params={"lang": "zh"}, headers={"Accept": "text/html"}).text
    assert 'href="/queries?lang=zh"' in page
    assert 'href="/queries"' in site.get("/", headers={"Accept": "text/html"}).text


def test_every_word_of_the_pages_is_there_in_every_language_and_used() -> None:
    package = Path(pages.__file__).parent
    text = "".join(each.read_text("utf-8") for each in package.glob("templates/*.html"))
    code = "".join(each.read_text("utf-8") for each in package.rglob("*.py"))
    used = set(re.findall(r"\bt\.(\w+)", text))
    quoted = set(re.findall(r"[\"'](\w+)[\"']", code))
    for words in WORDS.values():
        assert used | (quoted & words.keys()) == words.keys()
        assert all(words.values())


def test_a_syntax_error_is_marked_where_it_stands(site: httpx.Client) -> None:
    query = "SELECT * {\n  ?s <b> ; & ?o }"
    asked = {"query": query}
    told = site.get("/sparql", params=asked, headers={"Accept": "application/json"}).json()
    page = site.get("/sparql", params=asked, headers={"Accept": "text/html"})
    assert page.status_code == 400
    lines = re.findall(r'<span class="line[^>]*data-number="(\d+)">(.*)', page.text)
    assert [number for number, _ in lines] == ["1", "2"]
    assert html.unescape(lines[0][1]) == "SELECT * {"
    marked = re.findall(r'wrong" data-number="2">(.*)<span class="here">(.+?)</span>', page.text)
    before, place = marked[0]
    line = told["text"]
    assert html.unescape(before) == line[: told["column"] - 1]
    assert line.startswith(html.unescape(place), told["column"] - 1)
    assert f">{html.escape(query, quote=False)}</textarea>" in page.text


def test_a_saved_query_is_put_into_the_form(shipped: httpx.Client) -> None:
    headers = {"Accept": "text/html"}
    form = shipped.get("/sparql", headers=headers).text
    assert "example=tasks-by-technology" in form
    (empty,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", form, re.DOTALL)
    assert empty == ""
    asked = {"example": "tasks-by-technology"}
    filled = shipped.get("/sparql", params=asked, headers=headers).text
    (text,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", filled, re.DOTALL)
    assert text.startswith("PREFIX")
    assert "#+" not in text
    again = shipped.get("/sparql", params={"query": html.unescape(text)}, headers=headers)
    assert again.status_code == 200
    assert "#+" not in shipped.get("/queries/tasks-by-technology", headers=headers).text


def test_an_answer_of_a_saved_query_calls_things_by_their_names(shipped: httpx.Client) -> None:
    page = shipped.get("/queries/where-side-by-side", headers={"Accept": "text/html"}).text
    cell = r'<td[^>]*><a href="/id/region/shanghai"[^>]*>([^<]*)</a></td>'
    assert set(re.findall(cell, page)) == {"Shanghai"}
    words = re.findall(r'<td[^>]*><a href="/source/[^"]*#char=4352,4398"[^>]*>([^<]*)</a>', page)
    assert words == ["“promote the digital transformation of Shanghai”"]


BEHIND = (
    "/ontology",
    "/ontology?view=whole",
    "/graph/background/actors",
    "/status",
    "/doc/def/Task",
    "/source/shanghai-2022-opinions",
    "/queries/documents",
)


@pytest.mark.parametrize("path", BEHIND)
def test_the_query_behind_a_page_is_there_and_runs(shipped: httpx.Client, path: str) -> None:
    page = shipped.get(path, headers={"Accept": "text/html"}).text
    assert "The SPARQL behind this" in page
    (link,) = re.findall(r'href="(/sparql\?query=[^"]*)">Change it', page)[-1:]
    answer = shipped.get(html.unescape(link), headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    assert len(answer.text.splitlines()) > 1


def test_numbers_stand_below_each_other(site: httpx.Client) -> None:
    query = "SELECT ?n ?t ?m { VALUES (?n ?t ?m) { (1 'a' 1) (UNDEF '<b>' 'x') (30.5 'c' 2) } }"
    page = site.get("/sparql", params={"query": query}, headers={"Accept": "text/html"}).text
    assert re.findall(r'<th scope="col"( class="number")?>(\w)', page) == [
        (' class="number"', "n"), ("", "t"), ("", "m"),
    ]  # fmt: skip
    assert len(re.findall(r'<td[^>]* class="number">', page)) == 3


def test_the_service_tells_that_it_lives_and_is_ready(site: httpx.Client) -> None:
    assert site.get("/livez").json() == {"status": "alive"}
    ready = site.get("/readyz")
    assert ready.status_code == 200
    assert (ready.json()["status"], ready.json()["revision"]) == ("ready", 7)


@pytest.mark.parametrize("kind", problems())
def test_every_kind_of_problem_is_explained(site: httpx.Client, kind: str) -> None:
    for accept in ("application/json", "text/html"):
        answer = site.get(f"/problems/{kind}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert problems()[kind].title in html.unescape(answer.text)


def test_an_unknown_path_is_a_problem(site: httpx.Client) -> None:
    answer = site.get("/no/such/thing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/not-found")
    assert site.get("/problems/no-such-kind").status_code == 404


def test_an_unknown_method_is_told_those_there_are(site: httpx.Client) -> None:
    answer = site.post("/livez")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["type"].endswith("/problems/method-not-allowed")


def test_the_description_of_the_interface_is_here(site: httpx.Client) -> None:
    paths = site.get("/openapi.json").json()["paths"]
    assert {"/livez", "/readyz", "/problems/{kind}"} <= paths.keys()


@pytest.mark.parametrize("path", ["/", "/livez", "/problems/not-found", "/no/such/thing"])
def test_head_gives_the_headers_of_get(site: httpx.Client, path: str) -> None:
    got, headed = site.get(path), site.head(path)
    assert headed.content == b""
    assert headed.status_code == got.status_code
    assert headed.headers["content-length"] == got.headers["content-length"]


HOSTILE = f"""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@base <https://w3id.org/spacepolicy/> .
<id/a> rdfs:label "<img src=x onerror=alert(1)>"@en , "\\u202eabc" ; <def/p> <javascript:alert(1)> ,
  <data:text/html,x> , <id/b> , <id/c> , <id/d&amp%22x> .
<id/b> rdfs:label "{"long " * 2000}"@en .
<id/c> rdfs:label "" .
<id/d&amp%22x> rdfs:label "</script><script>alert(2)</script>" .
"""


def test_hostile_names_break_no_page(make_service: MakeService) -> None:
    with serve(make_service(HOSTILE)) as site:
        to_b = f"/links?to={SHIPPED_BASE}id/b&by={SHIPPED_BASE}def/p"
        found = ("/doc/id/a", "/doc/id/b", "/doc/id/c", "/search?q=img", "/", "/queries", to_b)
        for path in (*found, "/status", "/compare", "/sparql?query=SELECT * { ?s ?p ?o }"):
            page = site.client.get(path, headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert "<img" not in page.text
            assert "<script>" not in page.text
            assert 'href="javascript:' not in page.text
            assert 'href="data:text' not in page.text


SMALL_ONTOLOGY = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@base <https://w3id.org/spacepolicy/> .
<def/A> a owl:Class ; rdfs:isDefinedBy <ontology> ; rdfs:label "wide"@en .
<def/B> a owl:Class ; rdfs:isDefinedBy <ontology> ; rdfs:label "middle"@en ;
  rdfs:subClassOf <def/A> .
<def/C> a owl:Class ; rdfs:isDefinedBy <ontology> ; rdfs:label "narrow"@en ;
  rdfs:subClassOf <def/A> , <def/B> .
<id/1> a <def/B> , <def/A> . <id/2> a <def/C> , <def/B> , <def/A> . <id/3> a <def/A> .
<ontology> a owl:Ontology .
"""


def test_each_class_stands_below_its_nearest_ones_with_its_count(
    make_service: MakeService,
) -> None:
    with serve(make_service(SMALL_ONTOLOGY, graph="ontology")) as site:
        page = site.client.get("/ontology", headers={"Accept": "text/html"}).text
    found = re.findall(r"(<ul class=\"tree\">|</ul>)|>(\w+)</a> <span[^>]*>(\d+)</span>", page)
    depth, terms = 0, []
    for step, name, count in found:
        depth += {"": 0, "</ul>": -1}.get(step, 1)
        if name in ("wide", "middle", "narrow"):
            terms.append((name, count, depth))
    below = terms[0][2]
    assert terms == [("wide", "3", below), ("middle", "2", below + 1), ("narrow", "1", below + 2)]
