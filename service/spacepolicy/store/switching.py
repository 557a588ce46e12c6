"""Puts revisions that are on disk in force for every reader."""

from collections.abc import Sequence
from pathlib import Path

from spacepolicy.engine.pool import Pool
from spacepolicy.store import revision_folders
from spacepolicy.store.history import History


def switch(
    path: Path, pool: Pool, history: History, numbers: Sequence[int], most_in_memory: int
) -> None:
    """Let every reader use the last of the revisions from now on; a dataset of more than
    `most_in_memory` quads is answered from disk.

    Raises: StoreError where one cannot be read; then nothing is switched.
    """
    if not numbers:
        return
    found = [revision_folders.read(path, number) for number in numbers]
    touched = [tuple(revision_folders.touched(revision)) for revision in found]
    last = found[-1]
    pool.publish(last.dataset, in_memory=last.counts.quads(last.mode) <= most_in_memory)
    history.publish_all(list(zip(found, touched, strict=True)))
