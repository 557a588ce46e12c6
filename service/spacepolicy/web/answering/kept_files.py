"""Complete answers that are too large for the cache in memory: temporary files by entity tag.

The files have no names and vanish with the process. Readers of Parquet ask for dozens of ranges of
one answer, each of which would otherwise be evaluated again.
"""

import asyncio
import math
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import IO, Final, final
from weakref import finalize

MAX_FILE_BYTES: Final = 1 << 28
"""The largest answer that is kept: a Parquet file of some ten million rows."""
_MAX_BYTES: Final = 1 << 30
"""The limit of all files together."""
_PIECE_BYTES: Final = 1 << 17
"""How much is read and sent at once: twice what the server buffers for a client before it waits."""


@final
class KeptFile:
    """The bytes of an answer in an open, nameless file, closed when this object is collected."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """Duplicate the file's descriptor; the file may be closed after that."""
        file.flush()
        self.descriptor = os.dup(file.fileno())
        self.size = size
        finalize(self, os.close, self.descriptor)

    def pieces(self, start: int = 0, stop: int | None = None) -> "_Pieces":
        """Return the bytes from `start` to `stop` (exclusive), in pieces."""
        return _Pieces(self, start, self.size if stop is None else stop)


@final
class _Pieces:
    def __init__(self, file: KeptFile, start: int, stop: int) -> None:
        self._file = file  # keeps the descriptor open while it is read
        self._place = start
        self._stop = stop

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        if self._place >= self._stop:
            raise StopAsyncIteration
        wanted = min(_PIECE_BYTES, self._stop - self._place)
        piece = os.pread(self._file.descriptor, wanted, self._place)
        self._place += len(piece)
        return piece


@final
class KeptFiles:
    """Keeps the most recently used files."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, KeptFile] = OrderedDict()

    def get(self, tag: str | None) -> KeptFile | None:
        """Return the file of the tag; None where it is not kept."""
        found = self._files.get(tag) if tag is not None else None
        if tag is not None and found is not None:
            self._files.move_to_end(tag)
        return found

    def keep(self, tag: str, file: KeptFile) -> None:
        """Keep the file; the least recently used are dropped."""
        self._files[tag] = file
        self._files.move_to_end(tag)
        while sum(each.size for each in self._files.values()) > _MAX_BYTES:
            self._files.popitem(last=False)


@final
class Gathered:
    """The pieces of an answer, gathered up to a limit: in memory as `body`, or as `file` where they
    are large; `rest` are the pieces after the limit, None where the answer is complete."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.file: KeptFile | None = None
        self.rest: AsyncIterator[bytes] | None = None

    def whole_file(self) -> KeptFile | None:
        """Return the file if it holds the complete answer."""
        return self.file if self.rest is None else None

    async def everything(self) -> AsyncGenerator[bytes]:
        """Yield all pieces: those gathered, then the rest."""
        if self.body is not None:
            yield self.body
        if self.file is not None:
            async for piece in self.file.pieces():
                yield piece
        if self.rest is not None:
            async for piece in self.rest:
                yield piece


async def teed(
    pieces: AsyncIterator[bytes], keep: Callable[[KeptFile], None]
) -> AsyncGenerator[bytes]:
    """Yield the pieces; at their end, call `keep` with a file of them, unless there is only one or
    they are more than `MAX_FILE_BYTES`."""
    first = await anext(pieces, None)
    if first is None:
        return
    yield first
    second = await anext(pieces, None)
    if second is None:
        return
    size = len(first)
    with tempfile.TemporaryFile() as file:
        file.write(first)
        async for piece in _behind(second, pieces):
            size += len(piece)
            if size <= MAX_FILE_BYTES:
                file.write(piece)
            yield piece
        if size <= MAX_FILE_BYTES:
            keep(KeptFile(file, size))


async def _behind(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


async def gather(
    pieces: AsyncIterator[bytes], memory_bytes: int, limit: int, until: float = math.inf
) -> Gathered:
    """Gather pieces up to `limit` bytes, in memory up to `memory_bytes`, else in a file; writing
    the file stops at `until`, a time of the event loop."""
    found, held, size = Gathered(), bytearray(), 0
    async for piece in pieces:
        held += piece
        size += len(piece)
        if size > min(memory_bytes, limit):
            await _gather_file(found, bytes(held), pieces, limit, until)
            return found
    found.body = bytes(held)
    return found


async def _gather_file(
    found: Gathered, first: bytes, pieces: AsyncIterator[bytes], limit: int, until: float
) -> None:
    """Gather `first` and the pieces after it into a file."""
    size, now = 0, asyncio.get_running_loop().time
    with tempfile.TemporaryFile() as file:
        async for piece in _behind(first, pieces):
            file.write(piece)
            size += len(piece)
            if size > limit or now() > until:
                found.rest = pieces
                break
        found.file = KeptFile(file, size)
