"""Mistakes in queries and updates, as they are told over HTTP."""

import html
from collections.abc import Iterator

import httpx
import pytest

from spacepolicy.errors import ProblemError
from spacepolicy.web.i18n import of_problem

COMMA = "SELECT ?s, ?o { ?s ?p ?o }"
MENDED = "SELECT ?s ?o { ?s ?p ?o }"
UPDATE = {"Content-Type": "application/sparql-update"}


def told(site: httpx.Client, query: str, **headers: str) -> dict[str, object]:
    answer = site.get("/sparql", params={"query": query}, headers=headers)
    assert answer.status_code == 400
    members = dict(answer.json())
    assert str(members["type"]).endswith("/problems/syntax-error")
    return members


def test_the_problem_carries_mistake_place_cure_edit_and_reason(site: httpx.Client) -> None:
    members = told(site, COMMA)
    assert members["mistake"] == "comma-between-variables"
    assert (members["line"], members["column"], members["text"]) == (1, 10, COMMA)
    assert members["cure"] == "Separate them by blanks."
    assert str(members["detail"]).endswith(str(members["cure"]))
    assert members["edit"] == {"start": 9, "end": 10, "text": ""}
    assert str(members["reason"]).startswith("error at 1:")


def test_the_problem_is_told_in_the_language_that_is_liked(site: httpx.Client) -> None:
    members = told(site, COMMA, **{"Accept-Language": "zh-CN, en;q=0.5"})
    assert members["detail"] == "第 1 行第 10 列：此处的变量或键之间不用逗号。请用空格分隔。"
    answer = site.get("/sparql", params={"query": COMMA})
    assert "Accept-Language" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        (f"/sparql?query={COMMA}", "The query is not SPARQL", "查询不是合法的 SPARQL"),
        ("/nowhere", "Nothing is here", "此处没有内容"),
        ("/sparql?query=ASK{}&timeout=x", "A parameter of the request is", "请求的参数缺失或有误"),
    ],
)
def test_its_title_is_in_that_language_for_programs_and_on_the_page(
    site: httpx.Client, path: str, english: str, chinese: str
) -> None:
    for liked, title in (("en, zh;q=0.5", english), ("zh-CN, en;q=0.5", chinese), ("fr", english)):
        members = site.get(path, headers={"Accept-Language": liked}).json()
        assert members["title"].startswith(title)
        page = site.get(path, headers={"Accept-Language": liked, "Accept": "text/html"})
        assert f"<h1>{title}" in page.text
        meaning = site.get(members["type"], headers={"Accept-Language": liked})
        assert meaning.json()["title"].startswith(title)
        assert "Accept-Language" in meaning.headers["vary"]


def families(problem: type[ProblemError]) -> Iterator[type[ProblemError]]:
    for each in problem.__subclasses__():
        yield each
        yield from families(each)


def test_titles_and_remedies_of_all_problems_are_in_chinese() -> None:
    words = {said for each in families(ProblemError) for said in (each.title, each.remedy)}
    assert [said for said in words if of_problem(said, "zh") == said] == []


@pytest.mark.parametrize(("language", "ask"), [("en", "Ask this"), ("zh", "用此查询")])
def test_the_page_offers_the_query_with_the_cure_made(
    site: httpx.Client, language: str, ask: str
) -> None:
    page = site.get(
        "/sparql", params={"query": COMMA, "lang": language}, headers={"Accept": "text/html"}
    )
    assert ask in page.text
    assert f'name="query" value="{html.escape(MENDED)}"' in page.text
    assert site.get("/sparql", params={"query": MENDED}).status_code == 200


def test_the_page_offers_nothing_where_the_cure_is_no_edit(site: httpx.Client) -> None:
    params = {"query": "SELECT ?s { ?s ?p }"}
    page = site.get("/sparql", params=params, headers={"Accept": "text/html"})
    assert "Ask this" not in page.text
    assert "no value follows" in html.unescape(page.text)


def test_a_text_behind_line_breaks_is_told_its_line(site: httpx.Client) -> None:
    members = told(site, "# first\nSELECT ?s\n{ ?s ?p ?o\n  FITLER(?o > 1) }")
    assert (members["line"], members["column"]) == (4, 3)
    assert "Write `FILTER`." in str(members["detail"])
