"""The program under test, started as users start it, over a copy of the shipped content."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import httpx
import pytest
from bench.documents import keep_few, lay_out

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("spacepolicy"))


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A content folder that a test may break."""
    folder = tmp_path / "content"
    copy_content(folder)
    return folder


def copy_content(folder: Path) -> None:
    """Copy the shipped content with a few of its documents."""
    lay_out(folder, ())
    keep_few(folder)
    shutil.copytree(ROOT / "migrations", folder / "migrations")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Program:
    """Runs commands in a folder of their own, over the content, with a store beside it."""

    folder: Path
    content: Path
    store: Path
    environment: dict[str, str]

    def run(
        self, command: str, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The command's end, with what it printed."""
        return subprocess.run(
            [PROGRAM, command, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def run_here(
        self, command: str, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The same with the content and the store named."""
        where = ("--content", str(self.content), "--store", str(self.store))
        return self.run(command, *where, *arguments, stdin=stdin)


@pytest.fixture
def program(tmp_path: Path, content: Path, environment: dict[str, str]) -> Program:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    return Program(folder, content, tmp_path / "store", environment)


@pytest.fixture(scope="session")
def shipped_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the first revision of the shipped files; tests have copies of it."""
    path = tmp_path_factory.mktemp("shipped") / "store"
    copy_content(path.with_name("content"))
    content = str(path.with_name("content"))
    command = [PROGRAM, "build", "--content", content, "--store", str(path)]
    home = {"PATH": os.environ["PATH"], "HOME": str(path.parent), "LC_ALL": "C.UTF-8"}
    subprocess.run(command, cwd=path.parent, env=home, check=True, capture_output=True)
    return path


@pytest.fixture
def published(program: Program, shipped_store: Path) -> None:
    """The first revision of the content is in the store already."""
    shutil.copytree(shipped_store, program.store)


@dataclass(frozen=True)
class Server:
    """A running `serve`: what it said before it was ready, and all that was heard of it,
    whole once the listener has ended."""

    process: subprocess.Popen[str]
    url: str
    said: str
    heard: list[str]
    listener: threading.Thread

    def ask(self, query: str) -> httpx.Response:
        """The answer of its endpoint, in CSV."""
        return httpx.get(f"{self.url}/sparql", params={"query": query, "format": "csv"})

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status after the signal.

        Raises: subprocess.TimeoutExpired where it does not end.
        """
        self.process.send_signal(number)
        return self.process.wait(5)


Serve = Callable[..., Server]


@pytest.fixture
def serve(program: Program) -> Iterator[Serve]:
    """Starts servers, and ends them after the test."""
    started: list[subprocess.Popen[str]] = []
    listeners: list[threading.Thread] = []

    def start(*arguments: str) -> Server:
        where: tuple[str, ...] = ("--port", "0")
        if "--store" not in arguments:
            where += ("--store", str(program.store))
        if "--content" not in arguments:
            where += ("--content", str(program.content))
        process = subprocess.Popen(
            [PROGRAM, "serve", *where, *arguments],
            cwd=program.folder,
            env=program.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        server = _server(process)
        listeners.append(server.listener)
        return server

    yield start
    for process in started:
        process.kill()
        process.wait()
    for listener in listeners:
        listener.join(30)  # it reads until the last process of the service has gone
    for process in started:
        assert process.stderr is not None
        process.stderr.close()


def _server(process: subprocess.Popen[str]) -> Server:
    """The server, once it has said at which address it is."""
    lines: Queue[str] = Queue()
    heard: list[str] = []

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            heard.append(line)
            lines.put(line)

    listener = threading.Thread(target=read, daemon=True)
    listener.start()
    said: list[str] = []
    while True:
        try:
            said.append(lines.get(timeout=120))
        except Empty:
            raise AssertionError("".join(said)) from None
        if found := re.search(r"revision \d+ at (http\S+)", said[-1]):
            return Server(process, found[1], "".join(said), heard, listener)
