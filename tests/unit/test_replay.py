"""A dataset that is read from the patches of its revisions is the one in the tables."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from spacepolicy.engine.replay import loaded
from spacepolicy.engine.snapshot import CHANGES, load
from spacepolicy.store import draft as drafts
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.draft import Draft
from spacepolicy.store.publication import RevisionStatement
from spacepolicy.store.revision import Counts, FileGraphs
from spacepolicy.store.revision_writer import DurableStore

MANY = 30_000
SAID = NamedNode("urn:said")
WORDS = ['a "word"', "two\nlines", "A mark", "TC .", "末尾\\", ""]


def quads(numbers: Iterable[int]) -> list[Quad]:
    """Of each number one; every seventh has a blank node, every third a graph."""
    return [
        Quad(
            BlankNode(f"{number:032x}") if number % 7 == 0 else NamedNode(f"urn:{number}"),
            SAID,
            Literal(f"{WORDS[number % len(WORDS)]} {number}", language="en"),
            *([NamedNode(f"urn:g{number % 30}")] if number % 3 == 0 else []),
        )
        for number in numbers
    ]


def publish(store: Path, found: list[Quad], empty: str | None = None) -> None:
    dataset = Store()
    dataset.extend(found)
    if empty:
        dataset.add_graph(NamedNode(empty))
    said = RevisionStatement("test", "", Counts(record=len(dataset)), "", f"{len(found)}{empty}",
                             files=FileGraphs())  # fmt: skip
    with DurableStore(store) as durable:
        drafts.publish(durable, Draft(dataset, said))


def newest(store: Path) -> Path:
    revision = revisions.current(store)
    assert revision is not None
    return revision.dataset


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A few quads, then very many, then some fewer and others."""
    path = tmp_path / "store"
    revisions.open_store(path, "stored")
    publish(path, quads(range(10)), "urn:gone")
    publish(path, quads(range(MANY)), "urn:empty")
    publish(path, quads(range(5, MANY + 20)), "urn:other")
    return path


def same(one: Store, other: Store) -> bool:
    graphs = ({graph.value for graph in each.named_graphs()} for each in (one, other))
    first, second = graphs
    return set(one) == set(other) and first == second


def test_the_patches_make_what_the_tables_hold(store: Path) -> None:
    dataset = newest(store)
    assert (store / "revisions" / "000002" / CHANGES).stat().st_size > 1 << 20, "read in blocks"
    found, road = loaded(dataset, 0)
    assert road == "patches"
    assert len(found) == MANY + 15
    graphs = {graph.value for graph in found.named_graphs()}
    assert {"urn:other", "urn:g0"} <= graphs
    assert not {"urn:gone", "urn:empty"} & graphs
    assert same(found, load(dataset))


def test_small_tables_are_read_themselves(store: Path) -> None:
    found, road = loaded(newest(store))
    assert road == "tables"
    assert same(found, load(newest(store)))


def test_patches_that_take_much_away_are_not_carried_out(store: Path) -> None:
    publish(store, quads(range(MANY // 2, MANY)))
    found, road = loaded(newest(store), 0)
    assert road == "tables"
    assert same(found, load(newest(store)))


@pytest.mark.parametrize("number", [1, 2])
def test_where_a_patch_is_missing_the_tables_are_read(store: Path, number: int) -> None:
    (store / "revisions" / f"{number:06}" / CHANGES).unlink()
    assert loaded(newest(store), 0)[1] == "tables"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_where_a_patch_is_damaged_the_tables_are_read(store: Path, number: int) -> None:
    file = store / "revisions" / f"{number:06}" / CHANGES
    text = file.read_bytes()
    file.write_bytes(text.replace(b"urn:said", b"urn:dais", 1))
    found, road = loaded(newest(store), 0)
    assert road == "tables"
    assert same(found, load(newest(store)))
