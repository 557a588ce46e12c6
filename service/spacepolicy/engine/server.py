"""The process that holds the dataset and forks workers over it.

Started as `python -m spacepolicy.engine.server DATASET MEMORY_BYTES MEMORY_QUADS` with a control
socket as its standard input. It answers `ready` once the dataset is loaded, or the error; then each
message on the control socket brings a connection, and a worker is forked for it at once, which
waits there for queries. When the control socket closes, the server ends, and all workers with it.
The server keeps a copy of the connection: it sees there that the other side has hung up, and kills
the worker; when a worker ends by itself, it says so there. A worker whose query runs long gives way
to the others.
"""

import ctypes
import gc
import mmap
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import RdfFormat, Store

from spacepolicy.engine import snapshot
from spacepolicy.engine.port import READY, frame
from spacepolicy.engine.worker import Busy, work

LONG_SECONDS: Final = 0.1
"""A query that has run for this long is a long one."""
_LOOK_SECONDS: Final = 0.05
_LOWEST_PRIORITY: Final = 19
_PR_SET_PDEATHSIG: Final = 1
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

OpenStore = Callable[[], Store]


@final
@dataclass(slots=True)
class _Worker:
    process: int
    connection: socket.socket
    busy: Busy
    demoted: bool = False


def main(dataset: Path, memory_bytes: int, memory_quads: int, control: socket.socket) -> None:
    """Load the dataset, say so, and serve until the control socket closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    try:
        open_store = _load(dataset, memory_quads)
    except (OSError, SyntaxError, ValueError) as error:
        control.send(f"{dataset}: {error}".encode()[:4096])
        return
    gc.freeze()  # objects of the server are not touched, and so not copied, in its children
    control.send(READY)
    _Server(open_store, memory_bytes, control).serve()


def _load(dataset: Path, memory_quads: int) -> OpenStore:
    """How a worker comes to the dataset: in the memory it inherits, or in a snapshot on disk.

    `load` leaves no threads behind, so the process may fork; what opens a snapshot may not.
    """
    if snapshot.count_lines(dataset) > memory_quads:
        path = str(snapshot.beside(dataset))
        return lambda: Store.read_only(path)
    store = Store()
    store.load(path=str(dataset), format=RdfFormat.N_QUADS)
    return lambda: store


@final
class _Server:
    """Forks workers and looks after them."""

    def __init__(self, open_store: OpenStore, memory_bytes: int, control: socket.socket) -> None:
        self._open_store = open_store
        self._memory_bytes = memory_bytes
        self._control = control
        self._workers: dict[int, _Worker] = {}
        self._poll = select.poll()
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._poll.register(self._woken, select.POLLIN)
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Serve until the control socket closes; then no worker is left."""
        while True:
            for descriptor, _ in self._poll.poll(1000 * _LOOK_SECONDS if self._workers else None):
                if descriptor == self._woken:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                elif descriptor == self._control.fileno():
                    connection = self._received()
                    if connection is None:
                        self._kill_all()
                        return
                    self._fork(connection)
                elif descriptor in self._workers:
                    os.kill(self._workers[descriptor].process, signal.SIGKILL)
                    self._poll.unregister(descriptor)
            self._reap()
            self._demote()

    def _received(self) -> socket.socket | None:
        """The connection of the next message; None where the control socket has closed."""
        message, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
        if not message or not descriptors:
            return None
        return socket.socket(fileno=descriptors[0])

    def _fork(self, connection: socket.socket) -> None:
        """A child that answers the queries of the connection and ends."""
        busy = Busy(mmap.mmap(-1, mmap.PAGESIZE))
        server = os.getpid()
        process = os.fork()
        if process == 0:
            self._be_worker(server, connection, busy)
        self._workers[connection.fileno()] = _Worker(process, connection, busy)
        self._poll.register(connection, 0)

    def _be_worker(self, server: int, connection: socket.socket, busy: Busy) -> None:
        status = 1
        try:
            _die_with_parent()
            if os.getppid() == server:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self._control.close()
                for worker in self._workers.values():
                    worker.connection.close()
                work(self._open_store(), connection, busy, self._memory_bytes)
                status = 0
        finally:
            os._exit(status)

    def _reap(self) -> None:
        """Take leave of the workers that have ended, and say on their connections how."""
        for descriptor, worker in list(self._workers.items()):
            process, status = os.waitpid(worker.process, os.WNOHANG)
            if process == 0:
                continue
            del self._workers[descriptor]
            with suppress(KeyError):
                self._poll.unregister(descriptor)
            _say_exit(worker.connection, status)
            worker.connection.close()
            worker.busy.close()

    def _demote(self) -> None:
        """Let the workers whose query runs long give way to the others."""
        now = time.monotonic()
        for worker in self._workers.values():
            if not worker.demoted and worker.busy.seconds(now) > LONG_SECONDS:
                worker.demoted = True
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, worker.process, _LOWEST_PRIORITY)

    def _kill_all(self) -> None:
        for worker in self._workers.values():
            os.kill(worker.process, signal.SIGKILL)
        for worker in self._workers.values():
            os.waitpid(worker.process, 0)


def _say_exit(connection: socket.socket, status: int) -> None:
    """The last word on a connection; heard only where the answer was not ended."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    with suppress(OSError):
        connection.send(frame(b"X", str(number).encode()), socket.MSG_DONTWAIT)


def _die_with_parent() -> None:
    """Have the kernel end this process when the one that made it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]),
        socket.socket(fileno=os.dup(sys.stdin.fileno())),
    )
