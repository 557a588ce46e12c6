"""The revisions of a store as a whole: which is in force, which was when, and what changed.

One history lives as long as the service. Writes publish into it from their threads, requests read
it from theirs.

Spec: https://www.rfc-editor.org/rfc/rfc7089 (Memento)
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy import checksums
from spacepolicy.engine.nquads import quads
from spacepolicy.errors import (
    DamagedError,
    NotFoundError,
    ResultLimitError,
    RevisionGoneError,
)
from spacepolicy.store.chain import Chain
from spacepolicy.store.patch import about, beginning, by_subject, inverse, net, transaction
from spacepolicy.store.revision import Revision

MAX_BYTES: Final = 1 << 26
"""The limit of patches that are combined at once."""
Listener = Callable[[Revision], None]


@final
@dataclass(frozen=True, slots=True)
class SubjectChange:
    """A revision, and how many statements about a subject it added and removed."""

    revision: Revision
    added: int
    removed: int


@final
class History:
    """Revisions from the oldest to the one in force, and the graphs that each changed."""

    def __init__(
        self,
        revisions: Sequence[Revision],
        touched: Iterable[tuple[int, Iterable[str]]] = (),
        lost: Mapping[int, str] | None = None,
    ) -> None:
        """`lost` are revisions with damaged files, and what is damaged."""
        self.lost = dict(lost or {})
        self._chain = Chain(None)
        self._revisions = {revision.number: revision for revision in revisions}
        self._current = revisions[-1]
        self._touched: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self.published = 0
        """How many revisions were published since this was made."""
        for number, graphs in touched:
            self._touch(number, graphs)

    def _touch(self, number: int, graphs: Iterable[str]) -> None:
        for graph in graphs:
            self._touched.setdefault(graph, []).append(number)

    @property
    def current(self) -> Revision:
        """The revision in force."""
        return self._current

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, the oldest first."""
        return tuple(self._revisions.values())

    def damage(self) -> str | None:
        """What is damaged of the files that the revision in force rests on; None where they are
        whole. Files that were not changed since the last look are not read again."""
        self._chain.follow(self._current)
        try:
            self._chain.see()
        except DamagedError as error:
            return error.detail
        return None

    def get(self, number: int) -> Revision:
        """The revision with that number; its data may no longer be kept (`Revision.is_kept`).

        Raises: NotFoundError where there is none, DamagedError where it is lost.
        """
        try:
            return self._revisions[number]
        except KeyError:
            if number in self.lost:
                raise DamagedError(self.lost[number]) from None
            last = self._current.number
            raise NotFoundError(f"There is no revision {number}; the newest is {last}.") from None

    def at(self, time: datetime) -> Revision:
        """The revision that was in force at the time; the first, where the time is before it.

        `time` must have a time zone.
        """
        revisions = self.revisions
        times = [datetime.fromisoformat(revision.time) for revision in revisions]
        return revisions[max(bisect_right(times, time) - 1, 0)]

    def last_changed(self, graph: str, number: int | None = None) -> int | None:
        """The number of the revision that last changed the named graph, up to revision `number`
        (None: of all); None where none did. A lost revision may have changed it."""
        numbers = self._touched.get(graph, ())
        place = len(numbers) if number is None else bisect_right(numbers, number)
        known = numbers[place - 1] if place else None
        lost = [each for each in self.lost if number is None or each <= number]
        return max([*lost, known or 0]) or None

    def changes(self, older: int, newer: int, max_bytes: int = MAX_BYTES) -> Iterator[bytes]:
        """The difference between two revisions, backwards too, as lines of RDF Patch; 0 is the
        empty dataset before the first. Statements that came and went in between are left out.

        Raises: NotFoundError where there is no such revision, RevisionGoneError where a patch in
        between is no longer kept, ResultLimitError where the patches have more than `max_bytes`,
        DamagedError where one is not what was written; all of them before the first line.
        """
        files = self._between(older, newer)
        if len(files) == 1 and older < newer:
            checksums.see(files[0])
            return transaction(_lines(files[0]))
        return transaction(_net(files, max_bytes, backwards=newer < older))

    def changed_subjects(
        self, older: int, newer: int, max_bytes: int = MAX_BYTES
    ) -> Iterator[tuple[bytes, Iterator[bytes]]]:
        """The same by subject, in the order of their IRIs: each subject as in N-Quads, with its
        lines. The patch between adjacent revisions is read no further than the caller iterates,
        whatever its size.

        Raises: as `changes`, and DamagedError while it is read.
        """
        files = self._between(older, newer)
        if len(files) == 1 and older < newer:
            return by_subject(beginning(files[0], b"D "), beginning(files[0], b"A "))
        lines = tuple(_net(files, max_bytes, backwards=newer < older))
        return by_subject(*([each for each in lines if each[:1] == mark] for mark in (b"D", b"A")))

    def _between(self, older: int, newer: int) -> list[Path]:
        """The patch files between two revisions, the oldest first.

        Raises: NotFoundError, RevisionGoneError, DamagedError.
        """
        first, last = sorted((older, newer))
        for number in (older, newer):
            if number:
                self.get(number)
        files = [self.get(number).changes for number in range(first + 1, last + 1)]
        for file in files:
            _size(file)
        return files

    def about(self, subject: NamedNode, number: int, most: int) -> Iterator[SubjectChange]:
        """The revisions up to revision `number` that changed statements about the subject, the
        newest first; only the newest `most` revisions are looked through.

        Raises: DamagedError.
        """
        for each in range(number, max(number - most, 0), -1):
            if each not in self._revisions and not self.lost:
                return  # the history begins later
            revision = self.get(each)
            if revision.publication is not None:
                return  # what a store elsewhere held before is not known here
            try:
                lines = list(about(revision.changes, str(subject)))
            except FileNotFoundError:
                checksums.see(revision.changes)  # what has a checksum is to be there
                return
            came = {quad.triple for quad in quads(_marked(lines, b"A "))}
            went = {quad.triple for quad in quads(_marked(lines, b"D "))}
            if lines:
                yield SubjectChange(revision, len(came), len(went))

    def publish(self, revision: Revision, touched: Iterable[str]) -> None:
        """Put the revision in force; listeners are called on this thread."""
        self.publish_all([(revision, touched)])

    def publish_all(self, published: Sequence[tuple[Revision, Iterable[str]]]) -> None:
        """Put several revisions in force at once, in their order; each comes with the graphs it
        changed."""
        with self._lock:
            for revision, touched in published:
                self._touch(revision.number, touched)
                self._revisions[revision.number] = revision
            self._current = published[-1][0]
            self.published += len(published)
            listeners = tuple(self._listeners)
        for revision, _ in published:
            for listener in listeners:
                listener(revision)

    def replace(self, revision: Revision) -> None:
        """Put the revision in force as the only one in the history; listeners are called on this
        thread."""
        with self._lock:
            self._touched.clear()
            self._revisions = {revision.number: revision}
            self._current = revision
            self.published += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(revision)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the function with each new revision, on the thread of its write, until the returned
        function is called."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return leave


def _net(files: Sequence[Path], max_bytes: int, *, backwards: bool) -> Iterator[bytes]:
    """The combined difference of the patches in the files.

    Raises: ResultLimitError, DamagedError.
    """
    size = sum(map(_size, files))
    if size > max_bytes:
        raise ResultLimitError(
            f"The changes between have {size} bytes; {max_bytes} are put together at once. Ask for "
            "them one by one.",
            extras={"limit_bytes": max_bytes},
        )
    lines = net(map(checksums.content, files))
    return inverse(lines) if backwards else lines


def _marked(lines: Iterable[bytes], mark: bytes) -> bytes:
    """The quads of the lines with that mark."""
    return b"".join(line[len(mark) :] for line in lines if line.startswith(mark))


def _size(file: Path) -> int:
    """Raises: RevisionGoneError where there is no such file."""
    try:
        return file.stat().st_size
    except FileNotFoundError as error:
        checksums.see(file)  # what has a checksum is to be there
        raise RevisionGoneError("What changed between them is no longer known.") from error


def _lines(file: Path) -> Iterator[bytes]:
    """The lines of a patch, without those of the transaction."""
    with file.open("rb") as lines:
        yield from (line for line in lines if line[:2] in (b"A ", b"D "))
