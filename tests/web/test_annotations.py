"""The passages of a source as Web Annotations."""

import html
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

SOURCE = "https://w3id.org/spacepolicy/source/shanghai-2022-opinions"
SEED = Path(__file__).parents[2] / "seeds" / "shanghai-2022-opinions.txt"


@pytest.fixture(scope="module")
def collection(shipped: httpx.Client) -> dict[str, Any]:
    answer = shipped.get("/annotations", params={"source": SOURCE})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/ld+json")
    assert "anno.jsonld" in answer.headers["content-type"]
    told: dict[str, Any] = answer.json()
    return told


def test_every_annotation_selects_exactly_its_words(collection: dict[str, Any]) -> None:
    text = SEED.read_text(encoding="utf-8")
    items = collection["first"]["items"]
    assert collection["total"] == len(items) > 60
    assert len({item["id"] for item in items}) == len(items)
    assert sum("prefix" in item["target"]["selector"][1] for item in items) > 60
    for item in items:
        position, quote, fragment = item["target"]["selector"]
        start, end = position["start"], position["end"]
        assert text[start:end] == quote["exact"]
        assert text[:start].endswith(quote.get("prefix", ""))
        assert text[end:].startswith(quote.get("suffix", ""))
        assert fragment["value"] == f"char={start},{end}"
        assert item["target"]["source"] == SOURCE


def test_an_annotation_says_what_its_passage_says(collection: dict[str, Any]) -> None:
    (item,) = (
        each
        for each in collection["first"]["items"]
        if each["target"]["selector"][2]["value"] == "char=1510,1534"
    )
    assert item["body"][0]["id"] == f"{SOURCE}#char=1510,1534"
    told = {(body["language"], body["value"]) for body in item["body"][1:]}
    assert ("en", "developing reusable rockets develops reusable rocket") in told
    assert any(language.startswith("zh") and "研制" in value for language, value in told)


def test_annotations_differ_by_nothing_but_their_source(shipped: httpx.Client) -> None:
    asked = {"source": SOURCE}
    english, chinese = (
        shipped.get("/annotations", params=asked, headers={"Accept-Language": each}).content
        for each in ("en", "zh")
    )
    assert english == chinese


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("https://w3id.org/spacepolicy/source/none", 404),
        ("https://w3id.org/spacepolicy/ontology", 404),
        ("https://example.org/<script>", 400),
        (f"{SOURCE}#char=1510,1534", 400),
        ("", 400),
    ],
)
def test_what_is_no_source_is_told(shipped: httpx.Client, source: str, status: int) -> None:
    answer = shipped.get("/annotations", params={"source": source})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_reader_leads_to_its_annotations(shipped: httpx.Client) -> None:
    page = shipped.get(f"/{SOURCE.partition('spacepolicy/')[2]}", headers={"Accept": "text/html"})
    (link,) = re.findall(r'href="(/annotations[^"]*)"', page.text)
    assert shipped.get(html.unescape(link)).json()["total"] > 60
