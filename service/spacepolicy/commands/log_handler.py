"""The service's log on standard error, as text or as one JSON object a line.

Lines of the event loop are written several at a time.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Final, TextIO, final

from spacepolicy.http.problem_responses import RefusedRequest
from spacepolicy.settings import LogFormat
from spacepolicy.web.access_log import RequestLine, send_lines_to
from spacepolicy.web.request_context import current_record

FORMAT: Final = "%(levelname)s %(name)s %(message)s"
_REQUESTS: Final = "spacepolicy.requests"
_OF_A_REQUEST: Final = f"INFO {_REQUESTS} "
"""How the lines of requests begin, by the same format."""
_DELAY_SECONDS: Final = 0.1
"""How long a line of the event loop may wait for others: writing each takes the system 8 µs, where
the front has 120 for a query. Lines of other threads, and warnings, do not wait."""


_ENCODER: Final = json.JSONEncoder(default=str)
"""Made once: making one takes as long as writing a line."""


@final
class LogHandler(logging.StreamHandler):  # type: ignore[type-arg] # of a stream of text
    """Writes to standard error, at once or a little later."""

    def __init__(self, stream: TextIO | None = None, format: LogFormat = "text") -> None:
        super().__init__(stream)
        self.setFormatter(JsonFormatter() if format == "json" else logging.Formatter(FORMAT))
        self._is_text = format == "text"
        self._lines: list[str] = []
        self._scheduled = False

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record; `handle` holds the lock."""
        try:
            self._lines.append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001 # as the handlers of the library do
            self.handleError(record)
            return
        if record.levelno >= logging.WARNING or not self._written_later():
            self.flush()

    def add(self, line: RequestLine) -> None:
        """Write the line of a request a little later; called by the event loop alone."""
        if self._is_text:
            text = f"{_OF_A_REQUEST}{line}{self.terminator}"
            with self.lock or nullcontext():
                self._lines.append(text)
            if not (self._scheduled or self._written_later()):
                self.flush()
        else:
            self.handle(logging.LogRecord(_REQUESTS, logging.INFO, "", 0, line, (), None))

    def _written_later(self) -> bool:
        """Whether the event loop of this thread will write the lines soon."""
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
        """Write the waiting lines."""
        with self.lock or nullcontext():
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


@final
class JsonFormatter(logging.Formatter):
    """Writes a record as a JSON object in ASCII, which has any text on one line: `time` (RFC 3339),
    `level`, `logger`, `message`, the identifiers of its request, and what else is known of the
    request."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        members: dict[str, object] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_of_request(record),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return _ENCODER.encode(members)


def _of_request(record: logging.LogRecord) -> Mapping[str, object]:
    """The members about the request that the record is about, or was logged in."""
    if isinstance(record.msg, (RequestLine, RefusedRequest)):
        return record.msg.fields()
    at_hand = current_record()
    if at_hand is None or not at_hand.request_id:
        return {}
    return {"request_id": at_hand.request_id, "query_id": at_hand.query_id or None}


def configure(format: LogFormat) -> None:
    """Log everything from INFO on. Source lines and threads are in no line of the log, and so are
    not looked up (https://docs.python.org/3/howto/logging.html#optimization)."""
    logging._srcfile = None  # as the page says
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = LogHandler(format=format)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    send_lines_to(handler.add)
    logging.getLogger("mcp").setLevel(logging.WARNING)  # each request has its line already


def announcer(format: LogFormat) -> Callable[[str], None]:
    """Return the function that reports the progress of a start: in plain lines, or in the log's."""
    if format == "json":
        return logging.getLogger("spacepolicy.start").info
    return lambda line: print(line, file=sys.stderr, flush=True)
