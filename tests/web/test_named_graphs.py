"""The graph of what only follows, over HTTP: none of the default dataset's, and yet to be had."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from spacepolicy.engine.pool import Pool
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.web.service import Service

from .conftest import serve

BASE = "https://example.org/"
INFERRED = f"{BASE}graph/inferred"
QUADS = f"""<urn:a> <urn:p> 1 <urn:g> .
<urn:a> <urn:q> 2 <{INFERRED}> .
<urn:a> <urn:p> 1 .
<urn:a> <urn:q> 2 .
""".replace(" 1 ", ' "1" ').replace(" 2 ", ' "2" ')
Either = tuple[str, httpx.Client]
ALL = "SELECT ?g ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY ?o"


def made(folder: Path, mode: str) -> Service:
    (folder / GENERATION).write_text(QUADS, encoding="utf-8")
    revision = Revision(
        number=7,
        time="2026-01-02T03:04:05+00:00",
        author="test",
        message="test",
        counts=Counts(1, 1, 2, 2),
        record_sha256="",
        content_sha256="",
        base=BASE,
        prefixes={"": BASE},
        directory=folder,
    )
    older = replace(revision, number=6)
    engine = Pool(revision.dataset, memory_bytes=256 << 20)
    service = Service(engine, History([older, revision]), (), timeout_seconds=5)
    return replace(service, mode=mode)  # type: ignore[arg-type] # one of the two


@pytest.fixture(scope="module", params=["merged", "stored"])
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Either]:
    service = made(tmp_path_factory.mktemp(request.param), request.param)
    with serve(service) as site:
        yield request.param, site.client
    service.engine.close()


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    service = made(tmp_path_factory.mktemp("derived"), "merged")
    with serve(service) as site:
        yield site.client
    service.engine.close()


def values(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["o"]["value"] for row in answer.json()["results"]["bindings"]]


def asked(client: httpx.Client, query: str, **more: str) -> list[str]:
    parameters = {"query": query, "format": "json", **more}
    return values(client.get("/sparql", params=parameters))


def test_a_graph_pattern_finds_the_record_alone_where_something_is_derived(either: Either) -> None:
    mode, client = either
    found = [asked(client, ALL) for _ in range(3)]
    assert found == [["1"] if mode == "merged" else ["1", "2"]] * 3


def test_the_other_ways_of_the_protocol_find_the_same(merged: httpx.Client) -> None:
    headers = {"Content-Type": "application/sparql-query", "Accept": "application/json"}
    posted = merged.post("/sparql", content=ALL, headers=headers)
    form = merged.post("/sparql", data={"query": ALL, "format": "json"})
    long = f"{ALL} # {'x' * 5000}"
    assert values(posted) == values(form) == asked(merged, f"{ALL} #") == ["1"]
    assert values(merged.post("/sparql", data={"query": long, "format": "json"})) == ["1"]


@pytest.mark.parametrize("query", [f"{ALL} LIMIT 5", "SELECT ?o { GRAPH ?g { ?s <urn:q> ?o } }"])
def test_a_dataset_of_the_querys_own_reaches_it(merged: httpx.Client, query: str) -> None:
    named = query.replace("{", f"FROM NAMED <{INFERRED}> {{", 1)
    assert asked(merged, named) == ["2"]
    assert asked(merged, query, **{"named-graph-uri": INFERRED}) == ["2"]
    assert asked(merged, query) != ["2"]


def test_from_and_the_graph_store_reach_it(merged: httpx.Client) -> None:
    assert asked(merged, f"SELECT ?o FROM <{INFERRED}> {{ ?s ?p ?o }}") == ["2"]  # noqa: S608
    assert asked(merged, "SELECT ?o { ?s ?p ?o }", **{"default-graph-uri": INFERRED}) == ["2"]
    stored = merged.get("/graphs", params={"graph": INFERRED, "format": "ntriples"})
    assert stored.text == '<urn:a> <urn:q> "2" .\n'


def test_an_older_revision_is_asked_alike(merged: httpx.Client) -> None:
    answer = merged.get("/sparql", params={"query": ALL, "revision": "6"})
    assert answer.headers["x-dataset-revision"] == "6"
    assert asked(merged, ALL, revision="6") == ["1"]


def test_who_names_it_is_told_how_to_reach_it(merged: httpx.Client) -> None:
    query = f"SELECT * {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}"
    answer = merged.get("/sparql", params={"query": query, "format": "json"})
    assert values(answer) == []
    (hint,) = map(unquote, answer.headers.get_list("x-query-hint"))
    assert hint.startswith(f"GRAPH <{INFERRED}> finds nothing")
    assert f"FROM NAMED <{INFERRED}>" in hint


def test_who_asks_of_any_graph_is_told_nothing(merged: httpx.Client) -> None:
    answer = merged.get("/sparql", params={"query": ALL, "format": "json"})
    assert "x-query-hint" not in answer.headers


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT * { GRAPH ?g { ?s ?p ?o }\n { GRAPH ?h { ?s ?p ?o } } ?x }", (2, 31)),
        ("SELECT * {\n GRAPH ?g { ?s ?p ?o } BIND(1 AS ?g) }", (2, 34)),
        (f"SELECT * {{ {{ GRAPH <{INFERRED}> {{ ?s ?p ?o }} }}\n FILTER(?x = ) }}", (2, 14)),
    ],
)
def test_a_mistake_stands_where_the_text_has_it(
    merged: httpx.Client, query: str, place: tuple[int, int]
) -> None:
    problem = merged.get("/sparql", params={"query": query, "format": "json"}).json()
    assert (problem["line"], problem["column"]) == place
    assert "FILTER(?g" not in problem["text"]
    assert "reason" not in problem or "FILTER(?g" not in problem["reason"]


def test_the_description_tells_it_apart(either: Either) -> None:
    mode, client = either
    sd = "http://www.w3.org/ns/sparql-service-description#"
    told = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    held = {line.split()[0] for line in told.splitlines() if f"<{sd}namedGraph>" in line}
    assert len(held) == (2 if mode == "merged" else 1)
    assert (f"<{sd}availableGraphs>" in told) is (mode == "merged")
    assert f"<{INFERRED}>" in told


def test_its_page_and_document_are_there(merged: httpx.Client) -> None:
    answer = merged.get("/graph/inferred", headers={"Accept": "application/n-triples"})
    assert '<urn:a> <urn:q> "2" .' in answer.text
    page = merged.get("/graph/inferred", headers={"Accept": "text/html"})
    assert page.status_code == 200
