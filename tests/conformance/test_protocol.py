"""The W3C suite of the SPARQL 1.1 Protocol."""

import httpx
import pytest

from spacepolicy.formats import offered

from .conftest import Instance
from .manifests import MF, PUBLISHED, SUITES, Case, Data, Graph, cases
from .requests import HT, answered, requests, statuses

MANIFEST = "sparql11/protocol/manifest.ttl"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
EXPECTED = {
    "boolean": (JSON, XML),
    "tabular": tuple(row.media_type for row in offered("solutions")),
    "RDF": tuple(row.media_type for row in offered("graph")),
}


def of(*, updates: bool) -> list[Case]:
    """The cases with an update, or those without."""
    found = cases(MANIFEST) if SUITES.is_dir() else ()
    return [case for case in found if ("update" in case.iri.rpartition("#")[2]) == updates]


def check(case: Case, client: httpx.Client) -> None:
    """Send the requests of the case, and compare what comes with what is to come."""
    graph = Graph(PUBLISHED + MANIFEST)
    for request in requests(graph, case):
        answer = answered(graph, request, client)
        response = graph.value(request, f"{HT}resp")
        assert f"{answer.status_code // 100}xx" in statuses(graph, response), answer.text
        wanted = graph.value(response, f"{MF}expectedFormat")
        if wanted is not None:
            media_type = answer.headers["content-type"].partition(";")[0]
            assert media_type in EXPECTED[wanted.value]
        boolean = graph.value(response, f"{MF}expectedBoolean")
        if boolean is not None:
            assert answer.json()["boolean"] is (boolean.value == "true")


@pytest.mark.parametrize("case", of(updates=False), ids=str)
def test_a_query_is_answered_as_the_protocol_says(case: Case, instance: Instance) -> None:
    check(case, instance.reading(case.data))


@pytest.mark.parametrize("case", of(updates=True), ids=str)
def test_an_update_is_answered_as_the_protocol_says(case: Case, instance: Instance) -> None:
    check(case, instance.holding(Data()))
