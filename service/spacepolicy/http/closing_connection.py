"""Connections of the server as they end: refused, timed out, left by their clients, or closed."""

import fcntl
import logging
import math
import struct
import termios
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, cast, final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from spacepolicy.errors import MalformedRequestError, ProblemError, RequestTimeoutError
from spacepolicy.http.connections import ConnectionLimits, Connections
from spacepolicy.http.forwarded import is_trusted
from spacepolicy.http.framing import Framing, MessageLimits
from spacepolicy.http.joined_writes import JoinedWrites
from spacepolicy.http.problem_responses import log_refusal, origin, problem_response
from spacepolicy.http.request_ids import id_in, id_of

_LEAVING_SECONDS: Final = 0.25
"""How long answers are still waited for, after a client has ended its sending side. One that is
gone looks the same until something is sent to it; so quick answers arrive at one that only ended
its side (`nc -N`), and longer queries stop within the second."""
_LINGER_SECONDS: Final = 5.0
LINGER_BYTES: Final = 1 << 26
"""How long, and how much of a refused body, is read and thrown away after the answer: closing with
unread bytes would reset the connection, and the client might not see why (RFC 9112 section 9.6)."""
_PAUSE_SECONDS: Final = 1.0
"""By how much a body's time is prolonged while the service does not read it."""
_DATE: Final = b"date"
_log: Final = logging.getLogger("spacepolicy.requests")


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for requests as they arrive. Connections from `trusted_proxies` are not counted
    by address, since all of their clients come from one."""

    message: MessageLimits = field(default_factory=MessageLimits)
    connection: ConnectionLimits = field(default_factory=ConnectionLimits)
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()

    def address(self, client: tuple[str, int] | None) -> str | None:
        """What the client's connections are counted by; None where they are not."""
        if client is None:
            return None
        return None if is_trusted(self.trusted_proxies, client[0]) else client[0]


class ClosingConnection(HttpToolsProtocol):
    """A connection with limits, that is closed so that its client sees what was said last.

    `until` is when the part of a request that arrives has to be there. `_left`: the client has
    ended its side. `_linger_bytes` is how much is still thrown away; -1 while nothing is.
    """

    bounds: Limits
    root: str = ""
    """Under which problems are explained."""
    refusal: Callable[[ProblemError], None] = lambda _: None
    """Hears of requests that are refused here."""
    registry: Connections | None = None
    """Shared by all of a class; made in the event loop that they belong to."""
    address: str | None = None
    until = math.inf
    _since = 0.0
    _behind = b""
    _sent_mark: tuple[float, int] | None = None
    _left = False
    _linger_bytes = -1
    _framing: Framing
    _joined: JoinedWrites

    @property
    def _busy(self) -> bool:
        """Whether a request has come whole that is not answered yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return self._framing.complete and cycle is not None and not cycle.response_complete

    def _allow(self, seconds: float) -> None:
        """Give the part of a request that begins so much time."""
        self._since = self.loop.time()
        self.until = self._since + seconds

    def date(self) -> bytes:
        """The date of now, as HTTP writes it."""
        return dict(self.server_state.default_headers).get(_DATE, b"")

    # The end of a connection

    def send_400_response(self, msg: str) -> None:
        """Tell of what the parser refuses."""
        self._refuse(MalformedRequestError(msg))

    def _refuse(self, problem: ProblemError, data: bytes = b"") -> None:
        """Say what is wrong with the request that arrives, and take no more; `data` came of it and
        was not read."""
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
        """The identifier of the request that arrives: the one that the application logs, where
        that has been given the request."""
        scope = cast("MutableMapping[str, Any] | None", self.scope)
        return id_in(self._framing.head or data) if scope is None else id_of(scope)

    def _end_writing(self) -> None:
        """Close the connection once all is written; what may still come of a body is read first."""
        if self._linger_bytes >= 0:
            return
        if self._framing.in_body and not self._left:
            self._linger()
        else:
            self._joined.finish()

    def _linger(self) -> None:
        """Say that nothing more will be sent, and throw away what comes for a while."""
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
        """The client has gone, or has ended its side: what is not answered soon is stopped."""
        if not self._left:
            self._left = True
            self.loop.call_later(_LEAVING_SECONDS, self._leave)

    def _leave(self) -> None:
        if self._busy or self._behind:
            self.abort()

    def break_off(self) -> None:
        """Leave an answer unfinished that has begun, in a way that its client sees."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        cast("Connections", type(self).registry).remove(self)
        self.transport.abort()

    # What the server's timer asks

    def standing(self) -> tuple[float, float]:
        """As the port says: refused, idle, with half a head, with half a body, being answered."""
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
        """As the port says."""
        if self._linger_bytes >= 0 and self.transport.get_write_buffer_size():
            self.until += _PAUSE_SECONDS  # the answer is still being taken
        elif self._linger_bytes >= 0 or (self._framing.in_body and self.cycle.response_complete):
            self.abort()
        elif self._framing.untouched:
            self.until = math.inf
            self.transport.close()
        elif self._framing.in_body and self.flow.read_paused:
            self._since += _PAUSE_SECONDS  # it is the service that does not read on
            self.until += _PAUSE_SECONDS
        else:
            part = "body" if self._framing.in_body else "head"
            self._refuse(RequestTimeoutError(f"The request's {part} did not come in time."))

    def look(self, now: float) -> None:
        """As the port says."""
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
        """How many bytes the system has taken that the other side has not."""
        descriptor = self.transport.get_extra_info("socket").fileno()
        told = fcntl.ioctl(descriptor, termios.TIOCOUTQ, b"\0" * 4)
        return cast("int", struct.unpack("i", told)[0])
