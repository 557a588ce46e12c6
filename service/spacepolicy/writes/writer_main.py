"""The process that writes a store: the only one that does while a service runs over it.

Started as `python -m spacepolicy.writes.writer_main STORE merged|stored refuse|warn|off KEEP
MEMORY_QUADS` with a connection as its standard input. A job is a table and, behind it, bytes: a
change is the quads removed and the quads added, as N-Quads, or the folder in which they stand; the
job `publish` puts in force the changes since the last. Each job names the number of the revision
that it builds on. Frames of the engine's port go back: data and an end, or a problem. The process
ends when the connection closes, after the current job, or within a second of the one that started
it, in the middle of a job: a revision is whole or was never there.
"""

import gc
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pyoxigraph import NamedNode

from spacepolicy.child_process import WORKER_PRIORITY
from spacepolicy.engine.answer_frames import end_frame, frame, problem_frame
from spacepolicy.engine.bulk_update import read_lines
from spacepolicy.engine.memory import give_back_freed_memory
from spacepolicy.engine.nquads import quads
from spacepolicy.engine.requests import CHUNK_BYTES, receive, receive_behind
from spacepolicy.errors import (
    BadParameterError,
    EngineError,
    InvalidDataError,
    ProblemError,
    StorageError,
    StoreError,
)
from spacepolicy.knowledge.incremental.maintenance import Maintenance
from spacepolicy.store.revision import Change
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.writes.draft_files import read_draft

READY: Final = b"ready"


_LOOK_SECONDS: Final = 0.5
"""How often it is looked for the process that started this one. A large import takes minutes, in
which the store would be locked for the next service."""


def main(arguments: list[str], connection: socket.socket) -> None:
    """Open the store, report that it is ready, and do jobs until the connection closes."""
    os.nice(WORKER_PRIORITY)
    path, mode, guard, keep, memory_quads = arguments
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        durable = DurableStore(Path(path), int(keep), int(memory_quads))
        maintenance = Maintenance(durable, guard, merged=mode == "merged")  # type: ignore[arg-type] # the front's own words
    except StoreError as error:
        connection.sendall(problem_frame(StorageError(str(error)), last=True))
        return
    gc.collect()
    gc.freeze()  # # what is derived stays: collecting it again and again takes long
    connection.sendall(frame(b"D", READY) + end_frame(last=False))
    large = False
    with durable:
        while (request := receive(connection)) is not None:
            table = request.decoded_table()
            large |= table["job"] == "build" or "large" in table
            connection.sendall(b"".join(_answer(maintenance, connection, table, request.behind)))
            with suppress(StoreError):  # # the next writer gets the error
                maintenance.refresh()
            if large and table["job"] in ("build", "publish"):
                give_back_freed_memory()
                large = False
        maintenance.keep_digest()


def _end_with(parent: int) -> None:
    """End this process once its parent is another one. (The kernel's own signal, PR_SET_PDEATHSIG,
    comes when the thread ends that started it, and a writer may be started by any.)"""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _answer(
    maintenance: Maintenance, connection: socket.socket, table: dict[str, Any], behind: bytes
) -> Iterator[bytes]:
    """The frames of the answer to a job; `behind` was received after its table."""
    pieces = receive_behind(connection, table.pop("sizes"), behind)
    if pieces is None:
        return
    try:
        data = _done(maintenance, table, pieces)
    except InvalidDataError as error:
        error.extras["report"] = error.report.decode()
        yield problem_frame(error, last=False)
    except ProblemError as error:
        yield problem_frame(error, last=False)
    except StoreError as error:
        yield problem_frame(StorageError(str(error)), last=False)
    except Exception as error:  # noqa: BLE001 # the writer's outermost wall
        traceback.print_exc()
        failure = EngineError(f"The writer failed: {error}")
        connection.sendall(problem_frame(failure, last=True))
        sys.exit(1)  # what it has derived may be wrong now: another starts anew
    else:
        for start in range(0, len(data), CHUNK_BYTES):
            yield frame(b"D", data[start : start + CHUNK_BYTES])
        yield end_frame(last=False)


def _done(maintenance: Maintenance, table: dict[str, Any], pieces: list[bytes]) -> bytes:
    """Do the job; return its answer.

    Raises: ProblemError, StoreError; nothing is written then.
    """
    match table["job"]:
        case "build":
            return _built(maintenance, Path(table["draft"]), table["upon"])
        case "publish":
            _see_upon(maintenance, table)
            numbers = [revision.number for revision in maintenance.publish()]
            return json.dumps({"numbers": numbers}).encode()
        case _:
            return _taken(maintenance, table, pieces)


def _see_upon(maintenance: Maintenance, table: dict[str, Any]) -> None:
    """Raises: EngineError where other changes have been taken in than the job expects, since the
    process that had taken them in has ended."""
    if maintenance.number != table["upon"]:
        raise EngineError(f"The writer is at {maintenance.number}, and not at {table['upon']}.")


def _taken(maintenance: Maintenance, table: dict[str, Any], pieces: list[bytes]) -> bytes:
    """Take in a change, to be published with the next job `publish`."""
    _see_upon(maintenance, table)
    removed, added = (
        read_lines(table["large"])
        if "large" in table
        else (tuple(quads(piece)) for piece in pieces)
    )
    dropped, created = (tuple(map(NamedNode, table[name])) for name in ("dropped", "created"))
    change = Change(removed, added, dropped, created)
    outcome = maintenance.take(
        change, table["author"], table["message"], dry_run=table["dry_run"], tell=table["tell"]
    )
    return json.dumps(
        {
            "added": outcome.added,
            "removed": outcome.removed,
            "report": outcome.report.decode(),
            "patch": outcome.patch.decode(),
            "graphs": outcome.graphs,
        }
    ).encode()


def _built(maintenance: Maintenance, draft: Path, upon: int) -> bytes:
    """Publish a draft that was made from the revision with that number."""
    now = maintenance.durable.revision
    if now is None or now.number != upon:
        raise BadParameterError("The store has another revision by now; build once more.")
    revision, change = maintenance.build(read_draft(draft))
    return json.dumps({"numbers": [] if change.empty else [revision.number]}).encode()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as given, suppress(BrokenPipeError):
        main(sys.argv[1:], given)
        sys.stdin = None
