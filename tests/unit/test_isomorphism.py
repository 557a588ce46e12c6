"""Isomorphism: the same whatever blank nodes are called, and soon known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from spacepolicy.engine.isomorphism import isomorphic

NODES = st.sampled_from([*(BlankNode(f"b{n}") for n in range(5)), NamedNode("urn:a")])
PREDICATES = st.sampled_from([NamedNode("urn:p"), NamedNode("urn:q")])
TERMS = NODES | st.builds(Triple, NODES, PREDICATES, NODES)
QUADS = st.sets(st.builds(Quad, NODES, PREDICATES, TERMS), max_size=12)


def read(turtle: str) -> list[Quad]:
    return list(parse(turtle, RdfFormat.TURTLE, rename_blank_nodes=True))


def renamed(quads: set[Quad], names: list[str]) -> set[Quad]:
    """The quads with other names for their blank nodes."""

    def term(each: object) -> object:
        match each:
            case BlankNode():
                return BlankNode(names[int(each.value[1:])])
            case Triple():
                return Triple(*map(term, each))  # type: ignore[arg-type] # as it was, renamed
        return each

    return {Quad(*map(term, quad)) for quad in quads}  # type: ignore[arg-type] # as it was, renamed


def canonical(quads: set[Quad]) -> Dataset:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@given(QUADS, st.permutations([f"b{n}" for n in range(5)]))
def test_a_renaming_changes_nothing(quads: set[Quad], names: list[str]) -> None:
    assert isomorphic(quads, renamed(quads, names))


@settings(max_examples=300)
@given(QUADS, QUADS)
def test_two_are_isomorphic_where_their_canonical_forms_are_equal(
    one: set[Quad], other: set[Quad]
) -> None:
    assert isomorphic(one, other) == (canonical(one) == canonical(other))


@pytest.mark.parametrize("turtle", [
    "<urn:s> <urn:p> (" + " 0" * 3000 + ") .",
    "\n".join("[] <urn:p> 1 ." for _ in range(3000)),
    "\n".join("[] <urn:p> [ <urn:q> 1 ] ." for _ in range(300)),
], ids=["list", "equal nodes", "equal pairs"])  # fmt: skip
def test_many_blank_nodes_that_are_alike_are_soon_told_apart(turtle: str) -> None:
    assert isomorphic(read(turtle), read(turtle))
    assert not isomorphic(read(turtle), read(turtle.replace("0)", "1)").replace("1 .", "2 .", 1)
                                             .replace("1 ]", "2 ]", 1)))  # fmt: skip


@pytest.mark.parametrize("sizes", [((6,), (3, 3)), ((4, 4), (3, 5)), ((2,), (1, 1))])
def test_what_is_alike_nearby_and_differs_as_a_whole_is_told_apart(
    sizes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    def rings(lengths: tuple[int, ...]) -> list[Quad]:
        return read("".join(
            f"_:r{ring}n{n} <urn:p> _:r{ring}n{(n + 1) % length} . "
            for ring, length in enumerate(lengths) for n in range(length)
        ))  # fmt: skip

    one, other = map(rings, sizes)
    assert not isomorphic(one, other)
    assert isomorphic(one, rings(sizes[0][::-1]))
