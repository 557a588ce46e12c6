"""The files that the revision in force rests on, seen to be what was written.

Upon damaged files nothing is written: it would be acknowledged, and could not be read again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import final

from spacepolicy import checksums
from spacepolicy.engine.generation import CHANGES, GRAPHS, see, standing
from spacepolicy.revisions.revision import Revision

_Stamp = tuple[int, int, int]


@final
class Chain:
    """A generation and the patches that lead from it to a revision. A file is read again only where
    it was touched since; what a disk changes by itself is found by `doctor --deep`."""

    def __init__(self, revision: Revision | None) -> None:
        self._revision = revision
        self._seen: dict[Path, _Stamp] = {}

    def follow(self, revision: Revision) -> None:
        """Look after another revision, which is in force now."""
        self._revision = revision

    def see(self) -> None:
        """See that every file is what was written, the tables of the generation by their sizes.

        Raises: DamagedError.
        """
        if self._revision is None:
            return
        if not self._revision.is_kept:
            if self._revision.mode:  # a revision of an older store may have none
                raise checksums.damaged(self._revision.dataset, "is missing")
            return
        ground, later = standing(self._revision.dataset)
        stamps = dict(_stamps(ground, later))
        touched = [file for file, stamp in stamps.items() if self._seen.get(file) != stamp]
        if any(file.parent == ground for file in touched):
            see(ground)
        for file in touched:
            if file.parent != ground:
                checksums.see(file)
        self._seen = stamps


def _stamps(ground: Path, later: list[Path]) -> Iterator[tuple[Path, _Stamp]]:
    """What tells each file from one that was touched since.

    Raises: DamagedError where one is missing.
    """
    tables = list(ground.iterdir()) if ground.is_dir() else []
    sums = [folder / checksums.NAME for folder in (*later, *([ground.parent] if tables else ()))]
    patches = [revision / name for revision in later for name in (CHANGES, GRAPHS)]
    for file in (*sums, *patches, *tables):
        try:
            status = file.stat()
        except FileNotFoundError:
            raise checksums.damaged(file, "is missing") from None
        yield file, (status.st_ino, status.st_size, status.st_mtime_ns)
