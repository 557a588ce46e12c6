"""`doctor`'s check of the store, and its repair."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy import settings
from spacepolicy.errors import SpacepolicyError, StoreError
from spacepolicy.settings import Settings
from spacepolicy.store import current_revision
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.repair import ASIDE, repair
from spacepolicy.store.verification import examine
from spacepolicy.writes import control_socket

_LEAST_FREE_BYTES: Final = 500 * 1024**2
_MOST_FAULTS: Final = 50
"""More lines of faults give no further information."""


@final
@dataclass(frozen=True, slots=True)
class State:
    """The state of a part of the machine; `mend` is the command that corrects it, None where it is
    well."""

    part: str
    found: str
    mend: str | None = None


def mend(chosen: Settings) -> list[str]:
    """Repair the store; return what was done.

    Raises: StoreError where there is none, a service runs over it, or it cannot be written.
    """
    path = _path(chosen)
    if not path.is_dir():
        raise StoreError(f"{path}: there is no store to mend.")
    if control_socket.is_open(path):
        raise StoreError(f"{path}: a service runs over this store; stop it first.")
    done, left = repair(path, chosen.default_graph)
    if left:
        done.append(f"{len(left)} faults cannot be mended: restore a backup, or go on without")
    return done or ["there was nothing to mend"]


def examination(chosen: Settings, *, deep: bool) -> Iterator[State]:
    """The state of the store, and of the disk that it is on."""
    path = _path(chosen)
    try:
        faults = list(examine(path, deep=deep)) if path.is_dir() else []
        revision = None if faults else revisions.current(path)
    except SpacepolicyError as error:
        yield State("store", str(error), "choose another --store, or the program that wrote it")
        return
    for fault in faults[:_MOST_FAULTS]:
        yield State("store", str(fault), f"spacepolicy doctor --repair --store {path}")
    if not faults:
        yield from _disk(path, "nothing is published" if revision is None else _summary(path, deep))


def _summary(path: Path, deep: bool) -> str:
    number = current_revision.in_force(path)
    summary = f"revision {number}"
    if deep:
        summary += ", every byte of it as it was written"
    aside = path / ASIDE
    return f"{summary}; what was replaced is in {aside}" if aside.is_dir() else summary


def _disk(path: Path, summary: str) -> Iterator[State]:
    inside = next(each for each in (path, *path.parents) if each.exists())
    if not inside.is_dir() or not _can_write(inside):
        remedy = "spacepolicy serve --store PATH, a folder of your own; or --read-only"
        yield State("store", f"{inside} cannot be written", remedy)
        return
    free = shutil.disk_usage(inside).free
    full = free < _LEAST_FREE_BYTES
    found = f"{path}: {summary}; {free // 1024**2:,} MiB free"
    yield State("store", found, f"make room on the disk of {inside}" if full else None)


def _path(chosen: Settings) -> Path:
    return settings.store_directory(chosen, Path.cwd(), settings.environment()).absolute()


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return os.access(folder, os.W_OK)
    except OSError:
        return False
