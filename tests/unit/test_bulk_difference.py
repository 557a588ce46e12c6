"""Large edits, found line by line, change what small ones do that are found quad by quad."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, serialize
from pyoxigraph import Literal as LiteralTerm

from spacepolicy.engine.bulk_difference import LineDifference, difference
from spacepolicy.engine.isomorphism import isomorphic
from spacepolicy.engine.nquads import Graph, QuadLines, counted, joined, lines, quads
from spacepolicy.engine.update_executor import effect
from spacepolicy.engine.update_protocol import DatasetEdit, Effect
from spacepolicy.errors import BadParameterError, EgressRefusedError
from spacepolicy.store.digest import RecordDigest

Kind = Literal["put", "post", "import", "restore"]
INTEGER = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
NAMED = [NamedNode(f"urn:{name}") for name in ("g", "h", "derived")]
GRAPHS: list[Graph] = [DefaultGraph(), *NAMED]
NODES: list[NamedNode | BlankNode] = [NamedNode("urn:a"), BlankNode("x"), BlankNode("y")]
VALUES: list[NamedNode | BlankNode | LiteralTerm] = [
    *NODES,
    LiteralTerm("01", datatype=INTEGER),
    LiteralTerm('_:x\n" <urn:g> .\n', language="en"),
]
QUADS = [
    Quad(subject, NamedNode("urn:p"), value, graph)
    for subject in NODES
    for value in VALUES
    for graph in GRAPHS
]
SETS = st.sets(st.sampled_from(QUADS), max_size=10)


def filled(statements: set[Quad]) -> Store:
    store = Store()
    store.extend(statements)
    return store


def large(store: Store, edit: DatasetEdit, document: Path) -> LineDifference:
    return difference(store, edit, [document], Store())


def carry_out(store: Store, found: LineDifference) -> None:
    """Change the store as the difference says."""
    for removed in found.removed.values():
        for quad in quads(b"".join(removed)):
            assert quad in store
            store.remove(quad)
    for graph in found.dropped:
        store.remove_graph(graph)
    for added in found.added.values():
        assert not [quad for quad in quads(b"".join(added)) if quad in store]
    assert not any(map(store.contains_named_graph, found.created))
    for added in found.added.values():
        store.extend(quads(b"".join(added)))
    for graph in found.created:
        store.add_graph(graph)


def told(store: Store, edit: DatasetEdit, body: bytes) -> Effect:
    found = Effect()
    for line in b"".join(effect(store, edit, [body])).splitlines():
        found.tell(line)
    return found


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("kind", ["import", "restore"])
@settings(deadline=None)
@given(before=SETS, wanted=SETS)
def test_a_large_import_leaves_what_a_small_one_leaves(
    tmp_path_factory: pytest.TempPathFactory,
    kind: Kind,
    merged: bool,  # a parameter of the test
    before: set[Quad],
    wanted: set[Quad],
) -> None:
    body = b"".join(lines(sorted(wanted, key=str)))
    document = tmp_path_factory.getbasetemp() / "import.nq"
    document.write_bytes(body)
    uploads = (("nquads", "", len(body)),)
    edit = DatasetEdit(kind, uploads=uploads, derived=("urn:derived",), merged=merged)
    small, store = filled(before), filled(before)
    try:
        told(small, edit, body)
    except BadParameterError as refused:
        with pytest.raises(BadParameterError, match=refused.detail[:20]):
            large(store, edit, document)
        return
    carry_out(store, large(store, edit, document))
    assert isomorphic(store, small)
    assert set(store.named_graphs()) == set(small.named_graphs())


@pytest.mark.parametrize("graph", [None, "urn:g"])
@pytest.mark.parametrize("kind", ["put", "post"])
@settings(deadline=None)
@given(before=SETS, wanted=SETS)
def test_a_large_graph_leaves_what_a_small_one_leaves(
    tmp_path_factory: pytest.TempPathFactory,
    kind: Kind,
    graph: str | None,
    before: set[Quad],
    wanted: set[Quad],
) -> None:
    body = serialize((quad.triple for quad in wanted), format=RdfFormat.N_TRIPLES) or b""
    document = tmp_path_factory.getbasetemp() / "graph.nt"
    document.write_bytes(body)
    edit = DatasetEdit(kind, graph=graph, uploads=(("ntriples", "", len(body)),))
    small, store = filled(before), filled(before)
    found, line_by_line = told(small, edit, body), large(store, edit, document)
    assert line_by_line.existed == found.existed
    carry_out(store, line_by_line)
    assert isomorphic(store, small)
    assert set(store.named_graphs()) == set(small.named_graphs())


def test_what_is_said_already_changes_nothing_whatever_its_blank_nodes_are_called(
    tmp_path: Path,
) -> None:
    store, document = Store(), tmp_path / "a.trig"
    edit = DatasetEdit("import", uploads=(("trig", "", 0),))
    document.write_text("<urn:g> { <urn:a> <urn:p> 01 . _:b <urn:p> <urn:a>, [] }")
    carry_out(store, large(store, edit, document))
    document.write_text("<urn:g> { _:c <urn:p> [], <urn:a> . <urn:a> <urn:p> 1 }")
    assert large(store, edit, document) == LineDifference()


@pytest.mark.parametrize(("name", "format", "text", "error"), [
    ("a.nq", "nquads", "<urn:a> <urn:p> <urn:a> .\n<urn:a> <urn:p .\n", "line 2"),
    ("a.nt", "ntriples", "\ufeff<urn:a> <urn:p> <urn:a> .\n<urn:a> .\n", "line 2"),
    ("a.rdf", "rdfxml", '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">', "read"),
    ("a.nq", "nquads", "<urn:a> <urn:p> <urn:a> _:g .\n", "named by a blank node"),
])  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, name: str, format: str, text: str, error: str
) -> None:
    document = tmp_path / name
    document.write_text(text, encoding="utf-8")
    with pytest.raises(BadParameterError, match=error) as refused:
        large(Store(), DatasetEdit("import", uploads=((format, "", 0),)), document)
    assert ("line" in error) == (refused.value.extras.get("line") == 2)


def test_a_remote_context_is_not_fetched(tmp_path: Path) -> None:
    document = tmp_path / "a.jsonld"
    document.write_text('{"@context": "http://127.0.0.1:9/", "@id": "urn:a"}')
    with pytest.raises(EgressRefusedError):
        large(Store(), DatasetEdit("import", uploads=(("jsonld", "", 0),)), document)


@given(SETS, SETS)
def test_lines_are_the_quads_that_they_are_of(one: set[Quad], other: set[Quad]) -> None:
    other -= one
    as_lines = QuadLines(b"".join(sorted(lines(one))), counted(tuple(one)))
    whole = joined(as_lines, tuple(other))
    assert isinstance(whole, QuadLines)
    assert (set(whole), len(whole)) == (one | other, len(one | other))
    assert sorted(whole.lines()) == sorted(lines(one | other))
    assert whole.counts == counted(tuple(one | other))
    assert RecordDigest(whole).hexdigest() == RecordDigest(one | other).hexdigest()
