"""Shared by backup, restore and export: copies of a store, and checks that a copy is whole."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, final

from pyoxigraph import DefaultGraph, Quad

from spacepolicy import checksums, formats
from spacepolicy.engine.snapshot import GENERATION, opened
from spacepolicy.errors import StoreError, UsageError
from spacepolicy.namespaces import Base
from spacepolicy.store import current_revision, durable_files, snapshot_making
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import is_record
from spacepolicy.store.revision import Revision

_CURRENT: Final = "current"
_ATTEMPTS: Final = 5
"""How often the newest snapshot is begun. It takes 0.07 s to copy one of 100,000 statements and
0.7 s of a million, while the hundred revisions that a service keeps last half a minute where four
are written a second."""
_BESIDE: Final = ("store.json", "tokens.json")


def copy_store(store: Path, to: Path) -> Revision:
    """Copy the whole store, its pointer last; return the revision that is in force in the copy.

    The revision in force and what it rests on are copied first: writes may drop the snapshots of
    revisions that are no longer among the newest ones meanwhile.

    Raises: UsageError, StoreError.
    """
    if revisions.current(store) is None:
        raise StoreError(f"{store}: holds no revision.")
    try:
        (to / "revisions").mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{to}: is there already; name another folder.") from error
    except OSError as error:
        raise UsageError(f"{to}: cannot be made: {error.strerror}.") from error
    copies = _Copies(store, to)
    try:
        revision = copies.newest()
        for number in reversed(revisions.numbers(store)):
            if number < revision.number:
                copies.add(number)
        for name in _BESIDE:
            if (store / name).exists():
                shutil.copy2(store / name, to / name)
        durable_files.write(to / _CURRENT, f"{revision.number}\n")
    except OSError as error:
        raise StoreError(f"{to}: cannot be written: {error}") from error
    copied = revisions.read(to, revision.number)
    see_record(copied, opened(copied.dataset), to)
    return copied


@final
class _Copies:
    """The folders of a store's revisions that are copied; files that several revisions share are
    shared by the copies too."""

    def __init__(self, store: Path, to: Path) -> None:
        self._store = store
        self._to = to
        self._known: dict[tuple[int, int, int], Path] = {}
        """The copies by inode, time of change and size of the original: an inode that is free again
        is given to another file."""

    def newest(self) -> Revision:
        """Copy the revision in force and those that it rests on; another one that is in force by
        then, where the snapshot was dropped meanwhile.

        Raises: StoreError where that happens again and again; OSError.
        """
        for _ in range(_ATTEMPTS):
            revision = revisions.current(self._store)
            assert revision is not None  # noqa: S101 # a store that has one keeps one
            first = snapshot_making.ground(revision)
            for number in range(first, revision.number + 1):
                self.add(number)
            if current_revision.folder(self._to, first).joinpath(GENERATION).exists():
                return revision
        raise StoreError(
            f"{self._store}: newer revisions came faster than a snapshot could be copied, "
            f"{_ATTEMPTS} times. Let the service keep more of them (--keep-revisions), or back up "
            "while less is written."
        )

    def add(self, number: int) -> None:
        """Copy the folder of the revision, where it is not copied yet, and see that it is whole. A
        snapshot that is dropped meanwhile is left out.

        Raises: DamagedError, OSError.
        """
        folder, to = (current_revision.folder(each, number) for each in (self._store, self._to))
        if not to.exists():
            self._copy(folder, to)
            _see_whole(to)

    def _copy(self, folder: Path, to: Path) -> None:
        for file in sorted(folder.rglob("*")):
            place = to / file.relative_to(folder)
            try:
                if file.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                found = file.stat()
                original = found.st_ino, found.st_mtime_ns, found.st_size
                place.parent.mkdir(parents=True, exist_ok=True)
                if original in self._known:
                    place.hardlink_to(self._known[original])
                else:
                    shutil.copy2(file, place)
                    self._known[original] = place
            except FileNotFoundError:
                if folder.joinpath(GENERATION).exists():
                    raise
                shutil.rmtree(to / GENERATION, ignore_errors=True)
                self._known = {of: copy for of, copy in self._known.items() if copy.exists()}


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
