"""The engine's front side: the process that holds the dataset, and connections to its workers."""

import os
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.port import READY
from spacepolicy.errors import EngineError, StoreError

_LOADING_SECONDS: Final = 600.0
_ENDING_SECONDS: Final = 1.0


@final
class Pool:
    """Answers queries over one dataset, each in a process of its own that can be killed.

    Make it on the main thread, which must outlive it: the processes end with that thread. A
    dataset of more quads than `memory_quads` is served from a snapshot beside it, not from memory.
    `spares` workers stand ready; after a burst of queries up to four times as many are kept.

    Raises: StoreError where the dataset cannot be loaded.
    """

    def __init__(
        self,
        dataset: Path,
        memory_bytes: int,
        memory_quads: int = 5_000_000,
        spares: int | None = None,
    ) -> None:
        self._spares = spares if spares is not None else max(2, os.cpu_count() or 1)
        self._idle: deque[socket.socket] = deque()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            server = [sys.executable, "-m", "spacepolicy.engine.server"]
            self._server = subprocess.Popen(  # noqa: S603 # our own module, no shell
                [*server, str(dataset), str(memory_bytes), str(memory_quads)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control.settimeout(_LOADING_SECONDS)
        said = self._control.recv(4096)
        if said != READY:
            self.close()
            raise StoreError(said.decode() or f"{dataset}: the engine ended while loading it.")
        self._stand_ready()

    @property
    def process(self) -> int:
        """The process id of the server that forks the workers."""
        return self._server.pid

    def connect(self) -> socket.socket:
        """A connection to a worker; closing it stops the worker.

        Raises: EngineError where the server has ended.
        """
        connection = self._take() or self._new()
        self._stand_ready()
        return connection

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Keep the worker of a reusable connection for another query; stop any other."""
        if reusable and len(self._idle) < 4 * self._spares and self._control.fileno() != -1:
            connection.settimeout(None)
            self._idle.append(connection)
        else:
            connection.close()

    def _take(self) -> socket.socket | None:
        """The connection used last, whose worker is still there."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if _waits(connection):
                return connection
            connection.close()

    def _stand_ready(self) -> None:
        while len(self._idle) < self._spares:
            self._idle.appendleft(self._new())

    def _new(self) -> socket.socket:
        """A connection whose worker is being forked."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"w"], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise EngineError("The engine has ended; it takes no queries.") from error
        return ours

    def close(self) -> None:
        """Stop every query and the process that holds the dataset."""
        self._control.close()
        while self._idle:
            self._idle.pop().close()
        try:
            self._server.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _waits(connection: socket.socket) -> bool:
    """Whether the other side is there and has said nothing."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
