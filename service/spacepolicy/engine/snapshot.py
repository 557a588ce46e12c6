"""A dataset on disk, for one that is too large for memory: built once beside its file, opened
read-only by every worker.

Started as `python -m spacepolicy.engine.snapshot DATASET SNAPSHOT`: bulk loading leaves threads
behind, so it has a process of its own.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, Store

_PIECE_BYTES: Final = 1 << 22


def count_lines(path: Path) -> int:
    """The lines of the file; of N-Quads as they are published, the quads."""
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(_PIECE_BYTES), b""))


def beside(dataset: Path) -> Path:
    """The snapshot of the N-Quads file, built where there is none or it is older.

    Raises: ValueError where it cannot be built.
    """
    path = dataset.with_suffix(".snapshot")
    if path.exists() and path.stat().st_mtime >= dataset.stat().st_mtime:
        return path
    builder = [sys.executable, "-m", "spacepolicy.engine.snapshot", str(dataset), str(path)]
    built = subprocess.run(  # noqa: S603 # our own module, no shell
        builder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if built.returncode != 0:
        raise ValueError(built.stderr.strip().rpartition("\n")[2])
    return path


def build(dataset: Path, path: Path) -> None:
    """Build the snapshot and put it in its place, whole."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.mkdir()
    try:
        store = Store(str(unfinished / "writing"))
        store.bulk_load(path=str(dataset), format=RdfFormat.N_QUADS)
        store.optimize()
        store.backup(str(unfinished / "written"))
        del store
        shutil.rmtree(path, ignore_errors=True)
        with suppress(FileExistsError):
            (unfinished / "written").rename(path)
        os.utime(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
