"""The W3C suite of the SPARQL 1.1 Protocol: its query operations."""

from collections.abc import Iterator

import httpx
import pytest

from spacepolicy.formats import offered

from .conftest import Instance
from .manifests import MF, PUBLISHED, SUITES, Case, Graph, Node, cases

MANIFEST = "sparql11/protocol/manifest.ttl"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
EXPECTED = {
    "boolean": (JSON, XML),
    "tabular": tuple(row.media_type for row in offered("solutions")),
    "RDF": tuple(row.media_type for row in offered("graph")),
}


def queries() -> list[Case]:
    """The cases without an update."""
    found = cases(MANIFEST) if SUITES.is_dir() else ()
    return [case for case in found if "update" not in case.iri.rpartition("#")[2]]


def value(graph: Graph, node: Node, predicate: str, default: str = "") -> str:
    found = graph.value(node, predicate)
    return default if found is None else found.value


def requests(graph: Graph, case: Case) -> Iterator[Node]:
    entry = next(node for node in graph.items(graph.subject(f"{MF}entries"), f"{MF}entries")
                 if node.value == case.iri)  # fmt: skip
    yield from graph.items(graph.value(entry, f"{MF}action"), f"{HT}requests")


def answered(graph: Graph, request: Node, client: httpx.Client) -> httpx.Response:
    """The answer to the request of the manifest."""
    body = graph.value(request, f"{HT}body")
    content = None
    if body is not None:
        encoding = value(graph, body, f"{CNT}characterEncoding", "UTF-8")
        content = value(graph, body, f"{CNT}chars").encode(encoding)
    headers = {
        value(graph, field, f"{HT}fieldName"): value(graph, field, f"{HT}fieldValue")
        for field in graph.items(request, f"{HT}headers")
    }
    target = value(graph, request, f"{HT}absolutePath").replace("/sparql/", "/sparql", 1)
    method = value(graph, request, f"{HT}methodName")
    return client.request(method, target, content=content, headers=headers)


@pytest.mark.parametrize("case", queries(), ids=str)
def test_a_request_is_answered_as_the_protocol_says(case: Case, instance: Instance) -> None:
    graph = Graph(PUBLISHED + MANIFEST)
    client = instance.serve(case.data)
    for request in requests(graph, case):
        answer = answered(graph, request, client)
        response = graph.value(request, f"{HT}resp")
        statuses = {
            node.value.rpartition("StatusCode")[2]
            for node in graph.values(response, f"{MF}expectedStatus")
        }
        assert f"{answer.status_code // 100}xx" in statuses, answer.text
        wanted = graph.value(response, f"{MF}expectedFormat")
        if wanted is not None:
            media_type = answer.headers["content-type"].partition(";")[0]
            assert media_type in EXPECTED[wanted.value]
        boolean = graph.value(response, f"{MF}expectedBoolean")
        if boolean is not None:
            assert answer.json()["boolean"] is (boolean.value == "true")
