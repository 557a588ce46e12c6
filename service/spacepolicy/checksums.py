"""Checksums of the files in a folder that is never written again.

`checksums.json` in the folder has a SHA-256 of each file, and of a file that is read in pieces one
of each block; its last line is the SHA-256 of the text before it. A folder made before there were
checksums has none, and is taken as it is.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import DamagedError

NAME: Final = "checksums.json"
BLOCK_BYTES: Final = 1 << 16
"""A block is the least that a look-up in a large patch reads: hashed in 50 microseconds."""
_BLOCK_DIGITS: Final = 16
"""Of a block's SHA-256: a random change goes unseen once in 2^64 times."""
_COPIED_BYTES: Final = 1 << 16
"""A small file has a copy beside the checksums, from which it can be restored."""
_COPIED: Final = ("revision.json", "graphs.txt", "files.json")
UNPUBLISHED: Final = "unpublished"
"""The mark of a folder whose revision is not in force yet."""
_APART: Final = (NAME, UNPUBLISHED)
_DROPPABLE: Final = "generation"
"""The subfolder that is dropped as a whole when it is old."""


@final
@dataclass(frozen=True, slots=True)
class Checksum:
    """What a file has to be; `blocks` is set where it has more than one block, `copy` is the text
    of a small file."""

    bytes: int
    sha256: str
    blocks: tuple[str, ...] = ()
    copy: str | None = None


Sums = Mapping[str, Checksum]


def write(folder: Path, known: Mapping[int, Checksum] | None = None) -> None:
    """Write the checksums of the files in the folder; `known` are those of files shared with other
    folders, by inode, which are not read again."""
    (folder / NAME).write_bytes(text(made(folder, known or {})))


def made(folder: Path, known: Mapping[int, Checksum]) -> dict[str, Checksum]:
    """The checksums of the files in the folder, by their paths in it: several are read at once,
    which other threads of Python do not hold up."""
    found = {file: known.get(file.stat().st_ino) for file in files(folder)}
    unknown = [file for file, each in found.items() if each is None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = dict(zip(unknown, pool.map(of_file, unknown), strict=True))
    return {file.relative_to(folder).as_posix(): each or read[file] for file, each in found.items()}


def files(folder: Path) -> list[Path]:
    """The files that have checksums, in order."""
    return sorted(each for each in folder.rglob("*") if each.is_file() and each.name not in _APART)


def of_file(path: Path) -> Checksum:
    """The checksum of a file, by reading it."""
    whole, blocks, size = hashlib.sha256(), list[str](), 0
    in_pieces = path.suffix == ".rdfp"
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            whole.update(block)
            size += len(block)
            if in_pieces:
                blocks.append(_block_sum(block))
    copied = path.name in _COPIED and size <= _COPIED_BYTES
    return Checksum(
        size,
        whole.hexdigest(),
        tuple(blocks) if len(blocks) > 1 else (),
        path.read_text(encoding="utf-8") if copied else None,
    )


def of_bytes(content: bytes | None) -> str:
    """The SHA-256 of a file's content; the empty string for None."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def text(sums: Sums) -> bytes:
    """The text of `checksums.json`; the same for the same files."""
    table = {
        name: {
            "bytes": each.bytes,
            "sha256": each.sha256,
            **({"blocks": each.blocks} if each.blocks else {}),
            **({"copy": each.copy} if each.copy is not None else {}),
        }
        for name, each in sorted(sums.items())
    }
    body = (json.dumps(table, ensure_ascii=False, indent=0) + "\n").encode()
    return body + hashlib.sha256(body).hexdigest().encode() + b"\n"


def read(folder: Path) -> Sums | None:
    """The checksums of the folder; None where it was made before there were any.

    Raises: DamagedError where they are damaged themselves.
    """
    file = folder / NAME
    try:
        content = file.read_bytes()
        body, digest = content[:-65], content[-65:-1].decode("ascii")
        if hashlib.sha256(body).hexdigest() != digest or content[-1:] != b"\n":
            raise damaged(file)
        table = json.loads(body)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise damaged(file) from error
    return {
        name: Checksum(
            each["bytes"], each["sha256"], tuple(each.get("blocks", ())), each.get("copy")
        )
        for name, each in table.items()
    }


def content(path: Path) -> bytes:
    """Read a file of a folder and check it against its checksum.

    Raises: DamagedError where it differs; FileNotFoundError where neither the file nor a checksum
    of it is there.
    """
    sums = read(path.parent)
    found = None if sums is None else sums.get(path.name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if found is None:
            raise
        raise damaged(path, "is missing") from None
    except OSError as error:
        raise damaged(path, f"cannot be read: {error.strerror}") from error
    if sums is not None and (found is None or hashlib.sha256(data).hexdigest() != found.sha256):
        raise damaged(path)
    return data


def see(path: Path, folder: Path | None = None) -> None:
    """Check that a file is what was written, whatever its size; `folder` is the one that has the
    checksums, where it is not the file's own.

    Raises: DamagedError where it differs.
    """
    folder = folder or path.parent
    found = (read(folder) or {}).get(path.relative_to(folder).as_posix())
    if found is not None and (fault := _fault(path, found, whole=True)):
        raise damaged(path, fault)


def see_tables(folder: Path, subfolder: str, apart: str) -> None:
    """Check that the files of a subfolder are those that were written: all by name and size, and
    all but those whose names end in `apart`, which have checksums of their own, by content.

    Raises: DamagedError where one is not.
    """
    wanted = {
        name: each for name, each in (read(folder) or {}).items() if name.startswith(subfolder)
    }
    for name, each in wanted.items():
        if fault := _fault(folder / name, each, whole=not name.endswith(apart)):
            raise damaged(folder / name, fault)


def faults(folder: Path, *, deep: bool) -> Iterator[tuple[Path, str]]:
    """The files of the folder that are not what was written, and what is wrong with each: compared
    by name and size, and where `deep` by content too. A generation that was dropped is no fault."""
    try:
        sums = read(folder)
    except DamagedError:
        yield folder / NAME, "is damaged"
        return
    for name, each in (sums or {}).items():
        fault = _fault(folder / name, each, whole=deep)
        if fault and not (name.startswith(f"{_DROPPABLE}/") and _is_dropped(folder)):
            yield folder / name, fault


def _is_dropped(folder: Path) -> bool:
    return not (folder / _DROPPABLE).is_dir()


def _fault(path: Path, wanted: Checksum, *, whole: bool) -> str:
    """What is wrong with a file; empty where nothing is."""
    try:
        size = path.stat().st_size
        if size != wanted.bytes:
            return f"has {size} bytes, not {wanted.bytes}"
        return "is damaged" if whole and of_file(path).sha256 != wanted.sha256 else ""
    except UnicodeDecodeError:
        return "is damaged"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def damaged(path: Path, fault: str = "is damaged") -> DamagedError:
    """The error for a damaged file, which names it by its last folders: the store's path is not for
    all."""
    place = "/".join(path.parts[-4:] if path.parent.name == "generation" else path.parts[-3:])
    return DamagedError(f"{place} {fault}.")


@final
class SeenBlocks:
    """The blocks of a file's content, each checked when it is first read."""

    def __init__(self, path: Path, size: int) -> None:
        """Raises: DamagedError where the file has another size."""
        self._path = path
        found = (read(path.parent) or {}).get(path.name)
        if found is not None and found.bytes != size:
            raise damaged(path, f"has {size} bytes, not {found.bytes}")
        self._sum = found
        self._seen: set[int] = set()

    def see(self, data: mmap.mmap, start: int, end: int) -> None:
        """Check that the blocks which hold these bytes of the content are what was written.

        Raises: DamagedError where one is not.
        """
        if self._sum is None or start >= end:
            return
        for block in range(start // BLOCK_BYTES, (end - 1) // BLOCK_BYTES + 1):
            if block not in self._seen:
                self._see(data[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES], block)

    def _see(self, data: bytes, block: int) -> None:
        assert self._sum is not None  # noqa: S101 # asked by `see` alone
        whole = hashlib.sha256(data).hexdigest()
        blocks = self._sum.blocks
        well = whole.startswith(blocks[block]) if blocks else whole == self._sum.sha256
        if not well:
            raise damaged(self._path)
        self._seen.add(block)


def _block_sum(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest()[:_BLOCK_DIGITS]
