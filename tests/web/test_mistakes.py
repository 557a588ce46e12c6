"""Mistakes in queries and updates, as they are told over HTTP."""

import html

import httpx
import pytest

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
