"""A store that is not whole is mended as far as it can be, and what cannot be is told and kept."""

import shutil
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from spacepolicy.engine.snapshot import load
from spacepolicy.errors import StoreError
from spacepolicy.store import current_revision, store_description
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.repair import ASIDE, repair
from spacepolicy.store.revision import Revision
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.store.verification import examine

from .test_current_revision import entries, first_version, five
from .test_revisions import counted, draft, in_force, publish, store

__all__ = ["first_version", "store"]


def quads(revision: Revision) -> set[str]:
    return set(map(str, load(revision.dataset)))


def aside(store: Path) -> list[str]:
    """The files that were set aside, without the time."""
    files = (each for each in (store / ASIDE).rglob("*") if each.is_file())
    return sorted("/".join(each.relative_to(store).parts[2:]) for each in files)


@pytest.mark.parametrize("text", [None, "", "?", "1\n", "4\n", "99\n"])
def test_the_newest_revision_that_is_whole_is_put_in_force(store: Path, text: str | None) -> None:
    five(store)
    before = in_force(store), quads(in_force(store))
    if text is None:
        (store / "current").unlink()
    else:
        (store / "current").write_text(text, encoding="ascii")
    done, left = repair(store, "merged")
    assert (done, left) == (["revision 5 is in force"], [])
    assert (in_force(store), quads(in_force(store))) == before
    assert aside(store) == (["current"] if text is not None else [])
    assert counted(store, 0, 1)[0].number == 6


def test_what_is_whole_is_left_as_it_is(store: Path) -> None:
    five(store)
    before = entries(store)
    assert repair(store, "merged") == ([], [])
    assert entries(store) == before


def test_where_the_newest_revision_is_gone_the_one_before_it_is_put_in_force(store: Path) -> None:
    five(store)
    fourth = quads(revisions.read(store, 4))
    for name in ("revisions/000005", "live"):
        shutil.rmtree(store / name)
    done, left = repair(store, "merged")
    assert (done, left) == (["revision 4 is in force"], [])
    assert quads(in_force(store)) == fourth


def test_the_number_of_a_lost_revision_says_that_it_is_lost(store: Path) -> None:
    five(store)
    fourth = quads(revisions.read(store, 4))
    folder = store / "revisions" / "000005"
    for name in ("changes.rdfp", "checksums.json", "revision.json"):
        (folder / name).write_text("?", encoding="ascii")
    shutil.rmtree(store / "live")
    done, left = repair(store, "merged")
    assert "revision 5 cannot be mended" in " ".join(done)
    assert left == []
    assert "revisions/000005/changes.rdfp" in aside(store)
    revision = in_force(store)
    assert (revision.number, revision.author, quads(revision)) == (5, "doctor", fourth)
    assert "revision 5 was damaged and is lost" in revision.message
    assert counted(store, 0, 1)[0].number == 6


def test_a_patch_of_the_newest_revision_is_mended_from_what_was_written_of_it(store: Path) -> None:
    five(store)
    patch = store / "revisions" / "000003" / "changes.rdfp"
    before = patch.read_bytes()
    patch.unlink()
    with (
        pytest.raises(StoreError, match=r"000003/changes\.rdfp is missing"),
        DurableStore(store) as durable,
    ):
        assert durable.live is None
    done, left = repair(store, "merged")
    assert (done, left) == (["revisions/000003/changes.rdfp is mended"], [])
    assert patch.read_bytes() == before


def test_generations_of_which_none_is_whole_are_made_of_the_patches(store: Path) -> None:
    for words in (("a",), ("a", "b"), ("b", "c")):
        publish(store, draft(*words))
    before = [quads(revisions.read(store, number)) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        for table in (store / "revisions" / f"{number:06}" / "generation").glob("*.sst"):
            table.write_bytes(b"?")
    assert len({fault.file for fault in examine(store, deep=False)}) > 3
    done, left = repair(store, "merged")
    assert (len(done), left) == (3, [])
    assert [quads(revisions.read(store, number)) for number in (1, 2, 3)] == before


def test_a_dataset_without_revisions_is_written_to_a_file(store: Path) -> None:
    five(store)
    before = quads(in_force(store))
    shutil.rmtree(store / "revisions")
    (store / "current").unlink()
    done, left = repair(store, "merged")
    (out,) = store.glob("recovered-*.nq")
    assert set(map(str, parse(path=out, format=RdfFormat.N_QUADS))) == before
    assert (len(done), left) == (1, [])
    assert revisions.current(store) is None
    assert publish(store, draft("a")).number == 1


def test_the_mode_is_the_one_that_revisions_say(store: Path) -> None:
    five(store)
    (store / "store.json").unlink()
    done, left = repair(store, "stored")
    assert (done, left) == (["store.json is written anew: --default-graph merged"], [])


def test_a_newer_store_is_not_mended(store: Path) -> None:
    five(store)
    (store / "store.json").write_text('{"version": 99, "mode": "merged"}', encoding="ascii")
    before = entries(store)
    with pytest.raises(StoreError, match="of version 99"):
        repair(store, "merged")
    assert entries(store) == before


def test_what_a_store_of_the_first_version_had_not_put_in_force_is_put_in_force(
    first_version: Path,
) -> None:
    before = quads(in_force(first_version))
    (first_version / "current").write_text("2\n", encoding="ascii")
    with pytest.raises(StoreError, match="doctor --repair"):
        DurableStore(first_version)
    assert repair(first_version, "stored")[1] == []
    assert quads(in_force(first_version)) == before
    assert store_description.read(first_version) == store_description.Marker(2, "stored")
    assert current_revision.in_force(first_version) == 3
