"""The one writer of a store: a change becomes the next revision, on disk and whole.

The newest generation is copied to `live/`, its tables shared; a change is made there, and `live/`
is backed up as the next generation. What a crash or a full disk leaves half done stands in folders
that no pointer leads to: `live/` is made anew from the revision in force.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from pyoxigraph import NamedNode, RdfFormat, Store

from spacepolicy.engine.generation import (
    CHANGED,
    CHANGES,
    CREATED,
    DROPPED,
    GENERATION,
    GRAPHS,
    copy,
)
from spacepolicy.errors import StoreError
from spacepolicy.revisions import durable_files, store
from spacepolicy.revisions.patch import patch
from spacepolicy.revisions.revision import Change, Counts, FileGraphs, Revision

_WAITING_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.02
_FORMER: Final = "dataset.nq"
"""Where revisions stood before there were generations; read once, when the next is published."""


@final
@dataclass(frozen=True, slots=True)
class Statement:
    """What the next revision is to say of itself; `files` where it is made of files."""

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


@final
class DurableStore:
    """A store opened for writing; no other process has it so at the same time.

    `keep` is how many generations are kept, the newest; 0 keeps all.

    Raises: StoreError where another process writes it for long, or it cannot be written.
    """

    def __init__(self, path: Path, keep: int = 0) -> None:
        self._path = path
        self._keep = keep
        self._lock = _locked(path / "lock")
        self._live: Store | None = None
        try:
            self.revision = store.current(path)
            self._sweep()
            self.files = store.file_graphs(path, self.revision) if self.revision else FileGraphs()
        except (OSError, StoreError) as error:
            self.close()
            raise StoreError(f"{path}: cannot be written: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write."""
        self._live = None
        os.close(self._lock)

    def _sweep(self) -> None:
        """Remove what was never published."""
        last = self.revision.number if self.revision else 0
        shutil.rmtree(self._path / "scratch", ignore_errors=True)
        for each in (self._path / "revisions").iterdir():
            if not each.name.isdigit() or int(each.name) > last:
                shutil.rmtree(each)

    @property
    def live(self) -> Store:
        """The dataset in force, and what was applied to it.

        Raises: StoreError where it cannot be opened.
        """
        if self._live is None:
            try:
                self._live = self._opened()
            except (OSError, ValueError, SyntaxError) as error:
                raise StoreError(f"{self._path}: cannot be opened: {error}") from error
        return self._live

    def _opened(self) -> Store:
        live = self._path / "live"
        shutil.rmtree(live, ignore_errors=True)
        if self.revision is None:
            return Store(str(live))
        if self.revision.is_kept:
            copy(self.revision.dataset, live)
            return Store(str(live))
        opened = Store(str(live))
        opened.bulk_load(path=self.revision.directory / _FORMER, format=RdfFormat.N_QUADS)
        return opened

    def apply(self, change: Change) -> None:
        """Make the change in `live`, for it to be looked at, and published or taken back.

        Raises: StoreError where that cannot be; then it is not there, and `live` is another store.
        """
        with self._writing():
            _apply(self.live, change, empty=self.revision is None)

    def take_back(self, change: Change) -> None:
        """Take back what was made in `live`.

        Raises: as `apply`.
        """
        with self._writing():
            _apply(self.live, change.inverse(), empty=False)

    def publish(self, change: Change, said: Statement) -> Revision:
        """Make the change, which is in `live`, the next revision and put it in force.

        Raises: StoreError where it cannot be written; the revision in force stays, and `live` is
        another store.
        """
        with self._writing():
            self.revision = self._published(change, said)
        if said.files is not None:
            self.files = said.files
        self._drop_old()
        return self.revision

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            self._live = None  # what was changed of it goes with it
            raise StoreError(f"{self._path}: cannot be written: {error}") from error

    def _published(self, change: Change, said: Statement) -> Revision:
        before = self.revision
        number = before.number + 1 if before else 1
        directory = store.folder(self._path, number)
        unfinished = directory.with_name(f".{directory.name}.unfinished")
        for leftover in (unfinished, directory):  # of a write that failed: it was never in force
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished.mkdir()
        self.live.backup(str(unfinished / GENERATION))
        durable_files.write_new(unfinished / CHANGES, patch(change))
        durable_files.write_new(unfinished / GRAPHS, _marked(change))
        if said.files is not None:
            durable_files.write_new(unfinished / store.FILES, _listed(said.files))
        revision = Revision(
            number=number,
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            author=said.author,
            message=said.message,
            counts=said.counts,
            record_sha256=said.record_sha256,
            content_sha256=said.content_sha256,
            base=said.base,
            prefixes=said.prefixes,
            directory=directory,
            added=said.added,
            removed=said.removed,
            built=number if said.files is not None else before.built if before else 0,
            disk_bytes=_new_bytes(unfinished, before),
            checks=said.checks,
        )
        durable_files.write_new(unfinished / store.DESCRIPTION, store.description(revision))
        durable_files.sync_directory(unfinished / GENERATION)
        durable_files.sync_directory(unfinished)
        unfinished.rename(directory)
        durable_files.sync_directory(directory.parent)
        durable_files.write(self._path / "current", f"{number}\n")
        return revision

    def note(self, content_sha256: str) -> Revision:
        """The revision in force, noted as what these files and this code make.

        Raises: StoreError where it cannot be written.
        """
        assert self.revision is not None  # noqa: S101 # it was compared with
        revision = replace(self.revision, content_sha256=content_sha256)
        try:
            durable_files.write(revision.directory / store.DESCRIPTION, store.description(revision))
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error}") from error
        self.revision = revision
        return revision

    def _drop_old(self) -> None:
        """Drop the generations beyond those that are kept; what is known of them stays."""
        if not self._keep or self.revision is None:
            return
        for number in range(self.revision.number - self._keep, 0, -1):
            generation = store.folder(self._path, number) / GENERATION
            if not generation.exists():
                break
            shutil.rmtree(generation, ignore_errors=True)


def _locked(path: Path) -> int:
    """The descriptor of the locked file; closing it unlocks.

    Raises: StoreError where another process keeps it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be written: {error}") from error
    deadline = time.monotonic() + _WAITING_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StoreError(
                    f"{path.parent}: another process writes this store; stop it, or let it end."
                ) from None
            time.sleep(_LOOK_SECONDS)
        else:
            return descriptor


def _apply(live: Store, change: Change, *, empty: bool) -> None:
    for quad in change.removed:
        live.remove(quad)
    for graph in change.dropped:
        live.remove_graph(graph)
    if empty:
        live.bulk_extend(change.added)
    else:
        live.extend(change.added)
    for graph in change.created:
        live.add_graph(graph)


def _marked(change: Change) -> str:
    """The graphs that the change touches, each with how."""
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
    """The bytes of the files that the revision before does not share."""
    known = {each.stat().st_ino for each in _files([before.directory] if before else [])}
    found = (each.stat() for each in _files([unfinished]))
    return sum(each.st_size for each in found if each.st_ino not in known)


def _files(directories: Iterable[Path]) -> Iterable[Path]:
    return (each for directory in directories for each in directory.rglob("*") if each.is_file())


def difference(live: Store, wanted: Store) -> Change:
    """What leads from one dataset to the other; blank nodes are compared by name."""
    before, after = set(live), set(wanted)
    graphs, then = set(live.named_graphs()), set(wanted.named_graphs())
    return Change(
        removed=tuple(before - after),
        added=tuple(after - before),
        dropped=tuple(graph for graph in graphs - then if isinstance(graph, NamedNode)),
        created=tuple(graph for graph in then - graphs if isinstance(graph, NamedNode)),
    )
