"""Very many different lines, kept in order while some come and go."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, final

_BLOCK_LINES: Final = 512
_BLOCKS_AT_ONCE: Final = 128
"""How much is hashed in one go: other threads run meanwhile, and each go ends with waiting."""


@final
class SortedLines:
    """The lines in blocks: a change makes only those anew that it falls into."""

    def __init__(self) -> None:
        self._firsts: list[bytes] = []
        self._blocks: list[bytes] = []

    def change(self, added: Iterable[bytes], removed: Iterable[bytes]) -> None:
        """Take lines in and others out; one that is in both is in afterwards."""
        changes: dict[int, tuple[set[bytes], set[bytes]]] = {}
        for side, lines in enumerate((removed, added)):
            for line in lines:
                place = max(bisect_right(self._firsts, line) - 1, 0)
                changes.setdefault(place, (set(), set()))[side].add(line)
        for place in sorted(changes, reverse=True):
            gone, new = changes[place]
            block = self._blocks[place : place + 1]
            before = block[0].splitlines(keepends=True) if block else []
            self._put(place, sorted(set(before) - gone | new))

    def _put(self, place: int, lines: list[bytes]) -> None:
        """Have the lines in the place of those of the block."""
        size = _BLOCK_LINES if len(lines) > 2 * _BLOCK_LINES else 2 * _BLOCK_LINES
        parts = [lines[start : start + size] for start in range(0, len(lines), size)]
        self._firsts[place : place + 1] = [part[0] for part in parts]
        self._blocks[place : place + 1] = [b"".join(part) for part in parts]

    def sha256(self) -> str:
        """The digest of all lines one after the other, in hexadecimal digits."""
        digest = hashlib.sha256()
        for start in range(0, len(self._blocks), _BLOCKS_AT_ONCE):
            digest.update(b"".join(self._blocks[start : start + _BLOCKS_AT_ONCE]))
        return digest.hexdigest()
