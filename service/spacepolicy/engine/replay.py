"""A large dataset loaded from the patches that made it, where that is faster than from its tables.

The tables of a generation have quads as numbers: printing a million looks up five million terms, 10
s of processor time, and they are parsed after that. A patch has them as lines of N-Quads.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final, Literal, final

from pyoxigraph import RdfFormat, Store, parse

from spacepolicy import checksums
from spacepolicy.engine.snapshot import (
    CHANGES,
    GRAPHS,
    add,
    change,
    earlier,
    generation_bytes,
    load,
    see,
    standing,
)
from spacepolicy.errors import DamagedError

Road = Literal["patches", "tables"]
_LARGE_BYTES: Final = 16 << 20
"""The size of tables from which patches are tried: smaller ones (some 150,000 quads) are printed in
a second."""
_MOST_REVISIONS: Final = 1_000
"""The most patches that are replayed: small ones take a millisecond each."""
_MOST_REMOVED: Final = 0.1
"""The largest part, in bytes, of the patches that may be removals: removed quads were read in vain,
and the engine keeps 600 bytes for each of them."""
_STREAMED_BYTES: Final = 1 << 20
"""A longer patch is not read as a whole, which would take three times its size for a while."""
_BLOCK_BYTES: Final = 1 << 20
"""The bytes of a patch that are read at once: some 5,000 quads, so that reading costs little for
each."""
_BEGIN, _END = b"TX .\n", b"TC .\n"
_MARK: Final = b"A "


def loaded(path: Path, large_bytes: int = _LARGE_BYTES) -> tuple[Store, Road]:
    """Load the dataset as `snapshot.load`; return it and how it was loaded, since the order of
    quads depends on that. Tables smaller than `large_bytes` are read themselves.

    Raises: as `snapshot.load`.
    """
    ground, later = standing(path)
    revisions = _patches_to(ground, large_bytes)
    if revisions:
        see(ground)
        try:
            store = _replayed(revisions)
        except DamagedError:  # the tables are whole all the same
            return load(path), "tables"
        for revision in later:
            change(store, revision)
        return store, "patches"
    return load(path), "tables"


def _patches_to(ground: Path, large_bytes: int) -> Sequence[Path]:
    """The folders of all revisions up to the generation's, where replaying their patches is faster;
    empty otherwise."""
    if not ground.is_dir() or generation_bytes(ground) < large_bytes:
        return ()
    folders = earlier(ground.parent)
    if len(folders) > _MOST_REVISIONS:
        return ()
    try:
        sizes = {folder: (folder / CHANGES).stat().st_size for folder in folders}
        removing = sum(size for folder, size in sizes.items() if not _only_adds(folder))
    except FileNotFoundError:
        return ()
    return folders if removing <= _MOST_REMOVED * sum(sizes.values()) else ()


def _only_adds(revision: Path) -> bool:
    """Whether the patch removes nothing: removed quads stand before added ones."""
    with (revision / CHANGES).open("rb") as file:
        return file.readline() == _BEGIN and file.readline().startswith((_MARK, _END))


def _replayed(revisions: Sequence[Path]) -> Store:
    """The dataset that the patches lead to.

    Raises: DamagedError.
    """
    store = Store()
    for revision in revisions:
        file = revision / CHANGES
        if file.stat().st_size <= _STREAMED_BYTES or not _only_adds(revision):
            change(store, revision)
            continue
        checksums.see(file)
        with file.open("rb") as opened:
            lines = io.BufferedReader(_Added(opened), _BLOCK_BYTES)
            quads = parse(lines, RdfFormat.N_QUADS, rename_blank_nodes=False)
            add(store, quads, checksums.content(revision / GRAPHS).decode().splitlines())
    return store


@final
class _Added(io.RawIOBase):
    """The quads of a patch that only adds, as a file of N-Quads to be read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._block = memoryview(b"")
        file.readline()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 # bytes that can be written
        """Fill the buffer as far as there are bytes."""
        if not self._block:
            self._block = memoryview(self._next())
        into = memoryview(buffer).cast("B")
        size = min(len(into), len(self._block))
        into[:size] = self._block[:size]
        self._block = self._block[size:]
        return size

    def _next(self) -> bytes:
        block = self._file.read(_BLOCK_BYTES) + self._file.readline()
        block = block.removesuffix(_END)
        return block[len(_MARK) :].replace(b"\n" + _MARK, b"\n")
