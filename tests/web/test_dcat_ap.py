"""The catalogue is one that harvesters of DCAT-AP take: by shapes of our own, which are written
from the specification's tables, since no registry has the specification's."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pyshacl
import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, RDFS, SH, SKOS
from rdflib.term import Node

from spacepolicy.commands.serve import publisher_of
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings, load
from spacepolicy.web.harvesting.dataset_metadata import DatasetMetadata
from spacepolicy.web.harvesting.dcat_ap import dataset_statements, described
from spacepolicy.web.harvesting.publisher import Publisher
from spacepolicy.web.service import Service

from .conftest import Site, serve

SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
SHAPES = Path(__file__).with_name("dcat_ap.ttl")
PUBLISHER = Publisher("Institut für Raumfahrt", "https://example.org/", "data@example.org")


@pytest.fixture(scope="module")
def published(shipped_service: Service) -> Iterator[Site]:
    """A service whose operator says who publishes it."""
    with serve(replace(shipped_service, publisher=PUBLISHER)) as site:
        yield site


def catalog_of(client: httpx.Client) -> Graph:
    answer = client.get("/catalog", headers={"Accept": "application/n-triples"})
    return Graph().parse(data=answer.text, format="nt")


@pytest.fixture(scope="module")
def catalog(published: Site) -> Graph:
    return catalog_of(published.client)


@pytest.fixture(scope="module")
def unsigned(shipped: httpx.Client) -> Graph:
    """The catalogue of a service whose operator says nothing."""
    return catalog_of(shipped)


def broken(graph: Graph) -> set[tuple[str, str]]:
    """The classes and properties of shapes that do not hold of the graph."""
    shapes = Graph().parse(SHAPES)
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        shape = report.value(result, SH.sourceShape)
        holder = shapes.value(None, SH.property, shape) or shape
        path = report.value(result, SH.resultPath)
        found.add((local(holder), local(path)))
    return found


def local(node: Node | None) -> str:
    return str(node or "").replace("#", "/").replace(":", "/").rpartition("/")[2]


def values(graph: Graph, property_: URIRef) -> set[str]:
    return {str(each) for each in graph.objects(None, property_)}


def test_the_catalogue_conforms(catalog: Graph) -> None:
    assert broken(catalog) == set()


@pytest.mark.parametrize(
    ("predicate", "shape"),
    [
        (DCTERMS.description, "Catalog"),
        (DCTERMS.publisher, "Catalog"),
        (DCTERMS.license, "Catalog"),
        (DCTERMS.spatial, "Dataset"),
        (DCTERMS.temporal, "Dataset"),
        (DCTERMS.title, "Subject"),
        (SKOS.prefLabel, "Location"),
        (DCAT.startDate, "PeriodOfTime"),
        (DCTERMS.title, "Dataset"),
        (DCTERMS.language, "Dataset"),
        (DCTERMS.license, "Distribution"),
        (DCTERMS.format, "Distribution"),
        (DCAT.byteSize, "File"),
        (SPDX.checksumValue, "Checksum"),
        (DCAT.endpointDescription, "DataService"),
        (FOAF.name, "Agent"),
        (VCARD.hasEmail, "Contact"),
    ],
)
def test_a_catalogue_that_lacks_something_does_not(
    catalog: Graph, predicate: URIRef, shape: str
) -> None:
    without = Graph()
    without += catalog
    without.remove((None, predicate, None))
    assert shape in {holder for holder, _ in broken(without)}


def test_a_publisher_that_nobody_named_is_not_invented(unsigned: Graph) -> None:
    assert broken(unsigned) == {("Catalog", "publisher")}
    assert not set(unsigned.objects(None, DCTERMS.publisher))
    assert not set(unsigned.objects(None, DCAT.contactPoint))


def test_what_is_not_known_is_said(unsigned: Graph, catalog: Graph) -> None:
    said = {each for each in unsigned.objects(None, RDFS.comment) if isinstance(each, Literal)}
    assert {each.language for each in said} == {"en", "zh"}
    english = " ".join(sorted(each for each in said if each.language == "en"))
    assert "Who publishes this catalogue is not said" in english
    assert "Where questions about the dataset are answered is not said" in english
    assert not set(catalog.objects(None, RDFS.comment))


def test_a_dataset_without_an_ontology_has_no_title_and_says_so(site: httpx.Client) -> None:
    graph = catalog_of(site)
    assert "no title of its own" in " ".join(map(str, graph.objects(None, RDFS.comment)))
    assert ("Dataset", "title") in broken(graph)
    assert ("Catalog", "publisher") in broken(graph)


@pytest.mark.parametrize("contact", ["data@example.org", "https://example.org/contact"])
def test_a_contact_is_an_address_of_mail_or_of_a_page(contact: str) -> None:
    assert publisher_of(loaded(contact=contact)).contact == contact


@pytest.mark.parametrize(
    "given",
    [
        {"contact": "somebody"},
        {"contact": "a@b@c"},
        {"contact": "<data@example.org>"},
        {"contact": "ftp://example.org/"},
        {"publisher": "Institute", "publisher_url": "example.org"},
        {"publisher": "Institute", "publisher_url": "https://example.org/a b"},
        {"publisher_url": "https://example.org/"},
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_built(given: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        publisher_of(loaded(**given))


def loaded(**given: str) -> Settings:
    return load(given, {}, Path("/nowhere"))


def test_the_operator_says_who_publishes_and_where_questions_are_answered(catalog: Graph) -> None:
    (publisher,) = set(catalog.objects(None, DCTERMS.publisher))
    assert str(catalog.value(publisher, FOAF.name)) == PUBLISHER.name
    assert str(catalog.value(publisher, FOAF.homepage)) == PUBLISHER.homepage
    assert values(catalog, VCARD.hasEmail) == {"mailto:data@example.org"}


def test_a_page_is_a_contact_too() -> None:
    assert Publisher(contact="https://example.org/ask").contact_iri == "https://example.org/ask"


def test_size_and_checksum_are_those_of_the_dumps(published: Site, catalog: Graph) -> None:
    files = set(catalog.subject_objects(DCAT.downloadURL))
    assert len(files) == 2
    for node, address in files:
        body = published.client.get(str(address), headers={"Accept-Encoding": "identity"}).content
        assert str(catalog.value(node, DCAT.byteSize)) == str(len(body))
        checksum = catalog.value(node, SPDX.checksum)
        told = str(catalog.value(checksum, SPDX.checksumValue))
        assert told == hashlib.sha256(body).hexdigest()


def test_what_the_ontology_says_of_itself_holds_for_the_dataset(
    published: Site, catalog: Graph
) -> None:
    query = (
        "SELECT ?v ?n { <https://w3id.org/spacepolicy/ontology> dcterms:license ?v ; "
        "dcterms:creator ?n }"
    )
    answer = published.client.get("/sparql", params={"query": query, "format": "json"}).json()
    (row,) = answer["results"]["bindings"]
    assert values(catalog, DCTERMS.license) == {row["v"]["value"]}
    assert len(set(catalog.subjects(DCTERMS.license))) == 1 + 1 + 3 + 1  # with catalogue
    (creator,) = set(catalog.objects(None, DCTERMS.creator))
    assert str(catalog.value(creator, FOAF.name)) == row["n"]["value"]


def test_themes_frequency_and_rights_are_those_of_the_header(catalog: Graph) -> None:
    for property_ in (DCAT.theme, DCTERMS.accrualPeriodicity):
        found = values(catalog, property_)
        assert found
        assert all(each.startswith("http://publications.europa.eu/") for each in found)
    keywords = [each for each in catalog.objects(None, DCAT.keyword) if isinstance(each, Literal)]
    assert {each.language for each in keywords} == {"en", "zh"}
    (rights,) = set(catalog.objects(None, DCTERMS.rights))
    assert len(set(catalog.subjects(DCTERMS.rights))) == 1 + 3  # the dataset, distributions
    assert "not known" in " ".join(map(str, catalog.objects(rights, RDFS.label)))


def test_the_languages_are_those_in_which_things_have_names(catalog: Graph) -> None:
    codes = {each.rpartition("/")[2] for each in values(catalog, DCTERMS.language)}
    assert {"ENG", "ZHO"} <= codes


def test_what_needs_a_token_is_restricted(shipped_service: Service, catalog: Graph) -> None:
    (public,) = values(catalog, DCTERMS.accessRights)
    assert public.endswith("/PUBLIC")
    closed = replace(shipped_service, require_token=True)
    told = dataset_statements(described(closed, "https://example.org", DatasetMetadata()))
    rights = [each.object for each in told if each.predicate.value == str(DCTERMS.accessRights)]
    assert [str(each).rstrip(">").rpartition("/")[2] for each in rights] == ["RESTRICTED"]


def test_dumps_of_a_large_dataset_are_told_without_measures(
    shipped_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacepolicy.web.harvesting.dump_facts.MAX_STATEMENTS", 1)
    with serve(shipped_service) as site:
        graph = catalog_of(site.client)
    assert not set(graph.objects(None, DCAT.byteSize))
    assert not set(graph.subjects(RDF.type, SPDX.Checksum))
    assert len(set(graph.subjects(DCAT.downloadURL))) == 2


def test_each_document_has_its_places_and_its_time(catalog: Graph) -> None:
    dataset = catalog.value(None, RDF.type, DCAT.Dataset)
    documents = set(catalog.objects(dataset, DCTERMS.subject))
    assert len(documents) > 10
    assert set(catalog.objects(dataset, DCTERMS.spatial)) == {
        place for each in documents for place in catalog.objects(each, DCTERMS.spatial)
    }
    order = URIRef("https://w3id.org/spacepolicy/id/policy/us-eo-14369")
    assert period(catalog, order) == ("2025-12-18", "2030-12-31")
    (place,) = catalog.objects(order, DCTERMS.spatial)
    assert Literal("United States", lang="en") in set(catalog.objects(place, SKOS.prefLabel))
    periods = [period(catalog, each) for each in documents]
    whole = period(catalog, dataset)
    assert whole[0][:4] == min(first for first, _ in periods)[:4]
    assert whole[1][:4] == max(last for _, last in periods)[:4]


def period(graph: Graph, of: Node | None) -> tuple[str, str]:
    found = graph.value(of, DCTERMS.temporal)
    return str(graph.value(found, DCAT.startDate)), str(graph.value(found, DCAT.endDate))


def test_a_dataset_without_documents_has_no_place_nor_time(site: httpx.Client) -> None:
    graph = catalog_of(site)
    assert not set(graph.subject_objects(DCTERMS.spatial))
    assert not set(graph.subjects(RDF.type, DCTERMS.PeriodOfTime))
