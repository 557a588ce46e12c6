"""Writes files so that after a crash they are whole or not there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from spacepolicy.errors import StoreError


def write(path: Path, content: str | bytes) -> None:
    """Replace the file's content in one step that survives a crash."""
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file into a folder that is not in use yet; `sync` flushes it to disk."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def sync(folder: Path) -> None:
    """Flush the folder and all files in it to disk."""
    for path in folder.iterdir():
        if path.is_dir():
            sync(path)
        elif path.stat().st_size:  # an empty file consists of its name alone
            _sync(path)
    sync_directory(folder)


def sync_directory(path: Path) -> None:
    """Flush the names in the folder to disk."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def see_writable(folder: Path) -> None:
    """Check that files can be made in the folder, or the folder itself where it is missing.

    Raises: StoreError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(f"{folder}: is no folder; name another --store.") from error
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written: {error.strerror}. A store that is there is served as it "
            "is with --read-only."
        ) from error
