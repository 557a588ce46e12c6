"""Files that are there whole after a crash, or not at all."""

import os
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Replace the file's content in one step that survives a crash."""
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    sync_directory(path.parent)


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file into a folder that nobody looks at yet; `sync` has it on disk."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def sync(folder: Path) -> None:
    """Have the folder on disk, and all that is in it."""
    for path in folder.iterdir():
        if path.is_dir():
            sync(path)
        else:
            _sync(path)
    sync_directory(folder)


def sync_directory(path: Path) -> None:
    """Have the names in the folder on disk."""
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
