"""The digest of a record, kept as it changes."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    serialize,
)

from spacepolicy.revisions.record_digest import RecordDigest
from spacepolicy.revisions.sorted_lines import SortedLines

NODES: list[NamedNode | BlankNode] = [
    NamedNode("urn:a"),
    NamedNode("urn:b"),
    BlankNode("x"),
    BlankNode("y"),
    BlankNode("z"),
]
VALUES: list[NamedNode | BlankNode | Literal] = [*NODES, Literal("é\n")]
QUADS = [
    Quad(subject, NamedNode("urn:p"), value, graph)
    for subject in NODES
    for value in VALUES
    for graph in (NODES[0], NODES[1])
]


def canonical_sha256(quads: set[Quad]) -> str:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = (serialize(dataset, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


@given(st.lists(st.sets(st.sampled_from(QUADS), max_size=12), min_size=1, max_size=4))
def test_it_is_that_of_the_canonical_quads_after_any_changes(states: list[set[Quad]]) -> None:
    digest, before = RecordDigest(states[0]), states[0]
    assert digest.hexdigest() == canonical_sha256(before)
    for state in states[1:]:
        digest.change(state - before, before - state)
        assert digest.hexdigest() == canonical_sha256(state)
        before = state


@given(st.lists(st.tuples(*[st.sets(st.integers(0, 9_999), max_size=50)] * 2), max_size=5))
def test_many_lines_stay_in_order_whatever_comes_and_goes(
    changes: list[tuple[set[int], set[int]]],
) -> None:
    held = set(range(0, 9_000, 3))
    lines = SortedLines()
    lines.change(map(line, held), ())
    for added, removed in changes:
        lines.change(map(line, added), map(line, removed))
        held = held - removed | added
        assert lines.sha256() == hashlib.sha256(b"".join(sorted(map(line, held)))).hexdigest()


def line(number: int) -> bytes:
    return b"%x\n" % number


def test_lines_that_all_go_leave_nothing() -> None:
    lines = SortedLines()
    lines.change([b"a\n"], ())
    lines.change((), [b"a\n"])
    assert lines.sha256() == hashlib.sha256(b"").hexdigest()


def test_blank_nodes_are_told_by_what_is_said_of_them_and_not_by_name() -> None:
    digests = {
        RecordDigest([Quad(BlankNode(name), NamedNode("urn:p"), Literal("1"))]).hexdigest()
        for name in ("a", "b")
    }
    assert len(digests) == 1
