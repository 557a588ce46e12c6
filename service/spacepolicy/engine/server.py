"""The process that holds the dataset and forks workers over it.

Started as `python -m spacepolicy.engine.server DATASET memory|disk MEMORY_BYTES BUDGET_BYTES KEPT
IDLE` with a control socket as its standard input; a query may have MEMORY_BYTES beyond the dataset,
the server and its workers BUDGET_BYTES together; KEPT workers may exist and IDLE are kept when
nothing runs. Once the dataset is loaded, the server answers `ready` and how it was loaded, or the
error. Then each message on the control socket is a letter and a table:

`w` brings a connection, for which a worker is forked at once, which waits there for queries; the
table may name another generation, and whether the worker may write it. `p` announces a publication:
the dataset is another from now on, and the change goes into the log that workers follow. The server
reports the process ids of its workers there. When the control socket closes, it ends, and all
workers with it.

The server keeps a copy of each connection: it sees there that the other side has hung up, and kills
the worker; when a worker ends by itself, it reports that there. A worker whose query runs long gets
a low priority; where all together exceed the budget, the one with the most memory is stopped.
"""

import gc
import json
import mmap
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Final, final

from pyoxigraph import Store

from spacepolicy import serialization
from spacepolicy.child_process import WORKER_PRIORITY, die_with_parent
from spacepolicy.engine.answer_frames import frame, problem_frame
from spacepolicy.engine.change_log import ChangeLog
from spacepolicy.engine.control import (
    IN_MEMORY,
    MESSAGE_BYTES,
    READY,
    Ended,
    Ending,
    Forked,
    Publication,
    Wanted,
)
from spacepolicy.engine.memory import (
    gather_into_huge_pages,
    give_back_freed_memory,
    proportional_bytes,
    resident_bytes,
)
from spacepolicy.engine.processor_time import user_seconds
from spacepolicy.engine.replay import loaded
from spacepolicy.engine.snapshot import (
    change,
    change_back,
    copied,
    following,
    is_near,
    opened,
)
from spacepolicy.engine.worker import Busy, Worker
from spacepolicy.errors import DamagedError, MemoryLimitError

LONG_SECONDS: Final = 0.1
"""A query that has had so much processor time is a long one: by wall-clock time, any query is on a
machine that others use too."""
_IDLE_SECONDS: Final = 10.0
"""A worker without a query for so long is ended, except as many as stand ready: each has up to a
copy of the dataset (380 MiB a million statements), which takes 0.3 s to make again."""
_LOOK_SECONDS: Final = 0.05
_LEAST_ALLOWANCE_BYTES: Final = 64 << 20
"""The least memory that a worker may keep, however small the budget is: with less it would end
after each longer query, and its successor copy the same pages again."""
_LOWEST_PRIORITY: Final = 19
"""The nice value of a process that gives way to all others (setpriority(2))."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


@final
@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """The limits of memory: for a query beyond the dataset, for this process and its workers
    together; and how many of these may exist at once, and are kept when nothing runs."""

    query_bytes: int
    budget_bytes: int
    kept_workers: int
    idle_workers: int

    def allowance_bytes(self, dataset_bytes: int) -> int:
        """The memory that a worker may keep for itself, so that all that are kept stay within the
        budget."""
        left = self.budget_bytes - dataset_bytes
        return max(left // self.kept_workers, _LEAST_ALLOWANCE_BYTES)


@final
@dataclass(slots=True)
class _Child:
    number: int
    process: int
    connection: socket.socket
    busy: Busy
    scratch: str | None = None
    demoted: bool = False
    last_frame: bytes = b""
    """The frame to send when it has ended, where the server ended it for a reason."""
    ending: Ending | None = None
    """How it ends, where the server ends it."""
    is_retired: bool = False

    def retire(self) -> None:
        """Let the process end, once it has answered what has come: it reads to an end then, and
        whoever sends it more is told that it takes nothing. It may have taken a query in that it
        has not begun yet, so that its side stays open for the answer."""
        if self.is_retired:
            return
        self.is_retired = True
        with suppress(OSError):  # the other side has hung up
            self.connection.shutdown(socket.SHUT_RD)

    def kill(self, ending: Ending) -> None:
        """End the process; only the first reason counts."""
        self.ending = self.ending or ending
        os.kill(self.process, signal.SIGKILL)

    def has_run_long(self, now: float) -> bool:
        """Whether its query has had so much processor time that others go first; the time in which
        the system copies pages in a new worker does not count: there a query of 25 ms takes 150."""
        if self.busy.seconds(now) <= LONG_SECONDS:
            return False
        had = user_seconds(self.process)
        return had is not None and had - self.busy.user_seconds > LONG_SECONDS

    def clear(self) -> None:
        """Remove the files of the process, which has ended."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


@final
class _NoPandas(MetaPathFinder):
    """Finds no pandas. pyarrow imports it, where it is installed, to recognise its frames, of which
    there are none here: 0.4 s and 40 MB, of which each worker would have a share."""

    def find_spec(self, fullname: str, _path: object, _target: object = None, /) -> None:
        """Raises: ModuleNotFoundError for pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError(f"no {fullname} for the engine", name=fullname)


def main(dataset: Path, memory: MemoryLimits, in_memory: bool, control: socket.socket) -> None:
    """Load the dataset, report that, and serve until the control socket closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    try:
        store, road = loaded(dataset) if in_memory else (None, "tables")
    except DamagedError as error:
        _said(control, f"{dataset.parents[2]}: {error.detail} {error.remedy}".encode()[:4096])
        return
    except (OSError, SyntaxError, ValueError) as error:
        _said(control, f"{dataset}: {error}".encode()[:4096])
        return
    sys.meta_path.insert(0, _NoPandas())
    serialization.load_columns()
    give_back_freed_memory()  # otherwise each worker would copy it
    if store is not None:
        gather_into_huge_pages()
    gc.freeze()  # objects of the server are not touched, and so not copied, in its children
    if _said(control, READY + b" " + road.encode()):
        _Server(dataset, store, memory, control).serve()


def _said(control: socket.socket, message: bytes) -> bool:
    """Send the message; return whether the other side is still there."""
    try:
        control.send(message)
    except OSError:
        return False
    return True


@final
class _Server:
    """Forks workers and looks after them."""

    def __init__(
        self, dataset: Path, store: Store | None, memory: MemoryLimits, control: socket.socket
    ) -> None:
        self._dataset = dataset
        self._store = store
        self._memory = memory
        self._log = ChangeLog()
        self._control = control
        self._workers: dict[int, _Child] = {}
        self._may_have_grown = True
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
                    if not self._obey():
                        self._kill_all()
                        return
                elif descriptor in self._workers:
                    worker = self._workers[descriptor]
                    worker.kill("stopped" if worker.busy.at_work else "finished")
                    self._poll.unregister(descriptor)
            self._reap()
            self._demote()
            self._end_idle()
            self._keep_budget()

    def _obey(self) -> bool:
        """Carry out the next message; return False where the control socket has closed."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 1)
        except ConnectionResetError:  # it was closed with something unread
            return False
        if not message:
            return False
        table = json.loads(message[1:] or b"{}")
        self._may_have_grown = True
        if message[:1] == b"w":
            self._fork(socket.socket(fileno=descriptors[0]), Wanted(**table))
        else:
            self._publish(Publication(**table))
        return True

    def _publish(self, publication: Publication) -> None:
        """Publish a dataset; workers answer over it from now on."""
        before, self._dataset = self._dataset, Path(publication.dataset)
        if publication.new_log:
            self._log.close()
            self._log = ChangeLog()
        if not publication.in_memory:
            self._store = None
        if self._store is not None:
            for revision in following(before, self._dataset):
                if not publication.new_log:
                    self._log.append(revision)  # first: workers carry it out meanwhile
                change(self._store, revision)
        gc.freeze()

    def _fork(self, connection: socket.socket, wanted: Wanted) -> None:
        """Fork a child that answers the queries of the connection and ends."""
        busy = Busy(mmap.mmap(-1, mmap.PAGESIZE))
        server = os.getpid()
        process = os.fork()
        if process == 0:
            self._be_worker(server, connection, busy, wanted)
        child = _Child(wanted.number, process, connection, busy, wanted.scratch)
        self._workers[connection.fileno()] = child
        self._poll.register(connection, 0)
        self._report(Forked(wanted.number, process))

    def _report(self, report: Forked | Ended) -> None:
        """Report to the other side without waiting: a side that does not read relies on its time
        limits."""
        with suppress(OSError):
            self._control.send(report.to_bytes(), socket.MSG_DONTWAIT)

    def _opened(self, wanted: Wanted) -> Store:
        """The store that a worker answers over: that of this process, with recent changes undone
        where the other is not much older, or one on disk."""
        dataset = Path(wanted.dataset or self._dataset)
        if self._store is not None and dataset == self._dataset:
            return self._store
        if self._store is not None and not dataset.exists() and is_near(dataset, self._dataset):
            for revision in reversed(following(dataset, self._dataset)):
                change_back(self._store, revision)
            return self._store
        return opened(dataset) if wanted.scratch is None else copied(dataset, Path(wanted.scratch))

    def _opened_for(self, connection: socket.socket, wanted: Wanted) -> Store:
        """The store that a worker answers over; where it is damaged, the connection gets the
        problem."""
        try:
            return self._opened(wanted)
        except DamagedError as error:
            connection.sendall(problem_frame(error, last=True))
            raise

    def _be_worker(
        self, server: int, connection: socket.socket, busy: Busy, wanted: Wanted
    ) -> None:
        status = 1
        try:
            die_with_parent()
            os.nice(WORKER_PRIORITY)
            if os.getppid() == server:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self._control.close()
                for worker in self._workers.values():
                    worker.connection.close()
                dataset_bytes = resident_bytes(server)
                store = self._opened_for(connection, wanted)
                Worker(
                    store,
                    connection,
                    busy,
                    self._log.reader(),
                    memory_bytes=self._memory.query_bytes,
                    allowance_bytes=self._memory.allowance_bytes(dataset_bytes),
                    on_disk=store is not self._store,
                ).work()
                status = 0
        except DamagedError:
            status = 1  # the connection has got the problem
        except (BrokenPipeError, ConnectionResetError):
            status = 0  # the connection has been closed
        except Exception:  # noqa: BLE001 # the process's outermost wall
            traceback.print_exc()
        finally:
            os._exit(status)

    def _reap(self) -> None:
        """Collect the workers that have ended, and send their connections how they ended."""
        for descriptor, worker in list(self._workers.items()):
            process, status = os.waitpid(worker.process, os.WNOHANG)
            if process == 0:
                continue
            del self._workers[descriptor]
            with suppress(KeyError):
                self._poll.unregister(descriptor)
            with suppress(OSError):  # is of use only where the answer was not ended
                last = worker.last_frame or _exit_frame(status)
                worker.connection.send(last, socket.MSG_DONTWAIT)
            ending = worker.ending or _ending(status, at_work=worker.busy.at_work)
            self._report(Ended(worker.number, ending))
            worker.connection.close()
            worker.busy.close()
            worker.clear()

    def _demote(self) -> None:
        """Lower the priority of workers whose query runs long."""
        now = time.monotonic()
        for worker in self._workers.values():
            if not worker.demoted and worker.has_run_long(now):
                worker.demoted = True
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, worker.process, _LOWEST_PRIORITY)

    def _end_idle(self) -> None:
        """End workers that were not used for some time, those of low priority first; as many stay
        as are kept for quick answers."""
        now = time.monotonic()
        idle = [each for each in self._workers.values() if each.busy.idle_seconds(now) > 0]
        idle.sort(key=lambda each: (each.demoted, each.busy.idle_seconds(now)))
        for worker in idle[self._memory.idle_workers :]:
            if worker.busy.idle_seconds(now) > _IDLE_SECONDS:
                worker.retire()

    def _keep_budget(self) -> None:
        """Stop the worker with the most memory, where all together exceed the budget: an idle one,
        if there is any. Nothing is read while nothing can have grown: no worker was at work since
        the last look, and nothing was published."""
        working = any(each.busy.at_work for each in self._workers.values())
        if not (working or self._may_have_grown):
            return
        self._may_have_grown = working
        if self._most_bytes() <= self._memory.budget_bytes:
            return
        workers = list(self._workers.values())
        held = {each.process: proportional_bytes(each.process) for each in workers}
        together = proportional_bytes(os.getpid()) + sum(held.values())
        if not workers or together <= self._memory.budget_bytes:
            return
        largest = max(workers, key=lambda each: (not each.busy.at_work, held[each.process]))
        if not largest.busy.at_work and not largest.is_retired:
            largest.retire()
            return
        largest.last_frame = self._over_budget()
        largest.kill("memory")

    def _most_bytes(self) -> int:
        """An upper bound of the memory of the processes, which is quick to compute: pages that they
        share are counted for each of them."""
        processes = (os.getpid(), *(each.process for each in self._workers.values()))
        return sum(map(resident_bytes, processes))

    def _over_budget(self) -> bytes:
        error = MemoryLimitError(
            "The engine's processes held more memory together than they may; this query, which "
            "held most, was stopped.",
            extras={"limit_bytes": self._memory.budget_bytes},
        )
        return problem_frame(error, last=True)

    def _kill_all(self) -> None:
        for worker in self._workers.values():
            os.kill(worker.process, signal.SIGKILL)
        for worker in self._workers.values():
            os.waitpid(worker.process, 0)
            worker.clear()


def _ending(status: int, *, at_work: bool) -> Ending:
    """How a process has ended that the server did not end; `at_work`: with its query unanswered."""
    if os.WIFSIGNALED(status):
        return "crashed"
    if os.WEXITSTATUS(status):
        return "failed"
    return "stopped" if at_work else "finished"


def _exit_frame(status: int) -> bytes:
    """The frame that reports how a process ended."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return frame(b"X", str(number).encode())


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        MemoryLimits(*map(int, sys.argv[3:7])),
        sys.argv[2] == IN_MEMORY,
        socket.socket(fileno=os.dup(sys.stdin.fileno())),
    )
