"""Shared by backup, restore and export: copies of a store, and checks that a copy is whole."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Quad

from spacepolicy import checksums, formats
from spacepolicy.engine.snapshot import GENERATION, opened
from spacepolicy.errors import StoreError, UsageError
from spacepolicy.namespaces import Base
from spacepolicy.store import current_revision, durable_files
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import is_record
from spacepolicy.store.revision import Revision

_CURRENT: Final = "current"
_BESIDE: Final = ("store.json", "tokens.json")


def copy_store(store: Path, to: Path) -> Revision:
    """Copy the whole store, its pointer last; return the revision in force.

    Raises: UsageError, StoreError.
    """
    revision = revisions.current(store)
    if revision is None:
        raise StoreError(f"{store}: holds no revision.")
    try:
        (to / "revisions").mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{to}: is there already; name another folder.") from error
    except OSError as error:
        raise UsageError(f"{to}: cannot be made: {error.strerror}.") from error
    try:
        known: dict[int, Path] = {}
        for number in revisions.numbers(store):
            if number <= revision.number:
                _copy_folder(
                    current_revision.folder(store, number),
                    current_revision.folder(to, number),
                    known,
                )
                _see_whole(current_revision.folder(to, number))
        for name in _BESIDE:
            if (store / name).exists():
                shutil.copy2(store / name, to / name)
        durable_files.write(to / _CURRENT, f"{revision.number}\n")
    except OSError as error:
        raise StoreError(f"{to}: cannot be written: {error}") from error
    copied = revisions.read(to, revision.number)
    see_record(copied, opened(copied.dataset), to)
    return copied


def _copy_folder(folder: Path, to: Path, known: dict[int, Path]) -> None:
    """Copy the folder; files that several revisions share are shared by the copies too. `known` are
    the copies by the inode of the original. A generation that is dropped meanwhile is left out.
    """
    for file in sorted(folder.rglob("*")):
        place = to / file.relative_to(folder)
        try:
            if file.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            number = file.stat().st_ino
            place.parent.mkdir(parents=True, exist_ok=True)
            if number in known:
                place.hardlink_to(known[number])
            else:
                shutil.copy2(file, place)
                known[number] = place
        except FileNotFoundError:
            if folder.joinpath(GENERATION).exists():
                raise
            shutil.rmtree(to / GENERATION, ignore_errors=True)
            return


def _see_whole(folder: Path) -> None:
    """Check that the copy of a revision is what was written.

    Raises: DamagedError naming the first file that is not.
    """
    for file, fault in checksums.faults(folder, deep=True):
        raise checksums.damaged(file, fault)


def see_record(revision: Revision, quads: Iterable[Quad], where: Path) -> None:
    """Raises: StoreError where the quads are not those of the revision's record."""
    inferred = Base(revision.base).inferred if revision.base else None
    every = [quad for quad in quads if quad.graph_name != inferred]
    named = [quad for quad in every if quad.graph_name != DefaultGraph()]
    record = named if len(named) == revision.counts.record else every  # else it is not derived
    found = is_record(record, revision.record_sha256, revision.digest)
    if found is None:
        say("the record's hash was made in another way, and is not compared")
    elif not found:
        raise StoreError(f"{where}: does not hold the record of revision {revision.number}.")


def record_hash(revision: Revision) -> str:
    return f"record sha256 {revision.record_sha256} ({revision.digest})"


def format_name(path: Path) -> str:
    format = formats.of_file(path.name) if path.suffix else None
    if format is not None:
        return format.name
    endings = ", ".join(f".{each.extension}" for each in formats.FORMATS if each.rdf is not None)
    raise UsageError(f"{path}: its ending names no format of graphs; there are {endings}.")


def say(line: str) -> None:
    print(line, file=sys.stderr)
