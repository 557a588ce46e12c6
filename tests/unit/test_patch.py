"""RDF Patch: what revisions changed, and what that makes together."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from spacepolicy.engine.snapshot import (
    CHANGES,
    CREATED,
    DROPPED,
    GRAPHS,
    carry_out,
    change,
    change_back,
    quads_in,
    undo,
)
from spacepolicy.store.patch import about, inverse, net, patch
from spacepolicy.store.revision import Change

THINGS = [NamedNode(f"urn:{letter}") for letter in "abc"]
SUBJECTS: list[NamedNode | BlankNode] = [*THINGS, BlankNode("b1")]
VALUES: list[Literal | BlankNode] = [Literal('a "b"\n\\', language="en"), BlankNode("b1")]
QUADS = [
    Quad(thing, THINGS[0], value) if graph is None else Quad(thing, THINGS[0], value, graph)
    for thing in SUBJECTS
    for value in VALUES
    for graph in (None, THINGS[1])
]
DATASETS = st.sets(st.sampled_from(QUADS))


def between(one: set[Quad], other: set[Quad]) -> bytes:
    return patch(Change(removed=tuple(one - other), added=tuple(other - one)))


@given(st.lists(DATASETS, min_size=1, max_size=5))
def test_replaying_patches_leads_from_the_first_to_the_last(datasets: list[set[Quad]]) -> None:
    patches = [between(*pair) for pair in itertools.pairwise(datasets)]
    removed, added = quads_in(b"".join(net(patches)))
    assert (datasets[0] - set(removed)) | set(added) == datasets[-1]
    assert set(removed) == datasets[0] - datasets[-1]
    back_removed, back_added = quads_in(b"".join(inverse(net(patches))))
    assert (set(back_removed), set(back_added)) == (set(added), set(removed))


@given(DATASETS, DATASETS)
def test_a_patch_changes_a_store(one: set[Quad], other: set[Quad]) -> None:
    store = Store()
    store.extend(one)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, CHANGES).write_bytes(between(one, other))
        Path(folder, GRAPHS).write_text("", encoding="utf-8")
        change(store, Path(folder))
        assert set(store) == other
        change_back(store, Path(folder))
    assert set(store) == one


def test_graphs_without_a_quad_come_and_go_with_a_patch() -> None:
    store = Store()
    store.add_graph(THINGS[0])
    marks = [f"{DROPPED}{THINGS[0].value}", f"{CREATED}{THINGS[1].value}"]
    carry_out(store, b"", marks)
    assert list(store.named_graphs()) == [THINGS[1]]
    undo(store, b"", marks)
    assert list(store.named_graphs()) == [THINGS[0]]


@given(DATASETS, DATASETS)
def test_the_lines_about_a_subject_are_found_among_all(one: set[Quad], other: set[Quad]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, CHANGES)
        file.write_bytes(between(one, other))
        lines = file.read_bytes().splitlines(keepends=True)
        for subject in (*map(str, SUBJECTS), "<urn:>", "<urn:ab>", "<zzz:>"):
            wanted = f"{subject} ".encode()
            assert list(about(file, subject)) == [
                each for each in lines if each[2:].startswith(wanted)
            ]


def test_patches_that_stand_one_after_the_other_are_read_as_one() -> None:
    one = b'TX .\nD <urn:s> <urn:p> "D " .\nA <urn:s> <urn:p> "A " .\nTC .\n'
    other = b'TX .\nA <urn:s> <urn:p> "1" .\nA <urn:s> <urn:p> "2" .\nTC .\n'
    removed, added = quads_in(one + other)
    assert [str(quad.object) for quad in removed] == ['"D "']
    assert [str(quad.object) for quad in added] == ['"A "', '"1"', '"2"']
    assert (
        quads_in(b"A <urn:s> <urn:p> <urn:o> .")[1] == quads_in(b"A <urn:s> <urn:p> <urn:o> .\n")[1]
    )
    assert quads_in(b"TX .\nTC .\n") == ([], [])
