"""Queries about the service are told from those about its data."""

import pytest
from pyoxigraph import NamedNode, Quad, Store

from spacepolicy.engine.description_terms import (
    VOID,
    asks_description,
    description_store,
    may_ask_description,
)
from spacepolicy.engine.requests import Query
from spacepolicy.namespaces import SH

GRAPH = "https://example.org/graph/service"
PREFIXES = {"sh": SH, "void": VOID, "": "https://example.org/def/"}
DESCRIPTION = (GRAPH, f"<{GRAPH}> <{VOID}classPartition> <{GRAPH}#1> .\n")


def about(text: str) -> bool:
    return asks_description(Query(text, prefixes=PREFIXES), GRAPH)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?x sh:prefix ?p }",
        "SELECT * { ?x a sh:SPARQLExecutable }",
        f"SELECT * {{ ?x <{VOID}class> ?c }}",
        f"PREFIX up: <urn:up/> PREFIX v: <{VOID}> SELECT * {{ ?x v:class ?c }}",
        f"ASK FROM <{GRAPH}> {{ ?s ?p ?o }}",
        f"SELECT * {{ GRAPH <{GRAPH}> {{ ?s a :Task }} }}",
    ],
)
def test_a_query_that_names_terms_of_descriptions_alone_is_about_the_service(text: str) -> None:
    assert may_ask_description(text)
    assert about(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT * { ?x a :Task . ?y void:class ?c }",
        "SELECT * { GRAPH ?g { ?shape sh:select ?text } }",
        "SELECT * FROM <urn:g> { ?x void:class ?c }",
        f"ASK FROM <{GRAPH}> FROM <urn:g> {{ ?s ?p ?o }}",
        "SELECT * { ?x a sh:NodeShape }",
        'SELECT * { ?x ?p "void:class" }',
        "SELECT * { ?x unknown:term ?p ; sh:prefix ?q }",
    ],
)
def test_a_query_that_names_anything_else_is_about_the_data(text: str) -> None:
    assert not about(text)


def test_the_protocol_names_the_graph_as_the_text_does() -> None:
    assert asks_description(Query("SELECT * { ?s ?p ?o }", default_graphs=(GRAPH,)), GRAPH)
    assert not asks_description(
        Query("SELECT * { ?s ?p ?o }", default_graphs=(GRAPH, "urn:g")), GRAPH
    )


def test_what_the_dataset_says_itself_with_the_terms_counts_first() -> None:
    store = Store()
    query = Query("SELECT * { ?x void:classPartition ?y }", prefixes=PREFIXES)
    assert description_store(store, query) is None
    asked = Query(query.text, prefixes=PREFIXES, description=DESCRIPTION)
    described = description_store(store, asked)
    assert described is not None
    assert len(described) == 2
    partition = NamedNode(f"{VOID}classPartition")
    store.add(Quad(NamedNode("urn:d"), partition, NamedNode("urn:p")))
    assert description_store(store, asked) is None


def test_a_description_goes_over_the_connection_whole() -> None:
    long = (GRAPH, DESCRIPTION[1] * 2000)
    query = Query("ASK {}", description=long)
    assert len(query.beside_text()) > 1 << 16
