"""What is noted of each request, for one line of the log.

Never a token, and nothing that a client wrote: the route stands for the path, a hash for the query,
whose text is told at DEBUG alone.
"""

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from starlette.types import Message, Scope

_log: Final = logging.getLogger("spacepolicy.requests")
_HASH_DIGITS: Final = 12
"""48 bits: among a million queries, two have the same with a chance of 0.2 %."""


@final
@dataclass(slots=True)
class AccessRecord:
    """`kind` is the form of the query or the kind of the problem; `query` the text asked, None
    where nothing was; `rows` the solutions, None where they are not counted. `request_id` and
    `query_id` are those that the client is told."""

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
        """Note what is sent."""
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
        """Write the line of a request with this method on this route, which took so long."""
        if not _log.isEnabledFor(logging.INFO):
            return
        _log.info(RequestLine(method, route, self, revision, seconds))
        if self.query is not None and _log.isEnabledFor(logging.DEBUG):
            _log.debug("query=%s is %r", _hash(self.query), self.query)


@final
@dataclass(frozen=True, slots=True)
class RequestLine:
    """The line of a request, as text or as fields."""

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
        """What the line says, by name; None where something is not known."""
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
    """The route's pattern; - where there is none."""
    if scope["path"] == "/sparql":
        return "/sparql"
    return getattr(scope.get("route"), "path", "-")
