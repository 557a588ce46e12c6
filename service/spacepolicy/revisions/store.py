"""Numbered revisions of the dataset: published whole or not at all, never changed afterwards.

A store is a folder:

    store.json               the mode that the store was made in
    lock                     held while a revision is published
    current                  the number of the revision in force, replaced atomically
    revisions/000001/        one folder a revision, never written again
        revision.json        number, time, author, message, counts, digests
        dataset.nq           record, inferred graph and default graph, as N-Quads
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, final

from pyoxigraph import RdfFormat, Store

from spacepolicy.errors import StoreError
from spacepolicy.settings import Mode

DATASET: Final = "dataset.nq"


@final
@dataclass(frozen=True, slots=True)
class Counts:
    """Statements: asserted in named graphs, only inferred, and in the default graph."""

    record: int = 0
    inferred: int = 0
    default: int = 0
    graphs: int = 0


@final
@dataclass(frozen=True, slots=True)
class Revision:
    """What is known of a published revision.

    `record_sha256` is over the record's RDFC-1.0 N-Quads; `content_sha256` over the files and
    the code it was built from; `prefixes` are those that queries need not declare.
    """

    number: int
    time: str
    author: str
    message: str
    counts: Counts
    record_sha256: str
    content_sha256: str
    base: str | None
    prefixes: Mapping[str, str]
    directory: Path = field(compare=False)

    @property
    def is_kept(self) -> bool:
        """Whether the data are kept, and not only what is known of them."""
        return self.dataset.exists()

    @property
    def dataset(self) -> Path:
        """The N-Quads file that holds the whole dataset."""
        return self.directory / DATASET


@final
@dataclass(frozen=True, slots=True)
class Draft:
    """What a revision is to say before it has a number, and the dataset it publishes."""

    dataset: Store
    counts: Counts
    record_sha256: str
    content_sha256: str
    message: str
    author: str = "build"
    base: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


def open_store(path: Path, mode: Mode) -> None:
    """Make the store where it is missing, and see that it is of this mode and can be written.

    Raises: StoreError naming the path and what is wrong.
    """
    try:
        (path / "revisions").mkdir(parents=True, exist_ok=True)
        marker = path / "store.json"
        if not marker.exists():
            _write(marker, json.dumps({"mode": mode}) + "\n")
        recorded = json.loads(marker.read_text(encoding="utf-8"))["mode"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: the store cannot be opened: {error}") from error
    if recorded != mode:
        raise StoreError(
            f"{path}: the store was made with --default-graph {recorded}, not {mode}; "
            "choose another --store or the mode it has."
        )


def current(path: Path) -> Revision | None:
    """The revision in force; None where nothing has been published.

    Raises: StoreError where the store's files cannot be read.
    """
    pointer = path / "current"
    try:
        if not pointer.exists():
            return None
        number = int(pointer.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{pointer}: cannot be read: {error}") from error
    return read(path, number)


def read(path: Path, number: int) -> Revision:
    """The revision of that number.

    Raises: StoreError where there is none or it cannot be read.
    """
    directory = path / "revisions" / f"{number:06}"
    try:
        table = json.loads((directory / "revision.json").read_text(encoding="utf-8"))
        table["counts"] = Counts(**table["counts"])
        return Revision(**table, directory=directory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{directory}: the revision cannot be read: {error}") from error


def publish(path: Path, draft: Draft) -> Revision:
    """Write the draft as the next revision and put it in force; whole, or nothing at all.

    A draft whose record, inferences and prefixes are those in force publishes nothing: the
    revision in force is given back, its content digest brought up to date.

    Raises: StoreError where the store cannot be written; the revision in force stays.
    """
    try:
        with _lock(path):
            before = current(path)
            if before is not None and _same(before, draft):
                return _recorded(before, draft)
            return _publish(path, draft)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error


def _same(before: Revision, draft: Draft) -> bool:
    return (before.record_sha256, before.counts, before.base, dict(before.prefixes)) == (
        draft.record_sha256,
        draft.counts,
        draft.base,
        dict(draft.prefixes),
    ) and _equal_datasets(before.dataset, draft.dataset)


def _equal_datasets(path: Path, dataset: Store) -> bool:
    """Whether the published quads are those of the dataset, blank nodes by label."""
    published = Store()
    published.load(path=str(path), format=RdfFormat.N_QUADS)
    return len(published) == len(dataset) and all(quad in dataset for quad in published)


def _recorded(before: Revision, draft: Draft) -> Revision:
    """The revision in force, noted as what these files and this code make."""
    if before.content_sha256 == draft.content_sha256:
        return before
    table = _table(before) | {"content_sha256": draft.content_sha256}
    _write(before.directory / "revision.json", _json(table))
    return read(before.directory.parents[1], before.number)


def _publish(path: Path, draft: Draft) -> Revision:
    number = _next_number(path)
    directory = path / "revisions" / f"{number:06}"
    unfinished = path / "revisions" / f".{number:06}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    with (unfinished / DATASET).open("wb") as file:
        draft.dataset.dump(file, RdfFormat.N_QUADS)
        _sync(file.fileno())
    revision = Revision(
        number=number,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        author=draft.author,
        message=draft.message,
        counts=draft.counts,
        record_sha256=draft.record_sha256,
        content_sha256=draft.content_sha256,
        base=draft.base,
        prefixes=draft.prefixes,
        directory=directory,
    )
    _write(unfinished / "revision.json", _json(_table(revision)))
    unfinished.rename(directory)
    _sync_directory(directory.parent)
    _write(path / "current", f"{number}\n")
    return revision


def _next_number(path: Path) -> int:
    """One more than any number ever given: folders of revisions keep theirs."""
    numbers = [int(entry.name) for entry in (path / "revisions").iterdir() if entry.name.isdigit()]
    return max(numbers, default=0) + 1


def _table(revision: Revision) -> dict[str, object]:
    table = asdict(revision)
    del table["directory"]
    return table


def _json(table: Mapping[str, object]) -> str:
    return json.dumps(table, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with (path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, text: str) -> None:
    """Replace the file's content in one step that survives a crash."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _sync(file.fileno())
    beside.rename(path)
    _sync_directory(path.parent)


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)
