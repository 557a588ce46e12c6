"""Jobs that write a store: sent to the service that runs over it, else done here."""

import getpass
import time
from pathlib import Path
from typing import Any, Final

from spacepolicy.engine.pool import Pool
from spacepolicy.errors import BadParameterError, StorageError
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.durable_files import see_writable
from spacepolicy.store.revision import Revision
from spacepolicy.store.revision_writer import is_locked
from spacepolicy.store.write_requests import DatasetWrite, Upload, WriteRequest
from spacepolicy.writes import control_socket
from spacepolicy.writes.coordinator import StoreWriter

_STARTING_SECONDS: Final = 120.0
"""How long to wait for a service that is starting: its first build takes 13 s on an idle machine,
77 beside eight other processes."""
_LOOK_SECONDS: Final = 0.1
"""How often its socket is tried; nobody notices so short a delay at a start."""


def is_served(store: Path) -> bool:
    """Whether a service over the store takes jobs; waits for one that is starting, and has locked
    the store."""
    until = time.monotonic() + _STARTING_SECONDS
    while not control_socket.is_open(store):
        if not is_locked(store) or time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def worker(writer: StoreWriter) -> Any:  # noqa: ANN401 # a function of jobs
    """Return the function that does the jobs which commands send to a running service."""

    def work(job: dict[str, Any]) -> dict[str, Any]:
        match job.get("job"):
            case "build":
                revision = writer.build(Path(job["draft"]), int(job["upon"]))
                return {"number": revision.number}
            case "import":
                written = writer.write(_import(job))
                return {
                    "number": written.revision.number,
                    "added": written.added,
                    "removed": written.removed,
                }
            case unknown:
                raise BadParameterError(f"{unknown!r} is no job.")

    return work


def _import(job: dict[str, Any]) -> WriteRequest:
    file = Path(job["file"])
    return WriteRequest(
        DatasetWrite(Upload(file, job["format"], "")),
        job["author"],
        f"imported {file.name}",
        timeout_seconds=float(job["seconds"]),
    )


def build_there(store: Path, draft: Path, upon: Revision) -> Revision:
    """Have the service over the store publish the draft; return the revision.

    Raises: ProblemError, StoreError.
    """
    reply = control_socket.ask(
        store, {"job": "build", "draft": str(draft.resolve()), "upon": upon.number}
    )
    return revisions.read(store, reply["number"])


def import_file(chosen: Settings, store: Path, file: Path, format: str) -> dict[str, int]:
    """Import the file into the store; return the number of the revision, and how many statements of
    the record were added and removed.

    Raises: ProblemError, StoreError.
    """
    job = {
        "job": "import",
        "file": str(file.resolve()),
        "format": format,
        "author": getpass.getuser(),
        "seconds": chosen.import_timeout,
    }
    if is_served(store):
        return control_socket.ask(store, job)
    try:
        return _done_here(chosen, store, job)
    except StorageError:
        if is_served(store):  # a service has started meanwhile, and writes the store
            return control_socket.ask(store, job)
        raise


def _done_here(chosen: Settings, store: Path, job: dict[str, Any]) -> dict[str, int]:
    """Do the job in a process of this command.

    Raises: ProblemError, StoreError.
    """
    see_writable(store)
    history = revisions.history(store)
    memory_bytes = chosen.memory_mib << 20
    pool = Pool(history.current.dataset, memory_bytes, 1, in_memory=False)  # one job, no queries
    try:
        arguments = [chosen.default_graph, chosen.guard, str(chosen.keep_revisions)]
        writer = StoreWriter(
            store,
            pool,
            history,
            arguments,
            chosen.memory_quads,
            memory_bytes=memory_bytes,
            in_memory=False,
        )
        is_done = False
        try:
            reply: dict[str, int] = worker(writer)(job)
            is_done = True
        finally:
            writer.close(keeps=is_done)
        return reply
    finally:
        pool.close()
