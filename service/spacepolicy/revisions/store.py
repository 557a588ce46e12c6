"""The folder in which revisions stand: published whole or not at all, never changed afterwards.

    store.json               the mode that the store was made in
    lock                     held by the one process that writes
    current                  the number of the revision in force, replaced atomically
    tokens.json              access tokens, as digests
    live/                    the copy of the newest generation that is written
    revisions/000001/        one folder a revision, never written again
        revision.json        number, time, author, message, counts, digests
        changes.rdfp         what it changed, as RDF Patch
        graphs.txt           the named graphs that it changed, a mark and an IRI a line
        files.json           the graphs that files state, of a revision made of files
        generation/          the dataset as the engine keeps it, where it does not rest on that of
                             an older revision; dropped when it is old
    scratch/                 copies of datasets that processes have for themselves, by process

What changed is kept of every revision: it leads from one generation to all that rest on it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from spacepolicy.engine.generation import GRAPHS
from spacepolicy.errors import StoreError
from spacepolicy.revisions import durable_files
from spacepolicy.revisions.history import History
from spacepolicy.revisions.revision import Counts, FileGraphs, Revision
from spacepolicy.settings import Mode

DESCRIPTION: Final = "revision.json"
FILES: Final = "files.json"


def open_store(path: Path, mode: Mode) -> None:
    """Make the store where it is missing, and see that it is of this mode and can be written.

    Raises: StoreError naming the path and what is wrong.
    """
    try:
        (path / "revisions").mkdir(parents=True, exist_ok=True)
        marker = path / "store.json"
        if not marker.exists():
            durable_files.write(marker, json.dumps({"mode": mode}) + "\n")
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
    directory = folder(path, number)
    try:
        table = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
        table["counts"] = Counts(**table["counts"])
        return Revision(**table, directory=directory)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{directory}: the revision cannot be read: {error}") from error


def folder(path: Path, number: int) -> Path:
    """The folder of the revision of that number."""
    return path / "revisions" / f"{number:06}"


def description(revision: Revision) -> str:
    """What is written of the revision."""
    table = asdict(revision)
    del table["directory"]
    return json.dumps(table, ensure_ascii=False, indent=2) + "\n"


def file_graphs(path: Path, revision: Revision) -> FileGraphs:
    """The graphs that files stated at that revision.

    Raises: StoreError where that cannot be read.
    """
    if not revision.built:
        return FileGraphs()
    file = folder(path, revision.built) / FILES
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        return FileGraphs(**{name: frozenset(graphs) for name, graphs in table.items()})
    except FileNotFoundError:
        return FileGraphs()
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error


def numbers(path: Path) -> list[int]:
    """The numbers of the published revisions, in order."""
    last = current(path)
    found = (int(each.name) for each in (path / "revisions").iterdir() if each.name.isdigit())
    return sorted(number for number in found if last and number <= last.number)


def history(path: Path) -> History:
    """All that is known of the store's revisions; one at least must be published.

    Raises: StoreError where they cannot be read.
    """
    every = [read(path, number) for number in numbers(path)]
    return History(every, ((each.number, touched(each)) for each in every))


def touched(revision: Revision) -> Iterator[str]:
    """The named graphs that the revision changed."""
    file = revision.directory / GRAPHS
    if file.exists():
        yield from (line[1:] for line in file.read_text(encoding="utf-8").splitlines())
