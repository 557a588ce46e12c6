"""What is in force is never a guess: a store without a valid pointer is refused, and nothing is
deleted that may have been in force."""

import itertools
import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spacepolicy import checksums
from spacepolicy.commands import transfer
from spacepolicy.engine.snapshot import load
from spacepolicy.errors import StoreError
from spacepolicy.store import current_revision, durable_files, store_description
from spacepolicy.store import draft as drafts
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.revision_writer import DurableStore

from .test_revisions import counted, draft, in_force, publish, store

__all__ = ["store"]
FIRST_VERSION = Path(__file__).with_name("store-version-1.tar.xz")


def entries(store: Path) -> dict[str, bytes]:
    """Every file of the store with its bytes, but its lock and the engine's working files."""
    files = {each.relative_to(store).as_posix(): each for each in sorted(store.rglob("*"))}
    return {
        name: file.read_bytes()
        for name, file in files.items()
        if file.is_file() and name != "lock" and not name.startswith("live/")
    }


def cut_short(store: Path, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin to publish, and end at the first call of the function as a process that is killed."""

    def cut(path: Path, number: int) -> None:
        raise KeyboardInterrupt(f"{path} {number}")  # nothing tidies up after it

    with DurableStore(store) as durable, monkeypatch.context() as patched:
        patched.setattr(current_revision, function, cut)
        with pytest.raises(KeyboardInterrupt):
            drafts.publish(durable, draft("z"))


def five(store: Path) -> None:
    publish(store, draft("a"))
    counted(store, 0, 4)


def without_pointer(store: Path) -> None:
    (store / "current").unlink()


Harm = Callable[[Path], None]


def pointing(text: str) -> Harm:
    def change(store: Path) -> None:
        (store / "current").write_text(text, encoding="utf-8")

    return change


def folder_for_pointer(store: Path) -> None:
    (store / "current").unlink()
    (store / "current").mkdir()


def half_copied(store: Path) -> None:
    shutil.rmtree(store / "revisions" / "000005")


def unreadable_newest(store: Path) -> None:
    (store / "revisions" / "000005" / "revision.json").unlink()


def only_live(store: Path) -> None:
    shutil.rmtree(store / "revisions")
    (store / "current").unlink()


def revisions_gone(store: Path) -> None:
    shutil.rmtree(store / "revisions")


def without_marker(store: Path) -> None:
    (store / "store.json").unlink()


def empty_marker(store: Path) -> None:
    (store / "store.json").write_bytes(b"")


@pytest.mark.parametrize(
    "harm",
    [
        without_pointer,
        pointing(""),
        pointing("one"),
        pointing("0"),
        pointing("-1"),
        pointing("5 6"),
        pointing("\N{DIGIT FIVE}\N{COMBINING ENCLOSING CIRCLE}"),
        pointing("1\n"),
        pointing("4\n"),
        pointing("6\n"),
        folder_for_pointer,
        half_copied,
        unreadable_newest,
        only_live,
        revisions_gone,
        without_marker,
        empty_marker,
    ],
)
def test_a_store_without_a_valid_pointer_is_refused_with_what_to_do_and_left_as_it_is(
    store: Path, harm: Harm
) -> None:
    five(store)
    harm(store)
    before = entries(store)
    for attempt in (
        lambda: revisions.current(store),
        lambda: revisions.history(store),
        lambda: DurableStore(store),
        lambda: publish(store, draft("z")),
    ):
        with pytest.raises(StoreError, match=r"doctor --repair|is damaged|is missing"):
            attempt()
        assert entries(store) == before


def test_a_publication_that_was_cut_short_before_its_pointer_is_swept(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    five(store)
    before = entries(store)
    cut_short(store, "point_to", monkeypatch)
    assert (store / "revisions" / "000006").is_dir()
    assert in_force(store).number == 5
    with DurableStore(store) as durable:
        assert durable.revision == in_force(store)
        assert not (store / "revisions" / "000006").exists()
    assert {name: data for name, data in entries(store).items() if name in before} == before
    assert counted(store, 0, 1)[0].number == 6


def test_a_publication_that_was_cut_short_after_its_pointer_is_in_force(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    five(store)
    cut_short(store, "unmark", monkeypatch)
    assert in_force(store).number == 6
    with DurableStore(store) as durable:
        assert durable.revision == in_force(store)
        assert len(durable.live) == 1
    assert not current_revision.is_marked(store, 6)
    (store / "current").write_text("5\n", encoding="ascii")
    with pytest.raises(StoreError, match="older than the store"):
        DurableStore(store)


def test_a_pointer_that_was_replaced_before_the_disk_failed_is_believed(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    five(store)
    with DurableStore(store) as durable:

        def fails(path: Path) -> None:
            if path == store and (store / "current").read_text(encoding="ascii") == "6\n":
                raise OSError("the disk fails now")

        with monkeypatch.context() as patched:
            patched.setattr(durable_files, "sync_directory", fails)
            with pytest.raises(StoreError, match="the disk fails now"):
                drafts.publish(durable, draft("b"))
        assert durable.revision == in_force(store)
        assert drafts.publish(durable, draft("c"))[0].number == 7
    assert [each.number for each in revisions.history(store).revisions] == [*range(1, 8)]


def test_what_the_store_does_not_know_is_left_alone(store: Path) -> None:
    five(store)
    for name in ("revisions/notes.txt", "revisions/000009.bak/kept", "scratch/mine-1/kept", "x"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text("kept", encoding="utf-8")
    publish(store, draft("z"))
    assert {"revisions/notes.txt", "revisions/000009.bak/kept", "scratch/mine-1/kept", "x"} <= set(
        entries(store)
    )


def test_a_backup_that_is_restored_over_a_newer_store_is_refused(
    store: Path, tmp_path: Path
) -> None:
    five(store)
    backup = tmp_path / "backup"
    shutil.copytree(store, backup)
    counted(store, 0, 3)
    shutil.copytree(backup, store, dirs_exist_ok=True)
    with pytest.raises(StoreError, match="revisions 6 to 8 are in the store"):
        revisions.current(store)
    assert len(current_revision.found(store)) == 8


def test_the_first_publication_may_be_cut_short_at_any_moment(store: Path) -> None:
    with DurableStore(store) as durable:
        assert len(durable.live) == 0
    assert revisions.current(store) is None
    assert publish(store, draft("a")).number == 1


def test_half_a_generation_that_was_being_dropped_is_none(store: Path) -> None:
    publish(store, draft("a"))
    publish(store, draft("b"))
    first = store / "revisions" / "000001"
    (first / "generation").rename(first / ".generation.dropped")
    history = revisions.history(store)
    assert [each.is_kept for each in history.revisions] == [False, True]
    with DurableStore(store, keep=1) as durable:
        drafts.publish(durable, draft("c"))
        drafts.publish(durable, draft("d"))
    assert [each.is_kept for each in revisions.history(store).revisions] == [False] * 3 + [True]


def hashed(word: str) -> drafts.Draft:
    """A draft that has the digest of its record."""
    made = draft(word)
    digest = RecordDigest(made.dataset)
    said = replace(made.said, record_sha256=digest.hexdigest(), digest=digest.algorithm)
    return replace(made, said=said)


def test_a_backup_holds_what_is_in_force_though_snapshots_are_dropped_meanwhile(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer revisions come while a snapshot is copied, and the store keeps that of the newest."""
    words = map(str, itertools.count())
    copied: list[str] = []
    with DurableStore(store, keep=1) as durable:
        for word in "ab":
            drafts.publish(durable, hashed(word))

        def copy(file: Path, place: Path) -> None:
            copied.append(file.name)
            if len(copied) in comes:
                drafts.publish(durable, hashed(next(words)))
            shutil.copy(file, place)

        with monkeypatch.context() as patched:
            patched.setattr(shutil, "copy2", copy)
            comes = {2}  # within the first snapshot
            revision = transfer.copy_store(store, tmp_path / "backup")
            assert revision == revisions.current(tmp_path / "backup") == in_force(store)
            assert revision.number == 3
            kept = [each.is_kept for each in revisions.history(tmp_path / "backup").revisions]
            assert kept == [False, False, True]
            assert len(load(revision.dataset)) == 1
            copied.clear()
            comes = set(range(1, 1_000))
            with pytest.raises(StoreError, match="--keep-revisions"):
                transfer.copy_store(store, tmp_path / "none")


@pytest.mark.parametrize("version", [99, 3])
def test_a_store_of_a_newer_version_is_refused(store: Path, version: int) -> None:
    five(store)
    (store / "store.json").write_text(f'{{"version": {version}, "mode": "merged"}}', "utf-8")
    before = entries(store)
    for attempt in (
        lambda: revisions.current(store),
        lambda: revisions.open_store(store, "merged"),
        lambda: DurableStore(store),
    ):
        with pytest.raises(StoreError, match=rf"version {version}, and this program reads up to"):
            attempt()
    assert entries(store) == before


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"mode": "other"}', '{"version": 0, "mode": "merged"}']
)
def test_a_marker_that_says_no_store_is_refused(store: Path, text: str) -> None:
    (store / "store.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=re.escape("store.json")):
        revisions.open_store(store, "merged")


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    with tarfile.open(FIRST_VERSION) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "store"


def test_a_store_of_the_first_version_is_read_and_left_as_it_is(first_version: Path) -> None:
    before = entries(first_version)
    revision = in_force(first_version)
    assert (revision.number, len(load(revision.dataset))) == (3, 4)
    assert [each.message for each in revisions.history(first_version).revisions] == [
        "an empty store", "write 0", "write 1"
    ]  # fmt: skip
    assert entries(first_version) == before
    with pytest.raises(StoreError, match="--default-graph stored"):
        revisions.open_store(first_version, "merged")


def test_a_store_of_the_first_version_is_carried_over_when_it_is_written(
    first_version: Path,
) -> None:
    before = entries(first_version)
    counted(first_version, 0, 1)
    after = entries(first_version)
    assert store_description.read(first_version) == store_description.Marker(
        store_description.VERSION, "stored"
    )
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"store.json", "current"}
    assert all(f"revisions/00000{n}/{checksums.NAME}" in after for n in (1, 2, 3, 4))
    assert len(load(in_force(first_version).dataset)) == 5
    assert in_force(first_version).mode == "stored"


def test_carrying_over_may_be_cut_short(
    first_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(path: Path, mode: str) -> None:
        raise OSError(f"{path} {mode}")

    with monkeypatch.context() as patched:
        patched.setattr(store_description, "write", cut)
        with pytest.raises(StoreError):
            counted(first_version, 0, 1)
    assert in_force(first_version).number == 3
    counted(first_version, 0, 1)
    assert in_force(first_version).number == 4
