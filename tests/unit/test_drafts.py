"""A draft on its way to the process that publishes it."""

from dataclasses import fields
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from spacepolicy.store.draft import Draft
from spacepolicy.store.publication import RevisionStatement
from spacepolicy.store.revision import Counts, FileGraphs
from spacepolicy.writes.draft_files import read_draft, write_draft


def test_a_draft_comes_back_as_it_was(tmp_path: Path) -> None:
    graph = NamedNode("urn:g")
    store = Store()
    store.add(Quad(BlankNode("b"), graph, Literal("一", language="zh"), graph))
    said = RevisionStatement(
        counts=Counts(record=1, inferred=2, graphs=3),
        record_sha256="record",
        content_sha256="content",
        message="built",
        author="someone",
        base="https://example.org/",
        prefixes={"": "https://example.org/"},
        files=FileGraphs(owned=frozenset({"urn:g"}), shapes=frozenset({"urn:s"})),
        checks={"rules": "525 rules"},
        added=4,
        removed=5,
    )
    assert all(getattr(said, field.name) for field in fields(RevisionStatement)), (
        "nothing is left out here"
    )
    write_draft(tmp_path, Draft(store, said))
    read = read_draft(tmp_path)
    assert set(read.dataset) == set(store)
    assert read.said == said
