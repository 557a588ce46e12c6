"""A revision that is being published: its statement, its changes, and its folder."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import final

from pyoxigraph import Store

from spacepolicy import checksums
from spacepolicy.engine.nquads import QuadLines, Quads
from spacepolicy.engine.snapshot import (
    CHANGED,
    CHANGES,
    CREATED,
    DROPPED,
    GRAPHS,
    TABLES,
    standing,
)
from spacepolicy.settings import Mode
from spacepolicy.store import current_revision, durable_files, revision_folders, snapshot_making
from spacepolicy.store.digest import CANONICAL
from spacepolicy.store.patch import patch, patch_lines
from spacepolicy.store.revision import Change, Counts, FileGraphs, Revision


@final
@dataclass(frozen=True, slots=True)
class RevisionStatement:
    """What the next revision records of itself; `files` where it is made of files."""

    author: str
    message: str
    counts: Counts
    record_sha256: str
    content_sha256: str
    base: str | None = None
    files: FileGraphs | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    added: int = 0
    removed: int = 0
    digest: str = CANONICAL


@final
@dataclass(frozen=True, slots=True)
class PublicationStep:
    """A change, and the statement of its revision; also as RDF Patch where the change is not
    large."""

    change: Change
    said: RevisionStatement
    small: bytes | None

    @property
    def patch(self) -> bytes:
        """The change as RDF Patch."""
        return patch(self.change) if self.small is None else self.small

    @property
    def patch_bytes(self) -> int:
        """The size of the patch, roughly."""
        if self.small is not None:
            return len(self.small)
        texts = (each.text for each in self._parts if isinstance(each, QuadLines))
        return sum(map(len, texts))

    def write_patch(self, file: Path) -> None:
        """Write the patch to a file, line by line: a large one is never in memory as a whole."""
        if self.small is not None:
            durable_files.write_new(file, self.small)
            return
        with file.open("wb") as opened:
            opened.writelines(patch_lines(self.change))

    @property
    def _parts(self) -> tuple[Quads, Quads]:
        return self.change.removed, self.change.added


def step(change: Change, statement: RevisionStatement) -> PublicationStep:
    """The change with its patch."""
    is_large = any(isinstance(each, QuadLines) for each in (change.removed, change.added))
    return PublicationStep(change, statement, None if is_large else patch(change))


def written(
    path: Path,
    live: Store,
    step: PublicationStep,
    before: Revision | None,
    *,
    mode: Mode,
    ground: int,
) -> Revision:
    """Write the revision that the step makes of `before` to a folder of the store, on disk and
    marked as not in force.

    `live` has the change; `ground` is the number of the revision whose generation it rests on, 0
    for a generation of its own.

    Raises: OSError, RuntimeError where it cannot be written.
    """
    statement = step.said
    number = before.number + 1 if before else 1
    directory = current_revision.folder(path, number)
    unfinished = directory.with_name(f".{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    if current_revision.is_marked(path, number):  # of a write that failed: it was never in force
        shutil.rmtree(directory)
    unfinished.mkdir()
    current_revision.mark(unfinished)
    if not ground:
        snapshot_making.make(live, unfinished)
    step.write_patch(unfinished / CHANGES)
    durable_files.write_new(unfinished / GRAPHS, marked(step.change))
    if statement.files is not None:
        durable_files.write_new(unfinished / revision_folders.FILES, _listed(statement.files))
    revision = Revision(
        number=number,
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        author=statement.author,
        message=statement.message,
        counts=statement.counts,
        record_sha256=statement.record_sha256,
        digest=statement.digest,
        content_sha256=statement.content_sha256,
        base=statement.base,
        prefixes=statement.prefixes,
        directory=directory,
        added=statement.added,
        removed=statement.removed,
        built=number if statement.files is not None else before.built if before else 0,
        disk_bytes=_new_bytes(unfinished, None if ground else before),
        generation=ground,
        checks=statement.checks,
        mode=mode,
    )
    durable_files.write_new(
        unfinished / revision_folders.DESCRIPTION, revision_folders.description(revision)
    )
    checksums.write(unfinished, {} if ground else _shared(before))
    durable_files.sync(unfinished)
    unfinished.rename(directory)
    return revision


def marked(change: Change) -> str:
    """The graphs that the change touches, each with the mark of how."""
    created = {each.value for each in change.created}
    dropped = {each.value for each in change.dropped}
    marks = {
        graph: CREATED if graph in created else DROPPED if graph in dropped else CHANGED
        for graph in sorted(change.graphs())
    }
    return "".join(f"{mark}{graph}\n" for graph, mark in marks.items())


def _listed(files: FileGraphs) -> str:
    table = {name: sorted(getattr(files, name)) for name in ("owned", "apart", "shapes")}
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def _new_bytes(unfinished: Path, before: Revision | None) -> int:
    """The bytes of the files that are not shared with the generation before."""
    known = _ground(before)
    shared = {each.stat().st_ino for each in checksums.files(known)} if known else set[int]()
    found = (each.stat() for each in checksums.files(unfinished))
    return sum(each.st_size for each in found if each.st_ino not in shared)


def _shared(before: Revision | None) -> dict[int, checksums.Checksum]:
    """The checksums of the tables that may be shared with the generation before, by inode."""
    known = _ground(before)
    sums = checksums.read(known.parent) if known else None
    found = {known.parent / name: each for name, each in (sums or {}).items()} if known else {}
    return {path.stat().st_ino: each for path, each in found.items() if path.suffix == TABLES}


def _ground(before: Revision | None) -> Path | None:
    """The generation that the revision rests on."""
    return standing(before.dataset)[0] if before is not None and before.is_kept else None
