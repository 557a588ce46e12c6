"""The files that the revision in force rests on, checked before writes.

Nothing is written on top of damaged files: it would be acknowledged, and could not be read again.
"""

import os
from pathlib import Path
from typing import Final, final

from spacepolicy import checksums
from spacepolicy.engine.snapshot import CHANGES, GENERATION, GRAPHS, see
from spacepolicy.store.revision import Revision

_Stamp = tuple[int, int, int]
_OF_A_PATCH: Final = (checksums.NAME, CHANGES, GRAPHS)


@final
class Chain:
    """A generation and the patches that lead from it to a revision. A file is read again only where
    its metadata changed; damage by the disk itself is found when the file is read."""

    def __init__(self, revision: Revision | None) -> None:
        self._revision = revision
        self._ground: Path | None = None
        self._last = 0
        self._files: list[str] = []
        self._seen: dict[str, _Stamp] = {}

    def follow(self, revision: Revision) -> None:
        """Switch to another revision, which is in force now."""
        self._revision = revision

    def see(self) -> None:
        """Check that every file is what was written, the tables of the generation by their sizes.

        Raises: DamagedError.
        """
        revision = self._revision
        if revision is None or not revision.mode:  # a revision of an older store has no checksums
            return
        if not revision.is_kept:
            raise checksums.damaged(revision.dataset, "is missing")
        ground = self._follow(revision)
        stamps = {file: _stamp(file) for file in self._files}
        touched = [file for file, stamp in stamps.items() if self._seen.get(file) != stamp]
        if any(Path(file).parent == ground for file in touched):
            see(ground)
        for file in touched:
            if Path(file).parent != ground:
                checksums.see(Path(file))
            elif file in self._seen:  # a table that was there; no process writes it
                checksums.see(Path(file), ground.parent)
        self._seen = stamps

    def _follow(self, revision: Revision) -> Path:
        """The generation; its files are listed once, and those of each patch when it comes."""
        number = revision.generation or revision.number
        folder = revision.directory.with_name(f"{number:06}")
        if folder / GENERATION != self._ground or self._last > revision.number:
            tables = _listed(folder / GENERATION)
            self._ground, self._last = folder / GENERATION, number
            self._files = [str(folder / checksums.NAME), *tables]
        for each in range(self._last + 1, revision.number + 1):
            patch = folder.with_name(f"{each:06}")
            self._files += [str(patch / name) for name in _OF_A_PATCH]
        self._last = revision.number
        return self._ground


def _listed(folder: Path) -> list[str]:
    """The files of a generation.

    Raises: DamagedError where it is missing.
    """
    try:
        return [str(path) for path in folder.iterdir()]
    except FileNotFoundError:
        raise checksums.damaged(folder, "is missing") from None


def _stamp(file: str) -> _Stamp:
    """What changes when a file is written: its identity, size and time.

    Raises: DamagedError where it is missing.
    """
    try:
        status = os.stat(file)  # noqa: PTH116 # for hundreds before each write, a path each is slow
    except FileNotFoundError:
        raise checksums.damaged(Path(file), "is missing") from None
    return status.st_ino, status.st_size, status.st_mtime_ns
