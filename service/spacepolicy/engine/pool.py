"""The engine's front side: processes that hold the dataset, and connections to their workers."""

import itertools
import logging
import os
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final
from weakref import WeakKeyDictionary

from pyoxigraph import __version__

from spacepolicy.engine.change_log import LOG_BYTES
from spacepolicy.engine.control import Publication, Wanted
from spacepolicy.engine.memory import default_budget_bytes, tree_bytes
from spacepolicy.engine.port import EngineCounts, EngineMemory
from spacepolicy.engine.requests import has_news, request_bytes
from spacepolicy.engine.server_process import ServerProcess, ServerStart
from spacepolicy.engine.snapshot import (
    NEAR_BYTES,
    following,
    generation_bytes,
    is_near,
    patch_bytes,
    scratch_of,
    standing,
)
from spacepolicy.errors import EngineError, EngineFailedError, ProblemError, StoreError

_AGAIN_SECONDS: Final = 1.0
_LONG_LOAD_BYTES: Final = 16 << 20
"""A generation of this size (some 150,000 quads) takes 0.7 s to load into memory, one of a million
quads 5 s, one of five million 30: meanwhile it is answered from disk."""
_PAUSE_SECONDS: Final = 1.0
"""A dataset whose loading was stopped by a kill is loaded again after this time: for want of memory
it may be killed again, so that the time doubles, up to the longest."""
_LONGEST_PAUSE_SECONDS: Final = 300.0
"""A million statements take 5 s to load: then trying costs little processor time."""
_MANY: Final = 2
_MANY_SLOW: Final = 4
"""After a burst of queries so many times the usual workers are kept, until the server ends the
unused ones: eight clients whose queries end together send the next ones together."""
_ON_DISK: Final = f"pyoxigraph {__version__} on disk"
_log: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class _Use:
    """A connection in use: its server, the dataset that was newest then, and the number of the log
    that its worker follows. `newest` is None where the worker is over another dataset, or
    writes."""

    server: ServerProcess
    newest: Path | None
    log: int = 0


@final
@dataclass(slots=True)
class _Idle:
    """Connections to idle workers, those used last at the end; `slow`: of low priority."""

    quick: deque[socket.socket] = field(default_factory=deque)
    slow: deque[socket.socket] = field(default_factory=deque)

    def all(self) -> list[socket.socket]:
        """All connections."""
        return [*self.quick, *self.slow]

    def drop(self, connection: socket.socket) -> None:
        """Close a connection."""
        for each in (self.quick, self.slow):
            if connection in each:
                each.remove(connection)
        connection.close()

    def close(self) -> None:
        """Close all connections."""
        for each in (self.quick, self.slow):
            while each:
                each.pop().close()


@final
class Pool:
    """Answers queries over one dataset, each in a process of its own that can be killed.

    Workers live long, follow publications, and are kept within `budget_bytes` together with the
    process that forks them, which is replaced where it has ended when a worker is next needed.
    `dataset` is the folder of a generation, or a file of N-Quads; a generation may be served from
    disk, not from memory, and is, while a large one is loaded. `spares` workers stand ready. Safe
    to use from several threads.

    Raises: StoreError where the dataset cannot be loaded.
    """

    def __init__(
        self,
        dataset: Path,
        memory_bytes: int,
        spares: int | None = None,
        *,
        in_memory: bool = True,
        budget_bytes: int | None = None,
    ) -> None:
        self._dataset = dataset
        self._in_memory = in_memory
        self._budget_bytes = budget_bytes or default_budget_bytes()
        self._workers = WeakKeyDictionary[socket.socket, tuple[ServerProcess, int]]()
        self._used: dict[socket.socket, _Use] = {}
        self._switching = threading.Lock()
        self._numbers = itertools.count(1)
        self.abreast = os.cpu_count() or 1
        self._spares = spares if spares is not None else max(2, self.abreast)
        kept = _MANY * self._spares + self.abreast
        self._counts = EngineCounts()
        self._start = ServerStart(memory_bytes, self._budget_bytes, kept, self._spares)
        self._idle = _Idle()
        self._closed = False
        self._starting = threading.Lock()
        self._started = time.monotonic()
        self._next: ServerProcess | None = None
        self._pause_seconds = _PAUSE_SECONDS
        with self._switching:
            self._server = self._started_soon(in_memory=in_memory)
            self._server.wait_until_ready(dataset)
            self._stand_ready()

    @property
    def process(self) -> int:
        """The process id of the server that forks the workers."""
        return self._server.process.pid

    @property
    def loading(self) -> bool:
        """See `Engine.loading`."""
        return self._next is not None and not self._server.in_memory

    def memory(self) -> EngineMemory:
        """See `Engine.memory`; it takes some milliseconds for each worker."""
        found = (self._server, self._next)
        held = sum(tree_bytes(each.process.pid) for each in found if each is not None)
        return EngineMemory(held, self._budget_bytes)

    def counts(self) -> EngineCounts:
        """See `Engine.counts`."""
        self._server.hear()
        return self._counts

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        """Return a connection to a worker; closing it stops the worker.

        Raises: EngineError where the pool is closed, EngineFailedError where its server ends
        repeatedly.
        """
        with self._switching:
            if dataset not in (None, self._dataset):
                return self._new(str(dataset), apart=not dataset.exists())
            connection = self._take(slow=slow)
            if connection is None:
                connection = self._new()
            else:
                self._server.out += 1
            self._used[connection] = _Use(self._server, self._dataset, self._server.log)
            self._stand_ready()
        return connection

    def connect_to_edit(self) -> socket.socket:
        """Return a connection to a worker that carries out one edit on a copy of the newest
        dataset.

        Raises: EngineError as `connect`.
        """
        with self._switching:
            return self._new(apart=not self._server.in_memory)

    def processor_seconds(self, connection: socket.socket) -> float | None:
        """See `Engine.processor_seconds`."""
        server, number = self._workers[connection]
        return server.processor_seconds(number)

    def order(self, dataset: Path | None = None) -> str:
        """See `Engine.order`. On disk quads have one order; in memory it depends on which revision
        was loaded, and what was changed since, up to the newest and back."""
        with self._switching:
            newest = self._dataset
            if not self._server.in_memory:
                return _ON_DISK
            if dataset in (None, newest):
                return self._server.order
            if _is_on_disk(dataset, newest):
                return _ON_DISK
            return f"{self._server.order} back from {newest.parent.name}"

    def publish(self, dataset: Path, *, in_memory: bool = True) -> None:
        """Answer over the next generation from now on; running queries keep theirs.

        `dataset` is in the folder of its revision, beside the patch. Idle workers follow where that
        is small; else others replace them. After a very large change, answers come from disk until
        the dataset is loaded anew.
        """
        with self._switching:
            changed = _changed_bytes(self._dataset, dataset)
            large = changed > _LONG_LOAD_BYTES and dataset.exists()
            loads = in_memory and (large or not self._in_memory)
            self._dataset, self._in_memory = dataset, in_memory
            for server in (self._server, self._next):
                if server is not None:
                    self._tell(server, changed, carries_out=in_memory and not loads)
            if loads or self._holds_much_of_the_past():
                self._load_in_background()

    def _tell(self, server: ServerProcess, changed: int, *, carries_out: bool) -> None:
        """Announce the published dataset to the server, and to its idle workers. The server carries
        out the change where it holds the dataset in memory; else it answers from disk."""
        server.in_memory &= carries_out
        server.changed_bytes += changed
        server.logged_bytes += changed
        logged = changed <= NEAR_BYTES and server.logged_bytes <= LOG_BYTES
        follows = server.in_memory and logged
        server.tell(Publication(str(self._dataset), server.in_memory, new_log=not follows))
        if not follows:
            server.log += 1
            server.logged_bytes = 0
        if server is self._server:
            self._have_followed(follows=follows)

    def _holds_much_of_the_past(self) -> bool:
        """Whether the dataset is to be loaded anew: the engine does not free removed statements,
        some 600 bytes each, so that a dataset that changes often would fill any memory."""
        if not self._server.in_memory or self._next is not None:
            return False
        changed = self._server.changed_bytes
        return changed > LOG_BYTES and changed > _ground_bytes(self._dataset)

    def _have_followed(self, *, follows: bool) -> None:
        """Let idle workers follow to the newest dataset, or end."""
        for connection in self._idle.all():
            if not follows or not self._follow(connection):
                self._idle.drop(connection)

    def _follow(self, connection: socket.socket) -> bool:
        """Tell an idle worker to follow to the newest dataset; return whether that was sent."""
        message = request_bytes({"follow": int(self._dataset.parent.name)})
        try:
            return connection.send(message, socket.MSG_DONTWAIT) == len(message)
        except OSError:
            return False

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        """Keep the worker of a reusable connection for another query; stop any other."""
        with self._switching:
            use = self._used.pop(connection, None)
            kept = reusable and use is not None and self._is_kept(connection, use, slow=slow)
            if not kept:
                connection.close()
            if use is not None:
                use.server.out -= 1
                self._end_where_unused(use.server)

    def _is_kept(self, connection: socket.socket, use: _Use, *, slow: bool) -> bool:
        """Whether the connection becomes an idle one."""
        idle = self._idle.slow if slow else self._idle.quick
        most = _MANY_SLOW * self.abreast if slow else _MANY * self._spares
        if (
            self._closed
            or use.newest is None
            or use.server is not self._server
            or use.log != use.server.log
            or len(idle) >= most
        ):
            return False
        connection.settimeout(None)
        if use.newest != self._dataset and not self._follow(connection):
            return False
        idle.append(connection)
        return True

    def _take(self, *, slow: bool) -> socket.socket | None:
        """The connection used last whose worker is still there."""
        for idle in (self._idle.slow, self._idle.quick) if slow else (self._idle.quick,):
            while idle:
                connection = idle.pop()
                if not has_news(connection):
                    return connection
                connection.close()
        return None

    def _stand_ready(self) -> None:
        while len(self._idle.quick) < self._spares:
            connection = self._new()
            self._used.pop(connection)
            self._server.out -= 1
            self._idle.quick.appendleft(connection)

    def _new(self, dataset: str | None = None, *, apart: bool = False) -> socket.socket:
        """Return a connection whose worker is being forked; `apart`: it has a copy of its own on
        disk.

        Raises: EngineError where there is no server to fork it.
        """
        scratch = None
        on_disk = not self._server.in_memory
        if apart or (dataset is None and on_disk and not self._dataset.exists()):
            scratch = scratch_of(self._dataset, os.getpid(), next(self._numbers))
        number = next(self._numbers)
        wanted = Wanted(number, dataset, None if scratch is None else str(scratch))
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                server = self._server
                if not server.has_sent(theirs, wanted):
                    server = self._started_again(server)
                    server.has_sent(theirs, wanted)
            except ProblemError:
                ours.close()
                raise
        server.out += 1
        self._used[ours] = _Use(server, None)
        self._workers[ours] = server, number
        return ours

    def _started_again(self, ended: ServerProcess) -> ServerProcess:
        """Start a server in the place of one that has ended; requests to it wait until it has
        loaded the dataset.

        Raises: EngineError where the pool is closed, EngineFailedError where a server has just been
        started.
        """
        with self._starting:
            if self._server is not ended:
                return self._server
            if self._closed:
                raise EngineError("The engine has ended; it takes no queries.")
            if time.monotonic() < self._started + _AGAIN_SECONDS:
                raise EngineFailedError("The engine's process has ended twice in a short time.")
            _log.error("the engine's process %d has ended; another is started", self.process)
            self._started = time.monotonic()
            ended.process.kill()
            ended.end()
            self._idle.close()
            self._server = self._started_soon(in_memory=ended.in_memory)
            return self._server

    def _started_soon(self, *, in_memory: bool) -> ServerProcess:
        """Start a server that answers soon: from disk where the dataset takes long to load, which
        another server then does."""
        long = in_memory and _loads_long(self._dataset)
        server = self._start.of(self._dataset, self._counts, in_memory=in_memory and not long)
        if long:
            self._load_in_background()
        return server

    def _load_in_background(self) -> None:
        """Load the dataset into the memory of another server, which then replaces this one."""
        if self._next is not None:
            self._next.process.kill()
        self._next = self._start.of(self._dataset, self._counts, in_memory=True)
        threading.Thread(target=self._switch_to, args=(self._next,), daemon=True).start()

    def _switch_to(self, loaded: ServerProcess) -> None:
        """Answer from the server once it has loaded the dataset; running queries continue
        meanwhile."""
        try:
            loaded.wait_until_ready(self._dataset)
        except StoreError as error:
            self._not_loaded(loaded, error)
            return
        with self._switching:
            if self._next is not loaded or self._closed:
                loaded.end()
                return
            before, self._next, self._server = self._server, None, loaded
            self._pause_seconds = _PAUSE_SECONDS
            self._idle.close()
            self._stand_ready()
            self._end_where_unused(before)

    def _not_loaded(self, ended: ServerProcess, error: StoreError) -> None:
        """Keep answering from disk; where the process was killed, another loads the dataset after a
        while."""
        if self._next is not ended or self._closed:
            return
        if not ended.was_killed:
            self._next = None
            _log.error("the dataset cannot be loaded into memory: %s", error)
            return
        _log.error("the process that loaded the dataset into memory was killed")
        time.sleep(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        with self._switching:
            if self._next is ended and not self._closed:
                self._load_in_background()

    def _end_where_unused(self, server: ServerProcess) -> None:
        """End a server that was replaced by another, once nothing runs on it."""
        if server is not self._server and server.out == 0 and not server.ended:
            server.ended = True
            threading.Thread(target=server.end, daemon=True).start()

    def close(self) -> None:
        """Stop every query and the processes that hold the dataset."""
        self._closed = True
        self._idle.close()
        for server in {self._server, *(use.server for use in self._used.values())}:
            server.end()
        if (loading := self._next) is not None:
            loading.process.kill()
            loading.process.wait()


def _loads_long(dataset: Path) -> bool:
    """Whether the dataset can be queried on disk, and takes long to load."""
    return _ground_bytes(dataset) > _LONG_LOAD_BYTES


def _ground_bytes(dataset: Path) -> int:
    """The size of the generation that the dataset is or rests on; 0 where there is none."""
    try:
        ground, _ = standing(dataset)
    except FileNotFoundError:
        return 0
    return generation_bytes(ground) if ground.is_dir() else 0


def _changed_bytes(before: Path, after: Path) -> int:
    """The size of the patches that lead from one dataset to the next; more than the capacity of any
    log where that is not known."""
    try:
        return patch_bytes(following(before, after))
    except OSError:
        return LOG_BYTES + 1


def _is_on_disk(dataset: Path, newest: Path) -> bool:
    """Whether an older dataset is read on disk, from a generation or a copy of one."""
    try:
        return dataset.exists() or not is_near(dataset, newest)
    except FileNotFoundError:
        return True
