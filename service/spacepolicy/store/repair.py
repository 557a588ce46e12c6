"""Repairs a damaged store from its whole files; nothing is deleted.

A small file is restored from its copy beside the checksums, a patch from the datasets before and
after it, a generation from another one and the patches in between, the pointer from the folders. A
repaired file is what was written, by its checksum; a generation holds the same quads in other
tables. The damaged files, and those that cannot be repaired, are moved to `damaged/`.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, final

from pyoxigraph import RdfFormat, Store

from spacepolicy import checksums
from spacepolicy.engine.snapshot import CHANGES, GENERATION, GRAPHS
from spacepolicy.errors import StoreError
from spacepolicy.settings import Mode
from spacepolicy.store import current_revision, durable_files, revision_folders, store_description
from spacepolicy.store.patch import patch
from spacepolicy.store.publication import RevisionStatement, marked, step
from spacepolicy.store.revision import Change, Revision
from spacepolicy.store.revision_writer import DurableStore, difference, locked
from spacepolicy.store.states import States, read_sums
from spacepolicy.store.verification import FileFault, examine, faults_of

ASIDE: Final = "damaged"


def repair(path: Path, mode: Mode) -> tuple[list[str], list[FileFault]]:
    """Repair the store; return what was done, a sentence each, and the faults that are left. `mode`
    is for a store that does not record its mode.

    Raises: StoreError where another process writes the store, it is of a newer version, or it
    cannot be written.
    """
    if store_description.is_newer(path):
        store_description.read(path)
    held = locked(path / "lock")
    mender = _Mender(path)
    try:
        mender.mend(mode)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error
    finally:
        os.close(held)
    mender.replace_lost()
    return mender.done, list(examine(path, deep=True))


@final
class _Mender:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.done: list[str] = []
        self._lost = 0
        self._aside = path / ASIDE / f"{datetime.now(UTC):%Y%m%dT%H%M%S}"

    def mend(self, mode: Mode) -> None:
        """Repair what can be repaired, files first and the pointer last."""
        if not current_revision.found(self._path):
            self._take_out_live()
            self._mend_marker(mode)
            return
        with suppress(StoreError):
            store_description.carry_over(self._path)
        last = self._last()
        for number in range(1, last + 1):
            self._mend_small(number)
        damaged = {
            fault.file
            for number in range(1, last + 1)
            for fault in faults_of(self._path, number, checked=False, deep=True)
        }
        states = States(self._path, last, damaged)
        while any(self._mend_patch(number, states) for number in range(1, last + 1)):
            pass
        for number in range(1, last + 1):
            self._mend_generation(number, states)
        self._mend_marker(mode)
        self._mend_pointer(last, states)
        with suppress(StoreError):
            store_description.carry_over(
                self._path
            )  # where the pointer could not be trusted before

    def _last(self) -> int:
        """The number of the newest revision that may have been in force: a marked one was not,
        where the pointer is whole."""
        numbers = current_revision.found(self._path)
        try:
            known = current_revision.in_force(self._path)
        except StoreError:
            known = None
        return known or numbers[-1]

    def _take_out_live(self) -> None:
        """Write a dataset without revisions to a file that can be imported."""
        live = self._path / current_revision.LIVE
        if live.is_dir() and any(live.iterdir()):
            out = self._path / f"recovered-{datetime.now(UTC):%Y%m%dT%H%M%S}.nq"
            found = States(self._path, 0, set()).live()
            if found is not None:
                found.dump(str(out), RdfFormat.N_QUADS)
                self.done.append(
                    f"{len(found)} quads of {current_revision.LIVE}/ are in {out}; no revision is "
                    f"left: `spacepolicy import {out}` once something is published"
                )
            self._set_aside(live)
        self._set_aside(self._path / current_revision.CURRENT)
        (self._path / current_revision.REVISIONS).mkdir(exist_ok=True)

    def _set_aside(self, file: Path) -> None:
        if file.exists():
            to = self._aside / file.relative_to(self._path)
            to.parent.mkdir(parents=True, exist_ok=True)
            file.rename(to)

    def _mend_marker(self, mode: Mode) -> None:
        try:
            if store_description.read(self._path) is not None:
                return
        except StoreError:
            self._set_aside(self._path / store_description.NAME)
        known = {revision.mode for revision in self._readable() if revision.mode}
        found: Mode = "stored" if known == {"stored"} else "merged" if known else mode
        store_description.write(self._path, found)
        self.done.append(f"{store_description.NAME} is written anew: --default-graph {found}")

    def _readable(self) -> Iterator[Revision]:
        for number in reversed(current_revision.found(self._path)):
            try:
                yield revision_folders.read(self._path, number)
            except StoreError:
                continue

    def _mend_small(self, number: int) -> None:
        """Restore the checksums from the files, and small files from their copies."""
        folder = current_revision.folder(self._path, number)
        if not folder.is_dir():
            return
        self._mend_sums(folder)
        for name, each in read_sums(folder).items():
            if each.copy is not None and checksums.of_bytes(_bytes(folder / name)) != each.sha256:
                self._write(folder / name, each.copy.encode())

    def _mend_sums(self, folder: Path) -> None:
        """Make damaged checksums anew where the files confirm what is left of them."""
        file = folder / checksums.NAME
        was = _bytes(file) or b""
        try:
            if checksums.read(folder) is not None:
                return
        except StoreError:
            pass
        new = checksums.text(checksums.made(folder, {}))
        if new.startswith(was) or was[:-65] == new[:-65] or was[-65:] == new[-65:]:
            self._write(file, new)

    def _write(self, file: Path, content: bytes) -> None:
        self._set_aside(file)
        durable_files.write(file, content)
        self.done.append(f"{file.relative_to(self._path)} is mended")

    def _mend_patch(self, number: int, states: States) -> bool:
        """Whether the patch of the revision could be restored."""
        if states.has_patch(number):
            return False
        folder = current_revision.folder(self._path, number)
        before, after = states.dataset(number - 1), states.dataset(number)
        if before is None or after is None or not folder.is_dir():
            return False
        change = difference(before, after)
        sums, mended = read_sums(folder), False
        for name, content in ((CHANGES, patch(change)), (GRAPHS, marked(change).encode())):
            place = (folder / name).relative_to(self._path).as_posix()
            wanted = sums.get(name)
            if place in states.damaged and wanted and checksums.of_bytes(content) == wanted.sha256:
                self._write(folder / name, content)
                states.damaged.discard(place)
                mended = True
        return mended

    def _mend_generation(self, number: int, states: States) -> None:
        """Make a generation anew that is damaged, or missing and needed."""
        folder = current_revision.folder(self._path, number)
        if not (folder / GENERATION).is_dir() or states.has_generation(number):
            return
        self._make_generation(number, states)

    def _make_generation(self, number: int, states: States) -> bool:
        folder = current_revision.folder(self._path, number)
        found = states.dataset(number)
        if found is None or not folder.is_dir():
            return False
        made = folder.with_name(f".{folder.name}.unfinished")
        shutil.rmtree(made, ignore_errors=True)
        _write_generation(found, made)
        self._set_aside(folder / GENERATION)
        (made / GENERATION).rename(folder / GENERATION)
        shutil.rmtree(made)
        kept = {n: s for n, s in read_sums(folder).items() if not n.startswith(f"{GENERATION}/")}
        tables = checksums.made(folder, {})
        new = {name: each for name, each in tables.items() if name.startswith(f"{GENERATION}/")}
        durable_files.write(folder / checksums.NAME, checksums.text({**kept, **new}))
        durable_files.sync(folder)
        prefix = f"{(folder / GENERATION).relative_to(self._path)}/"
        states.damaged -= {each for each in states.damaged if each.startswith(prefix)}
        self.done.append(f"{prefix} is made anew from other revisions: {len(found)} quads")
        return True

    def _mend_pointer(self, last: int, states: States) -> None:
        """Put the newest whole revision in force; later ones are set aside."""
        for number in range(last, 0, -1):
            if self._is_whole(number, states):
                break
        else:
            return
        for lost in range(number + 1, last + 1):
            self._set_aside(current_revision.folder(self._path, lost))
            self.done.append(f"revision {lost} cannot be mended; what is left is in {self._aside}")
        self._lost = last - number
        if (self._path / current_revision.CURRENT).is_dir():
            self._set_aside(self._path / current_revision.CURRENT)
        if _bytes(self._path / current_revision.CURRENT) != f"{number}\n".encode():
            self._set_aside(self._path / current_revision.CURRENT)
            current_revision.point_to(self._path, number)
            self.done.append(f"revision {number} is in force")
        current_revision.unmark(self._path, number)

    def _is_whole(self, number: int, states: States) -> bool:
        """Whether the revision can be read; its generation is made where it is missing and can
        be."""
        try:
            revision = revision_folders.read(self._path, number)
        except StoreError:
            return False
        ground = revision.generation or number
        if not states.has_patch(number):
            return False
        if (revision.directory / revision_folders.FORMER).exists():
            return True
        if states.has_generation(ground):
            return all(states.has_patch(each) for each in range(ground + 1, number + 1))
        return states.dataset(number) is not None and self._make_generation(ground, states)

    def replace_lost(self) -> None:
        """Write a revision that changes nothing in the place of each lost one."""
        if not self._lost:
            return
        with DurableStore(self._path) as durable:
            before = durable.revision
            assert before is not None  # noqa: S101 # it was just put in force
            durable.publish([step(Change(), _of_lost(before, n + 1)) for n in range(self._lost)])


def _of_lost(before: Revision, more: int) -> RevisionStatement:
    """The statement of a revision in the place of a lost one."""
    number = before.number + more
    return RevisionStatement(
        author="doctor",
        message=f"revision {number} was damaged and is lost; this is revision {before.number}",
        counts=before.counts,
        record_sha256=before.record_sha256,
        content_sha256="",  # the files are to be built again
        base=before.base,
        prefixes=before.prefixes,
    )


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _write_generation(dataset: Store, folder: Path) -> None:
    """Write the dataset as a generation to the folder."""
    (folder / "made").mkdir(parents=True)
    new = Store(str(folder / "made"))
    new.bulk_extend(dataset)
    for graph in dataset.named_graphs():
        new.add_graph(graph)
    new.flush()
    new.backup(str(folder / GENERATION))
