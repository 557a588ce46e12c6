"""The pool of processes that explain statements."""

import json
import shutil
import socket
import subprocess
import sys
from typing import Final, final

from spacepolicy.engine.snapshot import GENERATION, scratch_of
from spacepolicy.errors import EngineError
from spacepolicy.proofs.proof_service import RevisionDataset

_MODULE: Final = "spacepolicy.proofs.proof_worker"


@final
class ProofPool:
    """Starts a process for each connection, and keeps the last idle one for the next statement.

    Use it on one thread, which must outlive the connections: the processes end with it.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._processes: dict[socket.socket, tuple[RevisionDataset, subprocess.Popen[bytes]]] = {}
        self._idle: socket.socket | None = None
        self._ended: list[subprocess.Popen[bytes]] = []

    @property
    def processes(self) -> tuple[int, ...]:
        """The process ids of those not stopped."""
        return tuple(process.pid for _, process in self._processes.values())

    def connect(self, dataset: RevisionDataset) -> socket.socket:
        """Return a connection to a process that has loaded the dataset, or is loading it.

        Raises: EngineError where none can be started.
        """
        self._ended = [process for process in self._ended if process.poll() is None]
        idle, self._idle = self._idle, None
        if idle is not None:
            known, process = self._processes[idle]
            if known == dataset and process.poll() is None:
                return idle
            self._stop(idle)
        return self._started(dataset)

    def _started(self, dataset: RevisionDataset) -> socket.socket:
        ours, theirs = socket.socketpair()
        arguments = [
            str(dataset.directory),
            dataset.base or "",
            json.dumps(dict(dataset.prefixes)),
            str(self._memory_bytes),
        ]
        try:
            with theirs:
                process = subprocess.Popen(  # noqa: S603 # our own module, no shell
                    [sys.executable, "-m", _MODULE, *arguments],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    process_group=0,
                )
        except OSError as error:
            ours.close()
            raise EngineError(f"No process can be started: {error.strerror}.") from error
        self._processes[ours] = dataset, process
        return ours

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Keep the process of a reusable connection where none is kept; stop any other."""
        if reusable and self._idle is None:
            self._idle = connection
        else:
            self._stop(connection)

    def _stop(self, connection: socket.socket) -> None:
        dataset, process = self._processes.pop(connection)
        connection.close()
        process.kill()
        copy = scratch_of(dataset.directory / GENERATION, process.pid)
        shutil.rmtree(copy, ignore_errors=True)
        self._ended.append(process)

    def close(self) -> None:
        """Stop all processes and wait for their end."""
        self._idle = None
        for connection in list(self._processes):
            self._stop(connection)
        for process in self._ended:
            process.wait()
        self._ended = []
