"""How the server's connections end: refused, timed out, left by their clients, or closed."""

import fcntl
import logging
import math
import struct
import termios
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, Final, cast, final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from spacepolicy.errors import MalformedRequestError, ProblemError, RequestTimeoutError
from spacepolicy.http.connections import ConnectionLimits, Connections
from spacepolicy.http.forwarded import is_trusted
from spacepolicy.http.framing import Framing, MessageLimits
from spacepolicy.http.joined_writes import JoinedWrites
from spacepolicy.http.problem_responses import log_refusal, origin, problem_response
from spacepolicy.http.request_ids import id_in, id_of

_LEAVING_SECONDS: Final = 0.25
"""How long an answer may still take after the client has closed its sending side. A client that is
gone looks the same until something is sent to it. So a client that only closed its sending side
(`nc -N`) gets quick answers, and longer queries stop within a second."""
_LINGER_SECONDS: Final = 5.0
LINGER_BYTES: Final = 1 << 26
"""How long, and how many bytes of, a refused body are read and discarded after the answer: closing
with unread bytes would reset the connection, and the client might not see the answer (RFC 9112
section 9.6)."""
_PAUSE_SECONDS: Final = 1.0
"""By how much the deadline of a body is extended while the service itself does not read."""
_DATE: Final = b"date"
_log: Final = logging.getLogger("spacepolicy.requests")


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for requests as they arrive. Connections from `trusted_proxies` are not counted
    by address, since all clients of a proxy share its address."""

    message: MessageLimits = field(default_factory=MessageLimits)
    connection: ConnectionLimits = field(default_factory=ConnectionLimits)
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()

    def address(self, client: tuple[str, int] | None) -> str | None:
        """Return the address by which the client's connections are counted; None for a trusted
        proxy."""
        if client is None:
            return None
        return None if is_trusted(self.trusted_proxies, client[0]) else client[0]


class ClosingConnection(HttpToolsProtocol):
    """A connection with limits that is closed in a way that lets its client read the last answer.

    `until` is the deadline for the part of a request that is arriving. `_left`: the client has
    closed its sending side. `_linger_bytes` is how many bytes are still read and discarded; -1
    before the connection lingers.
    """

    bounds: Limits
    root: str = ""
    """The base URL of the pages that explain problems."""
    refusal: Callable[[ProblemError], None] = lambda _: None
    """Called with the problem of each request that is refused here."""
    registry: Connections | None = None
    """Shared by all connections of a class; created in their event loop."""
    address: str | None = None
    until = math.inf
    _since = 0.0
    _behind = b""
    _sent_mark: tuple[float, int] | None = None
    _left = False
    _linger_bytes = -1
    _framing: Framing
    _joined: JoinedWrites
    _date: ClassVar[tuple[list[tuple[bytes, bytes]], bytes] | None] = None
    """The fields of all responses as uvicorn last made them, and the date among them."""

    @property
    def _busy(self) -> bool:
        """Whether a complete request has arrived that is not answered yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return self._framing.complete and cycle is not None and not cycle.response_complete

    def _allow(self, seconds: float) -> None:
        """Set the deadline of the part of a request that begins now."""
        self._since = self.loop.time()
        self.until = self._since + seconds

    def date(self) -> bytes:
        """Return the value of the Date field for now."""
        headers = self.server_state.default_headers  # uvicorn makes another list each second
        kept = ClosingConnection._date
        if kept is None or kept[0] is not headers:
            kept = ClosingConnection._date = headers, dict(headers).get(_DATE, b"")
        return kept[1]

    # The end of a connection

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser refuses."""
        self._refuse(MalformedRequestError(msg))

    def _refuse(self, problem: ProblemError, data: bytes = b"") -> None:
        """Answer the arriving request with the problem, and take no more; `data` are bytes of the
        request that were not parsed."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        unanswered = cycle is not None and not cycle.response_complete
        if cycle is not None and unanswered:
            begun = cycle.response_started
            cycle.disconnected = True
            cycle.message_event.set()
            if begun:
                self.abort()
                return
        identifier = self._request_id(data)
        log_refusal(problem, identifier)
        type(self).refusal(problem)
        root = self.root or origin(self.scheme or "http", self.server)
        self._joined.write_whole(problem_response(problem, root, self.date(), identifier))
        self._linger()

    def _request_id(self, data: bytes) -> bytes:
        """The identifier of the arriving request: the one that the application logs, where the
        request has been passed to it."""
        scope = cast("MutableMapping[str, Any] | None", self.scope)
        return id_in(self._framing.head or data) if scope is None else id_of(scope)

    def _end_writing(self) -> None:
        """Close the connection once all is written; the rest of a body is read first."""
        if self._linger_bytes >= 0:
            return
        if self._framing.in_body and not self._left:
            self._linger()
        else:
            self._joined.finish()

    def _linger(self) -> None:
        """Close the sending side, and for a while read and discard what arrives."""
        if self._linger_bytes >= 0 or self.transport.is_closing():
            return
        self._linger_bytes = LINGER_BYTES
        self._behind = b""
        self._allow(_LINGER_SECONDS)
        self._joined.flush()
        self.transport.write_eof()
        self.flow.resume_reading()

    def _throw_away(self, data: bytes) -> None:
        self._linger_bytes -= len(data)
        if self._linger_bytes < 0:
            self.abort()

    def _leave_soon(self) -> None:
        """Stop what is not answered soon: the client is gone, or has closed its sending side."""
        if not self._left:
            self._left = True
            self.loop.call_later(_LEAVING_SECONDS, self._leave)

    def _leave(self) -> None:
        if self._busy or self._behind:
            self.abort()

    def break_off(self) -> None:
        """Abort a response that has begun, so that its client sees that it is incomplete."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        cast("Connections", type(self).registry).remove(self)
        self.transport.abort()

    # Called by the server's timer

    def standing(self) -> tuple[float, float]:
        """Implements `Connection.standing`. From the smallest: refused, idle, in a head, in a
        body, being answered."""
        if self._busy or self.transport.get_write_buffer_size():
            return (math.inf, 0.0)
        if self._linger_bytes >= 0:
            return (0, self._since)
        if self._framing.untouched:
            return (1, self._since)
        if not self._framing.in_body:
            return (2, self._since)
        age = self.loop.time() - self._since
        return (3, self._framing.body_bytes / (age + 1))

    def expire(self) -> None:
        """Implements `Connection.expire`."""
        if self._linger_bytes >= 0 and self.transport.get_write_buffer_size():
            self.until += _PAUSE_SECONDS  # the client is still reading the answer
        elif self._linger_bytes >= 0 or (self._framing.in_body and self.cycle.response_complete):
            self.abort()
        elif self._framing.untouched:
            self.until = math.inf
            self.transport.close()
        elif self._framing.in_body and self.flow.read_paused:
            self._since += _PAUSE_SECONDS  # the service has paused reading, not the client
            self.until += _PAUSE_SECONDS
        else:
            part = "body" if self._framing.in_body else "head"
            self._refuse(RequestTimeoutError(f"The request's {part} did not come in time."))

    def look(self, now: float) -> None:
        """Implements `Connection.look`."""
        waiting = self.transport.get_write_buffer_size()
        if not waiting:
            self._sent_mark = None
            return
        taken = self._joined.written - waiting - self._unacknowledged()
        if self._sent_mark is None:
            self._sent_mark = now, taken
            return
        since, before = self._sent_mark
        limits = self.bounds.connection
        if now - since >= limits.send_seconds:
            if taken - before < limits.rate_bytes * (now - since):
                _log.info("a connection is closed whose client does not take its answer")
                self.abort()
            self._sent_mark = now, taken

    def _unacknowledged(self) -> int:
        """How many bytes in the socket's send queue the client has not acknowledged."""
        descriptor = self.transport.get_extra_info("socket").fileno()
        queued = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4)
        return cast("int", struct.unpack("i", queued)[0])
