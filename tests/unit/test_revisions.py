"""Revisions: published whole, numbered once, never changed."""

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store

from spacepolicy.errors import StoreError
from spacepolicy.revisions import store as revisions
from spacepolicy.revisions.store import Counts, Draft, Revision


def draft(*words: str, content: str = "files") -> Draft:
    thing = NamedNode("https://example.org/a")
    store = Store()
    store.extend(Quad(thing, thing, Literal(word), thing) for word in words)
    counts = Counts(record=len(store), graphs=1)
    return Draft(store, counts, record_sha256=" ".join(words), content_sha256=content, message="")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    revisions.open_store(path, "merged")
    return path


def in_force(store: Path) -> Revision:
    current = revisions.current(store)
    assert current is not None
    return current


def test_an_empty_store_has_no_revision(store: Path) -> None:
    assert revisions.current(store) is None


def test_what_is_published_is_in_force_and_holds_the_dataset(store: Path) -> None:
    published = revisions.publish(store, draft("a", "b"))
    assert published.number == 1
    assert in_force(store) == published
    loaded = Store()
    loaded.load(path=str(published.dataset), format=RdfFormat.N_QUADS)
    assert len(loaded) == 2


def test_an_unchanged_dataset_publishes_nothing(store: Path) -> None:
    first = revisions.publish(store, draft("a"))
    again = revisions.publish(store, draft("a", content="other files, same statements"))
    assert again.number == first.number
    assert in_force(store).content_sha256 == "other files, same statements"


def test_a_changed_dataset_is_a_new_revision_and_the_old_one_stays(store: Path) -> None:
    first = revisions.publish(store, draft("a"))
    second = revisions.publish(store, draft("a", "b"))
    assert second.number == 2
    assert revisions.read(store, 1) == first


def test_a_number_is_not_given_twice(store: Path) -> None:
    revisions.publish(store, draft("a"))
    revisions.publish(store, draft("b"))
    (store / "current").write_text("1\n", encoding="ascii")
    assert revisions.publish(store, draft("c")).number == 3


def test_an_unfinished_revision_leaves_no_trace(store: Path) -> None:
    (store / "revisions" / ".000001.unfinished").mkdir()
    assert revisions.current(store) is None
    assert revisions.publish(store, draft("a")).number == 1
    assert [entry.name for entry in (store / "revisions").iterdir()] == ["000001"]


def test_a_store_of_another_mode_is_refused(store: Path) -> None:
    with pytest.raises(StoreError, match="stored"):
        revisions.open_store(store, "stored")


def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="file"):
        revisions.open_store(tmp_path / "file" / "store", "merged")


@pytest.mark.parametrize("name", ["current", "revisions/000001/revision.json"])
def test_a_damaged_revision_is_named(store: Path, name: str) -> None:
    revisions.publish(store, draft("a"))
    (store / name).write_text("?", encoding="utf-8")
    with pytest.raises(StoreError, match=str(store)):
        revisions.current(store)


def test_a_damaged_store_is_named(store: Path) -> None:
    (store / "store.json").write_text("?", encoding="utf-8")
    with pytest.raises(StoreError, match=str(store)):
        revisions.open_store(store, "merged")
