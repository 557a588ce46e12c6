"""A process that finds the effect of one large edit, and ends; it can be killed at any time.

Started as `python -m spacepolicy.engine.bulk_update_process` with a connection as its standard
input. The request names the edit, the files that it brings, the dataset and a folder; the removed
and added lines are written there, and the rest is the answer. The process has no more memory than
the request says, makes no connection, and is ended by the kernel when the other side hangs up.
"""

import fcntl
import json
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, Store

from spacepolicy.engine.answer_frames import end_frame, frame, problem_frame
from spacepolicy.engine.bulk_difference import LineDifference, difference
from spacepolicy.engine.nquads import Graph
from spacepolicy.engine.requests import receive
from spacepolicy.engine.sandbox import refuse_sockets
from spacepolicy.engine.snapshot import damage, opened
from spacepolicy.engine.update_protocol import edit_of
from spacepolicy.errors import EngineError, ProblemError

REMOVED: Final = "removed.nq"
ADDED: Final = "added.nq"
_MEMORY_FACTOR: Final = 8
"""The memory that reading takes for each byte of a document: 375 bytes a quad in the store, and its
line twice, where a line has 70 bytes or more. A document that would take more than allowed is read
onto disk, which takes twice the time."""


def main(connection: socket.socket) -> None:
    """Answer the one request."""
    request = receive(connection)
    if request is None:
        return
    with _ended_with(connection):
        answer = _answer(request.decoded_table())
    connection.sendall(answer)


def _answer(table: dict[str, Any]) -> bytes:
    """The frames of the answer."""
    try:
        return frame(b"D", _done(table)) + end_frame(last=True)
    except ProblemError as error:
        return problem_frame(error, last=True)
    except MemoryError:
        os.abort()
    except Exception as error:  # noqa: BLE001 # the process's outermost wall
        traceback.print_exc()
        failure = damage(str(error)) or EngineError(f"The engine failed: {error}")
        return problem_frame(failure, last=True)


@contextmanager
def _ended_with(connection: socket.socket) -> Iterator[None]:
    """Let the kernel end this process when the other side of the connection is closed: SIGIO does
    so, also in the middle of the engine."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    yield
    fcntl.fcntl(connection, fcntl.F_SETFL, flags)


def _done(table: dict[str, Any]) -> bytes:
    """Write the lines, and return the rest of the effect.

    Raises: ProblemError.
    """
    _confine(table["memory_bytes"])
    edit, folder = edit_of(table["edit"]), Path(table["folder"])
    dataset = opened(Path(table["dataset"]), folder / "dataset")
    in_memory = _MEMORY_FACTOR * sum(size for *_, size in edit.uploads) <= table["memory_bytes"]
    read = Store() if in_memory else Store(str(folder / "read"))
    found = difference(dataset, edit, [Path(file) for file in table["files"]], read)
    del read
    return _written(found, folder)


def _written(found: LineDifference, folder: Path) -> bytes:
    counts = {}
    for name, lines in ((REMOVED, found.removed), (ADDED, found.added)):
        with (folder / name).open("wb") as file:
            file.writelines(sorted(line for each in lines.values() for line in each))
        counts[name] = [(_name(graph), len(each)) for graph, each in lines.items()]
    return json.dumps(
        {
            "counts": counts,
            "dropped": [graph.value for graph in found.dropped],
            "created": [graph.value for graph in found.created],
            "existed": found.existed,
        }
    ).encode()


def _name(graph: Graph) -> str | None:
    match graph:
        case DefaultGraph():
            return None
        case BlankNode():
            return str(graph)
        case _:
            return graph.value


def _confine(memory_bytes: int) -> None:
    """Allow no more memory beyond what is used now, no core dump, and no connection."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    refuse_sockets()


if __name__ == "__main__":
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as given:
        main(given)
