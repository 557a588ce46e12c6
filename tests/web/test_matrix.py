"""A policy's page has a table of its tasks and the domains that they deal with."""

import html
import re
from urllib.parse import unquote

import httpx

POLICY = "https://w3id.org/spacepolicy/id/policy/"
PAGE = {"Accept": "text/html"}


def table(shipped: httpx.Client, policy: str) -> str:
    page = shipped.get(f"/doc/id/policy/{policy}", headers=PAGE).text
    found = re.search(r'<table class="matrix">.*?</table>', page, re.DOTALL)
    return found[0] if found else ""


def asked(shipped: httpx.Client, policy: str) -> list[dict[str, dict[str, str]]]:
    answer = shipped.get(
        "/queries/tasks-and-domains", params={"policy": POLICY + policy, "format": "json"}
    )
    found: list[dict[str, dict[str, str]]] = answer.json()["results"]["bindings"]
    return found


def test_each_cell_leads_to_the_passages_that_its_query_gives(shipped: httpx.Client) -> None:
    policy = "us-eo-14335"
    found, drawn = asked(shipped, policy), table(shipped, policy)
    passages = {row["passage"]["value"].partition("/source/")[2] for row in found}
    links = {unquote(each) for each in re.findall(r'<a href="/source/([^"]+)"', drawn)}
    assert links == passages
    assert drawn.count('<th scope="row">') == len({row["task"]["value"] for row in found})
    assert drawn.count('<th scope="col">') == len({row["domain"]["value"] for row in found})


def test_what_most_passages_deal_with_stands_first(shipped: httpx.Client) -> None:
    drawn = table(shipped, "shanghai-2022-spatial-information")
    (first, *_) = re.findall(r'<th scope="col"><span><a[^>]*>(.*?)</a>', drawn)
    assert html.unescape(first) == "astronautics"
    more = sum(map(int, re.findall(r"[+](\d+)</span>", drawn)))
    assert drawn.count("●") + more == len(asked(shipped, "shanghai-2022-spatial-information"))


def test_a_large_table_is_folded_and_a_small_one_is_not(shipped: httpx.Client) -> None:
    for policy, is_large in (("shanghai-2022-spatial-information", True), ("us-eo-14056", False)):
        page = shipped.get(f"/doc/id/policy/{policy}", headers=PAGE).text
        after = page.split('<h2 id="matrix">')[1].split("</h2>")[1].lstrip()
        assert after.startswith("<details>") == is_large


def test_a_thing_without_tasks_has_no_table(shipped: httpx.Client) -> None:
    page = shipped.get("/doc/id/technology/reusable-rocket", headers=PAGE).text
    assert 'id="matrix"' not in page
