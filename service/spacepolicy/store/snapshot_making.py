"""Snapshots of the dataset, which the engine calls generations: when they are made and dropped.

A revision has a snapshot in its folder, or rests on that of an earlier one, from which patches lead
to it.
"""

import shutil
from pathlib import Path
from typing import Final

from pyoxigraph import Store

from spacepolicy.engine.snapshot import GENERATION, NEAR_BYTES, patch_bytes, standing
from spacepolicy.store import current_revision, revision_folders
from spacepolicy.store.revision import Revision

RESTING_REVISIONS: Final = 64
"""The most revisions that rest on one generation."""
_DROPPED: Final = ".generation.dropped"


def is_due(revision: Revision | None, revisions: int, size: int) -> bool:
    """Whether the last of the next `revisions`, whose patches have `size` bytes together, needs a
    snapshot of its own: otherwise too many would rest on one, or on too long a patch."""
    if revision is None or not revision.is_kept:
        return True
    _, later = standing(revision.dataset)
    return len(later) + revisions > RESTING_REVISIONS or patch_bytes(later) + size > NEAR_BYTES


def make(live: Store, directory: Path) -> None:
    """Save a snapshot of the dataset in the folder of its revision.

    Raises: OSError, RuntimeError where it cannot be written.
    """
    live.backup(str(directory / GENERATION))


def ground(revision: Revision | None) -> int:
    """The number of the revision whose folder has the generation that this one has or rests on; 0
    where there is no revision."""
    return revision.generation or revision.number if revision else 0


def drop_old(path: Path, revision: Revision, keep: int) -> None:
    """Drop the snapshots beyond those of the newest `keep` revisions, 0 for all; the descriptions
    of their revisions stay."""
    number = _first_needed(path, revision, keep) - 1
    while number > 0:
        rested = ground(revision_folders.read(path, number))
        if not _dropped(path, rested):
            break
        number = rested - 1


def drop_old_of_replica(path: Path, revision: Revision, keep: int) -> None:
    """The same for a replica, where a revision may lack the snapshot that its description names,
    since it was never copied: all folders are looked at."""
    first = _first_needed(path, revision, keep)
    for number in current_revision.found(path):
        if number < first:
            _dropped(path, number)


def _first_needed(path: Path, revision: Revision, keep: int) -> int:
    """The number of the revision whose snapshot the oldest of the newest `keep` revisions rests on;
    0 where all are kept."""
    oldest = revision.number - keep + 1
    return ground(revision_folders.read(path, oldest)) if keep and oldest > 1 else 0


def _dropped(path: Path, number: int) -> bool:
    """Drop the snapshot in the folder of the revision; return whether there was one."""
    generation = current_revision.folder(path, number) / GENERATION
    dropped = generation.with_name(_DROPPED)
    shutil.rmtree(dropped, ignore_errors=True)
    if not generation.exists():
        return False
    generation.rename(dropped)  # half a generation is none
    shutil.rmtree(dropped, ignore_errors=True)
    return True
