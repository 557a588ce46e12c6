"""`spacepolicy export`, `import`, `backup` and `restore`: a dataset out and in, verified."""

import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, parse

from spacepolicy import checksums, formats
from spacepolicy.commands.build import store_path
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.jobs import import_file
from spacepolicy.commands.query import local_revision
from spacepolicy.engine.snapshot import GENERATION, opened
from spacepolicy.errors import StoreError, UsageError
from spacepolicy.namespaces import Base
from spacepolicy.settings import Settings
from spacepolicy.store import durable_files, pointer
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import is_record
from spacepolicy.store.revision import Revision
from spacepolicy.writes import control_socket

_CURRENT: Final = "current"
_BESIDE: Final = ("store.json", "tokens.json")


def export(chosen: Settings, out: Path) -> int:
    """Write the whole dataset, derived graphs included, to a file that was not there, and read it
    again to see that its record is that of the revision.

    Raises: UsageError where the file is there or its ending names no format of quads.
    """
    refuse_endpoint(chosen, "export")
    format = _quad_format(out)
    revision = local_revision(chosen)
    dataset = opened(revision.dataset)
    try:
        with out.open("xb") as file:
            dataset.dump(file, format)
    except FileExistsError as error:
        raise UsageError(f"{out}: is there already; name another file.") from error
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}.") from error
    _verify(revision, parse(path=out, format=format, rename_blank_nodes=False), out)
    _say(f"revision {revision.number}: {revision.counts.stored:,} quads; {_hash(revision)}")
    return 0


def import_(chosen: Settings, file: Path) -> int:
    """Have the graphs of a file of quads in the place of those of the same names.

    Raises: ProblemError where that is refused, UsageError where the file cannot be read.
    """
    refuse_endpoint(chosen, "import")
    format = _format_name(file)
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    local_revision(chosen)
    told = import_file(chosen, store_path(chosen), file, format)
    _say(f"revision {told['number']}: {told['added']:,} came, {told['removed']:,} went")
    return 0


def backup(chosen: Settings, folder: Path) -> int:
    """Copy the store with all its revisions into a folder that was not there, while it is served
    or not, and see that the record is that of the revision in force.

    Raises: UsageError where the folder is there, StoreError where there is nothing to copy.
    """
    refuse_endpoint(chosen, "backup")
    revision = _copy(store_path(chosen), folder)
    _say(f"revision {revision.number} and those before it; {_hash(revision)}")
    return 0


def restore(chosen: Settings, folder: Path) -> int:
    """Put a backup in the place of the store, which is moved aside.

    Raises: UsageError where the folder holds no backup, StoreError where a service runs.
    """
    refuse_endpoint(chosen, "restore")
    store = store_path(chosen)
    if revisions.current(folder) is None:
        raise UsageError(f"{folder}: holds no backup.")
    if control_socket.is_open(store):
        raise StoreError(f"{store}: a service runs over this store; stop it first.")
    incoming = store.with_name(f"{store.name}.restored")
    shutil.rmtree(incoming, ignore_errors=True)
    revision = _copy(folder, incoming)
    if store.exists():
        aside = store.with_name(f"{store.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
        store.rename(aside)
        _say(f"what was there is in {aside}")
    incoming.rename(store)
    _say(f"revision {revision.number} and those before it; {_hash(revision)}")
    return 0


def _copy(store: Path, to: Path) -> Revision:
    """A whole copy of the store, its pointer written last; the revision in force.

    Raises: UsageError, StoreError.
    """
    revision = revisions.current(store)
    if revision is None:
        raise StoreError(f"{store}: holds no revision.")
    try:
        (to / "revisions").mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{to}: is there already; name another folder.") from error
    except OSError as error:
        raise UsageError(f"{to}: cannot be made: {error.strerror}.") from error
    try:
        known: dict[int, Path] = {}
        for number in revisions.numbers(store):
            if number <= revision.number:
                _copy_folder(pointer.folder(store, number), pointer.folder(to, number), known)
                _see_whole(pointer.folder(to, number))
        for name in _BESIDE:
            if (store / name).exists():
                shutil.copy2(store / name, to / name)
        durable_files.write(to / _CURRENT, f"{revision.number}\n")
    except OSError as error:
        raise StoreError(f"{to}: cannot be written: {error}") from error
    copied = revisions.read(to, revision.number)
    _verify(copied, opened(copied.dataset), to)
    return copied


def _copy_folder(folder: Path, to: Path, known: dict[int, Path]) -> None:
    """Copy the folder; what several revisions share is shared by the copies too. `known` are the
    copies by the number of the file they are of. A generation that is dropped meanwhile stays out.
    """
    for file in sorted(folder.rglob("*")):
        place = to / file.relative_to(folder)
        try:
            if file.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            number = file.stat().st_ino
            place.parent.mkdir(parents=True, exist_ok=True)
            if number in known:
                place.hardlink_to(known[number])
            else:
                shutil.copy2(file, place)
                known[number] = place
        except FileNotFoundError:
            if folder.joinpath(GENERATION).exists():
                raise
            shutil.rmtree(to / GENERATION, ignore_errors=True)
            return


def _see_whole(folder: Path) -> None:
    """See that the copy of a revision is what was written.

    Raises: DamagedError naming the first file that is not.
    """
    for file, fault in checksums.faults(folder, deep=True):
        raise checksums.damaged(file, fault)


def _verify(revision: Revision, quads: Iterable[Quad], where: Path) -> None:
    """Raises: StoreError where the quads are not those of the revision's record."""
    inferred = Base(revision.base).inferred if revision.base else None
    every = [quad for quad in quads if quad.graph_name != inferred]
    named = [quad for quad in every if quad.graph_name != DefaultGraph()]
    record = named if len(named) == revision.counts.record else every  # else it is not derived
    found = is_record(record, revision.record_sha256, revision.digest)
    if found is None:
        _say("the record's hash was made in another way, and is not compared")
    elif not found:
        raise StoreError(f"{where}: does not hold the record of revision {revision.number}.")


def _hash(revision: Revision) -> str:
    return f"record sha256 {revision.record_sha256} ({revision.digest})"


def _format_name(path: Path) -> str:
    format = formats.of_file(path.name) if path.suffix else None
    if format is not None:
        return format.name
    endings = ", ".join(f".{each.extension}" for each in formats.FORMATS if each.rdf is not None)
    raise UsageError(f"{path}: its ending names no format of graphs; there are {endings}.")


def _quad_format(path: Path) -> RdfFormat:
    """Raises: UsageError where the ending names no format of quads."""
    format = formats.named(_format_name(path))
    if format is None or format.rdf is None or not format.rdf.supports_datasets:
        raise UsageError(f"{path}: a dataset is written as .nq, .trig or .jsonld.")
    return format.rdf


def _say(line: str) -> None:
    print(line, file=sys.stderr)
