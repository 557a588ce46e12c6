"""Writes tried out and guarded, what the service says of them, and clients of the standards."""

import json

import httpx
import pytest
import rdflib
from pyoxigraph import RdfFormat, parse
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import SPARQLWrapper

from spacepolicy.formats import offered

from .writers import BROKEN, REPORT
from .writing_site import INSERT, UPDATE, Writing


def test_a_dry_run_tells_the_difference_and_writes_nothing(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    before = writing.writer.history.current
    told = writing.send("PUT", f"/graphs?graph={name}&dry-run", '<urn:a> <urn:b> "2" .',
                        Content_Type="text/turtle")  # fmt: skip
    assert told.status_code == 200
    members = told.json()
    assert (members["added"], members["removed"], members["dry_run"]) == (1, 1, True)
    assert f'A <urn:a> <urn:b> "2" <{name}> .' in members["patch"]
    text = INSERT.replace("urn:g", name) % '"3"'
    patch = writing.update(text, "?dry-run=true", Accept="application/rdf-patch")
    assert patch.headers["content-type"] == "application/rdf-patch"
    assert patch.text == f'TX .\nA <urn:a> <urn:b> "3" <{name}> .\nTC .\n'
    assert writing.writer.history.current is before
    assert told.headers["x-dataset-revision"] == str(before.number)


def test_a_refusal_of_the_guard_is_told_in_the_format_of_the_client(writing: Writing) -> None:
    broken = f"<urn:a> <{BROKEN}> 1 ."
    name = writing.graph()
    for accept in ("", "*/*", "application/json", "application/problem+json"):
        answer = writing.put(name, broken, Accept=accept)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["violations"]
    for row in offered("graph"):
        answer = writing.put(name, broken, Accept=row.media_type)
        assert answer.status_code == 422
        assert answer.headers["content-type"].partition(";")[0] == row.media_type
        told = [quad.triple for quad in parse(answer.content, format=row.rdf)]
        assert told == [quad.triple for quad in parse(REPORT, format=RdfFormat.N_TRIPLES)]
    assert "text/html" in writing.put(name, broken, Accept="text/html").headers["content-type"]
    assert writing.put(name, "no turtle", Accept="text/turtle").json()["status"] == 400


def test_a_warning_of_the_guard_comes_with_the_answer(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing.writer, "warning", REPORT)
    name = writing.graph()
    made = writing.put(name, '<urn:a> <urn:b> "1" .')
    assert (made.status_code, made.json()["report"]) == (201, REPORT.decode())
    changed = writing.put(name, '<urn:a> <urn:b> "2" .')
    assert (changed.status_code, changed.json()["added"]) == (200, 1)


# What it says of itself


def test_what_may_be_sent_is_told_beforehand(writing: Writing) -> None:
    graphs = writing.client.options("/graphs?graph=urn:a").headers
    assert graphs["allow"] == "GET, HEAD, PUT, POST, DELETE, OPTIONS"
    assert "text/turtle" in graphs["accept-post"]
    assert "PUT" in graphs["access-control-allow-methods"]
    assert "If-Match" in graphs["access-control-allow-headers"]
    sparql = writing.client.options("/sparql").headers
    assert UPDATE in sparql["accept-post"]
    assert UPDATE not in sparql["accept-query"]


def test_the_description_tells_of_updates_where_they_are_taken(
    writing: Writing, site: httpx.Client
) -> None:
    assert "SPARQL11Update" in writing.client.get("/sparql").text
    assert "SPARQL11Update" not in site.get("/sparql").text


def test_the_graphs_there_are_are_listed(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, "<urn:a> <urn:b> 1, 2 .")
    listed = writing.client.get("/graphs").json()
    row = next(each for each in listed["graphs"] if each["graph"] == name)
    assert row["triples"] == 2
    assert writing.client.get(row["href"]).status_code == 200


def test_openapi_tells_of_the_graph_store(writing: Writing) -> None:
    paths = writing.client.get("/openapi.json").json()["paths"]
    assert set(paths["/graphs"]) == {"get", "put", "post", "delete"}
    put = paths["/graphs"]["put"]
    assert "text/turtle" in put["requestBody"]["content"]
    assert set(put["responses"]["200"]["content"]) == {"application/json", "application/rdf-patch"}
    assert "text/turtle" in paths["/graphs"]["get"]["responses"]["200"]["content"]
    json.dumps(paths)


# Clients that know only the standards


def test_sparqlwrapper_makes_an_update(writing: Writing) -> None:
    wrapper = SPARQLWrapper(str(writing.client.base_url.join("/sparql")))
    wrapper.addCustomHttpHeader("Authorization", f"Bearer {writing.token}")
    wrapper.setMethod("POST")
    name = writing.graph()
    for request in ("urlencoded", "postdirectly"):
        wrapper.setRequestMethod(request)
        wrapper.setQuery(f'INSERT DATA {{ GRAPH <{name}> {{ <urn:a> <urn:b> "{request}" }} }}')
        wrapper.query().response.close()
    assert writing.values(name) == {'"urlencoded"', '"postdirectly"'}


def test_rdflib_writes_a_graph_and_reads_it(writing: Writing) -> None:
    address = str(writing.client.base_url.join("/sparql"))
    bearing = {"Authorization": f"Bearer {writing.token}"}
    store = SPARQLUpdateStore(address, address, headers=bearing, autocommit=False)
    name = writing.graph()
    graph = rdflib.Graph(store, identifier=rdflib.URIRef(name))
    said = (rdflib.URIRef("urn:a"), rdflib.URIRef("urn:b"), rdflib.Literal("火", lang="zh"))
    graph.add(said)
    store.commit()
    assert list(graph) == [said]
    graph.remove(said)
    store.commit()
    assert writing.values(name) == set()
