"""Replaces a folder as a whole, and only where it holds nothing but an earlier export."""

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from spacepolicy.errors import StoreError, UsageError
from spacepolicy.store import durable_files
from spacepolicy.table_export.data_package import CATALOGUE, files_of

_UNFINISHED: Final = ".unfinished"


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which replaces `folder` at the end of the block; where the block
    raises, it is removed and `folder` is unchanged.

    Raises: UsageError where `folder` holds files that no export has written, or cannot be made.
    """
    see_replaceable(folder)
    folder = folder.absolute()
    _remove_abandoned(folder)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}{_UNFINISHED}")
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}.") from error
    try:
        yield unfinished
        durable_files.sync(unfinished)
        see_replaceable(folder)
        _replace(folder, unfinished)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove what killed exports to the folder have left beside it."""
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.*{_UNFINISHED}"):
        process = path.name.removesuffix(_UNFINISHED).rpartition(".")[2]
        if process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(path, ignore_errors=True)


def see_replaceable(folder: Path) -> None:
    """Check that nothing is lost where the folder is replaced.

    Raises: UsageError naming a file that no export has written.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder}: is no folder; tables are written to a folder.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    listed = _listed(folder / CATALOGUE)
    if listed is None:
        raise UsageError(f"{folder}: holds no earlier export of tables; name a new folder.")
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and place not in {*listed, CATALOGUE}:
            raise UsageError(f"{folder}: holds {place}, which no export wrote; move it first.")


def _listed(catalogue: Path) -> set[str] | None:
    try:
        return files_of(catalogue.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _replace(folder: Path, new: Path) -> None:
    """Put the new folder in the place of the old one, which is restored where that fails."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.replaced")
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    durable_files.sync_directory(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
