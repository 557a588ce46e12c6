"""Commands find the service that runs over their store, or that is starting."""

import fcntl
import os
import threading
from pathlib import Path

import pytest

from spacepolicy.commands import jobs
from spacepolicy.commands.jobs import import_file, is_served
from spacepolicy.errors import StorageError
from spacepolicy.settings import Settings
from spacepolicy.store.revision_writer import is_locked, locked
from spacepolicy.writes.control_socket import ControlSocket, Job


def same(job: Job) -> Job:
    return job


def test_a_store_that_nobody_writes_is_served_by_no_service(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    os.close(locked(tmp_path / "lock"))
    assert not is_locked(tmp_path)
    assert not is_served(tmp_path)


def test_a_service_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    lock = locked(tmp_path / "lock")
    opened = list[ControlSocket]()
    timer = threading.Timer(0.3, lambda: opened.append(ControlSocket(tmp_path, same)))
    timer.start()
    try:
        assert is_locked(tmp_path)
        assert is_served(tmp_path)
        timer.join()  # the socket is open a moment before it is ours
        assert opened
    finally:
        timer.join()
        opened[0].close()
        os.close(lock)


def test_a_process_that_ends_without_a_service_is_waited_for_no_longer(tmp_path: Path) -> None:
    lock = locked(tmp_path / "lock")
    timer = threading.Timer(0.3, lambda: fcntl.flock(lock, fcntl.LOCK_UN))
    timer.start()
    try:
        assert not is_served(tmp_path)
        assert not timer.is_alive()
    finally:
        timer.join()
        os.close(lock)


def test_an_import_is_done_by_a_service_that_has_begun_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[ControlSocket]()

    def refused(*_: object) -> dict[str, int]:
        if not opened:
            opened.append(ControlSocket(tmp_path, lambda job: {"number": 7, "file": job["file"]}))
        raise StorageError("Nothing was written.")

    monkeypatch.setattr(jobs, "_done_here", refused)
    file = tmp_path / "more.nq"
    try:
        told = import_file(Settings(), tmp_path, file, "nquads")
        assert told == {"number": 7, "file": str(file)}
    finally:
        opened[0].close()
    with pytest.raises(StorageError, match="Nothing was written"):
        import_file(Settings(), tmp_path, file, "nquads")
