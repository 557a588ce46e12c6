"""The only writer of a store: a change becomes the next revision, on disk and whole.

The newest generation is copied to `live/`, its tables shared, and later changes are applied there;
so is each further change. A revision is on disk with its patch; now and then `live/` is saved as
the next generation, on which the following revisions rest. What a crash or a full disk leaves
unfinished is marked as never having been in force; `live/` is made anew from the revision in force,
once the files that it rests on were found to be whole.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from pyoxigraph import NamedNode, RdfFormat, Store

from spacepolicy.engine.nquads import QuadLines
from spacepolicy.engine.nquads import quads as read_quads
from spacepolicy.engine.snapshot import (
    CORRUPTION,
    SCRATCH,
    copied,
    reading_error,
    standing,
)
from spacepolicy.errors import StoreError
from spacepolicy.store import (
    current_revision,
    durable_files,
    revision_folders,
    snapshot_making,
    store_description,
)
from spacepolicy.store.chain import Chain
from spacepolicy.store.publication import PublicationStep, written
from spacepolicy.store.revision import Change, FileGraphs, Revision

_BULK_QUADS: Final = 20_000
"""More quads than this at once are sorted into tables of their own, which takes a third of the time
and of the disk, and 20 ms at least."""
_PIECE_BYTES: Final = 1 << 27
"""The bytes of very many quads that are loaded at once: the engine takes some 600 MB for so
much."""
_WAITING_SECONDS: Final = 15.0
"""How long to wait for another process that holds the store: one that is being stopped ends within
seconds."""
_LOOK_SECONDS: Final = 0.02
"""How often the lock is tried meanwhile; nobody notices so short a delay at a start."""
_UNFINISHED: Final = re.compile(r"\.[0-9]{6,}\.unfinished")
_FIRST: Final = ".live.unfinished"
"""The folder in which the first revision is made: `live/` exists only once something is
published."""


@final
class DurableStore:
    """A store opened for writing; no other process has it open for writing at the same time.

    `keep` is the least number of revisions whose data are kept, the newest; 0 keeps all. A dataset
    of more than `memory_quads` is answered from disk: each of its revisions has a generation.

    Raises: StoreError where another process keeps the lock, or the store cannot be written.
    """

    def __init__(self, path: Path, keep: int = 0, memory_quads: int = 0) -> None:
        self.path = self._path = path
        self._keep = keep
        self._memory_quads = memory_quads
        self._lock = locked(path / "lock")
        self._live: Store | None = None
        try:
            self._open()
        except OSError as error:
            self.close()
            raise StoreError(f"{path}: cannot be written: {error}") from error
        except StoreError:
            self.close()
            raise

    def _open(self) -> None:
        store_description.carry_over(self._path)
        found = store_description.read(self._path)
        if found is None:
            raise StoreError(f"{self._path}: is no store.")
        self._mode = found.mode
        self.revision = revision_folders.current(self._path)
        self._chain = Chain(self.revision)
        self._sweep()
        revision = self.revision
        self.files = (
            revision_folders.file_graphs(self._path, revision) if revision else FileGraphs()
        )

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
        """Unlock the store."""
        self._live = None
        os.close(self._lock)

    def _sweep(self) -> None:
        """Remove what is certainly garbage: folders without their names yet, revisions that were
        never in force, and copies of processes that have ended."""
        last = self.revision.number if self.revision else 0
        for each in (self._path / SCRATCH).glob("*-*"):
            process, _, count = each.name.partition("-")
            if process.isdigit() and count.isdigit() and not Path("/proc", process).exists():
                shutil.rmtree(each, ignore_errors=True)
        for each in (self._path / current_revision.REVISIONS).iterdir():
            if _UNFINISHED.fullmatch(each.name):
                shutil.rmtree(each)
        if last:
            current_revision.unmark(self._path, last)
        for number in current_revision.found(self._path):
            if number > last and current_revision.is_marked(self._path, number):
                shutil.rmtree(current_revision.folder(self._path, number))
        shutil.rmtree(self._path / _FIRST, ignore_errors=True)

    @property
    def live(self) -> Store:
        """The dataset in force, with the changes that were applied to it.

        Raises: StoreError where it cannot be opened.
        """
        if self._live is None:
            try:
                self._live = self._opened()
            except (OSError, ValueError, SyntaxError, RuntimeError) as error:
                raise self._failure("opened", error) from error
        return self._live

    def _opened(self) -> Store:
        """`live/` is made anew only from files that are whole: it may be the last that is."""
        if self.revision is None:
            return Store(str(self._path / _FIRST))
        self._chain.see()
        live = self._path / current_revision.LIVE
        shutil.rmtree(live, ignore_errors=True)
        if self.revision.is_kept:
            return copied(self.revision.dataset, live)
        opened = Store(str(live))
        opened.bulk_load(
            path=self.revision.directory / revision_folders.FORMER, format=RdfFormat.N_QUADS
        )
        return opened

    def apply(self, change: Change) -> None:
        """Apply the change to `live`, to be validated, and then published or taken back.

        Raises: StoreError where that fails; then it is not applied, and `live` is another store. It
        is a DamagedError where a file that the revision in force rests on is not what was written.
        """
        self._chain.see()
        with self._writing():
            _apply(self.live, change, empty=self.revision is None)

    def take_back(self, change: Change) -> None:
        """Undo a change that was applied to `live`.

        Raises: as `apply`.
        """
        with self._writing():
            _apply(self.live, change.inverse(), empty=False)

    def discard(self) -> None:
        """Discard `live` with its changes: another is made of the revision in force when it is next
        needed. That is faster than to undo a large change."""
        self._live = None

    def publish(self, steps: Sequence[PublicationStep]) -> list[Revision]:
        """Publish the changes, which are applied to `live`, one revision each, and put them in
        force at once.

        Raises: StoreError where they cannot be written; the revision in force stays, and `live` is
        another store.
        """
        with self._writing():
            found = self._written(steps)
            durable_files.sync_directory(self._path / current_revision.REVISIONS)
            current_revision.point_to(self._path, found[-1].number)
            current_revision.unmark(self._path, found[-1].number)
        self._put_in_force(found[-1])
        for step in steps:
            self.files = self.files if step.said.files is None else step.said.files
        snapshot_making.drop_old(self._path, found[-1], self._keep)
        return found

    def _put_in_force(self, revision: Revision) -> None:
        if self.revision is None:  # the next writes need a copy of what is published now
            self._live = None
            shutil.rmtree(self._path / _FIRST, ignore_errors=True)
        self.revision = revision
        self._chain.follow(revision)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            self._live = None  # it has the change that failed
            self._read_again()
            raise self._failure("written", error) from error

    def _read_again(self) -> None:
        """Read which revision is in force: the pointer may have been replaced before the
        failure."""
        with suppress(OSError, StoreError):
            now = revision_folders.current(self._path)
            if now is not None and (self.revision is None or now.number != self.revision.number):
                self.files = revision_folders.file_graphs(self._path, now)
                self._put_in_force(now)

    def _failure(self, done: str, error: Exception) -> StoreError:
        """The error to raise for an error of the disk or the engine."""
        if CORRUPTION in str(error) and self.revision is not None and self.revision.is_kept:
            found = reading_error(standing(self.revision.dataset)[0], str(error))
            if isinstance(found, StoreError):
                return found
        return StoreError(f"{self._path}: cannot be {done}: {error}")

    def _written(self, steps: Sequence[PublicationStep]) -> list[Revision]:
        """Write the revisions to their folders, on disk and not in force."""
        due = self._needs_snapshot(steps)
        found: list[Revision] = []
        before = self.revision
        for step in steps:
            own = due and step is steps[-1]
            ground = 0 if own else snapshot_making.ground(before)
            before = written(self._path, self.live, step, before, mode=self._mode, ground=ground)
            found.append(before)
        return found

    def _needs_snapshot(self, steps: Sequence[PublicationStep]) -> bool:
        """Whether the last of the revisions needs a snapshot: one with other files does, and one
        that is answered from disk."""
        statements = [step.said for step in steps]
        if any(
            each.files is not None or each.counts.quads(self._mode) > self._memory_quads
            for each in statements
        ):
            return True
        size = sum(step.patch_bytes for step in steps)
        return snapshot_making.is_due(self.revision, len(steps), size)

    def note(self, content_sha256: str) -> Revision:
        """Note that these files and this code make the revision in force; return it.

        Raises: StoreError where it cannot be written.
        """
        assert self.revision is not None  # noqa: S101 # the caller compared with it
        revision = replace(self.revision, content_sha256=content_sha256)
        try:
            revision_folders.note(self._path, revision)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error}") from error
        self.revision = revision
        return revision


def locked(path: Path) -> int:
    """Lock the file; return its descriptor, which unlocks it when it is closed.

    Raises: StoreError where another process keeps it, or it cannot be written.
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


def is_locked(store: Path) -> bool:
    """Whether a process has the store open for writing."""
    try:
        descriptor = os.open(store / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _apply(live: Store, change: Change, *, empty: bool) -> None:
    for quad in change.removed:
        live.remove(quad)
    for graph in change.dropped:
        live.remove_graph(graph)
    if isinstance(change.added, QuadLines):
        _load(live, change.added)
    elif empty or len(change.added) > _BULK_QUADS:
        live.bulk_extend(change.added)
    else:
        live.extend(change.added)
    for graph in change.created:
        live.add_graph(graph)


def _load(live: Store, quads: QuadLines) -> None:
    """Add the quads; other threads may run meanwhile. A bulk load would rename blank nodes."""
    named: list[bytes] = []
    start = 0
    while start < len(quads.text):
        end = quads.text.find(b"\n", start + _PIECE_BYTES) + 1 or len(quads.text)
        piece = quads.text[start:end]
        if b"_:" in piece:
            lines = piece.splitlines(keepends=True)
            named += [line for line in lines if b"_:" in line]
            piece = b"".join(line for line in lines if b"_:" not in line)
        live.bulk_load(piece, RdfFormat.N_QUADS, lenient=True)  # the engine wrote it itself
        start = end
    live.bulk_extend(read_quads(b"".join(named)))


def difference(live: Store, wanted: Store) -> Change:
    """The difference that leads from one dataset to the other; blank nodes are compared by
    label."""
    before, after = set(live), set(wanted)
    graphs, then = set(live.named_graphs()), set(wanted.named_graphs())
    return Change(
        removed=tuple(before - after),
        added=tuple(after - before),
        dropped=tuple(graph for graph in graphs - then if isinstance(graph, NamedNode)),
        created=tuple(graph for graph in then - graphs if isinstance(graph, NamedNode)),
    )
