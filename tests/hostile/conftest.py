"""A service under attack, in a process of its own, with its memory and its latency watched."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

PROGRAM = str(Path(sys.executable).with_name("spacepolicy"))
NUMBERS = " ".join(map(str, range(100)))
JOINED = "".join(f"VALUES ?v{number} {{ {NUMBERS} }} " for number in range(8))
RUNAWAY = f"SELECT (COUNT(*) AS ?n) {{ {JOINED} }}"
"""Joins 100 numbers eight times: no machine comes to its end."""
ENDLESS = f"SELECT * {{ {JOINED} }}"
"""The same, and every row is sent."""
ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
GROWTH_MIB = 96
"""How much the memory of the front may grow in an attack: some of it is what answers are kept in,
and what is read of the attack at a time."""
PATIENCE_SECONDS = 4.0
"""How long any `ASK {}` may take beside an attack, on a machine that other tests load too."""


@dataclass
class Front:
    """A running service; its front is the process that was started."""

    process: subprocess.Popen[str]
    port: int
    token: str
    heard: list[str] = field(default_factory=list)

    def connect(self, timeout: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def exchange(self, *pieces: bytes) -> bytes:
        """All that is answered to the pieces, up to the end of the connection."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return until_closed(connection)

    def ask(self) -> float:
        """How many seconds `ASK {}` takes, over a connection of its own."""
        before = time.monotonic()
        answer = self.exchange(ASK)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return time.monotonic() - before

    def memory_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1024

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def running(self) -> int:
        """How many queries are evaluated."""
        answer = self.exchange(b"GET /running HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        found = re.search(rb'"running":(\d+)', answer)
        assert found is not None, answer
        return int(found[1])


def until_closed(connection: socket.socket) -> bytes:
    received = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            received += piece
    return bytes(received)


def status(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def get(query: str, *fields: str) -> bytes:
    lines = "".join(f"{each}\r\n" for each in fields)
    return f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode()


def post(query: str, *fields: str) -> bytes:
    """A request whose text is longer than an address may be."""
    lines = "".join(f"{each}\r\n" for each in fields)
    return (
        f"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n{lines}"
        f"Content-Length: {len(query)}\r\n\r\n{query}"
    ).encode()


def until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.02)


@contextmanager
def watched(front: Front) -> Iterator[None]:
    """While the block runs, `ASK {}` is answered again and again, each time within the patience,
    and the front's memory does not grow beyond what it may."""
    over, wrong = threading.Event(), list[str]()
    before = front.memory_mib()

    def watch() -> None:
        while not over.wait(0.02):
            try:
                took = front.ask()
            except (AssertionError, OSError) as error:
                wrong.append(f"ASK failed: {error!r}")
                return
            if took > PATIENCE_SECONDS:
                wrong.append(f"ASK took {took:.2f} seconds")
            if (grown := front.memory_mib() - before) > GROWTH_MIB:
                wrong.append(f"the front has grown by {grown:.0f} MiB")

    front.ask()
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not wrong, wrong[:3]
    assert front.memory_mib() - before < GROWTH_MIB


@contextmanager
def started(folder: Path, *options: str, descriptors: int | None = None) -> Iterator[Front]:
    """An empty store, served with the options; the process may have so many descriptors."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    where = ("--store", str(folder / "store"))
    token = subprocess.run(
        [PROGRAM, "token", "new", "--scope", "write", *where],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    bounded = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh"] if descriptors else []
    process = subprocess.Popen(
        [*bounded, PROGRAM, "serve", "--port", "0", "--content", "none",
         "--default-graph", "stored", *where, *options],
        cwd=folder, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    heard = list[str]()
    try:
        for line in process.stderr:
            heard.append(line)
            if found := re.search(r"revision \d+ at http://[^:]+:(\d+)", line):
                break
        else:
            raise AssertionError("".join(heard))
        listener = threading.Thread(target=lambda: heard.extend(process.stderr or ()))
        listener.start()
        yield Front(process, int(found[1]), token.stdout.strip(), heard)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join()
        process.stderr.close()


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A service as it is by default."""
    with started(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A service whose clients have little time."""
    options = ("--head-timeout", "1", "--body-timeout", "1", "--idle-timeout", "1.5",
               "--send-timeout", "1", "--min-rate", "100000")  # fmt: skip
    with started(tmp_path_factory.mktemp("hasty"), *options) as made:
        yield made
