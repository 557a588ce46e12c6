"""The control socket of a running service: commands on this machine reach it through its store.

A job is a JSON object on a line, and so is its answer; the socket is open to its owner alone.
"""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, final

from spacepolicy.errors import ProblemError, StoreError, problems

_NAME: Final = "serve.sock"
_log: Final = logging.getLogger(__name__)
Job = dict[str, Any]


@final
class ControlSocket:
    """Listens for jobs and runs `work` for each in a thread of its own.

    Raises: StoreError where another service has the store.
    """

    def __init__(self, store: Path, work: Callable[[Job], Job]) -> None:
        self._work = work
        self._path = store / _NAME
        if is_open(store):
            raise StoreError(
                f"{store}: a service runs over this store; stop it, or name another --store."
            )
        self._listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            self._path.unlink(missing_ok=True)
            with _near(store) as folder:
                self._listening.bind(f"{folder}/{_NAME}")
        except OSError as error:
            raise StoreError(f"{store}: cannot be written: {error}") from error
        finally:
            os.umask(before)
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            line = stream.readline()
            if not line:
                return
            try:
                answer = self._work(json.loads(line))
            except ProblemError as error:
                answer = {"problem": {"kind": error.kind, "detail": error.detail}}
            except Exception as error:  # noqa: BLE001 # the outermost wall of a job
                _log.exception("a job of a command failed")
                answer = {"problem": {"kind": "engine-failure", "detail": str(error)}}
            with suppress(OSError):
                stream.write(json.dumps(answer).encode() + b"\n")

    def close(self) -> None:
        """Accept no more jobs."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        with suppress(FileNotFoundError):
            self._path.unlink()


@contextmanager
def _near(store: Path) -> Iterator[str]:
    """A short path of the folder: the address of a socket has room for few characters."""
    descriptor = os.open(store, os.O_PATH)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _connected(store: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _near(store) as folder:
            connection.connect(f"{folder}/{_NAME}")
    except OSError:
        connection.close()
        return None
    return connection


def is_open(store: Path) -> bool:
    """Whether a service runs over the store and takes jobs."""
    connection = _connected(store)
    if connection is None:
        return False
    connection.close()
    return True


def ask(store: Path, job: Job) -> Job:
    """Have the service over the store do the job; return its answer.

    Raises: ProblemError with which it answers, StoreError where it ends meanwhile.
    """
    connection = _connected(store)
    if connection is None:
        raise StoreError(f"{store}: no service runs over this store.")
    with connection, connection.makefile("rwb") as stream:
        stream.write(json.dumps(job).encode() + b"\n")
        stream.flush()
        line = stream.readline()
    if not line:
        raise StoreError(f"{store}: the service ended before it had done the job.")
    answer: Job = json.loads(line)
    if "problem" in answer:
        problem = answer["problem"]
        raise problems()[problem["kind"]](problem["detail"])
    return answer
