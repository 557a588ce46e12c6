"""Finds the faults of a store: by names and sizes, or by reading every byte of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spacepolicy import checksums
from spacepolicy.access_tokens import FILE as TOKENS
from spacepolicy.access_tokens import list_tokens
from spacepolicy.errors import StoreError
from spacepolicy.store import current_revision, revision_folders, store_description


@final
@dataclass(frozen=True, slots=True)
class FileFault:
    """A faulty file of the store, by its path in it, and what is wrong with it."""

    file: str
    fault: str

    def __str__(self) -> str:
        return f"{self.file} {self.fault}"


def examine(path: Path, *, deep: bool) -> Iterator[FileFault]:
    """Find the faults of the store, those of its first files first; `deep` reads every file.

    Raises: StoreError where the store is of a newer version.
    """
    last = 0
    try:
        found = store_description.read(path)
        last = current_revision.in_force(path) or 0
    except StoreError as error:
        if store_description.is_newer(path):
            raise
        yield FileFault(str(path), f"cannot be opened: {error}")
        found, last = None, max(current_revision.found(path), default=0)
    checked = found is None or found.version > 1
    for number in range(1, last + 1):
        yield from faults_of(path, number, checked=checked, deep=deep)
    if last and current_revision.folder(path, last).is_dir():
        yield from _unreachable(path, last)
    try:
        list_tokens(path / TOKENS)
    except StoreError as error:
        yield FileFault(TOKENS, f"cannot be read: {error}")


def faults_of(path: Path, number: int, *, checked: bool, deep: bool) -> Iterator[FileFault]:
    """The faults of a revision's folder; `checked`: it has to have checksums."""
    folder = current_revision.folder(path, number)
    if not folder.is_dir():
        yield FileFault(folder.relative_to(path).as_posix(), "is missing")
        return
    for file, fault in checksums.faults(folder, deep=deep):
        yield FileFault(file.relative_to(path).as_posix(), fault)
    if checked and not (folder / checksums.NAME).exists():
        yield FileFault((folder / checksums.NAME).relative_to(path).as_posix(), "is missing")


def _unreachable(path: Path, last: int) -> Iterator[FileFault]:
    """The fault that the generation which the revision in force rests on is missing, where it
    is."""
    try:
        revision = revision_folders.read(path, last)
    except StoreError:
        return  # reported already
    if not revision.is_kept and not (revision.directory / revision_folders.FORMER).exists():
        ground = current_revision.folder(path, revision.generation or last) / revision.dataset.name
        yield FileFault(ground.relative_to(path).as_posix(), "is missing")
