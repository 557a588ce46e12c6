"""`store.json`: marks a folder as a store, with its version and the mode it was made in.

Version 1 had no version number, no checksums and no mark of revisions that are not in force yet. It
is read as it is, and upgraded when it is first opened for writing.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, final, get_args

from spacepolicy import checksums
from spacepolicy.errors import StoreError
from spacepolicy.settings import Mode
from spacepolicy.store import current_revision, durable_files

NAME: Final = "store.json"
VERSION: Final = 2
"""The version that is written: 2 has checksums, and marks of revisions not in force."""


@final
@dataclass(frozen=True, slots=True)
class Marker:
    """The content of a store's marker."""

    version: int
    mode: Mode


def read(path: Path) -> Marker | None:
    """Read the marker of the store; None where there is no store.

    Raises: StoreError where it is of a newer version or cannot be read, and where there are
    revisions without it.
    """
    file = path / NAME
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        found = Marker(table.get("version", 1), table["mode"])
    except FileNotFoundError:
        if current_revision.found(path) or (path / current_revision.CURRENT).exists():
            raise StoreError(
                f"{path}: there are revisions and no {NAME}, which says of what mode they are. "
                f"Nothing was touched. {current_revision.remedy(path)}"
            ) from None
        return None
    except OSError as error:
        if isinstance(error, NotADirectoryError):
            raise StoreError(f"{path}: is no folder; name another --store.") from error
        raise StoreError(f"{file}: cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{file}: cannot be read: {error!r}. {current_revision.remedy(path)}"
        ) from error
    if type(found.version) is not int or found.version < 1 or found.mode not in get_args(Mode):
        raise StoreError(
            f"{file}: says {table}, which is no store. {current_revision.remedy(path)}"
        )
    if found.version > VERSION:
        raise StoreError(
            f"{path}: the store is of version {found.version}, and this program reads up to "
            f"{VERSION}. Use the program that wrote it, or a newer one, or name another --store."
        )
    return found


def is_newer(path: Path) -> bool:
    """Whether the store has a version that this program does not know."""
    try:
        version = json.loads((path / NAME).read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return type(version) is int and version > VERSION


def write(path: Path, mode: Mode) -> None:
    """Mark the folder as a store of this version and mode.

    Raises: OSError.
    """
    durable_files.write(path / NAME, json.dumps(asdict(Marker(VERSION, mode))) + "\n")


def carry_over(path: Path) -> None:
    """Upgrade a store of version 1 to this version: its files get checksums, as they are now.

    The store must be locked.

    Raises: OSError, StoreError.
    """
    found = read(path)
    if found is None or found.version == VERSION:
        return
    last = current_revision.in_force(path) or 0
    known: dict[int, checksums.Checksum] = {}
    for number in current_revision.found(path):
        folder = current_revision.folder(path, number)
        if number > last or (folder / checksums.NAME).exists():
            continue
        sums = checksums.made(folder, known)
        known |= {(folder / name).stat().st_ino: each for name, each in sums.items()}
        durable_files.write(folder / checksums.NAME, checksums.text(sums))
    write(path, found.mode)
