"""Which revision is in force: the number in `current`, used only where the folders agree.

A revision's folder is marked `unpublished` before it gets its name, and the mark is removed once
the pointer leads to it. So a folder beyond the pointer with the mark was never in force, and is
garbage; one without it was, and the pointer is older than the store: then the store is not opened.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spacepolicy.checksums import UNPUBLISHED
from spacepolicy.errors import StoreError
from spacepolicy.store import durable_files

CURRENT: Final = "current"
REVISIONS: Final = "revisions"
LIVE: Final = "live"


def folder(path: Path, number: int) -> Path:
    """The folder of the revision with that number."""
    return path / REVISIONS / f"{number:06}"


def in_force(path: Path) -> int | None:
    """The number of the revision in force; None where nothing has been published.

    Raises: StoreError where that cannot be determined, with the remedy.
    """
    while True:
        number = _read(path)
        later = [each for each in found(path) if each > (number or 0) and not is_marked(path, each)]
        if _read(path) == number:  # else one was published meanwhile
            break
    if number is None:
        _see_nothing_there(path, later)
    elif later:
        raise StoreError(
            f"{path / CURRENT} names revision {number}, and {_listed(later)} in the store: the "
            f"pointer is older than the store, or changed. Nothing was touched. {remedy(path)}"
        )
    elif not folder(path, number).is_dir():
        raise StoreError(
            f"{path / CURRENT} names revision {number}, which is not in the store. Nothing was "
            f"touched. {remedy(path)}"
        )
    return number


def _see_nothing_there(path: Path, later: Sequence[int]) -> None:
    """Raises: StoreError where there are revisions that a pointer should lead to."""
    if later:
        raise StoreError(
            f"{path}: {_listed(later)} in the store, and no pointer `{CURRENT}` says which is in "
            f"force. Nothing was touched. {remedy(path)}"
        )
    live = path / LIVE
    if live.is_dir() and any(live.iterdir()):
        raise StoreError(
            f"{path}: {LIVE}/ holds a dataset, and its revisions are gone. Nothing was touched. "
            f"{remedy(path)}"
        )


def _read(path: Path) -> int | None:
    """Read the pointer.

    Raises: StoreError where it cannot be read or has no number.
    """
    pointer = path / CURRENT
    try:
        text = pointer.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise StoreError(f"{pointer}: cannot be read: {error.strerror}.") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{pointer}: cannot be read: {error}. {remedy(path)}") from error
    if not text.removesuffix("\n").isdigit() or int(text) < 1:
        raise StoreError(f"{pointer}: says {text[:20]!r}, which is no revision. {remedy(path)}")
    return int(text)


def found(path: Path) -> list[int]:
    """The numbers of the folders of revisions, in order.

    Raises: StoreError where the folder cannot be read.
    """
    try:
        names = [each.name for each in (path / REVISIONS).iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path / REVISIONS}: cannot be read: {error}") from error
    numbers = [int(name) for name in names if name.isascii() and name.isdigit()]
    return sorted(number for number in numbers if f"{number:06}" in names)


def is_marked(path: Path, number: int) -> bool:
    """Whether the revision's folder is marked as not in force yet."""
    return (folder(path, number) / UNPUBLISHED).exists()


def mark(unfinished: Path) -> None:
    """Mark a folder that has no name yet as not in force."""
    durable_files.write_new(unfinished / UNPUBLISHED, "")


def point_to(path: Path, number: int) -> None:
    """Put the revision in force.

    Raises: OSError.
    """
    durable_files.write(path / CURRENT, f"{number}\n")


def unmark(path: Path, number: int) -> None:
    """Remove the marks of the revision in force and of those published with it, the oldest first:
    where that is interrupted, the marked ones are consecutive."""
    first = number
    while first > 1 and is_marked(path, first - 1):
        first -= 1
    for each in range(first, number + 1):
        (folder(path, each) / UNPUBLISHED).unlink(missing_ok=True)


def remedy(path: Path) -> str:
    """The advice for a store that is not whole."""
    return f"`spacepolicy doctor --repair --store {path}` mends what can be mended."


def _listed(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"revision {numbers[0]} is"
    return f"revisions {numbers[0]} to {numbers[-1]} are"
