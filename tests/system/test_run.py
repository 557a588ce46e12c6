"""`./run` sets up once, however many start at once, and whatever became of one that set up."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "run"
FAKE = """#!/bin/sh
# Stands in for Python: what it is asked to do stands in the log, and installing takes a while.
case "$*" in
    *version_info* | *ensurepip*) ;;
    -VV) echo "Python 3.99" ;;
    "-m venv"*)
        echo begin >> "$LOG"
        mkdir -p "$4/bin"
        cp "$0" "$4/bin/python"
        printf '#!/bin/sh\\necho started "$@"\\n' > "$4/bin/spacepolicy"
        chmod +x "$4/bin/spacepolicy"
        ;;
    *pip*)
        sleep "$SECONDS_TO_INSTALL"
        echo end >> "$LOG"
        exit "$INSTALL_STATUS"
        ;;
esac
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script and a Python that only pretends to install."""
    folder, fake = tmp_path / "a clone", tmp_path / "bin" / "python3"
    (folder / "locks").mkdir(parents=True)
    shutil.copy(RUN, folder / "run")
    for name in ("pyproject.toml", "locks/run.txt", "locks/test.txt", "locks/build.txt"):
        (folder / name).touch()
    for name in ("assets/build.py", "web/workbench/workbench.js"):
        path = folder / "service/spacepolicy" / name
        path.parent.mkdir(parents=True)
        path.touch()
    fake.parent.mkdir()
    fake.write_text(FAKE, encoding="utf-8")
    fake.chmod(0o755)
    return folder


@pytest.fixture
def start(clone: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the script, and ends it with the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, seconds: float = 0.2, status: int = 0) -> "subprocess.Popen[str]":
        environment = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "LOG": str(tmp_path / "log"),
            "SECONDS_TO_INSTALL": str(seconds),
            "INSTALL_STATUS": str(status),
        }
        process = subprocess.Popen(
            [clone / "run", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):  # what it started may outlive it, and holds its streams
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def log(tmp_path: Path) -> list[str]:
    path = tmp_path / "log"
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def until_begun(tmp_path: Path) -> None:
    for _ in range(1000):
        if "begin" in log(tmp_path):
            return
        time.sleep(0.02)
    raise AssertionError("nothing was set up")


def test_of_several_that_start_at_once_one_sets_up_and_the_others_wait(
    start: Start, clone: Path, tmp_path: Path
) -> None:
    ended = [process.communicate(timeout=60) for process in [start("a") for _ in range(3)]]
    assert [out for out, _ in ended] == ["started a\n"] * 3
    assert log(tmp_path) == ["begin", "end", "end", "end"]
    lines = sorted("\n".join(err for _, err in ended).split("\n"))
    assert [line.partition(clone.name)[0][:30] for line in lines if "setting up" in line] == [
        "run: another ./run is setting ",
        "run: another ./run is setting ",
        f"run: setting up {tmp_path}"[:30],
    ]
    assert not (clone / ".venv.lock").exists()
    assert start("b").communicate(timeout=60) == ("started b\n", "")


def test_one_that_was_killed_holds_nobody_up(start: Start, clone: Path, tmp_path: Path) -> None:
    """What it had started is waited for: two may not write to one folder."""
    first = start("a", seconds=1.5)
    until_begun(tmp_path)
    first.kill()  # the shell alone: its child goes on
    first.wait()
    assert start("b", seconds=0).communicate(timeout=60)[0] == "started b\n"
    assert log(tmp_path)[-4:] == ["begin", "end", "end", "end"]
    assert not (clone / ".venv.lock").exists()


@pytest.mark.parametrize("entry", [None, "99999999", "0x"])
def test_what_a_crash_left_behind_holds_nobody_up(
    start: Start, clone: Path, entry: str | None
) -> None:
    (clone / ".venv.lock").mkdir()
    if entry:
        (clone / ".venv.lock" / entry).touch()
    assert start("a").communicate(timeout=60)[0] == "started a\n"
    assert not (clone / ".venv.lock").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_is_interrupted_ends_what_it_started(
    start: Start, clone: Path, tmp_path: Path, number: signal.Signals
) -> None:
    first = start("a", seconds=30)
    until_begun(tmp_path)
    time.sleep(0.3)
    first.send_signal(number)
    assert first.wait(timeout=20) == 130
    assert start("b", seconds=0).communicate(timeout=20)[0] == "started b\n"
    assert not (clone / ".venv.lock").exists()


def test_a_failed_installation_is_none_and_leaves_no_lock(start: Start, clone: Path) -> None:
    failed = start("a", status=3)
    assert (failed.communicate(timeout=60)[0], failed.returncode) == ("", 3)
    assert not (clone / ".venv.lock").exists()
    assert not (clone / ".venv" / "stamp").exists()
    assert start("b").communicate(timeout=60)[0] == "started b\n"
