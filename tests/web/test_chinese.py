"""Pages in Chinese are whole: no English label, no half-width punctuation between ideographs."""

import re

import httpx
import pytest

PAGE = {"Accept": "text/html", "Accept-Language": "zh"}
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff]\s*[,;:][\s<]|[\u4e00-\u9fff]\.(?=\s|$)")
PATHS = (
    "/",
    "/search?q=火箭",
    "/status",
    "/revisions/7",
    "/source/shanghai-2022-opinions",
    "/sparql?query=SELECT",
    "/no/such/page",
    "/problems/syntax-error",
    "/api",
)


def words(page: str) -> list[str]:
    """The pieces of text that are of the page itself: not code, and not in another language."""
    page = re.sub(r"(?s)<(code|pre|textarea|title)\b.*?</\1>", "", page)
    page = re.sub(r'(?s)<(\w+)[^>]*\blang="(?!zh)[a-z-]+"[^>]*>.*?</\1>', "", page)
    return [each.strip() for each in re.findall(r">([^<>]+)(?=<)", page)]


@pytest.mark.parametrize("path", PATHS)
def test_punctuation_is_that_of_the_language(shipped: httpx.Client, path: str) -> None:
    page = shipped.get(path, headers=PAGE).text
    assert '<html lang="zh">' in page
    assert [each for each in words(page) if HALF_WIDTH.search(f"{each} ")] == []


def test_the_place_of_a_mistake_is_told_in_chinese(shipped: httpx.Client) -> None:
    page = shipped.get("/sparql", params={"query": "SELECT * { ?s ?p ?"}, headers=PAGE).text
    assert re.search(r"查询在此处出错（第 1 行第 \d+ 列）", page)
    english = shipped.get(
        "/sparql", params={"query": "SELECT * { ?s ?p ?"}, headers={"Accept": "text/html"}
    ).text
    assert re.search(r"goes wrong \(line 1, column \d+\)", english)


def test_parameters_and_checks_have_chinese_names(shipped: httpx.Client) -> None:
    page = shipped.get("/queries/deadline", headers=PAGE).text
    labels = [each.strip() for each in re.findall(r"<label[^>]*>([^<]*)<", page)]
    assert {"答案的语言", "政策", "措施"} == set(labels)


def test_the_api_is_grouped_and_says_in_which_language_it_is(shipped: httpx.Client) -> None:
    page = shipped.get("/api", headers=PAGE).text
    assert 'href="#linked-data"><span>关联数据</span>' in page
    packed = shipped.get("/api", headers={**PAGE, "Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert '<p lang="en">The document of that IRI.' in page
    english = shipped.get("/api", headers={"Accept": "text/html"}).text
    assert 'lang="en"' not in english.partition("<main")[2].replace('<html lang="en">', "")
