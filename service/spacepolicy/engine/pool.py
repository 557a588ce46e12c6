"""The engine's front side: the process that holds the dataset, and a connection a query."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.port import READY
from spacepolicy.errors import EngineError, StoreError

_LOADING_SECONDS: Final = 600.0
_ENDING_SECONDS: Final = 1.0


@final
class Pool:
    """Answers queries over one dataset, each in a process of its own that can be killed.

    Make it on the main thread, which must outlive it: the processes end with that thread.

    Raises: StoreError where the dataset cannot be loaded.
    """

    def __init__(self, dataset: Path, memory_bytes: int) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            worker = [sys.executable, "-m", "spacepolicy.engine.worker"]
            self._server = subprocess.Popen(  # noqa: S603 # our own module, no shell
                [*worker, str(dataset), str(memory_bytes)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control.settimeout(_LOADING_SECONDS)
        said = self._control.recv(4096)
        if said != READY:
            self.close()
            raise StoreError(said.decode() or f"{dataset}: the engine ended while loading it.")

    @property
    def process(self) -> int:
        """The process id of the server that forks the workers."""
        return self._server.pid

    def connect(self) -> socket.socket:
        """A connection to a new worker; closing it stops the worker.

        Raises: EngineError where the server has ended.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"q"], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise EngineError("The engine has ended; it takes no queries.") from error
        return ours

    def close(self) -> None:
        """Stop every query and the process that holds the dataset."""
        self._control.close()
        try:
            self._server.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
