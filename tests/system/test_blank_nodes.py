"""Blank nodes are local to the document that brings them, whatever way it takes."""

import subprocess

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from spacepolicy.engine.isomorphism import isomorphic
from spacepolicy.formats import offered

from .conftest import Program
from .test_writes_over_http import EMPTY, TURTLE, Start, start

__all__ = ["start"]
PLAIN = {"Content-Type": "text/plain"}
COUNT = """SELECT (COUNT(DISTINCT ?b) AS ?n) {
  { ?b <urn:p> ?o } UNION { GRAPH ?g { ?b <urn:p> ?o } } }"""
SHARED = """SELECT DISTINCT ?b {
  GRAPH <urn:g> { ?b <urn:p> ?o } GRAPH <urn:h> { ?b <urn:p> ?o } }"""
DOCUMENTS = {
    "text/turtle": "_:b0 <urn:p> %d .",
    "application/trig": "_:b0 <urn:p> %d .",
    "application/n-triples": '_:b0 <urn:p> "%d" .',
    "application/n-quads": '_:b0 <urn:p> "%d" .',
    "application/ld+json": '{"@id": "_:b0", "urn:p": %d}',
    "application/rdf+xml": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:u="urn:"><rdf:Description rdf:nodeID="b0"><u:p>%d</u:p></rdf:Description></rdf:RDF>',
}  # fmt: skip


def here(program: Program, command: str, file: str) -> subprocess.CompletedProcess[str]:
    """The command over the store that the service runs over."""
    return program.run(command, file, "--store", str(program.store), *EMPTY)


def nodes(client: httpx.Client) -> int:
    """How many blank nodes are said to have a value."""
    answer = client.get("/sparql", params={"query": COUNT, "format": "csv"})
    return int(answer.text.split()[1])


def test_a_blank_node_stays_apart_by_document(start: Start) -> None:
    client = start().client
    expected = 0
    for media_type, document in DOCUMENTS.items():
        for number, method in enumerate(("PUT", "POST", "POST")):
            sent = client.request(
                method, f"/graphs?graph=urn:g:{number // 2}", content=document % number,
                headers={"Content-Type": media_type},
            )  # fmt: skip
            assert sent.status_code in (201, 204), sent.text
        expected = 3
        assert nodes(client) == expected, media_type
        client.delete("/graphs?graph=urn:g:0")
        client.delete("/graphs?graph=urn:g:1")
    files = [("f", (f"{n}.ttl", f"_:b <urn:p> {n} .", "text/turtle")) for n in range(3)]
    assert client.post("/graphs?graph=urn:g:form", files=files).status_code == 201
    assert nodes(client) == 3
    for number in range(2):
        text = f"INSERT DATA {{ _:b <urn:p> {number} . GRAPH <urn:u> {{ _:b <urn:p> {number} }} }}"
        client.post("/sparql", data={"update": text}).raise_for_status()
    assert nodes(client) == 5


def test_what_is_sent_again_changes_nothing(start: Start) -> None:
    client = start().client
    body = "<urn:s> <urn:p> (" + " 0" * 60 + ") . _:a <urn:q> _:b . _:b <urn:q> _:a ."
    for _ in range(2):
        put = client.put("/graphs?graph=urn:g", content=body, headers=TURTLE)
        assert put.headers["x-dataset-revision"] == "2", put.text
    again = client.get("/graphs?graph=urn:g&format=nt")
    put = client.put("/graphs?graph=urn:g", content=again.content, headers=PLAIN)
    assert put.headers["x-dataset-revision"] == "2"


def test_graphs_of_one_document_share_their_blank_nodes_and_keep_them_over_exports(
    program: Program, start: Start
) -> None:
    written = start()
    client = written.client

    def imported(text: str, name: str) -> str:
        path = program.folder / name
        path.write_text(text, encoding="utf-8")
        ended = here(program, "import", str(path))
        assert ended.returncode == 0, ended.stderr
        return ended.stderr

    def found() -> int:
        answer = client.get("/sparql", params={"query": SHARED, "format": "csv"})
        return len(answer.text.split()) - 1

    document = "<urn:g> { _:b <urn:p> 1 } <urn:h> { _:b <urn:p> 1 } <urn:i> { _:b <urn:p> 1 }"
    imported(document, "one.trig")
    assert found() == 1
    out = program.folder / "out.nq"
    exported = here(program, "export", str(out))
    assert exported.returncode == 0, exported.stderr
    assert "0 came, 0 went" in imported(out.read_text(encoding="utf-8"), "same.nq")
    changed = out.read_text(encoding="utf-8").replace('"1"', '"2"', 1)
    assert changed != out.read_text(encoding="utf-8")
    imported(changed, "changed.nq")
    assert found() == 1
    imported("<urn:g> { _:b <urn:p> 1 } <urn:h> { _:c <urn:p> 1 }", "apart.trig")
    assert found() == 0


def test_a_graph_that_has_no_iri_is_refused(program: Program, start: Start) -> None:
    start()
    path = program.folder / "blank.trig"
    path.write_text("_:g { <urn:a> <urn:b> 1 }", encoding="utf-8")
    ended = here(program, "import", str(path))
    assert ended.returncode != 0
    assert "give it an IRI" in ended.stderr


BLANK = st.builds(BlankNode, st.sampled_from(["a", "b", "c"]))
PREDICATE = st.sampled_from([NamedNode("urn:p:a"), NamedNode("https://example.org/ns#火")])
LITERAL = st.builds(
    Literal, st.text(st.characters(exclude_categories=["Cs", "Cn"], min_codepoint=32), max_size=6)
) | st.sampled_from([
    Literal("\r\n\t \"'\\<&]]>"), Literal("火", language="zh"), Literal("a", language="en-gb"),
    Literal("1", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    Literal(" ", datatype=NamedNode("urn:type")),
])  # fmt: skip
SUBJECT = BLANK | st.just(NamedNode("https://example.org/a?b=c&d#e"))
TRIPLES = st.sets(st.builds(Triple, SUBJECT, PREDICATE, SUBJECT | LITERAL), max_size=8)


def test_a_graph_comes_back_isomorphic_in_every_format(start: Start) -> None:
    client = start().client

    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(TRIPLES, st.sampled_from(offered("graph")))
    def comes_back(triples: set[Triple], format: object) -> None:
        sent = serialize(triples, format=RdfFormat.N_TRIPLES)
        put = client.put("/graphs?graph=urn:g", content=sent, headers=PLAIN)
        assert put.status_code in (201, 204), put.text
        name = format.media_type  # type: ignore[attr-defined] # a row of the table of formats
        read = client.get("/graphs?graph=urn:g", headers={"Accept": name})
        assert read.status_code == 200, read.text
        again = client.put(
            "/graphs?graph=urn:again", content=read.content, headers={"Content-Type": name}
        )
        assert again.status_code in (201, 204), (again.text, read.text)
        found = client.get("/graphs?graph=urn:again&format=nt").content
        quads = {Quad(*triple) for triple in triples}
        assert isomorphic(parse(found, RdfFormat.N_TRIPLES), quads), (found, read.text)

    comes_back()


@pytest.mark.parametrize("order", [1, -1])
def test_patches_replayed_give_the_dump(start: Start, order: int) -> None:
    client = start().client
    for number in (1, 2, 3)[::order]:
        body = f"_:b <urn:p> {number}, [ <urn:q> _:b ] ."
        client.put("/graphs?graph=urn:g", content=body, headers=TURTLE).raise_for_status()
    newest = client.get("/readyz").json()["revision"]
    lines = set[str]()
    for number in range(newest):
        for line in client.get(f"/revisions/{number}..{number + 1}").text.splitlines():
            if line.startswith("A "):
                lines.add(line[2:])
            elif line.startswith("D "):
                lines.remove(line[2:])
    assert lines == set(client.get("/dump.nq").text.splitlines())
