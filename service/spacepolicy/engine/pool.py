"""The engine's front side: the process that holds the dataset, and connections to its workers."""

import itertools
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from pyoxigraph import __version__

from spacepolicy.engine.control import IN_MEMORY, ON_DISK, READY, Publication, Wanted
from spacepolicy.engine.generation import is_near, scratch_of, standing
from spacepolicy.errors import EngineError, EngineFailedError, ProblemError, StoreError
from spacepolicy.settings import environment

_LOADING_SECONDS: Final = 600.0
_ENDING_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 1.0
_ON_DISK: Final = f"pyoxigraph {__version__} on disk"
_TUNED: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=10000"}
"""The many small pieces of memory that an evaluation takes and leaves stay at hand for the next."""
_log: Final = logging.getLogger(__name__)


@final
class Pool:
    """Answers queries over one dataset, each in a process of its own that can be killed.

    A server that ends is replaced when a worker is next wanted. `dataset` is the folder of a
    generation, or a file of N-Quads; a generation may be served from disk, not from memory.
    `spares` workers stand ready; after a burst of queries up to four times as many are kept.
    Connections may be asked for, given back and published past from several threads.

    Raises: StoreError where the dataset cannot be loaded.
    """

    def __init__(
        self,
        dataset: Path,
        memory_bytes: int,
        spares: int | None = None,
        *,
        in_memory: bool = True,
    ) -> None:
        self._dataset = dataset
        self._in_memory = in_memory
        self._memory_bytes = memory_bytes
        self._over: dict[socket.socket, Path] = {}
        self._switching = threading.Lock()
        self._numbers = itertools.count(1)
        self.abreast = os.cpu_count() or 1
        self._spares = spares if spares is not None else max(2, self.abreast)
        self._idle: deque[socket.socket] = deque()
        self._closed = False
        self._starting = threading.Lock()
        self._started = time.monotonic()
        self._server, self._control = self._start()
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

    def connect(self, dataset: Path | None = None) -> socket.socket:
        """A connection to a worker; closing it stops the worker.

        Raises: EngineError where the pool is closed, EngineFailedError where its server ends again
        and again.
        """
        with self._switching:
            if dataset not in (None, self._dataset):
                return self._new(str(dataset), apart=not dataset.exists())
            connection = self._take() or self._new()
            self._over[connection] = self._dataset
            self._stand_ready()
        return connection

    def connect_to_edit(self) -> socket.socket:
        """A connection to a worker that carries out one edit on a copy of the newest dataset.

        Raises: EngineError as `connect`.
        """
        with self._switching:
            if self._in_memory:
                return self._take() or self._new()
            return self._new(apart=True)

    def order(self, dataset: Path | None = None) -> str:
        """As the port says. On disk quads have one order; in memory it depends on which revision
        was loaded, and what was changed since, up to the newest and back."""
        with self._switching:
            newest = self._dataset
            if not self._in_memory:
                return _ON_DISK
            if dataset in (None, newest):
                return self._loaded
            if _is_on_disk(dataset, newest):
                return _ON_DISK
            return f"{self._loaded} back from {newest.parent.name}"

    def publish(self, dataset: Path, *, in_memory: bool = True) -> None:
        """Answer over the next generation from now on; queries that run keep theirs.

        It stands in the folder of its revision, beside what that changed.
        """
        told = Publication(str(dataset), in_memory).to_bytes()
        with self._switching:
            loads = in_memory and not self._in_memory
            self._dataset, self._in_memory = dataset, in_memory
            if loads:
                self._loaded = _order_of(dataset)
            while self._idle:
                self._idle.pop().close()
            with suppress(OSError):  # a server that has ended is replaced by one that loads this
                self._control.send(told)

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Keep the worker of a reusable connection for another query; stop any other."""
        with self._switching:
            over = self._over.pop(connection, None)
            room = len(self._idle) < 4 * self._spares and not self._closed
            if reusable and room and over == self._dataset:
                if connection.gettimeout() is not None:
                    connection.settimeout(None)
                self._idle.append(connection)
                return
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

    def _new(self, dataset: str | None = None, *, apart: bool = False) -> socket.socket:
        """A connection whose worker is being forked; `apart`: it has a copy of its own on disk.

        Raises: EngineError where there is no server to fork it.
        """
        scratch = None
        if apart or (dataset is None and not self._in_memory and not self._dataset.exists()):
            scratch = scratch_of(self._dataset, os.getpid(), next(self._numbers))
        wanted = Wanted(dataset, None if scratch is None else str(scratch))
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                control = self._control
                if not _sent(control, theirs, wanted):
                    _sent(self._started_again(control), theirs, wanted)
            except ProblemError:
                ours.close()
                raise
        return ours

    def _started_again(self, ended: socket.socket) -> socket.socket:
        """The control socket of a server in the place of one that has ended; what it is asked
        waits until it has loaded the dataset.

        Raises: EngineError where the pool is closed, EngineFailedError where a server has just been
        started.
        """
        with self._starting:
            if self._control is not ended:
                return self._control
            if self._closed:
                raise EngineError("The engine has ended; it takes no queries.")
            if time.monotonic() < self._started + _AGAIN_SECONDS:
                raise EngineFailedError("The engine's process has ended twice in a short time.")
            _log.error("the engine's process %d has ended; another is started", self._server.pid)
            self._started = time.monotonic()
            self._control.close()
            self._server.kill()
            self._server.wait()
            self._server, self._control = self._start()
            return self._control

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """A server that loads the dataset, and the socket that controls it."""
        place = IN_MEMORY if self._in_memory else ON_DISK
        self._loaded = _order_of(self._dataset)
        return _started_server([str(self._dataset), str(self._memory_bytes), place])

    def close(self) -> None:
        """Stop every query and the process that holds the dataset."""
        self._closed = True
        self._control.close()
        while self._idle:
            self._idle.pop().close()
        try:
            self._server.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _order_of(dataset: Path) -> str:
    """A name for the order of quads that are loaded into memory: that of the generation they rest
    on, and what was changed from there."""
    with suppress(FileNotFoundError):
        ground = standing(dataset)[0].parent.name
        return f"pyoxigraph {__version__} {ground} to {dataset.parent.name}"
    return ""


def _is_on_disk(dataset: Path, newest: Path) -> bool:
    """Whether an older dataset is read on disk, from a generation or a copy of one."""
    try:
        return dataset.exists() or not is_near(dataset, newest)
    except FileNotFoundError:
        return True


def _started_server(arguments: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process that loads the dataset, and the socket that controls it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 # our own module, no shell
            [sys.executable, "-m", "spacepolicy.engine.server", *arguments],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={**_TUNED, **environment()},
        )
    return process, ours


def _sent(control: socket.socket, connection: socket.socket, wanted: Wanted) -> bool:
    """Whether the server has got the connection; False where it has ended."""
    try:
        socket.send_fds(control, [wanted.to_bytes()], [connection.fileno()])
    except OSError:
        return False
    return True


def _waits(connection: socket.socket) -> bool:
    """Whether the other side is there and has said nothing."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
