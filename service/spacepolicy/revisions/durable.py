"""The one writer of a store: a change becomes the next revision, on disk and whole.

The newest generation is copied to `live/`, its tables shared, and what was changed since is carried
out there; so is each further change. A revision is on disk with its patch; now and then `live/` is
backed up as the next generation, on which the following revisions rest. What a crash or a full disk
leaves half done stands in folders that no pointer leads to: `live/` is made anew from the revision
in force.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from pyoxigraph import NamedNode, RdfFormat, Store

from spacepolicy.engine.generation import (
    GENERATION,
    NEAR_BYTES,
    SCRATCH,
    copied,
    patch_bytes,
    standing,
)
from spacepolicy.errors import StoreError
from spacepolicy.revisions import durable_files, store
from spacepolicy.revisions.publication import Step, written
from spacepolicy.revisions.revision import Change, FileGraphs, Revision

RESTING_REVISIONS: Final = 64
"""How many revisions rest on one generation."""
_WAITING_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.02
_FORMER: Final = "dataset.nq"
"""Where revisions stood before there were generations; read once, when the next is published."""


@final
class DurableStore:
    """A store opened for writing; no other process has it so at the same time.

    `keep` is of how many revisions the data are kept at least, the newest; 0 keeps all. A dataset
    of more than `memory_quads` is answered from disk: each of its revisions has a generation.

    Raises: StoreError where another process writes it for long, or it cannot be written.
    """

    def __init__(self, path: Path, keep: int = 0, memory_quads: int = 0) -> None:
        self._path = path
        self._keep = keep
        self._memory_quads = memory_quads
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
        for each in (self._path / SCRATCH).glob("*-*"):
            if not Path("/proc", each.name.partition("-")[0]).exists():
                shutil.rmtree(each, ignore_errors=True)
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
            return copied(self.revision.dataset, live)
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

    def publish(self, steps: Sequence[Step]) -> list[Revision]:
        """Make the changes, which are in `live`, one revision each, and put them in force at once.

        Raises: StoreError where they cannot be written; the revision in force stays, and `live` is
        another store.
        """
        with self._writing():
            found = self._written(steps)
            durable_files.sync_directory(self._path / "revisions")
            durable_files.write(self._path / "current", f"{found[-1].number}\n")
        self.revision = found[-1]
        for step in steps:
            self.files = self.files if step.said.files is None else step.said.files
        self._drop_old()
        return found

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError) as error:
            self._live = None  # what was changed of it goes with it
            raise StoreError(f"{self._path}: cannot be written: {error}") from error

    def _written(self, steps: Sequence[Step]) -> list[Revision]:
        """The revisions in their folders, on disk and not in force."""
        rests = self._may_rest(steps)
        found: list[Revision] = []
        before = self.revision
        for step in steps:
            ground = _ground(before) if rests or step is not steps[-1] else 0
            before = written(self._path, self.live, step, before, ground)
            found.append(before)
        return found

    def _may_rest(self, steps: Sequence[Step]) -> bool:
        """Whether the revisions that are to come may all rest on the generation there is."""
        if self.revision is None or not self.revision.is_kept:
            return False
        said = [step.said for step in steps]
        if any(each.files is not None or each.counts.stored > self._memory_quads for each in said):
            return False
        _, later = standing(self.revision.dataset)
        size = patch_bytes(later) + sum(len(step.patch) for step in steps)
        return len(later) + len(steps) <= RESTING_REVISIONS and size <= NEAR_BYTES

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
        oldest = self.revision.number - self._keep + 1 if self.revision else 0
        if not self._keep or oldest <= 1:
            return
        number = _ground(store.read(self._path, oldest)) - 1
        while number > 0:
            ground = _ground(store.read(self._path, number))
            generation = store.folder(self._path, ground) / GENERATION
            if not generation.exists():
                break
            shutil.rmtree(generation, ignore_errors=True)
            number = ground - 1


def _ground(revision: Revision | None) -> int:
    """The number of the revision in whose folder the generation stands that this one has or rests
    on; 0 where there is no revision."""
    return revision.generation or revision.number if revision else 0


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
