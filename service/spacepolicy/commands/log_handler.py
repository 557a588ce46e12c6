"""The service's log on standard error: lines of the event loop are written several at a time."""

import asyncio
import logging
from contextlib import nullcontext
from typing import Final, TextIO, final

FORMAT: Final = "%(levelname)s %(name)s %(message)s"
_DELAY_SECONDS: Final = 0.1
"""How long a line of the event loop may wait for others: to write each takes the system 8 µs, where
the front has 120 for a query. What other threads log, and warnings, wait for nothing."""


@final
class LogHandler(logging.StreamHandler):  # type: ignore[type-arg] # of a stream of text
    """Writes to standard error, at once or a little later."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.setFormatter(logging.Formatter(FORMAT))
        self._lines: list[str] = []
        self._scheduled = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; `handle` holds the lock."""
        try:
            self._lines.append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 # as the handlers of the library do
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING or not self._written_later():
            self.flush()

    def _written_later(self) -> bool:
        """Whether the event loop of this thread writes the lines soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if not self._scheduled:
            self._scheduled = True
            loop.call_later(_DELAY_SECONDS, self._write)
        return True

    def _write(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Write what has come."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


def configure() -> None:
    """Have everything from INFO on logged. Where in the code, and by which thread, is in no line,
    and so is not looked up (https://docs.python.org/3/howto/logging.html#optimization)."""
    logging._srcfile = None  # as the page says
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.basicConfig(level=logging.INFO, handlers=[LogHandler()])
