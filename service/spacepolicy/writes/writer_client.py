"""The writer process, from the side of the service: started, given jobs, replaced when it ends."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final, final

from spacepolicy.engine.answer_frames import Data, FrameDecoder
from spacepolicy.engine.port import answered
from spacepolicy.engine.requests import request_bytes
from spacepolicy.errors import (
    EngineError,
    EngineFailedError,
    ProblemError,
    StoppingError,
    TimeLimitError,
)

_MODULE: Final = "spacepolicy.writes.writer_main"
_PUBLISHING_SECONDS: Final = 600.0
"""How long a publication may take, which cannot be stopped halfway: it writes to the disk what is
derived already, a generation of some million statements at most."""
ENDING_SECONDS: Final = 3.0
"""How long the process of a service that stops may take to end its job before it is killed; what it
had not committed is not in the store."""
KEEPING_SECONDS: Final = 600.0
"""How long it may take where nobody waits for the process to end but a command: what the next start
reads of a million imported statements is packed in 1.5 s, of twenty million in 30."""


@final
class WriterProcess:
    """The writer process and the connection to it; one that ends is replaced."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._closed = False
        self._start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _start(self) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 # our own module, no shell
                [sys.executable, "-m", _MODULE, *self._arguments],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        self._ready = False

    def ask(
        self,
        table: dict[str, Any],
        pieces: Sequence[bytes],
        timeout_seconds: float = _PUBLISHING_SECONDS,
    ) -> dict[str, Any]:
        """Send a job to the process; return its answer.

        Raises: ProblemError; EngineFailedError where the process ends meanwhile, TimeLimitError
        where it does not answer in time, and another process has its place.
        """
        if self._closed:
            raise StoppingError("The service is stopping.", headers={"Retry-After": "5"})
        if self._process.poll() is not None:
            self._replace()
        try:
            if not self._ready:
                self._said([], _PUBLISHING_SECONDS)
                self._ready = True
            request = [request_bytes({**table, "sizes": list(map(len, pieces))}), *pieces]
            reply: dict[str, Any] = json.loads(self._said(request, timeout_seconds))
        except ProblemError as error:
            if (
                isinstance(error, EngineError | EngineFailedError | TimeLimitError)
                or not self._ready
            ):
                self._replace()
            raise
        return reply

    def _said(self, request: Sequence[bytes], timeout_seconds: float) -> bytes:
        frames = answered(self._connection, FrameDecoder(), request, timeout_seconds)
        return b"".join(each.payload for each in frames if isinstance(each, Data))

    def _replace(self) -> None:
        """Replace a process that has ended or is not to be trusted."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
        self._start()

    def close(self, seconds: float) -> None:
        """Finish the current job, and end the process; it is killed where that takes longer."""
        self._closed = True
        self._connection.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()
            self._connection.close()
