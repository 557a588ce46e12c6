"""The W3C suite of the SPARQL 1.1 Graph Store Protocol."""

import pytest
from pyoxigraph import RdfFormat, parse

from .conftest import Instance
from .manifests import MF, PUBLISHED, SUITES, Case, Data, Graph, cases
from .requests import HT, answered, requests, statements, statuses
from .results import Statements, same

DIRECT = "sparql11/graph-store-protocol/manifest-direct.ttl"
INDIRECT = "sparql11/graph-store-protocol/manifest-indirect.ttl"


def cases_of(manifest: str) -> list[Case]:
    return list(cases(manifest)) if SUITES.is_dir() else []


def check(manifest: str, case: Case, instance: Instance) -> None:
    """Send the requests of the case, and compare what comes with what is to come."""
    graph, client = Graph(PUBLISHED + manifest), instance.holding(Data())
    given = {"/gsp": "/graphs"}
    for request in requests(graph, case):
        answer = answered(graph, request, client, given)
        response = graph.value(request, f"{HT}resp")
        assert str(answer.status_code) in statuses(graph, response), answer.text
        variable = graph.value(response, f"{MF}expectedLocation")
        if variable is not None:
            given[variable.value] = answer.headers["location"]
        wanted = statements(graph, response)
        if wanted is not None:
            assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
            came = parse(answer.content, RdfFormat.TURTLE)
            assert same(wanted, Statements(frozenset(quad.triple for quad in came)), lax=False)


@pytest.mark.parametrize("case", cases_of(DIRECT), ids=str)
def test_a_graph_named_by_its_address(case: Case, instance: Instance) -> None:
    check(DIRECT, case, instance)


@pytest.mark.parametrize("case", cases_of(INDIRECT), ids=str)
def test_a_graph_named_by_a_parameter(case: Case, instance: Instance) -> None:
    check(INDIRECT, case, instance)
