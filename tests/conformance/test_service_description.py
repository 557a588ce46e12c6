"""The three W3C tests of the service description, in every format."""

import pytest
from pyoxigraph import NamedNode, Store

from spacepolicy.formats import FORMATS, Format, offered

from .conftest import Instance
from .manifests import PUBLISHED, Data

SD = "http://www.w3.org/ns/sparql-service-description#"
DATA = f"{PUBLISHED}sparql11/protocol/"
HELD = Data((f"{DATA}data1.nt",), (("http://example.org/g", f"{DATA}data2.nt"),))
RANGES = {
    "defaultDataset": "Dataset",
    "defaultGraph": "Graph",
    "namedGraph": "NamedGraph",
    "graph": "Graph",
}
VALUES = {
    "supportedLanguage": {f"{SD}SPARQL10Query", f"{SD}SPARQL11Query", f"{SD}SPARQL11Update"},
    "resultFormat": {row.iri for row in FORMATS if row.iri is not None},
    "defaultEntailmentRegime": {"http://www.w3.org/ns/entailment/Simple"},
}


def described(instance: Instance, row: Format, data: Data = HELD) -> Store:
    answer = instance.reading(data).get("/sparql", headers={"Accept": row.media_type})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == row.media_type
    graph = Store()
    assert row.rdf is not None
    graph.load(answer.content, format=row.rdf, base_iri=str(answer.url))
    return graph


@pytest.mark.parametrize("row", offered("graph"), ids=lambda row: row.name)
def test_a_get_of_the_endpoint_returns_rdf(instance: Instance, row: Format) -> None:
    assert len(described(instance, row)) > 0


@pytest.mark.parametrize("row", offered("graph"), ids=lambda row: row.name)
def test_the_description_has_the_endpoint_triple(instance: Instance, row: Format) -> None:
    graph = described(instance, row)
    (quad,) = graph.quads_for_pattern(None, NamedNode(f"{SD}endpoint"), None)
    assert quad.object == NamedNode(str(instance.client.base_url.join("/sparql")))


def test_the_description_conforms_to_the_schema(instance: Instance) -> None:
    graph = described(instance, offered("graph")[0])
    used = {
        quad.predicate.value.removeprefix(SD)
        for quad in graph
        if quad.predicate.value.startswith(SD)
    }
    assert used == {"endpoint", "name", *RANGES, *VALUES}
    assert ask(graph, "?x a sd:Service ; sd:endpoint ?e ; sd:defaultDataset ?d")
    for predicate, kind in RANGES.items():
        assert not ask(graph, f"?x sd:{predicate} ?y FILTER NOT EXISTS {{ ?y a sd:{kind} }}")
    for predicate, values in VALUES.items():
        found = {
            quad.object.value
            for quad in graph.quads_for_pattern(None, NamedNode(SD + predicate), None)
            if isinstance(quad.object, NamedNode)
        }
        assert found == values


def test_the_description_counts_the_triples_of_each_graph(instance: Instance) -> None:
    graph = described(instance, offered("graph")[0])
    counts = "?d sd:defaultGraph/void:triples 1 ; sd:namedGraph ?n . ?n sd:graph/void:triples 1"
    assert ask(graph, f"{counts} ; sd:name <http://example.org/g>")
    empty = described(instance, offered("graph")[0], Data())
    assert ask(empty, "?d sd:defaultGraph/void:triples 0")
    assert not ask(empty, "?d sd:namedGraph ?n")


def ask(graph: Store, pattern: str) -> bool:
    prefixes = {"sd": SD, "void": "http://rdfs.org/ns/void#"}
    return bool(graph.query(f"ASK {{ {pattern} }}", prefixes=prefixes))
