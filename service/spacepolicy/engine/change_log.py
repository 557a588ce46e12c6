"""The changes of publications, passed from the process that holds the dataset to its workers.

The log is an anonymous file in memory that workers have open from the moment they are forked. The
server appends the changes of each publication; a worker that is to follow to a revision reads on
from where it was. So a warm worker serves the next revision for the price of the change, and has to
open nothing for it.
"""

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from pyoxigraph import Store

from spacepolicy.engine.snapshot import carry_out, changes

LOG_BYTES: Final = 64 << 20
"""The capacity of one log; then workers are forked anew with the next. It is memory, and a worker
that lags behind reads all of it: 64 MiB of changes are carried out in about 4 s."""
_ENTRY: Final = struct.Struct("!QII")
_WAIT_SECONDS: Final = 30.0
"""How long a worker waits for a change that was announced to it: the server appends it before it
carries it out itself, and may be forking a worker, which takes 30 ms with 5 million statements."""
_LOOK_SECONDS: Final = 0.001
"""A change is announced before it is written, so it is there in a moment; a look costs a system
call."""


@final
class ChangeLog:
    """The server's end: appends changes."""

    def __init__(self) -> None:
        self._file = os.memfd_create("changes")
        self._end = 0

    def append(self, revision: Path) -> None:
        """Append the changes of the revision in the folder.

        Raises: OSError, DamagedError where that cannot be read.
        """
        patch, graphs = changes(revision)
        marked = "\n".join(graphs).encode()
        head = _ENTRY.pack(int(revision.name), len(patch), len(marked))
        os.pwrite(self._file, patch + marked, self._end + len(head))
        os.pwrite(self._file, head, self._end)  # last: a reader that sees it may read the rest
        self._end += len(head) + len(patch) + len(marked)

    def reader(self) -> "ChangeReader":
        """A worker's end, to be used in a child of this process."""
        return ChangeReader(self._file, self._end)

    def close(self) -> None:
        """Free the log; processes that have it open keep it."""
        os.close(self._file)


@final
class ChangeReader:
    """A worker's end: carries the changes out on its own store."""

    def __init__(self, file: int, position: int) -> None:
        self._file = file
        self._position = position

    def follow(self, store: Store, number: int) -> None:
        """Bring the store to the revision with that number.

        Raises: TimeoutError where the change does not come.
        """
        reached = 0
        while reached < number:
            reached, patch, graphs = self._next()
            carry_out(store, patch, graphs)

    def _next(self) -> tuple[int, bytes, list[str]]:
        """The number of the next revision, its patch, and its marked graphs."""
        number, patch, graphs = self._head()
        start = self._position + _ENTRY.size
        body = os.pread(self._file, patch + graphs, start)
        self._position = start + len(body)
        return number, body[:patch], body[patch:].decode().splitlines()

    def _head(self) -> tuple[int, int, int]:
        """Wait for the head of the next entry; return it."""
        for _ in _waiting():
            head = os.pread(self._file, _ENTRY.size, self._position)
            if len(head) == _ENTRY.size and any(head):
                number, patch, graphs = _ENTRY.unpack(head)
                return number, patch, graphs
        raise TimeoutError("the change that was published did not come")


def _waiting() -> Iterator[None]:
    """Iterate as long as there is time to wait."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(_LOOK_SECONDS)
