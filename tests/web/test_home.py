"""The first page: how much there is, the policies over time, and how words become an answer."""

import re
from html import unescape

import httpx
import pytest

from .conftest import SHIPPED_BASE

PAGE = {"Accept": "text/html"}
DEF = f"{SHIPPED_BASE}def/"


def asked(site: httpx.Client, pattern: str) -> list[list[str]]:
    """The rows of `?x` and `?y` that the pattern finds."""
    query = f"SELECT DISTINCT ?x ?y {{ {pattern} }} ORDER BY ?y ?x"
    answer = site.get("/sparql", params={"query": query, "format": "json"}).json()
    return [
        [row.get(name, {}).get("value", "") for name in ("x", "y")]
        for row in answer["results"]["bindings"]
    ]


def lanes(page: str) -> dict[str, str]:
    """What is said of the times of each thing on the axis, by its path, in their order."""
    found = re.findall(
        r'<li><a href="([^"]*)"[^>]*>[^<]*</a>\s*<svg[^>]*aria-label="([^"]*)"', page
    )
    return {path: unescape(label) for path, label in found}


def test_the_first_page_says_how_much_there_is(shipped: httpx.Client) -> None:
    page = shipped.get("/", headers=PAGE).text
    found = dict(re.findall(r"<li><b>([\d,]+)</b> <span>([^<]*)</span>", page))
    told = {words: int(number.replace(",", "")) for number, words in found.items()}
    for words, kind in (("goals", "Goal"), ("tasks", "Task"), ("measures", "Measure")):
        pattern = f"?x a <{DEF}{kind}> ; <{DEF}isPartOf> ?policy . ?policy a <{DEF}PolicyDocument>"
        assert told[words] == len({x for x, _ in asked(shipped, pattern)})
    passages = f"?x <{DEF}source>/<{DEF}reportsOn> ?policy . ?policy a <{DEF}PolicyDocument>"
    assert told["passages that say so"] == len(asked(shipped, passages))
    chinese = shipped.get("/", params={"lang": "zh"}, headers=PAGE).text
    assert f"<b>{told['tasks']}</b> <span>任务</span>" in chinese


def test_each_policy_has_its_place_in_time(shipped: httpx.Client) -> None:
    page = shipped.get("/", headers=PAGE).text
    found = lanes(page)
    timed = f"?source <{DEF}reportsOn> ?x . ?x <{DEF}issuedOn>|<{DEF}hasTimeFrame> ?when"
    for policy, _ in asked(shipped, timed):
        assert policy.removeprefix(SHIPPED_BASE.rstrip("/")) in found
    issued = asked(shipped, f"?source <{DEF}reportsOn> ?x . ?x <{DEF}issuedOn> ?y")
    assert issued
    for policy, day in issued:
        assert f"issued on {day}" in found[policy.removeprefix(SHIPPED_BASE.rstrip("/"))]
    opinions = found["/id/policy/shanghai-2022-spatial-information"]
    assert opinions == "has time frame 2021–2025, is due 2025-12-31"
    chinese = lanes(shipped.get("/", params={"lang": "zh"}, headers=PAGE).text)
    assert "应完成于 2025-12-31" in chinese["/id/policy/shanghai-2022-spatial-information?lang=zh"]


def test_what_is_earlier_stands_further_to_the_left(shipped: httpx.Client) -> None:
    page = shipped.get("/", headers=PAGE).text
    years = [
        (int(year), float(x)) for x, year in re.findall(r'<text x="([\d.]+)%"[^>]*>(\d+)<', page)
    ]
    assert years == sorted(years)
    assert years[0][1] == 0
    (first, _), (second, x) = years[:2]
    width = x / (second - first)
    (bar,) = re.findall(
        r'has time frame 2021–2025</title><rect [^>]*x="([\d.]+)%" width="([\d.]+)%"', page
    )
    assert float(bar[0]) == (2021 - first) * width
    assert abs(float(bar[1]) - 5 * width) < 0.1


def test_words_lead_to_their_text_and_to_the_answer_that_holds_them(shipped: httpx.Client) -> None:
    page = shipped.get("/", headers=PAGE).text
    steps = page[page.index('<ol class="steps">') :].partition("</ol>")[0]
    (words,) = re.findall(r"<blockquote[^>]*>([^<]*)</blockquote>", steps)
    passage = re.findall(r'href="([^"]*)"', steps)[0]
    assert words == "develop reusable rockets"
    assert words in shipped.get(passage, headers=PAGE, follow_redirects=True).text
    answer = re.findall(r'href="(/queries/[^"]*)"', steps)[-1]
    assert words in shipped.get(answer, headers={"Accept": "text/csv"}).text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_in_answers_lead_to_their_things(shipped: httpx.Client, language: str) -> None:
    page = shipped.get("/", params={"lang": language}, headers=PAGE).text
    cells = re.findall(
        r'<td[^>]*><a href="(/id/policy/[^"]*)"[^>]*lang="(\w+)"[^>]*>([^<]+)<', page
    )
    assert {tag for _, tag, _ in cells} == {language}
    for path, _, name in cells[:3]:
        assert "<h1" in (there := shipped.get(path, headers=PAGE, follow_redirects=True).text)
        assert name.casefold() in there.casefold()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_questions_to_start_with_stand_below_those_that_are_answered(
    shipped: httpx.Client, language: str
) -> None:
    page = shipped.get("/", params={"lang": language}, headers=PAGE).text
    asked = page[page.index('class="asked"') : page.index('class="steps"')]
    for name in ("state-of-duties", "evidence-by-document", "deadlines-by-day"):
        assert len(re.findall(rf'href="/queries/{name}[?"]', asked)) == 1


def test_a_dataset_without_such_queries_has_a_first_page(site: httpx.Client) -> None:
    page = site.get("/", headers=PAGE).text
    for part in ("figures", "lanes", "steps"):
        assert f'class="{part}"' not in page
    assert "How many things are there?" in page
