"""Very many different lines, kept in order and with their digest while lines come and go.

The lines stand in blocks. A block ends after a line whose CRC-32 is a multiple of 512, wherever it
stands: so equal lines are in equal blocks, whatever came and went before, and the digest is over
those of the blocks. A change costs only the blocks that it falls into.
"""

import hashlib
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, Self, final

from spacepolicy.errors import DamagedError

_BLOCK_LINES: Final = 512
"""Lines of a block, on average: some 80 KB, sorted and hashed again in a quarter of a millisecond,
while a million lines have digests of 64 KB in all."""
_LINE_BYTES: Final = 128
"""The length of a line, roughly."""
_MANY: Final = 8
"""The divisor for many changes: sorting all lines costs an eighth of putting each into its
block."""
_PACKING: Final = 1
"""A million lines (190 MB) are packed in 1.5 s into a tenth; at the next level it takes twice that
for little less."""


@final
class LineBlock:
    """Consecutive lines, with the first of them and their digest; those of a block that was read
    from a file stay packed until they are needed."""

    __slots__ = ("_packed", "_text", "digest", "first", "size")

    def __init__(self, text: bytes) -> None:
        self._text: bytes | None = text
        self._packed: bytes | None = None
        self.first = text[: text.find(b"\n") + 1]
        self.size = len(text)
        self.digest = hashlib.sha256(text).digest()

    @classmethod
    def read(cls, first: bytes, size: int, digest: bytes, packed: bytes) -> Self:
        """A block whose lines are packed."""
        block = cls.__new__(cls)
        block._text, block._packed = None, packed
        block.first, block.size, block.digest = first, size, digest
        return block

    def text(self) -> bytes:
        """The lines.

        Raises: DamagedError where they are not what was packed.
        """
        if self._text is not None:
            return self._text
        try:
            text = zlib.decompress(self._packed or b"")
        except zlib.error as error:
            raise DamagedError(f"A block of lines cannot be read: {error}") from error
        if hashlib.sha256(text).digest() != self.digest:
            raise DamagedError("A block of lines is not what was written.")
        return text

    def packed(self) -> bytes:
        """The lines, packed; the block keeps them so."""
        if self._packed is None:
            self._packed = zlib.compress(self._text or b"", _PACKING)
            self._text = None
        return self._packed


@final
class SortedLines:
    """The lines in blocks, and the digests of the blocks."""

    def __init__(self, blocks: Iterable[LineBlock] = ()) -> None:
        self.blocks = list(blocks)
        self._firsts = [block.first for block in self.blocks]

    def change(self, added: Iterable[bytes], removed: Iterable[bytes]) -> None:
        """Add and remove lines; one that is in both is there afterwards.

        Raises: DamagedError where a block that was read is not what was written.
        """
        added, removed = list(added), list(removed)
        if _MANY * (len(added) + len(removed)) > self.size // _LINE_BYTES:
            self._change_all(added, removed)
        else:
            self._change_some(added, removed)

    @property
    def size(self) -> int:
        """The number of bytes of all lines."""
        return sum(block.size for block in self.blocks)

    def _change_all(self, added: Sequence[bytes], removed: Sequence[bytes]) -> None:
        every = set(b"".join(block.text() for block in self.blocks).splitlines(keepends=True))
        self.blocks, self._firsts = [], []
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
        if place >= len(self.blocks):
            return []
        return self.blocks[place].text().splitlines(keepends=True)

    def _put(self, place: int, lines: list[bytes]) -> None:
        """Replace the lines of the block, and of the next where they do not end with a line that
        ends a block."""
        end = place + 1
        while end < len(self.blocks) and not (lines and _ends_block(lines[-1])):
            lines += self._lines(end)
            end += 1
        blocks = [LineBlock(b"".join(part)) for part in _parted(lines)]
        self.blocks[place:end] = blocks
        self._firsts[place:end] = [block.first for block in blocks]

    def sha256(self) -> str:
        """The digest of the digests of the blocks, in hexadecimal digits."""
        return hashlib.sha256(b"".join(block.digest for block in self.blocks)).hexdigest()


def _parted(lines: list[bytes]) -> Iterable[list[bytes]]:
    """Split the lines into blocks."""
    start = 0
    for number, line in enumerate(lines, 1):
        if _ends_block(line):
            yield lines[start:number]
            start = number
    if start < len(lines):
        yield lines[start:]


def _ends_block(line: bytes) -> bool:
    return zlib.crc32(line) % _BLOCK_LINES == 0
