"""What is noted of each request, for one line of the log.

Never a token, and nothing that a client wrote: the route stands for the path, a hash for the query,
whose text is told at DEBUG alone.
"""

import hashlib
import logging
import time
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
    where nothing was; `rows` the solutions, None where they are not counted."""

    began: float = field(default_factory=time.monotonic)
    kind: str = "-"
    query: str | None = None
    rows: int | None = None
    status: int = 0
    media_type: str = "-"
    broken: bool = True

    def hear(self, message: Message) -> None:
        """Note what is sent."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                if name == b"content-type":
                    self.media_type = value.partition(b";")[0].decode("latin-1")
        else:
            self.broken = bool(message.get("more_body", False))

    def log_line(self, method: str, route: str, revision: int, seconds: float) -> None:
        """Write the line of a request with this method on this route, which took so long."""
        if not _log.isEnabledFor(logging.INFO):
            return
        _log.info(
            "%s %s %s%s %s %s rows=%s %.1fms revision=%d query=%s",
            method if method.isalpha() else "?",
            route,
            self.status or "-",
            " broken" if self.broken else "",
            self.kind,
            self.media_type,
            "-" if self.rows is None else self.rows,
            1000 * seconds,
            revision,
            "-" if self.query is None else _hash(self.query),
        )
        if self.query is not None and _log.isEnabledFor(logging.DEBUG):
            _log.debug("query=%s is %r", _hash(self.query), self.query)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def route_of(scope: Scope) -> str:
    """The route's pattern; - where there is none."""
    if scope["path"] == "/sparql":
        return "/sparql"
    return getattr(scope.get("route"), "path", "-")
