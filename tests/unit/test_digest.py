"""The digest of a record, kept as it changes."""

import hashlib
import zlib
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    serialize,
)

from spacepolicy.engine.blank_nodes import canonical_sha256, parts, statement
from spacepolicy.engine.nquads import lines
from spacepolicy.engine.nquads import quads as quads_of
from spacepolicy.store.digest import CANONICAL, LABELLED, WHOLE, RecordDigest, is_record
from spacepolicy.store.sorted_lines import SortedLines

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


@given(st.lists(st.sets(st.sampled_from(QUADS), max_size=12), min_size=1, max_size=4))
def test_it_is_that_of_the_quads_whatever_changed_before(states: list[set[Quad]]) -> None:
    digest, before = RecordDigest(states[0]), states[0]
    for state in states[1:]:
        digest.change(state - before, before - state)
        fresh = RecordDigest(state)
        assert (digest.hexdigest(), digest.algorithm) == (fresh.hexdigest(), fresh.algorithm)
        before = state


@given(st.sets(st.sampled_from(QUADS), max_size=12), st.permutations(["x", "y", "z", "v", "w"]))
def test_blank_nodes_may_have_any_names(quads: set[Quad], names: list[str]) -> None:
    named = dict(zip("xyz", names, strict=False))
    digest, other = RecordDigest(quads), RecordDigest({renamed(quad, named) for quad in quads})
    assert digest.algorithm == other.algorithm == CANONICAL
    assert digest.hexdigest() == other.hexdigest()


@given(*[st.sets(st.sampled_from(QUADS), max_size=6)] * 2)
def test_it_tells_apart_what_the_canonical_quads_of_the_whole_tell_apart(
    one: set[Quad], other: set[Quad]
) -> None:
    same = whole_sha256(one) == whole_sha256(other)
    assert (RecordDigest(one).hexdigest() == RecordDigest(other).hexdigest()) == same


AWKWARD = [
    Quad(node, NamedNode("urn:_:p"), value, graph)
    for node in NODES[2:]
    for value in (
        Literal('a _:x "b\\'),
        Literal("<<( _:y", language="en"),
        NamedNode("urn:_:z"),
        *NODES[2:],
    )
    for graph in (NODES[0], NODES[3])
]


@given(st.sets(st.sampled_from(AWKWARD), min_size=1, max_size=5))
def test_a_component_is_told_by_its_canonical_form(quads: set[Quad]) -> None:
    for part in parts(map(statement, lines(quads))):
        text = b"".join(map(b"".join, part))
        dataset = Dataset(quads_of(text))
        dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        found = canonical_sha256(part)
        canonical = hashlib.sha256(b"".join(sorted(lines(dataset)))).hexdigest().encode()
        assert found in (canonical, None)
        assert found == canonical or len(part) > 2


def renamed(quad: Quad, names: dict[str, str]) -> Quad:
    subject, value = (
        BlankNode(names[term.value]) if isinstance(term, BlankNode) else term
        for term in (quad.subject, quad.object)
    )
    return Quad(subject, quad.predicate, value, quad.graph_name)  # type: ignore[arg-type] # as before


def whole_sha256(quads: set[Quad]) -> str:
    """The digest as revisions had it before: of the canonical N-Quads of all."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = (serialize(dataset, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


@given(st.sets(st.sampled_from(QUADS), max_size=12))
def test_the_digests_of_older_revisions_are_verified(quads: set[Quad]) -> None:
    assert is_record(quads, whole_sha256(quads), WHOLE) is True
    assert is_record(quads, "0" * 64, WHOLE) is False
    assert is_record(quads, RecordDigest(quads).hexdigest(), CANONICAL) is True


P, Q = NamedNode("urn:p"), NamedNode("urn:q")


def blank(number: int) -> list[BlankNode]:
    return [BlankNode(f"n{each}") for each in range(number)]


def zeros(number: int) -> set[Quad]:
    """An RDF list of zeros, as Turtle writes it."""
    nodes = blank(number)
    links = {Quad(one, Q, other) for one, other in pairwise(nodes)}
    return links | {Quad(node, P, Literal("0")) for node in nodes}


def clique(number: int) -> set[Quad]:
    return {Quad(one, P, other) for one, other in permutations(blank(number), 2)}


def ring(number: int) -> set[Quad]:
    nodes = blank(number)
    return {Quad(one, P, nodes[(n + 1) % number]) for n, one in enumerate(nodes)}


def shifts(number: int) -> set[Quad]:
    """Each node is linked to each other, by a predicate of its own for each distance."""
    nodes = blank(number)
    return {
        Quad(one, NamedNode(f"urn:p{step}"), nodes[(n + step) % number])
        for n, one in enumerate(nodes)
        for step in range(1, number)
    }


def repeated(number: int) -> set[Quad]:
    """Two nodes with the same links to a third in many graphs."""
    one, two, three = blank(3)
    return {
        Quad(node, P, three, NamedNode(f"urn:g{n}")) for node in (one, two) for n in range(number)
    }


@pytest.mark.parametrize(
    "hostile",
    [zeros(300), zeros(5000), clique(5), clique(100), ring(17), ring(2000), shifts(17), shifts(60),
     repeated(12), repeated(5000)],
    ids=lambda quads: str(len(quads)),
)  # fmt: skip
def test_what_would_take_too_long_is_told_by_its_labels(hostile: set[Quad]) -> None:
    digest = RecordDigest(hostile)
    assert digest.algorithm == LABELLED
    before = digest.hexdigest()
    node = BlankNode("other")
    digest.change([Quad(node, P, Literal("1"))], ())
    digest.change((), [Quad(node, P, Literal("1"))])
    assert digest.hexdigest() == before
    digest.change((), hostile)
    assert (digest.algorithm, digest.hexdigest()) == (CANONICAL, RecordDigest(()).hexdigest())


@pytest.mark.parametrize(
    "usual",
    [zeros(16), clique(4), ring(16), {Quad(BlankNode("c"), P, node) for node in blank(500)},
     {Quad(node, P, Literal(str(n))) for n, node in enumerate(blank(500))}],
    ids=lambda quads: str(len(quads)),
)  # fmt: skip
def test_what_documents_hold_is_canonical(usual: set[Quad]) -> None:
    assert RecordDigest(usual).algorithm == CANONICAL


def test_equal_components_are_counted() -> None:
    quads = {Quad(node, P, Literal("1")) for node in blank(3)}
    found = {RecordDigest(sorted(quads, key=str)[:count]).hexdigest() for count in range(4)}
    assert len(found) == 4


def test_nodes_in_quoted_triples_are_told_by_their_labels() -> None:
    node = BlankNode("n")
    digest = RecordDigest([Quad(NamedNode("urn:s"), P, Triple(node, P, Literal("1")))])
    assert digest.algorithm == LABELLED


@settings(deadline=None)
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
        fresh = SortedLines()
        fresh.change(map(line, held), ())
        assert lines.sha256() == fresh.sha256() == by_blocks(sorted(map(line, held)))


def by_blocks(lines: list[bytes]) -> str:
    """The digest as the decision record has it."""
    blocks = [b""]
    for each in lines:
        blocks[-1] += each
        if zlib.crc32(each) % 512 == 0:
            blocks.append(b"")
    digests = [hashlib.sha256(block).digest() for block in blocks if block]
    return hashlib.sha256(b"".join(digests)).hexdigest()


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
