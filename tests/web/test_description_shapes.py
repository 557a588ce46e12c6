"""VoID, DCAT and the service description are complete, by shapes of their own."""

from pathlib import Path

import httpx
import pyshacl
import pytest
from rdflib import Graph, Namespace
from rdflib.namespace import DCAT, DCTERMS, RDF, SH, VOID

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
SHAPES = Path(__file__).with_name("descriptions.ttl")
PATHS = ("/.well-known/void", "/catalog", "/sparql")


@pytest.fixture(scope="module")
def described(shipped: httpx.Client) -> Graph:
    """What the three say together: they speak of the same dataset."""
    graph = Graph()
    for path in PATHS:
        answer = shipped.get(path, headers={"Accept": "application/n-triples"})
        graph.parse(data=answer.text, format="nt")
    return graph


def broken(graph: Graph) -> set[str]:
    """The shapes that do not hold of the graph."""
    shapes = Graph().parse(SHAPES)
    _, report, _ = pyshacl.validate(
        graph, shacl_graph=shapes, inference="none", allow_warnings=True
    )
    assert isinstance(report, Graph)
    holders = [
        shapes.value(None, SH.property, each) for each in report.objects(None, SH.sourceShape)
    ]
    return {str(holder).rpartition(":")[2] for holder in holders}


def test_the_descriptions_conform(described: Graph) -> None:
    assert broken(described) == set()
    assert set(described.subjects(RDF.type, SD.Service))
    assert set(described.objects(None, VOID.classPartition))


@pytest.mark.parametrize(
    ("predicate", "shape"),
    [
        (DCTERMS.license, "Dataset"),
        (VOID.dataDump, "VoidDataset"),
        (VOID.distinctSubjects, "Counted"),
        (VOID.entities, "ClassPartition"),
        (VOID.property, "PropertyPartition"),
        (DCAT.service, "Catalog"),
        (DCAT.accessURL, "Distribution"),
        (DCAT.endpointURL, "DataService"),
        (SD.resultFormat, "Service"),
        (SD.defaultGraph, "ServedDataset"),
        (SD.name, "NamedGraph"),
    ],
)
def test_a_description_that_lacks_something_does_not(
    described: Graph, predicate: str, shape: str
) -> None:
    without = Graph()
    without += described
    without.remove((None, predicate, None))  # type: ignore[arg-type] # a term
    assert shape in broken(without)
