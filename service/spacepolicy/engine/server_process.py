"""The process that holds the dataset and forks workers over it, from the pool's side."""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Final, final

from pyoxigraph import __version__

from spacepolicy.engine.control import (
    IN_MEMORY,
    MESSAGE_BYTES,
    ON_DISK,
    READY,
    Ended,
    Forked,
    Publication,
    Wanted,
    read_report,
)
from spacepolicy.engine.port import EngineCounts
from spacepolicy.engine.processor_time import user_seconds
from spacepolicy.engine.replay import Road
from spacepolicy.engine.snapshot import standing
from spacepolicy.errors import StoreError
from spacepolicy.settings import environment

_LOADING_SECONDS: Final = 3600.0
"""How long the server may take until its first message: it opens the dataset first, and a store on
a slow disk with a long patch to carry out takes minutes. An hour means that something is wrong."""
_ENDING_SECONDS: Final = 1.0
"""How long the server may take to end by itself before it is killed; requests have as long when the
service stops."""
_USUAL: Final[Road] = "tables"
_SERVER: Final = "spacepolicy.engine.server"


@final
@dataclass(eq=False, slots=True)
class ServerProcess:
    """A process that holds a dataset and forks workers over it; `order` names the order of its
    quads. `log` counts the logs of changes that it has begun, `logged_bytes` is the size of the
    newest, and `changed_bytes` that of all changes since it loaded the dataset. `out` are the
    connections in use.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    in_memory: bool
    order: str
    log: int = 0
    logged_bytes: int = 0
    changed_bytes: int = 0
    out: int = 0
    ended: bool = False
    workers: dict[int, int] = field(default_factory=dict)
    """The process ids of the workers that have not ended, by their number."""
    counts: EngineCounts = field(default_factory=EngineCounts)
    """The counters of all servers of the pool."""
    hearing: threading.Lock = field(default_factory=threading.Lock)

    def wait_until_ready(self, dataset: Path) -> None:
        """Raises: StoreError where it cannot load the dataset."""
        self.control.settimeout(_LOADING_SECONDS)
        try:
            message = self.control.recv(4096)
        except OSError:
            message = b""
        if not message.startswith(READY):
            self.end()
            raise StoreError(message.decode() or f"{dataset}: the engine ended while loading it.")
        self.control.settimeout(None)
        if (road := message.removeprefix(READY).strip().decode()) != _USUAL:
            self.order += f" by {road}"

    @property
    def was_killed(self) -> bool:
        """Whether it has been ended by a signal."""
        return self.process.poll() is not None and self.process.returncode < 0

    def tell(self, publication: Publication) -> None:
        """Announce a publication to it; a server that has ended is replaced by one that loads
        this."""
        with suppress(OSError):
            self.control.send(publication.to_bytes())

    def has_sent(self, connection: socket.socket, wanted: Wanted) -> bool:
        """Send it a connection for a worker; return False where it has ended."""
        self.hear()  # so that reports do not fill the socket's buffer
        try:
            socket.send_fds(self.control, [wanted.to_bytes()], [connection.fileno()])
        except OSError:
            return False
        return True

    def processor_seconds(self, number: int) -> float | None:
        """The processor time of the worker with that number in its own code; None where that is not
        known. The system's time for it does not count: a new worker copies each page that it
        touches, so that its first look-ups would be taken for long ones, each of which has to have
        a worker of its own, that is new in turn."""
        if number not in self.workers:
            self.hear()
        process = self.workers.get(number)
        return None if process is None else user_seconds(process)

    def hear(self) -> None:
        """Read what the server reports about its workers."""
        with self.hearing, suppress(OSError):
            while message := self.control.recv(MESSAGE_BYTES, socket.MSG_DONTWAIT):
                if not message.startswith(READY):
                    self._count(read_report(message))

    def _count(self, report: Forked | Ended) -> None:
        match report:
            case Forked(number, process):
                self.workers[number] = process
                self.counts.workers_forked += 1
            case Ended(number, ending):
                self.workers.pop(number, None)
                self.counts.workers_ended[ending] += 1

    def end(self) -> None:
        """Stop it and its workers."""
        self.hear()
        self.control.close()
        try:
            self.process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@final
@dataclass(frozen=True, slots=True)
class ServerStart:
    """How servers are started: the memory limit of a query, that of all processes, how many workers
    may exist at once, and how many stay when nothing runs."""

    memory_bytes: int
    budget_bytes: int
    kept_workers: int
    idle_workers: int

    def of(self, dataset: Path, counts: EngineCounts, *, in_memory: bool) -> ServerProcess:
        """Start a server that loads the dataset; its events are added to the counts."""
        counts.servers_started += 1
        place = IN_MEMORY if in_memory else ON_DISK
        numbers = map(str, astuple(self))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(  # noqa: S603 # our own module, no shell
                [sys.executable, "-m", _SERVER, str(dataset), place, *numbers],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,
                env=environment(),
            )
        return ServerProcess(process, ours, in_memory, _order_of(dataset), counts=counts)


def _order_of(dataset: Path) -> str:
    """A name for the order of quads that are loaded into memory: the generation they rest on, and
    the changes since."""
    with suppress(FileNotFoundError):
        ground = standing(dataset)[0].parent.name
        return f"pyoxigraph {__version__} {ground} to {dataset.parent.name}"
    return ""
