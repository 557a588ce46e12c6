"""The service under test: started, killed and started again at one port, over one store."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

from bench.kills import MODULES, command_line
from bench.processes import tree
from bench.servers import free_port, program

MARK: Final = "BENCH_SOAK"
"""The variable of the environment by which processes are known when their parent is gone."""
_REQUEST_SECONDS: Final = 90.0
"""Longer than any limit of the service: what takes more has been forgotten by it."""
_START_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.05


class NoAnswerError(Exception):
    """There was no whole answer; the text says what became of the connection."""


@final
@dataclass
class Instance:
    """A store and the `serve` over it."""

    store: Path
    log: Path
    token: str
    options: Sequence[str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; the seconds until it answers.

        Raises: RuntimeError where it does not.
        """
        began = time.monotonic()
        command = [program(), "serve", "--store", str(self.store), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 # this project's own program
                [*command, *self.options],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, MARK: str(self.store)},
            )
        self.wait_for_answer()
        return time.monotonic() - began

    def wait_for_answer(self) -> None:
        """Wait until a query is answered.

        Raises: RuntimeError where it takes too long, or the process has ended.
        """
        stop = time.monotonic() + _START_SECONDS
        while time.monotonic() < stop:
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"the service ended: {self.log.read_bytes()[-2000:]!r}")
            with suppress(NoAnswerError):
                if self.query("ASK {}")[0] == 200:
                    return
            time.sleep(_LOOK_SECONDS)
        raise RuntimeError("the service does not answer")

    def end(self) -> int | None:
        """Ask it to end; its status, or None where it had to be killed."""
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def connection(self) -> http.client.HTTPConnection:
        """A connection that is not open yet."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_REQUEST_SECONDS)

    def request(
        self, method: str, target: str, body: bytes | None = None, kind: str = ""
    ) -> tuple[int, bytes]:
        """The status and the whole body of an answer.

        Raises: NoAnswerError where it did not come, or not whole.
        """
        client = self.connection()
        headers = {"Content-Type": kind} if kind else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            client.request(method, target, body, headers)
            answer = client.getresponse()
            return answer.status, answer.read()
        except TimeoutError:
            raise NoAnswerError("silence") from None
        except ConnectionRefusedError:
            raise NoAnswerError("connection refused") from None
        except http.client.IncompleteRead:
            raise NoAnswerError("broken off") from None
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"connection lost ({type(error).__name__})") from None
        finally:
            client.close()

    def query(self, text: str, **parameters: str) -> tuple[int, bytes]:
        """The answer to a query; parameters are those of the protocol.

        Raises: NoAnswerError.
        """
        more = "".join(f"&{name}={quote(value)}" for name, value in parameters.items())
        return self.request("GET", f"/sparql?query={quote(text)}{more}")

    def update(self, text: str) -> tuple[int, bytes]:
        """The answer to an update.

        Raises: NoAnswerError.
        """
        return self.request("POST", "/sparql", text.encode(), "application/sparql-update")

    def victims(self, kind: str) -> list[int]:
        """The processes of the kind: `front`, `writer`, `server`, or `worker`."""
        if self.process is None:
            return []
        if kind == "front":
            return [self.process.pid]
        wanted = MODULES.get(kind, MODULES["server"])
        below = [each for each in tree(self.process.pid)[1:] if wanted in command_line(each)]
        top = below[:1]  # a worker is a fork of the server, with the same command line
        return top if kind != "worker" else [each for each in below if each not in top][-1:]

    def strays(self) -> list[int]:
        """Processes of this store whose service is gone."""
        known = set() if self.process is None else set(tree(self.process.pid))
        return [each for each in _marked(str(self.store)) if each not in known]


def kill(processes: Sequence[int]) -> None:
    """End them without a word."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _marked(store: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (folder / "environ").read_bytes().split(b"\0")
            if f"{MARK}={store}".encode() in environment and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found
