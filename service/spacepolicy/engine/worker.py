"""The engine's child side: a server that holds the dataset and forks a worker for each query.

Started as `python -m spacepolicy.engine.worker DATASET MEMORY_BYTES` with a control socket as its
standard input. It answers `ready` once the dataset is loaded, or the error; then each message on
the control socket brings the connection of one query. The server keeps a copy of the connection:
it sees there that the other side has hung up, and kills the worker; when a worker ends by
itself, it says so there. A worker reads its query, answers on the connection, and ends.
"""

import ctypes
import io
import os
import resource
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, RdfFormat, Store

from spacepolicy import answers, formats
from spacepolicy.engine.port import (
    CHUNK_BYTES,
    READY,
    Header,
    Query,
    frame,
    header_frame,
    problem_frame,
    receive_query,
)
from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.errors import (
    BadParameterError,
    EgressRefusedError,
    EngineError,
    NotAcceptableError,
    ProblemError,
)

_PR_SET_PDEATHSIG: Final = 1


def main(dataset: Path, memory_bytes: int, control: socket.socket) -> None:
    """Load the dataset, say so, and serve until the control socket closes."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        store = _load(dataset)
    except (OSError, SyntaxError, ValueError) as error:
        control.send(f"{dataset}: {error}".encode())
        return
    control.send(READY)
    _serve(store, memory_bytes, control)


def _load(dataset: Path) -> Store:
    """The dataset in memory. `load` leaves no threads behind, so the process may fork."""
    store = Store()
    store.load(path=str(dataset), format=RdfFormat.N_QUADS)
    return store


@final
@dataclass(frozen=True, slots=True)
class _Worker:
    process: int
    connection: socket.socket


def _serve(store: Store, memory_bytes: int, control: socket.socket) -> None:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(woken, select.POLLIN)
    poll.register(control, select.POLLIN)
    workers: dict[int, _Worker] = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == woken:
                os.read(woken, 4096)
            elif descriptor == control.fileno():
                connection = _received(control)
                if connection is None:
                    _kill(workers)
                    return
                process = _fork(store, memory_bytes, connection, control, workers)
                workers[connection.fileno()] = _Worker(process, connection)
                poll.register(connection, 0)
            elif descriptor in workers:
                os.kill(workers[descriptor].process, signal.SIGKILL)
                poll.unregister(descriptor)
        _reap(workers, poll)


def _received(control: socket.socket) -> socket.socket | None:
    """The connection that the next message brings; None where the control socket has closed."""
    message, descriptors, _, _ = socket.recv_fds(control, 16, 1)
    if not message or not descriptors:
        return None
    return socket.socket(fileno=descriptors[0])


def _fork(
    store: Store,
    memory_bytes: int,
    connection: socket.socket,
    control: socket.socket,
    workers: dict[int, _Worker],
) -> int:
    """A child that answers the query of the connection and ends; its process id."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        _die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        for worker in workers.values():
            worker.connection.close()
        _confine(memory_bytes)
        _answer_one(store, connection)
        status = 0
    finally:
        os._exit(status)


def _reap(workers: dict[int, _Worker], poll: select.poll) -> None:
    """Take leave of the workers that have ended, and say on their connections how."""
    for descriptor, worker in list(workers.items()):
        process, status = os.waitpid(worker.process, os.WNOHANG)
        if process == 0:
            continue
        del workers[descriptor]
        with suppress(KeyError):
            poll.unregister(descriptor)
        _say_exit(worker.connection, status)
        worker.connection.close()


def _say_exit(connection: socket.socket, status: int) -> None:
    """The last word on a connection; heard only where the answer was not ended."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    with suppress(OSError):
        connection.send(frame(b"X", str(number).encode()), socket.MSG_DONTWAIT)


def _kill(workers: dict[int, _Worker]) -> None:
    for worker in workers.values():
        os.kill(worker.process, signal.SIGKILL)
        os.waitpid(worker.process, 0)


def _die_with_parent() -> None:
    """Have the kernel end this process when the one that made it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _confine(memory_bytes: int) -> None:
    """No more memory than allowed beyond what is loaded, and no new file or connection."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer_one(store: Store, connection: socket.socket) -> None:
    """Answer the query that the connection brings."""
    query = receive_query(connection)
    if query is None:
        return
    try:
        _answer(store, query, connection)
    except ProblemError as error:
        connection.sendall(problem_frame(error))
    except MemoryError:
        os.abort()
    except (OSError, RuntimeError) as error:
        connection.sendall(problem_frame(_translated(error)))
    except Exception as error:  # noqa: BLE001 # the worker's outermost wall
        traceback.print_exc()
        connection.sendall(problem_frame(EngineError(f"The engine failed: {error}")))


def _answer(store: Store, query: Query, connection: socket.socket) -> None:
    answer = _evaluate(store, query)
    form = answers.form(answer)
    name = query.graph_format if form == "graph" else query.solutions_format
    format = formats.named(name) if name else None
    if format is None:
        raise _not_acceptable(form)
    with io.BufferedWriter(_Frames(connection), CHUNK_BYTES) as output:
        connection.sendall(header_frame(Header(form, format.name)))
        answers.write(answer, format, output, query.prefixes)
    connection.sendall(frame(b"E"))


def _evaluate(store: Store, query: Query) -> answers.Answer:
    default_graph: list[NamedNode | BlankNode | DefaultGraph] | None = None
    named_graphs: list[NamedNode | BlankNode] | None = None
    if query.default_graphs is not None or query.named_graphs is not None:
        default_graph = list(map(_graph, query.default_graphs or ()))
        named_graphs = list(map(_graph, query.named_graphs or ()))
    try:
        return store.query(
            query.text,
            base_iri=query.base,
            prefixes=dict(query.prefixes),
            default_graph=default_graph,
            named_graphs=named_graphs,
        )
    except SyntaxError as error:
        raise query_syntax_error(str(error), query.text, query.prefixes) from error
    except ValueError as error:
        raise BadParameterError(str(error)) from error


def _graph(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise BadParameterError(f"<{iri}> is no IRI of a graph: {error}") from error


def _not_acceptable(form: answers.Form) -> NotAcceptableError:
    kind: formats.Kind = "graph" if form == "graph" else "solutions"
    available = [format.media_type for format in formats.offered(kind, "page")]
    return NotAcceptableError(
        f"This query gives {'a graph' if form == 'graph' else 'solutions'}; there are "
        f"{', '.join(available)}.",
        extras={"available": available},
    )


def _translated(error: OSError | RuntimeError) -> ProblemError:
    """An evaluation that failed: the only way out of the process is SERVICE, and it is shut."""
    if isinstance(error, RuntimeError) and "custom function" in str(error):
        return BadParameterError(f"{error}.")
    if isinstance(error, RuntimeError):
        return EngineError(f"The engine failed: {error}")
    if isinstance(error, ConnectionError):
        return EngineError(str(error))
    return EgressRefusedError("SERVICE is refused: queries do not leave this machine.")


@final
class _Frames(io.RawIOBase):
    """A file whose writes go out as data frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        payload = bytes(piece)  # type: ignore[call-overload] # BufferedWriter gives a memoryview
        self._connection.sendall(frame(b"D", payload))
        return len(payload)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        socket.socket(fileno=os.dup(sys.stdin.fileno())),
    )
