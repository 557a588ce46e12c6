"""Very many different lines, kept in order and with their digest while some come and go.

The lines stand in blocks. A block ends behind a line whose CRC-32 is a multiple of 512, wherever it
stands: so equal lines are in equal blocks, whatever came and went before, and the digest is over
those of the blocks. A change costs the blocks that it falls into.
"""

import hashlib
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, final

_BLOCK_LINES: Final = 512
"""Lines of a block, on average: some 80 KB, sorted and hashed again in a quarter of a millisecond,
and a million lines have digests of 64 KB in all."""
_LINE_BYTES: Final = 128
"""Of a line, roughly."""
_MANY: Final = 8
"""To sort all lines anew costs an eighth of putting each into its block."""


@final
class SortedLines:
    """The lines in blocks, and the digests of these."""

    def __init__(self) -> None:
        self._firsts: list[bytes] = []
        self._blocks: list[bytes] = []
        self._digests: list[bytes] = []

    def change(self, added: Iterable[bytes], removed: Iterable[bytes]) -> None:
        """Take lines in and others out; one that is in both is in afterwards."""
        added, removed = list(added), list(removed)
        if _MANY * (len(added) + len(removed)) > sum(map(len, self._blocks)) // _LINE_BYTES:
            self._change_all(added, removed)
        else:
            self._change_some(added, removed)

    def _change_all(self, added: Sequence[bytes], removed: Sequence[bytes]) -> None:
        every = set(b"".join(self._blocks).splitlines(keepends=True))
        self._firsts, self._blocks, self._digests = [], [], []
        every.difference_update(removed)
        every.update(added)
        self._put(0, sorted(every))

    def _change_some(self, added: Sequence[bytes], removed: Sequence[bytes]) -> None:
        changes: dict[int, tuple[set[bytes], set[bytes]]] = {}
        for side, lines in enumerate((removed, added)):
            for line in lines:
                place = max(bisect_right(self._firsts, line) - 1, 0)
                changes.setdefault(place, (set(), set()))[side].add(line)
        for place in sorted(changes, reverse=True):
            gone, new = changes[place]
            before = self._lines(place)
            self._put(place, sorted(set(before) - gone | new))

    def _lines(self, place: int) -> list[bytes]:
        return self._blocks[place].splitlines(keepends=True) if place < len(self._blocks) else []

    def _put(self, place: int, lines: list[bytes]) -> None:
        """Have the lines in the place of those of the block, and of the next where they do not end
        in one that ends a block."""
        end = place + 1
        while end < len(self._blocks) and not (lines and _ends_block(lines[-1])):
            lines += self._lines(end)
            end += 1
        parts = list(_parted(lines))
        self._firsts[place:end] = [part[0] for part in parts]
        self._blocks[place:end] = [b"".join(part) for part in parts]
        self._digests[place:end] = [
            hashlib.sha256(block).digest() for block in self._blocks[place : place + len(parts)]
        ]

    def sha256(self) -> str:
        """The digest of the digests of the blocks, in hexadecimal digits."""
        return hashlib.sha256(b"".join(self._digests)).hexdigest()


def _parted(lines: list[bytes]) -> Iterable[list[bytes]]:
    """The lines block by block."""
    start = 0
    for number, line in enumerate(lines, 1):
        if _ends_block(line):
            yield lines[start:number]
            start = number
    if start < len(lines):
        yield lines[start:]


def _ends_block(line: bytes) -> bool:
    return zlib.crc32(line) % _BLOCK_LINES == 0
