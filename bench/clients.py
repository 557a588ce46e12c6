"""Clients that ask an endpoint as fast as it answers, and cost little beside it.

`wrk` (a Debian package) is asked to, where it is installed: a client written in Python costs about
as much as an answer that is kept, so that any server is as fast as it. Each client has a connection
of its own and asks one query after the other.
"""

import http.client
import itertools
import multiprocessing
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

JSON: Final = {"Accept": "application/sparql-results+json"}
_PIECE_BYTES: Final = 1 << 18
_LENGTH: Final = b"\r\ncontent-length:"
_RATE: Final = re.compile(r"Requests/sec: *([\d.]+)")
_P99: Final = re.compile(r"^ *99% *([\d.]+)(us|ms|s)$", re.MULTILINE)
_MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_FAILED: Final = re.compile(r"Non-2xx.*|Socket errors.*")
_SCRIPT: Final = """
local targets, at = {}, 0
function init(arguments)
  for line in io.lines(arguments[1]) do targets[#targets + 1] = line end
end
function request()
  at = at % #targets + 1
  return wrk.format("GET", targets[at])
end
"""


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where queries are answered."""

    port: int
    path: str

    def target(self, text: str) -> str:
        """What a request for the query names."""
        return f"{self.path}?query={quote(text)}"

    def ask(self, client: http.client.HTTPConnection, text: str) -> bytes:
        """The answer in JSON."""
        client.request("GET", self.target(text), headers=JSON)
        response = client.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {body[:200]!r}")
        return body

    def client(self) -> http.client.HTTPConnection:
        """A connection that is kept."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """How many queries a second were answered, and the milliseconds that 99 of 100 keep."""

    rate: float
    p99: float


def kind() -> str:
    """What the clients are."""
    return "wrk" if shutil.which("wrk") else "Python (wrk is not installed)"


def measure(endpoint: Endpoint, texts: Sequence[str], seconds: int, clients: int) -> Measured:
    """What the clients meet that ask these queries, each of them another, in turn.

    Raises: RuntimeError where one fails.
    """
    targets = [endpoint.target(text) for text in texts]
    if shutil.which("wrk"):
        return _by_wrk(endpoint, targets, seconds, clients)
    return _by_python(endpoint, targets, seconds, clients)


def _by_wrk(endpoint: Endpoint, targets: Sequence[str], seconds: int, clients: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        script, list_ = Path(folder) / "script.lua", Path(folder) / "targets"
        script.write_text(_SCRIPT, encoding="utf-8")
        list_.write_text("\n".join(targets), encoding="utf-8")
        load = ("-t", "1", "-c", str(clients), "-d", str(seconds), "--timeout", "60s", "--latency")
        field = ("-H", f"Accept: {JSON['Accept']}")
        url = f"http://127.0.0.1:{endpoint.port}{endpoint.path}"
        told = subprocess.run(  # noqa: S603 # our own script
            ("wrk", *load, *field, "-s", str(script), url, "--", str(list_)),  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    failed, rate, p99 = _FAILED.search(told), _RATE.search(told), _P99.search(told)
    if failed or rate is None or p99 is None:
        raise RuntimeError(failed[0] if failed else told)
    return Measured(float(rate[1]), float(p99[1]) * _MILLISECONDS[p99[2]])


def _by_python(endpoint: Endpoint, targets: Sequence[str], seconds: int, clients: int) -> Measured:
    shares = [targets[first::clients] or targets for first in range(clients)]
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        pool.starmap(_delays, [(endpoint, share[-100:], 0.2) for share in shares])
        taken = pool.starmap(_delays, [(endpoint, share, seconds) for share in shares])
    delays = sorted(delay for each in taken for delay in each)
    return Measured(len(delays) / seconds, 1000 * delays[len(delays) * 99 // 100])


def _delays(endpoint: Endpoint, targets: Sequence[str], seconds: float) -> list[float]:
    """The seconds that each query took of one client, one after the other."""
    end = f" HTTP/1.1\r\nHost: localhost\r\nAccept: {JSON['Accept']}\r\n\r\n"
    requests = itertools.cycle([f"GET {target}{end}".encode() for target in targets])
    taken: list[float] = []
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=120) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stop = time.monotonic() + seconds
        while (started := time.monotonic()) < stop:
            connection.sendall(next(requests))
            _receive(connection)
            taken.append(time.monotonic() - started)
    return taken


def _receive(connection: socket.socket) -> None:
    """Receive an answer, whole."""
    received = b""
    while not _is_whole(received):
        piece = connection.recv(_PIECE_BYTES)
        if not piece:
            raise RuntimeError("the connection ended")
        received += piece
    if received[9:12] != b"200":
        raise RuntimeError(received[:200].decode("latin-1"))


def _is_whole(received: bytes) -> bool:
    """Whether the bytes end an answer, which tells its length or comes in chunks."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    told = received[:end].lower().find(_LENGTH)
    if told < 0:
        return received.endswith(b"0\r\n\r\n")
    length = received[told + len(_LENGTH) : received.find(b"\r", told + 2)]
    return len(received) >= end + 4 + int(length)
