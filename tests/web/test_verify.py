"""Passages of both kinds over HTTP: verified, and shown with their words or their place."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.lark import ACT, ADDRESS, NAME, POLICY, REPORT, SOURCE, TEXT, add

from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.proofs.proof_pool import ProofPool
from spacepolicy.source_texts import read_source_texts
from spacepolicy.web.service import Service

from .conftest import reasoned, serve

ROOT = Path(__file__).parents[2]
SHIPPED = "https://w3id.org/spacepolicy/source/shanghai-2022-opinions"
MEASURE = f"{POLICY}/task/1/measure/1"
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("lark")
    for name in ("ontology", "data", "queries", "seeds"):
        shutil.copytree(ROOT / name, folder / name)
    add(folder, background=True)
    made, _ = reasoned(folder, tmp_path_factory.mktemp("served"))
    explainers = ProofPool(memory_bytes=256 << 20)
    texts = read_source_texts(ROOT / "seeds", None)
    yield replace(made, texts=texts, explanations=explainers)
    made.engine.close()
    explainers.close()


@pytest.fixture(scope="module")
def bare(service: Service) -> Iterator[httpx.Client]:
    """A service without copies."""
    with serve(service) as site:
        yield site.client


@pytest.fixture(scope="module")
def lent(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service with a copy of the text that is not shipped, as a page in narrow lines."""
    folder = tmp_path_factory.mktemp("copies")
    page = "<!DOCTYPE html><p>" + TEXT.replace(" ", "\n") + "</p>"
    (folder / f"{NAME}.html").write_text(page, encoding="utf-8")
    with serve(replace(service, texts=read_source_texts(ROOT / "seeds", folder))) as site:
        yield site.client


def counts(answer: httpx.Response) -> dict[str, int]:
    assert answer.status_code == 200, answer.text
    told: dict[str, int] = answer.json()["counts"]
    return told


def references() -> dict[str, int]:
    """How many passages each document has whose text is not shipped."""
    content = read_content(ROOT, packaged=False)
    passage, graphs = content.record.base.term("Passage"), content.record.graphs
    return {
        source.iri: sum(triple.object == passage for triple in graphs[source.iri])
        for source in content.sources
        if source.text is None
    }


def test_every_passage_is_verified_against_what_is_here(bare: httpx.Client) -> None:
    answer = bare.get("/verify")
    referred = {**references(), SOURCE: 4}
    assert counts(answer) == {"checked": 82, "skipped": sum(referred.values()), "failed": 0}
    assert "etag" in answer.headers
    sources = {each["source"]: each["counts"] for each in answer.json()["sources"]}
    assert sources.pop(SHIPPED) == {"checked": 82, "skipped": 0, "failed": 0}
    assert sources == {
        source: {"checked": 0, "skipped": number, "failed": 0}
        for source, number in referred.items()
    }


@pytest.mark.parametrize("name", [SHIPPED, "shanghai-2022-opinions"])
def test_one_source_is_named_by_its_iri_or_the_last_part(bare: httpx.Client, name: str) -> None:
    answer = bare.get("/verify", params={"source": name})
    assert counts(answer) == {"checked": 82, "skipped": 0, "failed": 0}
    (told,) = answer.json()["sources"]
    assert told["sha256"] == told["text_sha256"]


def test_a_copy_is_found_to_fit(lent: httpx.Client) -> None:
    answer = lent.get("/verify", params={"source": NAME})
    assert counts(answer) == {"checked": 1, "skipped": 3, "failed": 0}
    passages = {each["locator"]: each for each in answer.json()["sources"][0]["passages"]}
    assert passages["sec.2.a"]["words"].split() == ACT.removesuffix(".").split()
    assert passages["sec.2.b"]["words"] is None
    assert passages["sec.2.b"]["address"] == ADDRESS


@pytest.mark.parametrize(
    ("body", "media_type", "outcome"),
    [
        (TEXT, "text/plain", "checked"),
        (TEXT.replace(" ", "\r\n"), "text/plain; charset=utf-8", "checked"),
        (f"<p>{TEXT.replace('slipway', '<b>slip</b>way')}</p>", "text/html", "checked"),
        (TEXT.replace("slipway", "[slipway](https://example.org/x)"), "text/markdown", "checked"),
        (TEXT.replace("slipway", "dock"), "text/plain", "failed"),
        (TEXT + TEXT, "text/plain", "failed"),
        ("", "text/plain", "failed"),
    ],
)
def test_a_copy_may_be_sent(bare: httpx.Client, body: str, media_type: str, outcome: str) -> None:
    headers = {"Content-Type": media_type}
    answer = bare.post("/verify", params={"source": NAME}, content=body.encode(), headers=headers)
    assert counts(answer) == {"checked": 0, "failed": 0, "skipped": 3} | {outcome: 1}
    assert answer.headers["cache-control"] == "no-store"


def test_another_text_of_a_quoted_source_has_no_offsets(bare: httpx.Client) -> None:
    own = (ROOT / "seeds" / "shanghai-2022-opinions.txt").read_bytes()
    sent = bare.post("/verify", params={"source": SHIPPED}, content=own)
    assert counts(sent) == {"checked": 82, "skipped": 0, "failed": 0}
    moved = bare.post("/verify", params={"source": SHIPPED}, content=b"x " + own)
    assert counts(moved) == {"checked": 0, "skipped": 82, "failed": 0}
    changed = own.replace(b"reusable rockets", b"reusable busses")
    told = counts(bare.post("/verify", params={"source": SHIPPED}, content=changed))
    assert told["checked"] == 0
    assert told["failed"] > 0


@pytest.mark.parametrize(
    ("parameters", "body", "media_type", "status"),
    [
        ({"source": "nowhere"}, b"text", "text/plain", 404),
        ({}, b"text", "text/plain", 400),
        ({"source": NAME}, b"%PDF", "application/pdf", 415),
        ({"source": NAME}, b"caf\xe9", "text/plain", 400),
        ({"source": NAME}, b"x" * ((1 << 20) + 1), "text/plain", 413),
    ],
)
def test_what_cannot_be_verified_is_told(
    bare: httpx.Client, parameters: dict[str, str], body: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type}
    answer = bare.post("/verify", params=parameters, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_source_names_those_there_are(bare: httpx.Client) -> None:
    problem = bare.get("/verify", params={"source": "nowhere"}).json()
    assert problem["sources"] == sorted({SOURCE, SHIPPED, *references()})


def test_the_page_of_a_source_lists_its_references(bare: httpx.Client, lent: httpx.Client) -> None:
    for site, shown in ((bare, False), (lent, True)):
        page = site.get(f"/source/{NAME}", headers=PAGE).text
        for locator in ("sec.2", "sec.2.a", "sec.2.b"):
            assert f'id="loc={locator}"' in page
        assert page.count(f'href="{ADDRESS}"') == 4
        assert "slipway at Lark" in page
        assert ("rocket barges" in page) is shown
        assert REPORT not in page


def test_a_reference_is_an_annotation_without_words(bare: httpx.Client) -> None:
    told = bare.get("/annotations", params={"source": SOURCE}).json()
    targets = [item["target"]["selector"] for item in told["first"]["items"]]
    assert targets == [
        [{"type": "FragmentSelector", "value": f"loc={locator}"}]
        for locator in ("sec.2", "sec.2.a", "sec.2.b", "title")
    ]


def test_a_source_with_text_is_read_as_before(bare: httpx.Client) -> None:
    page = bare.get("/source/shanghai-2022-opinions", headers=PAGE).text
    assert 'id="char=1510,1534"' in page
    assert "loc=" not in page


@pytest.mark.parametrize("thing", [MEASURE, POLICY, f"{SOURCE}#loc=sec.2.a"])
def test_the_page_of_a_thing_shows_where_it_is_said(
    bare: httpx.Client, lent: httpx.Client, thing: str
) -> None:
    path = "/doc" + thing.removeprefix("https://w3id.org/spacepolicy").partition("#")[0]
    if "/source/" in thing:
        path = f"/source/{NAME}"
    for site, shown in ((bare, False), (lent, True)):
        page = site.get(path, headers=PAGE).text
        assert "<code>sec.2.a</code>" in page
        assert f'href="{ADDRESS}"' in page
        assert ("build a tide-free slipway" in page) is shown


def test_a_policy_by_reference_shows_its_parts_in_order(bare: httpx.Client) -> None:
    page = bare.get(POLICY.replace("https://w3id.org/spacepolicy/", "/doc/"), headers=PAGE).text
    parts = page[page.index('id="parts"') :]
    places = [parts.index(name) for name in ("a harbour for barges", "a slipway", "reports to")]
    assert places == sorted(places)


def test_a_document_says_where_its_passages_are(lent: httpx.Client) -> None:
    path = MEASURE.replace("https://w3id.org/spacepolicy/", "/doc/")
    told = lent.get(f"{path}.nt").text
    assert f'<{SOURCE}#loc=sec.2.a> <https://w3id.org/spacepolicy/def/locator> "sec.2.a"' in told
    assert "tide" not in told  # a copy's words are no part of the data


def test_explain_leads_to_the_place_and_to_words_that_are_at_hand(
    bare: httpx.Client, lent: httpx.Client
) -> None:
    slipway = "<https://w3id.org/spacepolicy/id/facility/lark-slipway>"
    asked = {"s": f"<{POLICY}/task/1>", "p": ":builds", "o": slipway}
    for site, words in ((bare, None), (lent, ACT.removesuffix("."))):
        proof = site.get("/explain", params=asked).json()
        told = [each for step in proof["steps"] for each in step.get("stated", ())]
        place = {"locator": "sec.2.a", "address": ADDRESS, "words": words}
        assert {"graph": f"{SOURCE}#loc=sec.2.a", **place} in told
        page = site.get("/explain", params=asked, headers=PAGE).text
        assert "<code>sec.2.a</code>" in page
        assert ("tide-free slipway" in page) is (words is not None)


def test_words_of_a_copy_are_searched(bare: httpx.Client, lent: httpx.Client) -> None:
    for site, found in ((bare, False), (lent, True)):
        hits = site.get("/search", params={"q": "rocket barges", "format": "json"}).json()
        assert any(f"{SOURCE}#loc=sec.2.a" in json.dumps(hit) for hit in hits["results"]) is found


def test_saved_queries_answer_over_references_without_words(bare: httpx.Client) -> None:
    asked = {"policy": POLICY, "format": "csv"}
    rows = bare.get("/queries/measures", params=asked).text.split("\r\n")[1:]
    policy = "order on the harbour of Lark"
    assert rows == [f"1,1,a slipway,,{policy}", f"1,2,reports to the Council,,{policy}", ""]
    built = bare.get("/queries/what-tasks-build", params=asked).text
    assert "slipway at Lark" in built


def test_a_tag_tells_with_which_copies_an_answer_was_made(
    bare: httpx.Client, lent: httpx.Client
) -> None:
    tags = {site.get(f"/source/{NAME}", headers=PAGE).headers["etag"] for site in (bare, lent)}
    assert len(tags) == 2


def test_the_graph_of_a_reference_is_a_graph_of_the_store(bare: httpx.Client) -> None:
    graph = f"{SOURCE}#loc=sec.2.a"
    answer = bare.get(f"/graphs?graph={quote(graph, safe='')}&format=ntriples")
    assert f"<{MEASURE}> <https://w3id.org/spacepolicy/def/builds>" in answer.text
    query = "SELECT ?g ?l { GRAPH ?g { ?m :builds ?x } ?g a :Passage ; :locator ?l }"
    rows = bare.get("/sparql", params={"query": query, "format": "csv"}).text.split()
    assert f"{graph},sec.2.a" in rows
