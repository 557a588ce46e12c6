"""Splits the engine's TSV into blocks of whole lines, as it is written."""

from collections.abc import Callable
from typing import final


@final
class LineBlocks:
    """A file that passes whole lines on: the first block once it has `first_bytes`, later ones at
    `later_bytes`. The header line is left out. An error while a block is taken is kept: the engine
    may raise another in its place."""

    def __init__(
        self, take: Callable[[bytes], None], *, first_bytes: int, later_bytes: int
    ) -> None:
        self.error: Exception | None = None
        self._take = take
        self._limit = first_bytes
        self._later = later_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._headed = False

    def write(self, data: bytes) -> int:
        """Take the bytes.

        Raises: whatever the taker raises.
        """
        self._pieces.append(bytes(data))
        self._size += len(data)
        if self._size >= self._limit and b"\n" in data:
            self._hand_on(whole=False)
        return len(data)

    def flush(self) -> None:
        """Do nothing: small pieces are passed on at the end."""

    def finish(self) -> bytes:
        """The remaining lines."""
        return self._cut(whole=True)

    def _hand_on(self, *, whole: bool) -> None:
        try:
            lines = self._cut(whole=whole)
            if lines:
                self._limit = self._later
                self._take(lines)
        except Exception as error:
            self.error = error
            raise

    def _cut(self, *, whole: bool) -> bytes:
        """The whole lines in the buffer; at the end, all of it."""
        data = b"".join(self._pieces)
        if not self._headed and b"\n" in data:
            self._headed = True
            data = data.partition(b"\n")[2]
        lines, newline, rest = (data, b"", b"") if whole else data.rpartition(b"\n")
        self._pieces, self._size = [rest], len(rest)
        return lines + newline
