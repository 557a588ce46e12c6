"""JSON-LD that programs read by key, and that says exactly what the other formats say."""

import json
from typing import Any

import httpx
import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from spacepolicy.web.linked_data.context import JsonLdContext, Property
from spacepolicy.web.linked_data.jsonld import compacted

BASE = "https://w3id.org/spacepolicy/"
TASK = "id/policy/shanghai-2022-spatial-information/task/2"


def expanded(document: dict[str, Any], context: dict[str, Any]) -> set[Triple]:
    """What a JSON-LD processor that fetches nothing reads, the context given to it by hand."""
    text = json.dumps({**document, "@context": context["@context"]})
    return {quad.triple for quad in parse(text, format=RdfFormat.JSON_LD)}


@pytest.mark.parametrize(
    "path",
    [f"doc/{TASK}", "doc/def/concerns", "doc/def/start", "doc/concept/task-theme",
     "doc/id/technology/reusable-rocket", "doc/id/period/by-2025", "source/shanghai-2022-opinions",
     "doc/id/policy/shanghai-2022-spatial-information", "graph/background/readings"],
)  # fmt: skip
def test_json_ld_says_what_n_triples_say(shipped: httpx.Client, path: str) -> None:
    context = shipped.get("/context.jsonld").json()
    document = shipped.get(f"/{path}", headers={"Accept": "application/ld+json"}).json()
    plain = shipped.get(f"/{path}", headers={"Accept": "application/n-triples"}).content
    said = {quad.triple for quad in parse(plain, format=RdfFormat.N_TRIPLES)}
    assert expanded(document, context) == said


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
@pytest.mark.parametrize("form", ["turtle", "json-ld", "xml", "nt"])
def test_a_client_that_nobody_here_wrote_follows_an_iri_to_its_names(
    shipped: httpx.Client, form: str
) -> None:
    """It asks by its own Accept field, follows the redirect, and fetches the context."""
    from rdflib import RDFS, Graph, URIRef

    graph = Graph().parse(f"{shipped.base_url}/{TASK}", format=form)
    task = URIRef(BASE + TASK)
    for thing in (task, *graph.objects(task, URIRef(f"{BASE}def/concerns"))):
        assert {str(label.n3())[-2:] for label in graph.objects(thing, RDFS.label)} == {"en", "zh"}
    plain = shipped.get(f"/doc/{TASK}.nt").content
    assert len(graph) == len(list(parse(plain, format=RdfFormat.N_TRIPLES)))


def test_a_program_reads_a_task_by_key(shipped: httpx.Client) -> None:
    task = shipped.get(f"/doc/{TASK}.jsonld").json()
    assert task["@context"] == f"{shipped.base_url}/context.jsonld"
    assert task["id"] == BASE + TASK
    assert "Task" in task["type"]
    assert task["label"]["zh"].startswith("任务二")
    assert task["ordinal"] in (2, [2])
    assert "reusable rocket" in {each["label"]["en"] for each in task["concerns"]}
    words = {w for node in task["included"] for w in node.get("exactText", {}).get("en", ())}
    assert "develop reusable rockets" in words


def test_the_context_holds_every_term_of_the_ontology(shipped: httpx.Client) -> None:
    answer = shipped.get("/context.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    table = answer.json()["@context"]
    query = f"SELECT DISTINCT ?t {{ ?t a ?k FILTER STRSTARTS(STR(?t), '{BASE}def/') }}"
    answer = shipped.get("/sparql", params={"query": query})
    terms = {row["t"]["value"] for row in answer.json()["results"]["bindings"]}
    assert len(terms) > 100
    ids = {each["@id"] if isinstance(each, dict) else each for each in table.values()
           if not isinstance(each, float)}  # fmt: skip
    assert terms <= ids
    assert table["label"]["@id"] == "http://www.w3.org/2000/01/rdf-schema#label"
    assert table["concerns"] == {
        "@id": f"{BASE}def/concerns", "@type": "@id", "@container": "@set",
    }  # fmt: skip


ODD = JsonLdContext(
    classes={},
    properties={
        "urn:text": Property("text", "@language", several=True),
        "urn:link": Property("link", "@id", several=True),
        "urn:day": Property("day", "http://www.w3.org/2001/XMLSchema#date", several=False),
        "urn:any": Property("any", None, several=False),
    },
    prefixes={},
)
XSD = "http://www.w3.org/2001/XMLSchema#"
VALUES: list[NamedNode | Literal] = [
    Literal("plain"), Literal("words", language="en"), Literal("词", language="zh-hans"),
    Literal("2026-01-01", datatype=NamedNode(f"{XSD}date")), Literal(12), Literal(True),
    Literal("012", datatype=NamedNode(f"{XSD}integer")), Literal(1.5), Literal(""),
    Literal("1", datatype=NamedNode(f"{XSD}boolean")), Literal(10**30), NamedNode("urn:other"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["text", "link", "day", "any", "unmapped", "type"])
def test_a_value_of_another_kind_than_its_key_expects_is_told_all_the_same(name: str) -> None:
    thing, rdf_type = NamedNode("urn:thing"), "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    predicate = NamedNode(rdf_type if name == "type" else f"urn:{name}")
    said = {Triple(thing, predicate, value) for value in VALUES}
    document = json.loads(compacted(said, thing, ODD, "unused"))
    read = expanded(document, {"@context": ODD.table()})
    assert {str(triple).lower() for triple in read} == {str(triple).lower() for triple in said}


def test_things_that_lead_to_each_other_are_written_once_each() -> None:
    first, second, link = NamedNode("urn:a"), NamedNode("urn:b#genid-1"), NamedNode("urn:link")
    said = {Triple(first, link, second), Triple(second, link, first), Triple(second, link, second)}
    document = json.loads(compacted(said, first, ODD, "unused"))
    assert expanded(document, {"@context": ODD.table()}) == said
