"""Programs that know only the standards read the site: they follow IRIs and query the endpoint."""

import json
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import rdflib
import sparql_dataframe  # type: ignore[import-untyped] # it has no types
from rdflib.compare import isomorphic
from rdflib.namespace import OWL, RDFS
from SPARQLWrapper import CSV, JSON, TURTLE, SPARQLWrapper

from .conftest import SHIPPED_BASE

TASK = "id/policy/shanghai-2022-spatial-information/task/2"
ROCKET = rdflib.URIRef(f"{SHIPPED_BASE}id/technology/reusable-rocket")
CONCERNS = rdflib.URIRef(f"{SHIPPED_BASE}def/concerns")
ORDINALS = f"""SELECT ?n {{ ?task <{SHIPPED_BASE}def/ordinal> ?n ;
  <{SHIPPED_BASE}def/isTaskOf> <{SHIPPED_BASE}id/policy/shanghai-2022-spatial-information> }}"""


def here(site: httpx.Client, iri: str) -> str:
    """Where an IRI under the base answers: at the same path of the site."""
    return urljoin(str(site.base_url), f"/{iri.removeprefix(SHIPPED_BASE)}")


def converted(wrapper: SPARQLWrapper, format: str) -> Any:  # noqa: ANN401 # it depends on the format
    """The answer in the format, as the client gives it to its users."""
    wrapper.setReturnFormat(format)
    return wrapper.queryAndConvert()


def test_rdflib_follows_iris_from_thing_to_thing_and_finds_their_names(
    shipped: httpx.Client,
) -> None:
    graph = rdflib.Graph().parse(here(shipped, SHIPPED_BASE + TASK))
    concerned = list(graph.objects(rdflib.URIRef(SHIPPED_BASE + TASK), CONCERNS))
    assert ROCKET in concerned
    for thing in concerned:
        graph.parse(here(shipped, str(thing)))
        names = graph.objects(thing, RDFS.label)
        languages = {name.language for name in names if isinstance(name, rdflib.Literal)}
        assert {"en", "zh"} <= languages
    graph.parse(here(shipped, str(CONCERNS)))
    assert (CONCERNS, rdflib.RDF.type, OWL.ObjectProperty) in graph


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # by rdflib of its own parser
def test_a_json_ld_processor_reads_the_same_as_turtle_says_and_writes_it_again(
    shipped: httpx.Client,
) -> None:
    """The processor fetches the context that the document names."""
    document = shipped.get(f"/doc/{TASK}.jsonld")
    context = shipped.get(document.json()["@context"]).json()["@context"]
    read = rdflib.Graph().parse(data=document.text, format="json-ld")
    said = rdflib.Graph().parse(data=shipped.get(f"/doc/{TASK}.ttl").text, format="turtle")
    assert isomorphic(read, said)
    written = read.serialize(format="json-ld", context=context, auto_compact=False)
    assert "@context" in json.loads(written)
    assert isomorphic(rdflib.Graph().parse(data=written, format="json-ld"), read)


def test_sparqlwrapper_queries_in_its_formats(shipped: httpx.Client) -> None:
    wrapper = SPARQLWrapper(f"{shipped.base_url}/sparql")
    wrapper.setQuery(ORDINALS)
    rows = converted(wrapper, JSON)["results"]["bindings"]
    assert sorted(int(row["n"]["value"]) for row in rows) == list(range(1, 13))
    wrapper.setMethod("POST")
    assert len(converted(wrapper, CSV).splitlines()) == 13
    wrapper.setQuery(f"DESCRIBE <{ROCKET}>")
    described = rdflib.Graph().parse(data=converted(wrapper, TURTLE), format="turtle")
    assert (ROCKET, RDFS.label, rdflib.Literal("reusable rocket", lang="en")) in described


def test_a_data_frame_is_had_of_a_query(shipped: httpx.Client) -> None:
    frame = sparql_dataframe.get(f"{shipped.base_url}/sparql", ORDINALS)
    assert sorted(frame["n"]) == list(range(1, 13))
