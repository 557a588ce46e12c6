"""RDF Patch: the changes from one revision to another, line by line.

Quads only: a named graph that is empty before or after has no line.

Spec: https://afs.github.io/rdf-delta/rdf-patch.html
"""

import mmap
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from pathlib import Path

from spacepolicy import checksums
from spacepolicy.engine.nquads import lines as quad_lines
from spacepolicy.store.revision import Change


def patch(change: Change) -> bytes:
    """The change as a transaction of RDF Patch, sorted."""
    return b"".join(patch_lines(change))


def patch_lines(change: Change) -> Iterator[bytes]:
    """The same, line by line."""
    return transaction(_marked(change))


def transaction(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, between those that begin and end a transaction."""
    yield b"TX .\n"
    yield from lines
    yield b"TC .\n"


def _marked(change: Change) -> Iterator[bytes]:
    for mark, quads in ((b"D ", change.removed), (b"A ", change.added)):
        lines = quad_lines(quads)
        lines.sort()
        yield from (mark + line for line in lines)


def net(patches: Iterable[bytes]) -> Iterator[bytes]:
    """The combined difference of patches, in their order: the lines of removed quads before those
    of added ones."""
    found: dict[bytes, bytes] = {}
    for each in patches:
        for line in each.splitlines(keepends=True):
            mark, quad = line[:2], line[2:]
            if mark not in (b"A ", b"D "):
                continue
            if found.get(quad, mark) != mark:
                del found[quad]
            else:
                found[quad] = mark
    for mark in (b"D ", b"A "):
        yield from (mark + quad for quad, seen in sorted(found.items()) if seen == mark)


def inverse(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that undo the change."""
    turned = [(b"A " if line[:2] == b"D " else b"D ") + line[2:] for line in lines]
    yield from sorted(turned, reverse=True, key=lambda line: line[:2])


def about(file: Path, subject: str) -> Iterator[bytes]:
    """The lines of the patch in the file, as `patch` writes one, whose quads have the subject,
    written as in N-Quads; found without reading the others.

    Raises: FileNotFoundError; DamagedError where what is read is not what was written.
    """
    for mark in ("D", "A"):
        yield from beginning(file, f"{mark} {subject} ".encode())


def beginning(file: Path, wanted: bytes) -> Iterator[bytes]:
    """The lines of the patch in the file, as `patch` writes one, that begin with `wanted`: the mark
    of an added or removed quad, and the beginning of the quad; found without reading the lines
    before.

    Raises: FileNotFoundError; DamagedError where what is read is not what was written.
    """
    if not file.stat().st_size:
        return  # an empty file cannot be mapped
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as text:
        seen = checksums.SeenBlocks(file, len(text))
        start = _first_at(text, wanted, seen)
        while (line := _line(text, start, seen)).startswith(wanted):
            yield line
            start += len(line)


def by_subject(
    removed: Iterable[bytes], added: Iterable[bytes]
) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    """The lines of each subject, the removed ones first; both are sorted, as `patch` sorts them,
    and are read no further than the caller iterates."""
    return groupby(merge(removed, added, key=_subject), key=_subject)


def _subject(line: bytes) -> bytes:
    return line.split(b" ", 2)[1]


def _line(text: mmap.mmap, start: int, seen: checksums.SeenBlocks) -> bytes:
    """The line that begins at that offset."""
    end = text.find(b"\n", start) + 1 or len(text)
    seen.see(text, start, end)
    return text[start:end]


def _first_at(text: mmap.mmap, wanted: bytes, seen: checksums.SeenBlocks) -> int:
    """The offset of the first line that is not before the wanted one: removed quads are before
    added ones, between the lines of the transaction."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        start = text.rfind(b"\n", 0, middle) + 1
        seen.see(text, max(start - 1, 0), middle)
        line = _line(text, start, seen)
        if _order(line[: len(wanted)]) < _order(wanted):
            low = start + len(line)
        else:
            high = start
    return low


def _order(line: bytes) -> tuple[int, bytes]:
    marks = (b"TX", b"D ", b"A ", b"TC")
    return (marks.index(line[:2]) if line[:2] in marks else 0), line
