"""The service and its peers, started and loaded as users do: by the command line and over HTTP."""

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, final

from bench.wrk import RESULTS, Endpoint

BESIDE: Final = Path(sys.executable).parent
"""Where the programs of this environment are."""
PEER: Final = "oxigraph serve"
OURS: Final = "spacepolicy"
_START_SECONDS: Final = 600.0
"""How long a start may take at most: some minutes at five million statements."""
_LOOK_SECONDS: Final = 0.005
_END_SECONDS: Final = 20.0
STORED: Final = ("--content", "none", "--default-graph", "stored")
"""A plain SPARQL store."""


@final
@dataclass(frozen=True, slots=True)
class _Said:
    """A process, and the file of what it writes to standard error."""

    process: subprocess.Popen[str]
    errors: IO[str]


@final
@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    name: str
    process: int
    endpoint: Endpoint
    store: Path = Path()
    said: _Said | None = None

    def see_alive(self) -> None:
        """Raises: RuntimeError with what it has said where it has ended."""
        if self.said is not None and self.said.process.poll() is not None:
            self.said.errors.seek(0)
            raise RuntimeError(f"{self.name} ended: {self.said.errors.read().strip()[-2000:]}")

    def request(
        self, method: str, target: str, body: bytes | Path | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """The status and the body of an answer; a path stands for the bytes of the file."""
        client = http.client.HTTPConnection("127.0.0.1", self.endpoint.port, timeout=3600)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            if isinstance(body, Path):
                fields["Content-Length"] = str(body.stat().st_size)
                with body.open("rb") as file:
                    client.request(method, target, file, fields)
                    answer = client.getresponse()
                    return answer.status, answer.read()
            client.request(method, target, body, fields)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def ask(self, query: str, accept: str = RESULTS) -> bytes:
        """The answer to a query.

        Raises: RuntimeError where it is none.
        """
        status, body = self.request("GET", self.endpoint.target(query), Accept=accept)
        if status != 200:
            raise RuntimeError(f"{self.name}: {status}: {body[:300]!r}: {query}")
        return body


def oxigraph() -> Path | None:
    """The program of the peer, where it is installed in this environment."""
    program = BESIDE / "oxigraph"
    return program if program.exists() else None


@contextmanager
def peer() -> Iterator[Server]:
    """`oxigraph serve` with an empty store in memory."""
    port = free_port()
    command = [str(oxigraph()), "serve", "--bind", f"127.0.0.1:{port}"]
    with started(command) as process:
        _wait_for_port(process, port)
        yield Server(PEER, process.pid, Endpoint(port, "/query"))


def load_peer(server: Server, file: Path) -> float:
    """Load the N-Quads of the file; the seconds that it took."""
    began = time.monotonic()
    status, body = server.request("POST", "/store", file, Content_Type="application/n-quads")
    if status >= 300:
        raise RuntimeError(f"{PEER} did not load {file}: {status}: {body[:300]!r}")
    return time.monotonic() - began


@contextmanager
def service(store: Path | str, *options: str) -> Iterator[Server]:
    """`spacepolicy serve` over the store, a folder or the address of an endpoint, once it answers.

    Raises: RuntimeError with what it says where it ends.
    """
    with starting(store, *options) as server:
        wait_for_answer(server)
        yield server


@contextmanager
def starting(store: Path | str, *options: str) -> Iterator[Server]:
    """`spacepolicy serve` over the store, from the moment it is started."""
    port = free_port()
    command = [program(), "serve", "--store", str(store), "--port", str(port), *options]
    with tempfile.TemporaryFile("w+") as errors, started(command, errors) as process:
        yield Server(
            OURS, process.pid, Endpoint(port, "/sparql"), Path(store), _Said(process, errors)
        )


def wait_for_answer(server: Server, query: str = "ASK {}") -> float:
    """Ask until there is an answer with a solution; the seconds that it took.

    Raises: RuntimeError where the server ends, or takes too long.
    """
    began = time.monotonic()
    while time.monotonic() - began < _START_SECONDS:
        try:
            status, body = server.request("GET", server.endpoint.target(query), Accept=RESULTS)
        except (OSError, http.client.HTTPException):
            server.see_alive()
        else:
            if status == 200 and _has_solution(body):
                return time.monotonic() - began
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError(f"{server.name} does not answer")


def _has_solution(body: bytes) -> bool:
    told = json.loads(body)
    return bool(told.get("boolean") or told.get("results", {}).get("bindings"))


def wait_for_memory(server: Server) -> float:
    """The seconds until `/readyz` no longer says that data are on their way into memory."""
    began = time.monotonic()
    while time.monotonic() - began < _START_SECONDS:
        if is_in_memory(json.loads(server.request("GET", "/readyz")[1])):
            return time.monotonic() - began
        time.sleep(_LOOK_SECONDS)
    raise RuntimeError(f"{server.name} does not load its data into memory")


def is_in_memory(told: dict[str, object]) -> bool:
    """Whether `/readyz` does not say that the dataset is still being loaded."""
    return not told.get("loading")


def import_file(store: Path, file: Path, *options: str) -> float:
    """Import the file into the store, by its service where one runs; the seconds that it took.

    Raises: RuntimeError with what the command says where it fails.
    """
    began = time.monotonic()
    command = [program(), "import", "--store", str(store), *options, str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip())
    return time.monotonic() - began


def write_token(store: Path) -> str:
    """A token that may write any graph of the store."""
    command = [program(), "token", "new", "--scope", "write", "--store", str(store)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return ended.stdout.strip()


def program() -> str:
    """This project's program."""
    return str(BESIDE / "spacepolicy")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def started(
    command: Sequence[str], errors: IO[str] | int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    """A program until the block ends."""
    with subprocess.Popen(  # noqa: S603 # this project's program, or a peer
        command, stdout=subprocess.DEVNULL, stderr=errors, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for_port(process: subprocess.Popen[str], port: int) -> None:
    stop = time.monotonic() + _START_SECONDS
    while time.monotonic() < stop:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended at once") from None
            time.sleep(_LOOK_SECONDS)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen")
