"""The folder of revisions: each is published whole or not at all, and never changed afterwards.

    store.json               version and mode of the store
    lock                     held by the one process that writes
    current                  the number of the revision in force, replaced atomically
    noted.json               the digest of the files that make it, where it was built from others
    tokens.json              access tokens, as digests
    digest.cache             the digest of a large record, for the next start of what writes
    live/                    the copy of the newest generation that is written
    revisions/000001/        one folder a revision, never written again
        revision.json        number, time, author, message, counts, digests
        changes.rdfp         what it changed, as RDF Patch
        graphs.txt           the named graphs that it changed, a mark and an IRI a line
        files.json           the graphs that files state, of a revision made of files
        generation/          the dataset as the engine keeps it, where it does not rest on that of
                             an older revision; dropped when it is old
        checksums.json       of all these
        unpublished          the mark of one that is not in force yet
    scratch/                 copies of datasets that processes have for themselves, and what
                             large writes change, by process

Patches are kept of every revision: they lead from one generation to all revisions that rest on it.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from spacepolicy import checksums
from spacepolicy.engine.snapshot import GRAPHS
from spacepolicy.errors import DamagedError, StoreError
from spacepolicy.settings import Mode
from spacepolicy.store import current_revision, durable_files, store_description
from spacepolicy.store.current_revision import folder
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, FileGraphs, Revision

DESCRIPTION: Final = "revision.json"
FILES: Final = "files.json"
NOTED: Final = "noted.json"
FORMER: Final = "dataset.nq"
"""The file of a revision's dataset before there were generations; read once, when the next is
published."""


def open_store(path: Path, mode: Mode) -> None:
    """Make the store where it is missing, and check that it is of this mode.

    Raises: StoreError naming the path and what is wrong.
    """
    found = store_description.read(path)
    if found is None:
        try:
            (path / current_revision.REVISIONS).mkdir(parents=True, exist_ok=True)
            store_description.write(path, mode)
        except OSError as error:
            raise StoreError(f"{path}: the store cannot be made: {error.strerror}.") from error
    elif found.mode != mode:
        raise StoreError(
            f"{path}: the store was made with --default-graph {found.mode}, not {mode}; "
            "choose another --store or the mode it has."
        )


def current(path: Path) -> Revision | None:
    """The revision in force; None where nothing has been published.

    Raises: StoreError where it cannot be read, or it cannot be determined which it is.
    """
    store_description.read(path)
    number = current_revision.in_force(path)
    return None if number is None else _noted(path, read(path, number))


def _noted(path: Path, revision: Revision) -> Revision:
    """The revision with the digest of the files that was noted last. Where the note cannot be read,
    the files are read again, and nothing is lost."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        table = json.loads((path / NOTED).read_text(encoding="utf-8"))
        if table["number"] == revision.number:
            return replace(revision, content_sha256=str(table["content_sha256"]))
    return revision


def note(path: Path, revision: Revision) -> None:
    """Note the digest of the files that make the revision in force.

    Raises: OSError.
    """
    table = {"number": revision.number, "content_sha256": revision.content_sha256}
    durable_files.write(path / NOTED, json.dumps(table) + "\n")


def read(path: Path, number: int) -> Revision:
    """Read the revision with that number.

    Raises: StoreError where there is none or it cannot be read, which is a DamagedError where it is
    not what was written.
    """
    directory = folder(path, number)
    try:
        table = json.loads(checksums.content(directory / DESCRIPTION))
        table["counts"] = Counts(**table["counts"])
        revision = Revision(**table, directory=directory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{directory}: the revision cannot be read: {error}. {current_revision.remedy(path)}"
        ) from error
    if revision.mode and not (directory / checksums.NAME).exists():
        raise checksums.damaged(directory / checksums.NAME, "is missing")
    return revision


def description(revision: Revision) -> str:
    """The text of `revision.json`."""
    table = asdict(revision)
    del table["directory"], table["publication"]
    return json.dumps(table, ensure_ascii=False, indent=2) + "\n"


def file_graphs(path: Path, revision: Revision) -> FileGraphs:
    """The graphs that files stated at that revision.

    Raises: StoreError where that cannot be read.
    """
    if not revision.built:
        return FileGraphs()
    file = folder(path, revision.built) / FILES
    try:
        table = json.loads(checksums.content(file))
        return FileGraphs(**{name: frozenset(graphs) for name, graphs in table.items()})
    except FileNotFoundError:
        return FileGraphs()
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error


def numbers(path: Path) -> list[int]:
    """The numbers of the published revisions that are there, in order.

    Raises: StoreError as `current`.
    """
    last = current(path)
    return [number for number in current_revision.found(path) if last and number <= last.number]


def history(path: Path) -> History:
    """Read the history of the store, which must have at least one revision. An older one that is
    damaged or missing is listed as lost.

    Raises: StoreError where the revision in force cannot be read.
    """
    last = current(path)
    if last is None:
        raise StoreError(f"{path}: holds no revision.")
    every: list[Revision] = []
    lost: dict[int, str] = {}
    for number in range(1, last.number):
        try:
            every.append(read(path, number))
        except DamagedError as error:
            lost[number] = error.detail
        except StoreError:
            lost[number] = checksums.damaged(folder(path, number) / DESCRIPTION).detail
    graphs: list[tuple[int, Iterable[str]]] = []
    for revision in (*every, last):
        try:
            graphs.append((revision.number, tuple(touched(revision))))
        except DamagedError as error:
            lost.setdefault(revision.number, error.detail)
    return History([*every, last], graphs, lost)


def touched(revision: Revision) -> Iterator[str]:
    """The named graphs that the revision changed.

    Raises: DamagedError.
    """
    with suppress(FileNotFoundError):
        text = checksums.content(revision.directory / GRAPHS).decode()
        yield from (line[1:] for line in text.splitlines())
