"""The dataset's descriptions agree with the dataset, and its dumps are the dataset."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    RdfFormat,
    Store,
    parse,
)

from spacepolicy.formats import Format, offered
from spacepolicy.web.service import Service

from .conftest import serve

VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
SH = "http://www.w3.org/ns/shacl#"
TRIPLES = {"Accept": "application/n-triples"}
PATHS = ["/.well-known/void", "/catalog"]


@pytest.fixture(scope="module")
def described(shipped: httpx.Client) -> Store:
    store = Store()
    for path in PATHS:
        store.load(shipped.get(path, headers=TRIPLES).content, RdfFormat.N_TRIPLES)
    return store


def objects(store: Store, predicate: str, subject: NamedNode | None = None) -> Iterator[str]:
    for quad in store.quads_for_pattern(subject, NamedNode(predicate), None):
        assert isinstance(quad.object, NamedNode | Literal)
        yield quad.object.value


def asked(shipped: httpx.Client, text: str) -> int:
    answer = shipped.get("/sparql", params={"query": text, "format": "csv"})
    return int(answer.text.split()[-1])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("row", offered("graph", "page"), ids=lambda row: row.name)
def test_a_description_comes_in_every_format(shipped: httpx.Client, path: str, row: Format) -> None:
    answer = shipped.get(path, headers={"Accept": row.media_type})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == row.media_type
    again = {"Accept": row.media_type, "If-None-Match": answer.headers["etag"]}
    assert shipped.get(path, headers=again).status_code == 304


def test_the_counts_are_those_of_the_store(shipped: httpx.Client, described: Store) -> None:
    dataset = NamedNode(f"{shipped.base_url}/.well-known/void#dataset")
    count = "SELECT (COUNT({}) AS ?n) {{ ?s ?p ?o }}"
    for name, what in {"triples": "*", "distinctSubjects": "DISTINCT ?s",
                       "properties": "DISTINCT ?p"}.items():  # fmt: skip
        (told,) = objects(described, VOID + name, dataset)
        assert int(told) == asked(shipped, count.format(what)), name


def test_the_partitions_are_those_of_the_store(shipped: httpx.Client, described: Store) -> None:
    for quad in described.quads_for_pattern(None, NamedNode(f"{VOID}class"), None):
        assert isinstance(quad.subject, NamedNode)
        (told,) = objects(described, f"{VOID}entities", quad.subject)
        counted = asked(shipped, f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a {quad.object} }}")
        assert int(told) == counted
    parts = [int(each) for each in objects(described, f"{VOID}triples")]
    assert sum(parts) == 2 * max(parts)


def test_every_address_that_is_told_answers(shipped: httpx.Client, described: Store) -> None:
    for name in (f"{VOID}dataDump", f"{DCAT}downloadURL", f"{VOID}sparqlEndpoint",
                 f"{DCAT}endpointURL", f"{DCAT}endpointDescription"):  # fmt: skip
        for address in set(objects(described, name)):
            assert shipped.get(address).status_code == 200, address


def test_every_example_runs_with_the_prefixes_told(
    shipped_service: Service, described: Store
) -> None:
    assert len(set(objects(described, f"{SH}prefix"))) > 5
    texts = list(objects(described, f"{SH}select"))
    assert len(texts) > 30
    with serve(replace(shipped_service, timeout_seconds=30)) as patient:
        for text in texts:
            answer = patient.client.post("/sparql", data={"query": text})
            assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/dump.nq", "/dump.trig"])
def test_a_dump_is_the_dataset(shipped: httpx.Client, shipped_service: Service, path: str) -> None:
    answer = shipped.get(path)
    format = RdfFormat.from_media_type(answer.headers["content-type"].partition(";")[0])
    assert format is not None
    dumped = Dataset(parse(answer.content, format=format))
    kept = Dataset(parse(path=str(shipped_service.revision.dataset), format=RdfFormat.N_QUADS))
    for each in (dumped, kept):
        each.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    assert dumped == kept
    assert any(isinstance(quad.subject, BlankNode) for quad in dumped)
    again = shipped.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
