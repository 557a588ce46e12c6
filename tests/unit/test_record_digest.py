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


def test_blank_nodes_are_told_by_what_is_said_of_them_and_not_by_name() -> None:
    digests = {
        RecordDigest([Quad(BlankNode(name), NamedNode("urn:p"), Literal("1"))]).hexdigest()
        for name in ("a", "b")
    }
    assert len(digests) == 1
