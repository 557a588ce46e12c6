"""Copies a revision of the leader into a folder of the store here, file by file.

Like the folders of writes, the folder is marked as not in force before it gets its name. So
whatever a broken connection or a crash leaves is no part of the store, and the files that are
complete are not requested again. A file counts only where it has the length and the SHA-256 in the
leader's `checksums.json`.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy import checksums
from spacepolicy.checksums import UNPUBLISHED, Checksum, Sums
from spacepolicy.engine.snapshot import CHANGES, GENERATION, GRAPHS
from spacepolicy.errors import DamagedError, StoreError
from spacepolicy.replication.leader import FollowingError, Leader
from spacepolicy.store import current_revision, durable_files, revision_folders
from spacepolicy.store.revision import Revision

_NAMES: Final = re.compile(
    "|".join(
        map(re.escape, (revision_folders.DESCRIPTION, revision_folders.FILES, CHANGES, GRAPHS))
    )
    + rf"|{GENERATION}/[A-Za-z0-9_-][A-Za-z0-9._-]*"
)
"""The files that a revision may have; no other path is written."""
_NEEDED: Final = (revision_folders.DESCRIPTION, CHANGES, GRAPHS)


def copy(
    leader: Leader, path: Path, number: int, known: Mapping[str, Path], *, with_generation: bool
) -> Revision:
    """Copy the revision with that number into the store at the path, on disk and not in force; its
    generation only where `with_generation`. `known` are files that are here, by their SHA-256:
    tables that generations share are linked.

    Raises: FollowingError; the files that were copied stay for the next attempt.
    """
    folder = current_revision.folder(path, number)
    _begin(folder)
    sums = _sums(leader, folder, number)
    wanted = {
        name: each
        for name, each in sums.items()
        if with_generation or not name.startswith(f"{GENERATION}/")
    }
    _remove_others(folder, wanted)
    for name, each in wanted.items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        if not _is_whole(place, each):
            place.unlink(missing_ok=True)  # it may be shared
            _fill(_File(leader, number, name, each), place, known.get(each.sha256))
    durable_files.sync(folder)
    return _described(path, number)


def tables(path: Path, revision: Revision) -> dict[str, Path]:
    """The files of the generation that the revision has or rests on, by their SHA-256."""
    folder = current_revision.folder(path, revision.generation or revision.number)
    sums = checksums.read(folder) or {}
    inside = f"{GENERATION}/"
    return {each.sha256: folder / name for name, each in sums.items() if name.startswith(inside)}


def _begin(folder: Path) -> None:
    """Create the folder with its mark, where it does not exist."""
    if folder.exists():
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    current_revision.mark(unfinished)
    durable_files.sync(unfinished)
    unfinished.rename(folder)


def _sums(leader: Leader, folder: Path, number: int) -> Sums:
    """Write the leader's checksums of the revision here; return them.

    Raises: FollowingError.
    """
    content = leader.content(number, checksums.NAME)
    durable_files.write(folder / checksums.NAME, content)
    try:
        sums = checksums.read(folder) or {}
    except (DamagedError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(number, f"{checksums.NAME} is not whole") from error
    strange = [name for name in sums if not _NAMES.fullmatch(name)]
    missing = [name for name in _NEEDED if name not in sums]
    if strange or missing:
        raise _damaged(number, f"{checksums.NAME} lists {strange or 'too few files'}")
    return sums


def _remove_others(folder: Path, wanted: Sums) -> None:
    """Remove other files, left by an attempt that copied another revision."""
    kept = {folder / name for name in wanted}
    for each in list(folder.rglob("*")):
        if each.is_file() and each not in kept and each.name not in (checksums.NAME, UNPUBLISHED):
            each.unlink()
    with suppress(OSError):
        folder.joinpath(GENERATION).rmdir()  # half a generation is none


def _is_whole(place: Path, wanted: Checksum) -> bool:
    with suppress(FileNotFoundError):
        if place.stat().st_size != wanted.bytes:
            return False
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == wanted.sha256
    return False


@final
@dataclass(frozen=True, slots=True)
class _File:
    """A file of the leader's revision of that number."""

    leader: Leader
    number: int
    name: str
    wanted: Checksum


def _fill(file: _File, place: Path, known: Path | None) -> None:
    """Put the file in its place: from its copy among the checksums, as a link to one that is here,
    or from the leader.

    Raises: FollowingError where it is not what it should be.
    """
    name, wanted = file.name, file.wanted
    if wanted.copy is not None:
        place.write_text(wanted.copy, encoding="utf-8", newline="")
    elif known is not None and _is_whole(known, wanted):
        place.hardlink_to(known)
    else:
        with place.open("xb") as opened:
            file.leader.fetch(file.number, name, opened.write, wanted.bytes)
    if not _is_whole(place, wanted):
        what = f"{name} has another length or SHA-256 than {checksums.NAME} says"
        raise _damaged(file.number, what)


def _described(path: Path, number: int) -> Revision:
    """Read the description of the revision.

    Raises: FollowingError.
    """
    try:
        revision = revision_folders.read(path, number)
    except StoreError as error:
        message = f"Revision {number} of the leader cannot be read: is it of a newer version?"
        raise FollowingError("damaged", message) from error
    if revision.number != number or not revision.mode or not 0 <= revision.generation < number:
        raise _damaged(number, f"{revision_folders.DESCRIPTION} is of another revision")
    return revision


def _damaged(number: int, what: str) -> FollowingError:
    return FollowingError("damaged", f"Of revision {number}, as the leader sends it, {what}.")
