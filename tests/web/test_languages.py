"""A page is in the language of its reader, whoever asked for it before."""

import re
from urllib.parse import quote

import httpx
import pytest

from spacepolicy.web.service import Service

from .conftest import SHIPPED_BASE, serve

POLICY = "id/policy/shanghai-2022-spatial-information"
CONCERNS = {
    "s": f"<{SHIPPED_BASE}{POLICY}>",
    "p": ":concerns",
    "o": f"<{SHIPPED_BASE}id/technology/reusable-rocket>",
}
NOT_SO = {**CONCERNS, "o": f"<{SHIPPED_BASE}id/region/china>"}
PAGES = (
    "/",
    f"/doc/{POLICY}",
    f"/doc/{POLICY}/goal/development",
    f"/doc/{POLICY}/task/2",
    f"/doc/{POLICY}/task/2/measure/1",
    "/doc/id/technology/reusable-rocket",
    "/doc/id/technology/reusable-rockets",
    "/doc/def/Task",
    "/doc/def/isDueBy",
    "/doc/concept/technology-domain",
    "/source/shanghai-2022-opinions",
    "/graph/background/regions",
    "/graph/inferred",
    "/ontology",
    "/ontology?view=whole",
    "/ontology/shapes",
    "/compare",
    "/queries",
    "/queries/when",
    "/queries/tasks",
    "/search?q=rocket",
    f"/links?to={quote(f'{SHIPPED_BASE}id/region/shanghai')}&by={quote(f'{SHIPPED_BASE}def/appliesIn')}",
    f"/explain?{httpx.QueryParams(CONCERNS)}",
    f"/explain?{httpx.QueryParams(NOT_SO)}",
    "/status",
    "/catalog",
    "/.well-known/void",
    "/revisions",
    "/revisions/7",
    "/sparql",
    "/api",
    "/problems/not-found",
)


def pages(service: Service, languages: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Every page by its path and language, from a site at which each is asked for in that order.

    Without what differs between two moments: the port, and the memory that is held just then.
    """
    with serve(service) as site:

        def page(path: str, language: str) -> str:
            accept = {"Accept": "text/html", "Accept-Language": language}
            text = site.client.get(path, headers=accept).text
            text = text.replace(f"{site.address[0]}:{site.address[1]}", "host")
            return re.sub(r"[\d,]+ MiB", "(measured) MiB", text)

        return {(path, language): page(path, language) for path in PAGES for language in languages}


@pytest.fixture(scope="module")
def english_first(shipped_service: Service) -> dict[tuple[str, str], str]:
    return pages(shipped_service, ("en", "zh"))


@pytest.fixture(scope="module")
def chinese_first(shipped_service: Service) -> dict[tuple[str, str], str]:
    return pages(shipped_service, ("zh", "en"))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_the_same_whoever_asked_for_it_before(
    english_first: dict[tuple[str, str], str],
    chinese_first: dict[tuple[str, str], str],
    path: str,
) -> None:
    for language in ("en", "zh"):
        page = english_first[path, language]
        assert f'<html lang="{language}">' in page
        assert page == chinese_first[path, language]


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Shanghai implementation"), ("zh", "上海市")]
)
def test_the_first_page_names_documents_in_the_language_of_the_reader(
    english_first: dict[tuple[str, str], str],
    chinese_first: dict[tuple[str, str], str],
    language: str,
    name: str,
) -> None:
    for asked in (english_first, chinese_first):
        (called,) = re.findall(rf'<a href="/{POLICY}"[^>]*>([^<]*)</a>', asked["/", language])[:1]
        assert called.startswith(name)


def test_messages_of_shapes_are_shown_without_their_variables(shipped: httpx.Client) -> None:
    query = "SELECT DISTINCT ?class { GRAPH ?g { ?shape sh:targetClass ?class } } ORDER BY ?class"
    prefix = "PREFIX sh: <http://www.w3.org/ns/shacl#> "
    found = shipped.get("/sparql", params={"query": prefix + query, "format": "json"}).json()
    classes = [row["class"]["value"] for row in found["results"]["bindings"]]
    assert f"{SHIPPED_BASE}def/ApplicationArea" in classes
    shown = ""
    for iri in classes:
        if iri.startswith(SHIPPED_BASE):
            path = f"/doc/{iri.removeprefix(SHIPPED_BASE)}"
            for language in ("en", "zh"):
                answer = shipped.get(
                    path, params={"lang": language}, headers={"Accept": "text/html"}
                )
                shown += answer.text
    assert re.search(r"scheme application-area[^.{]*, not ….", shown)
    assert re.findall(r"\{\s*[?$]\w+\s*\}", shown) == []


def test_questions_are_answered_in_the_language_of_the_reader(shipped: httpx.Client) -> None:
    for path in ("/", "/queries/tasks-by-technology"):
        asked = {"Accept": "text/html", "Accept-Language": "zh"}
        chinese = shipped.get(path, headers=asked).text
        assert re.search(r'<td[^>]*><[^>]* lang="zh">可重复使用火箭</', chinese)
        assert "reusable rocket</" not in chinese
        english = shipped.get(path, headers={"Accept": "text/html"}).text
        assert re.search(r'<td[^>]*><[^>]* lang="en">reusable rocket</', english)
    assert '<option value="zh" selected>' in chinese
    assert re.search(r"<option[^>]*>上海市[^<]*</option>", chinese)
    assert "language=zh&amp;format=csv" in chinese


def test_a_language_that_is_asked_for_goes_before_that_of_the_reader(shipped: httpx.Client) -> None:
    address = "/queries/tasks-by-technology"
    asked = {"Accept": "text/html", "Accept-Language": "zh"}
    page = shipped.get(address, params={"language": "en"}, headers=asked).text
    assert re.search(r'<td[^>]*><[^>]* lang="en">reusable rocket</', page)
    program = shipped.get(address, headers={"Accept": "text/csv", "Accept-Language": "zh"}).text
    assert "reusable rocket" in program


def test_the_language_that_was_chosen_stays_from_link_to_link(shipped: httpx.Client) -> None:
    page, chosen = "/?lang=zh", {"Accept": "text/html"}
    for _ in range(4):
        answer = shipped.get(page, headers=chosen, follow_redirects=True)
        assert '<html lang="zh">' in answer.text
        links = re.findall(r'<a href="(/(?:id|def)/[^"#]*)"', answer.text)
        assert links
        assert all("lang=zh" in each for each in links)
        page = links[0].replace("&amp;", "&")
    for path in (f"/{POLICY}", "/def/Task", "/def/"):
        leads = shipped.get(path, params={"lang": "zh"}, headers=chosen).headers["location"]
        assert leads.endswith("?lang=zh")
        assert not shipped.get(path, headers=chosen).headers["location"].endswith("lang=zh")


def test_columns_are_headed_in_the_language_of_the_reader(shipped: httpx.Client) -> None:
    for path in ("/", "/queries/tasks-by-technology"):
        asked = {"Accept": "text/html", "Accept-Language": "zh"}
        headed = re.findall(r"<th [^>]*>([^<]*)</th>", shipped.get(path, headers=asked).text)
        assert headed
        assert all(re.search(r"[\u4e00-\u9fff]", each) for each in headed)
        english = re.findall(
            r"<th [^>]*>([^<]*)</th>",
            shipped.get(path, headers=asked | {"Accept-Language": "en"}).text,
        )
        assert "name of the policy" in english
