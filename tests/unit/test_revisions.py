"""Revisions: published whole, numbered once, never changed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from spacepolicy.engine.snapshot import NEAR_BYTES, SCRATCH, opened
from spacepolicy.errors import StoreError
from spacepolicy.store import draft as drafts
from spacepolicy.store import durable_files
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.draft import Draft
from spacepolicy.store.publication import RevisionStatement, step
from spacepolicy.store.revision import Change, Counts, FileGraphs, Revision
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.store.snapshot_making import RESTING_REVISIONS


def draft(*words: str, content: str = "files") -> Draft:
    thing = NamedNode("https://example.org/a")
    store = Store()
    store.extend(Quad(thing, thing, Literal(word), thing) for word in words)
    counts = Counts(record=len(store), graphs=1)
    said = RevisionStatement("test", "", counts, " ".join(words), content, files=FileGraphs())
    return Draft(store, said)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    revisions.open_store(path, "merged")
    return path


def publish(store: Path, draft: Draft) -> Revision:
    with DurableStore(store) as durable:
        return drafts.publish(durable, draft)[0]


def in_force(store: Path) -> Revision:
    current = revisions.current(store)
    assert current is not None
    return current


def test_an_empty_store_has_no_revision(store: Path) -> None:
    assert revisions.current(store) is None


def test_what_is_published_is_in_force_and_holds_the_dataset(store: Path) -> None:
    published = publish(store, draft("a", "b"))
    assert published.number == 1
    assert in_force(store) == published
    assert len(Store.read_only(str(published.dataset))) == 2


def test_an_unchanged_dataset_publishes_nothing(store: Path) -> None:
    first = publish(store, draft("a"))
    again = publish(store, draft("a", content="other files, same statements"))
    assert again.number == first.number
    assert in_force(store).content_sha256 == "other files, same statements"


def test_a_changed_dataset_is_a_new_revision_and_the_old_one_stays(store: Path) -> None:
    first = publish(store, draft("a"))
    second = publish(store, draft("a", "b"))
    assert second.number == 2
    assert revisions.read(store, 1) == first


def test_a_write_after_one_that_failed_before_its_pointer_is_published(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, draft("a"))

    def full(path: Path, content: str | bytes) -> None:
        raise OSError(f"no space for {path.name}, {len(content)}")

    with DurableStore(store) as durable:
        with monkeypatch.context() as patched:
            patched.setattr(durable_files, "write", full)
            with pytest.raises(StoreError, match="no space for current"):
                drafts.publish(durable, draft("b"))
        assert drafts.publish(durable, draft("c"))[0].number == 2
    assert [str(quad.object) for quad in Store.read_only(str(in_force(store).dataset))] == ['"c"']


def counted(store: Path, keep: int, count: int) -> list[Revision]:
    """So many revisions from the second on, each with one statement more, none of them made of
    files; the second has a generation of its own where the first is none that is kept."""
    thing = NamedNode("https://example.org/a")
    found: list[Revision] = []
    with DurableStore(store, keep, memory_quads=10**6) as durable:
        for number in range(count):
            change = Change(added=(Quad(thing, thing, Literal(str(number)), thing),))
            said = RevisionStatement("test", "", Counts(record=number + 2), "", "")
            durable.apply(change)
            found += durable.publish([step(change, said)])
    return found


def own(revision: Revision) -> bool:
    return revision.dataset.exists()


def test_revisions_rest_on_a_generation_and_hold_their_own_dataset(store: Path) -> None:
    publish(store, draft("a"))
    found = counted(store, 0, RESTING_REVISIONS + 2)
    whole = [revision.number for revision in found if own(revision)]
    assert whole == [RESTING_REVISIONS + 2]
    for revision in (found[0], found[40], found[-2], found[-1]):
        assert revision.is_kept
        assert len(opened(revision.dataset)) == revision.number
    with DurableStore(store, 0, memory_quads=10**6) as durable:
        assert len(durable.live) == found[-1].number


def test_revisions_that_change_much_rest_on_no_older_generation(store: Path) -> None:
    publish(store, draft("a"))
    long = Quad(NamedNode("urn:a"), NamedNode("urn:a"), Literal("x" * NEAR_BYTES))
    with DurableStore(store, 0, memory_quads=10**6) as durable:
        durable.apply(Change(added=(long,)))
        said = RevisionStatement("test", "", Counts(record=2), "", "")
        (revision,) = durable.publish([step(Change(added=(long,)), said)])
    assert own(revision)


def test_a_dataset_that_is_answered_from_disk_has_a_generation_each_time(store: Path) -> None:
    publish(store, draft("a"))
    with DurableStore(store, 0, memory_quads=1) as durable:
        said = RevisionStatement("test", "", Counts(record=2), "", "")
        (revision,) = durable.publish([step(Change(), said)])
    assert own(revision)


def test_several_changes_are_put_in_force_at_once_and_each_is_a_revision(store: Path) -> None:
    publish(store, draft("a"))
    thing = NamedNode("https://example.org/a")
    changes = [Change(added=(Quad(thing, thing, Literal(str(n)), thing),)) for n in range(3)]
    with DurableStore(store) as durable:
        for change in changes:
            durable.apply(change)
        said = [
            RevisionStatement("test", f"{n}", Counts(record=n + 2), f"{n}", "") for n in range(3)
        ]
        found = durable.publish(list(map(step, changes, said)))
    assert [own(revision) for revision in found] == [False, False, True]
    assert [len(opened(revision.dataset)) for revision in found] == [2, 3, 4]
    history = revisions.history(store)
    assert [each.message for each in history.revisions] == ["", "0", "1", "2"]
    assert history.revisions[1:] == tuple(found)


def test_what_kept_revisions_rest_on_is_kept(store: Path) -> None:
    publish(store, draft("a"))
    counted(store, 0, 3)
    publish(store, draft("a", "b"))  # it has a generation of its own
    counted(store, 2, 2)
    assert [own(each) for each in revisions.history(store).revisions] == [
        False, False, False, False, True, False, False
    ]  # fmt: skip
    assert [each.number for each in revisions.history(store).revisions if each.is_kept] == [5, 6, 7]


def test_copies_of_processes_that_have_ended_are_removed(store: Path) -> None:
    publish(store, draft("a"))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for process in (ended.pid, os.getpid()):
        (store / SCRATCH / f"{process}-1").mkdir(parents=True)
    with DurableStore(store):
        assert [each.name for each in (store / SCRATCH).iterdir()] == [f"{os.getpid()}-1"]


def test_an_unfinished_revision_leaves_no_trace(store: Path) -> None:
    (store / "revisions" / ".000001.unfinished").mkdir()
    assert revisions.current(store) is None
    assert publish(store, draft("a")).number == 1
    assert [entry.name for entry in (store / "revisions").iterdir()] == ["000001"]


def test_a_store_of_another_mode_is_refused(store: Path) -> None:
    with pytest.raises(StoreError, match="stored"):
        revisions.open_store(store, "stored")


@pytest.mark.parametrize("name", ["file", "/dev/null", "x" * 300, "/proc/store"])
def test_a_path_where_no_store_can_be_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=re.escape(name)) as told:
        revisions.open_store(tmp_path / name, "merged")
    assert "\n" not in str(told.value)


def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="file"):
        revisions.open_store(tmp_path / "file" / "store", "merged")


@pytest.mark.parametrize("name", ["current", "revisions/000001/revision.json"])
def test_a_damaged_revision_is_named(store: Path, name: str) -> None:
    publish(store, draft("a"))
    (store / name).write_text("?", encoding="utf-8")
    with pytest.raises(StoreError, match=name):
        revisions.current(store)


def test_a_damaged_store_is_named(store: Path) -> None:
    (store / "store.json").write_text("?", encoding="utf-8")
    with pytest.raises(StoreError, match=str(store)):
        revisions.open_store(store, "merged")


def test_the_history_tells_the_revisions_that_changed_a_subject(store: Path) -> None:
    for words in (("a", "b"), ("b", "c"), ("b", "c"), ("c",)):
        publish(store, draft(*words))
    history, thing = revisions.history(store), NamedNode("https://example.org/a")
    told = [(each.revision.number, each.added, each.removed) for each in history.about(thing, 3, 9)]
    assert told == [(3, 0, 1), (2, 1, 1), (1, 2, 0)]
    assert [each.revision.number for each in history.about(thing, 2, 1)] == [2]
    assert not list(history.about(NamedNode("https://example.org/b"), 3, 9))


@pytest.mark.parametrize(("mode", "quads"), [("stored", 10), ("merged", 17), ("", 17)])
def test_a_default_graph_of_clients_is_counted_once(mode: str, quads: int) -> None:
    assert Counts(record=10, inferred=0, default=7).quads(mode) == quads
