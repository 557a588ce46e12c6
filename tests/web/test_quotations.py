"""The words that speak of a thing, on its page: those of each text under its name."""

import html
import re
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from bench.documents import lay_out, overlays

from .conftest import reasoned, serve

BASE: Final = "https://w3id.org/spacepolicy/"
OPINIONS: Final = "news item of 8 May 2022 on Shanghai's implementation opinions"
STRATEGY: Final = "text of the remote sensing strategy of Marevia"
PLAN: Final = "text of the clear water plan of Tolmarsh"
WATER: Final = "id/policy/tolmarsh-2026-clear-water"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The shipped document, and all those of the tests beside it."""
    content = tmp_path_factory.mktemp("documents")
    lay_out(content, overlays())
    service, _ = reasoned(content, tmp_path_factory.mktemp("served"))
    with serve(service) as site:
        yield site.client
    service.engine.close()


def quoted(site: httpx.Client, thing: str) -> dict[str, list[str]]:
    """The words in the page's section of words, by the text that they stand under."""
    page = site.get(f"/doc/{thing}?lang=en", headers={"Accept": "text/html"}).text
    section = page.partition("<h2>In the source</h2>")[2].partition("<h2")[0]
    found = {}
    for text in section.split('<p class="soft small">')[1:]:
        name, _, words = text.partition("</p>")
        name = html.unescape(re.sub(r"<[^>]*>", "", name)).strip()
        found[name] = [
            html.unescape(each) for each in re.findall(r"<q[^>]*><a[^>]*>(.*?)</a>", words)
        ]
    return found


def test_words_of_several_texts_stand_under_the_text_each(documents: httpx.Client) -> None:
    assert quoted(documents, "id/period/by-2031") == {
        STRATEGY: ["by 2031, at least 12 radar satellites are in orbit"],
        PLAN: [
            "by 2031, no more than 12 overflows a year reach the river",
            "By 2031, the City Auditor reviews what the plan has achieved",
        ],
    }
    texts = list(quoted(documents, "id/technology/reusable-rocket"))
    assert [text for text in texts if text in (STRATEGY, OPINIONS)] == [STRATEGY, OPINIONS]
    assert len(texts) == len(set(texts)) > 2, "texts by reference too, each once"


def test_a_part_with_parts_is_quoted_by_its_own_words(documents: httpx.Client) -> None:
    assert quoted(documents, f"{WATER}/task/2/measure/1") == {
        PLAN: ["(a) By 2030, it builds a treatment plant with ozone filters at Saltmarsh End"]
    }
    assert quoted(documents, f"{WATER}/task/3") == {
        PLAN: [
            "The plan sets out five tasks to reach these goals",
            "Task 3: Room for the river",
            "The Elder River Authority answers for this task",
        ]
    }
    assert quoted(documents, "id/policy/shanghai-2022-spatial-information/task/2") == {
        OPINIONS: [
            "Focusing on the above goals",
            "Second, build digital and intelligent manufacturing capabilities",
        ]
    }


@pytest.mark.parametrize("overlay", [None, *overlays()])
def test_the_reader_has_a_place_for_every_passage_at_any_depth(
    documents: httpx.Client, overlay: str | None
) -> None:
    source = f"source/{overlay or 'shanghai-2022-opinions'}"
    page = documents.get(f"/{source}", headers={"Accept": "text/html"}).text
    places = re.findall(r' id="(char=[0-9,]+)"', page)
    query = f"SELECT ?passage {{ ?passage <{BASE}def/source> <{BASE}{source}> }}"
    answer = documents.get("/sparql", params={"query": query, "format": "csv"}).text
    passages = set(re.findall(r"#(char=[0-9,]+)", answer))
    assert len(passages) > 40
    assert sorted(places) == sorted(passages)


def test_the_reader_keeps_the_lines_of_the_text(documents: httpx.Client) -> None:
    page = documents.get("/source/tolmarsh-2026-water", headers={"Accept": "text/html"}).text
    (words,) = re.findall(r'<p class="words"[^>]*>((?:(?!</p>).)*Task 1.*?)</p>', page, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", words).splitlines()[0] == "Task 1: Safe pipes"


def test_the_page_of_a_document_has_its_words_with_its_parts_alone(
    documents: httpx.Client,
) -> None:
    assert quoted(documents, WATER) == {}
