"""The access log: one line for each request.

It never holds a token, nor text that a client wrote: the route stands for the path, and a hash for
the query, whose text is logged only at DEBUG.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from starlette.types import Message, Scope

_log: Final = logging.getLogger("spacepolicy.requests")
_write: Callable[["RequestLine"], None] = _log.info
_HASH_DIGITS: Final = 12
"""48 bits: among a million queries, two have the same hash with a probability of 0.2 %."""


def send_lines_to(write: Callable[["RequestLine"], None]) -> None:
    """Pass the lines of this process to the function, past the loggers of Python: making a record
    and asking each logger and handler takes them 9 of the 12 us that such a line takes, and the
    front has 200 for a look-up."""
    global _write  # noqa: PLW0603 # as logging's own registry of handlers
    _write = write


@final
@dataclass(slots=True)
class AccessRecord:
    """What the log says of a request.

    `kind` is the form of the query or the kind of the problem; `query` the query's text, None
    where there is none; `rows` the number of solutions, None where they are not counted.
    `request_id` and `query_id` are those in the response's header.
    """

    began: float = field(default_factory=time.monotonic)
    kind: str = "-"
    query: str | None = None
    rows: int | None = None
    status: int = 0
    media_type: str = "-"
    broken: bool = True
    request_id: str = ""
    query_id: str = ""

    def hear(self, message: Message) -> None:
        """Record an ASGI message that is sent to the client."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                if name == b"content-type":
                    self.media_type = value.partition(b";")[0].decode("latin-1")
                elif name == b"x-query-id":
                    self.query_id = value.decode("latin-1")
        else:
            self.broken = bool(message.get("more_body", False))

    def log_line(self, method: str, route: str, revision: int, seconds: float) -> None:
        """Log the request; `seconds` is how long it took."""
        if not _log.isEnabledFor(logging.INFO):
            return
        _write(RequestLine(method, route, self, revision, seconds))
        if self.query is not None and _log.isEnabledFor(logging.DEBUG):
            _log.debug("query=%s is %r", _hash(self.query), self.query)


@final
@dataclass(slots=True)
class RequestLine:
    """The log line of a request, as text or as fields; it is not changed."""

    method: str
    route: str
    record: AccessRecord
    revision: int
    seconds: float

    def __str__(self) -> str:
        record = self.record
        return (
            f"{self._method} {self.route} {record.status or '-'}"
            f"{' broken' if record.broken else ''} {record.kind} {record.media_type} "
            f"rows={'-' if record.rows is None else record.rows} {1000 * self.seconds:.1f}ms "
            f"revision={self.revision} query={'-' if record.query is None else _hash(record.query)}"
        )

    def fields(self) -> Mapping[str, object]:
        """Return the values of the line by name; None for an unknown one."""
        record = self.record
        return {
            "request_id": record.request_id,
            "query_id": record.query_id or None,
            "method": self._method,
            "route": self.route,
            "status": record.status or None,
            "broken": record.broken,
            "kind": None if record.kind == "-" else record.kind,
            "media_type": None if record.media_type == "-" else record.media_type,
            "rows": record.rows,
            "milliseconds": round(1000 * self.seconds, 3),
            "revision": self.revision,
            "query": None if record.query is None else _hash(record.query),
        }

    @property
    def _method(self) -> str:
        return self.method if self.method.isalpha() else "?"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def route_of(scope: Scope) -> str:
    """Return the route's path pattern; `-` where no route matched."""
    if scope["path"] == "/sparql":
        return "/sparql"
    return getattr(scope.get("route"), "path", "-")
