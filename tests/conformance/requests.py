"""Requests and answers as the manifests of protocol suites tell them.

Spec: https://www.w3.org/TR/HTTP-in-RDF10/
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import httpx
from pyoxigraph import RdfFormat, parse

from .manifests import MF, Case, Graph, Node
from .results import Statements

HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
NAMES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
NOTHING: Mapping[str, str] = MappingProxyType({})


def value(graph: Graph, node: Node, predicate: str, default: str = "") -> str:
    found = graph.value(node, predicate)
    return default if found is None else found.value


def requests(graph: Graph, case: Case) -> Iterator[Node]:
    entry = next(node for node in graph.items(graph.subject(f"{MF}entries"), f"{MF}entries")
                 if node.value == case.iri)  # fmt: skip
    yield from graph.items(graph.value(entry, f"{MF}action"), f"{HT}requests")


def answered(
    graph: Graph, request: Node, client: httpx.Client, given: Mapping[str, str] = NOTHING
) -> httpx.Response:
    """The answer to the request of the manifest; what is `given` stands for its variables, and for
    the paths of its endpoints."""
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
    for name, meant in given.items():
        target = target.replace(name, meant, 1)
    method = value(graph, request, f"{HT}methodName")
    return client.request(method, target, content=content, headers=headers)


def statuses(graph: Graph, response: Node | None) -> set[str]:
    """The statuses that may come, as numbers or as classes such as 2xx."""
    found = (node.value for node in graph.values(response, f"{MF}expectedStatus"))
    names = (status.rpartition("#")[2].removeprefix("StatusCode") for status in found)
    return {str(NAMES.get(name, name)) for name in names}


def statements(graph: Graph, response: Node | None) -> Statements | None:
    """The graph that is to come; None where any may."""
    body = graph.value(response, f"{HT}body")
    if body is None:
        return None
    text = value(graph, body, f"{CNT}chars")
    return Statements(frozenset(quad.triple for quad in parse(text, RdfFormat.TURTLE)))
