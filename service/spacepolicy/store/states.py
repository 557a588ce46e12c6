"""Datasets of a store's revisions, rebuilt in whatever way is left from whole files.

A revision's dataset is rebuilt from any generation that is whole, or from the empty dataset before
the first revision, by the patches in between, forwards or backwards; that of the newest also from
`live/`.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from pyoxigraph import Store

from spacepolicy import checksums
from spacepolicy.engine.snapshot import CHANGES, GENERATION, GRAPHS, change, change_back, load
from spacepolicy.errors import StoreError
from spacepolicy.store import current_revision

_UNREADABLE: Final = (OSError, ValueError, SyntaxError, RuntimeError, StoreError)


@final
class States:
    """The datasets of revisions. `damaged` are paths of files, in the store, that are not to be
    used."""

    def __init__(self, path: Path, last: int, damaged: set[str]) -> None:
        self._path = path
        self._last = last
        self.damaged = damaged

    def has_patch(self, number: int) -> bool:
        """Whether the patch of the revision is whole."""
        folder = current_revision.folder(self._path, number)
        return all(self._is_whole(folder / name) for name in (CHANGES, GRAPHS))

    def has_generation(self, number: int) -> bool:
        """Whether the revision has a generation that is whole."""
        folder = current_revision.folder(self._path, number) / GENERATION
        return folder.is_dir() and not any(
            each.startswith(f"{folder.relative_to(self._path).as_posix()}/")
            for each in self.damaged
        )

    def _is_whole(self, file: Path) -> bool:
        return file.is_file() and file.relative_to(self._path).as_posix() not in self.damaged

    def dataset(self, number: int) -> Store | None:
        """The dataset of the revision; None where no way leads to it."""
        for source, there in self._sources(number):
            try:
                found = source()
                if found is not None:
                    self._lead(found, there, number)
                    return found
            except _UNREADABLE:
                continue
        return None

    def _numbers(self) -> range:
        return range(1, self._last + 1)

    def _sources(self, number: int) -> list[tuple[Callable[[], Store | None], int]]:
        """The datasets to begin with, the nearest first, and the revision of each."""
        found: list[tuple[Callable[[], Store | None], int]] = [(Store, 0)]
        for each in self._numbers():
            if self.has_generation(each):
                folder = current_revision.folder(self._path, each) / GENERATION
                found.append((partial(load, folder), each))
        found.sort(key=lambda source: abs(source[1] - number))
        found.append((self.live, self._last))
        return [source for source in found if self._leads(source[1], number)]

    def _leads(self, start: int, number: int) -> bool:
        first, last = sorted((start, number))
        return all(self.has_patch(each) for each in range(first + 1, last + 1))

    def _lead(self, dataset: Store, start: int, number: int) -> None:
        for each in range(start + 1, number + 1):
            change(dataset, current_revision.folder(self._path, each))
        for each in range(start, number, -1):
            change_back(dataset, current_revision.folder(self._path, each))

    def live(self) -> Store | None:
        """The dataset in `live/`: read from a copy, since to open it may change it."""
        live = self._path / current_revision.LIVE
        if not live.is_dir():
            return None
        with TemporaryDirectory() as folder:
            copy = Path(folder) / current_revision.LIVE
            shutil.copytree(live, copy)
            opened, found = Store(str(copy)), Store()
            found.extend(opened)
            for graph in opened.named_graphs():
                found.add_graph(graph)
            del opened
        return found


def read_sums(folder: Path) -> checksums.Sums:
    """The checksums of the folder; empty where they are damaged or missing."""
    try:
        return checksums.read(folder) or {}
    except _UNREADABLE:
        return {}
