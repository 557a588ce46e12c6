"""How the server's connections take requests and answer them.

A complete request for the SPARQL endpoint is answered without an asyncio task where the endpoint
can. The bytes of all others pass `framing` before the parser sees them, one request at a time.
Pipelined requests wait; the connection is read meanwhile, so that a client that leaves is noticed.
Head and body of a response go out in one message where both are ready.
"""

import asyncio
import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final, cast, final

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from spacepolicy.errors import ProblemError
from spacepolicy.http.closing_connection import LINGER_BYTES, ClosingConnection
from spacepolicy.http.connections import Connections
from spacepolicy.http.framing import Framing
from spacepolicy.http.joined_writes import JoinedWrites
from spacepolicy.http.requests import (
    BEGUN,
    ConnectionPlace,
    Endpoint,
    HeldAnswer,
    Pending,
    RequestReader,
)

_BEHIND_BYTES: Final = 1 << 18
"""How much of pipelined requests is buffered: as much as is read at once, and more than clients
that pipeline send before they read."""
_PAUSE_SECONDS: Final = 0.25
"""Short against the second within which a client's leaving is to be noticed, long against quick
answers."""
_SMALL_REST_BYTES: Final = 1 << 16
"""A rest of a body up to this size is read after the answer: that costs less than a new
connection."""


class HttpConnection(ClosingConnection):
    """The server's side of one connection.

    It is in one of these states: between requests; reading one; answering one, while pipelined
    bytes wait in `_behind`; or lingering, when the last answer is sent and input is discarded.
    """

    endpoint: Endpoint | None = None
    requests: RequestReader | None = None
    _place: ConnectionPlace
    _overrun = False
    _thrown_away = 0
    _paused: tuple[RequestResponseCycle | None, float] = (None, math.inf)
    _direct: "_Direct | None" = None
    _closes = False
    _refused: ProblemError | None = None
    _handed: HeldAnswer | None = None
    _begun: HeldAnswer | None = None
    _too_much_to_come = False

    @property
    def _busy(self) -> bool:
        return self._direct is not None or super()._busy

    # Called by the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take requests from the connection, or refuse it where there are too many."""
        self._joined = JoinedWrites(transport, self._end_writing)
        super().connection_made(cast("asyncio.Transport", self._joined))
        self._framing = Framing(self.bounds.message)
        self.address = self.bounds.address(self.client)
        client = (self.client[0], None) if self.client and self.bounds.trusted_proxies else None
        self._place = ConnectionPlace(self.scheme or "http", self.server, client)
        self._allow(self.bounds.connection.head_seconds)
        kind = type(self)
        if kind.registry is None:
            kind.registry = Connections(self.bounds.connection, self.loop.time)
        self._refused = kind.registry.add(self)

    def data_received(self, data: bytes) -> None:
        """Pass a request to the endpoint, or its bytes to the parser."""
        if self._linger_bytes >= 0:
            self._throw_away(data)
        elif self._refused is not None:
            self._refuse(self._refused, data)
        elif self._busy or self._behind:
            self._keep_behind(data)
        else:
            self._read(data)

    def eof_received(self) -> bool:  # type: ignore[override] # as asyncio has it
        """Note that the client sends no more; return whether the connection stays open for the
        answers that it waits for."""
        if self._linger_bytes >= 0 or not (self._busy or self._behind):
            return False
        self._leave_soon()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the requests of the connection."""
        if type(self).registry is not None:
            cast("Connections", type(self).registry).remove(self)
        self._linger_bytes = -1
        self._left = True
        if self._direct is not None:
            self._direct.pending.drop()
            self._direct = None
        self._behind = b""
        self._drop_begun()
        super().connection_lost(exc)

    # Requests

    def _keep_behind(self, data: bytes) -> None:
        """Buffer bytes that arrive behind an unanswered request; beyond the limit, pause reading
        for a short while. After that they are discarded, and the connection is closed after the
        answer: a client that leaves is noticed only while its connection is read."""
        if self._overrun:
            self._thrown_away += len(data)
            if self._thrown_away > LINGER_BYTES:
                self.abort()
            return
        self._behind += data
        if len(self._behind) > _BEHIND_BYTES:
            self._paused = self.cycle, self.loop.time()
            self.flow.pause_reading()

    def look(self, now: float) -> None:
        """Implements `Connection.look`; also resumes reading that was paused for long."""
        cycle, since = self._paused
        if self._busy and cycle is self.cycle and now - since > _PAUSE_SECONDS:
            self._overrun = True
            self.flow.resume_reading()
        super().look(now)

    def _read(self, data: bytes) -> None:
        """Take bytes of a request, the first or more."""
        if not (self._framing.untouched and self._is_free() and self._answered_directly(data)):
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        """Pass the bytes that belong to the current request to the parser."""
        framing = self._framing
        untouched, in_body = framing.untouched, framing.in_body
        try:
            passed, self._behind = framing.feed(data)
        except ProblemError as problem:
            self._refuse(problem)
            return
        if passed:
            super().data_received(passed)
        if self._linger_bytes >= 0:
            return  # the parser has refused it
        self._decide_to_keep()
        self._keep_time(untouched=untouched, in_body=in_body)
        if framing.complete and not self._busy:
            self._next_request()

    def _decide_to_keep(self) -> None:
        """Announce `Connection: close` in the response where much of the request's body is still
        to come: else a client would send its next request over a connection that is being closed
        (RFC 9112 section 9.6)."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_started:
            return
        framing = self._framing
        much = framing.chunked or framing.left > _SMALL_REST_BYTES
        if much and cycle.keep_alive:
            cycle.keep_alive = False
            self._too_much_to_come = True
        elif self._too_much_to_come and not much:
            cycle.keep_alive = True
            self._too_much_to_come = False

    def _keep_time(self, *, untouched: bool, in_body: bool) -> None:
        """Set the deadline of the part of the request that is arriving; `untouched` and `in_body`
        say how far the request was before these bytes."""
        framing, limits = self._framing, self.bounds.connection
        if framing.complete:
            self.until = math.inf
        elif framing.in_body:
            if not in_body:
                self._since = self.loop.time()
            extra = framing.body_bytes / limits.rate_bytes
            self.until = self._since + limits.body_seconds + extra
        elif untouched and not framing.untouched:
            self._allow(limits.head_seconds)

    def _answered_directly(self, data: bytes) -> bool:
        """Pass the first request of the bytes to the endpoint; whether it answers it."""
        if self.endpoint is None or self.requests is None:
            return False
        request = self.requests.read(data, self._place)
        if request is None:
            return False
        found = self.endpoint.handle(request, self)
        if found is None:
            return False
        self._closes = request.head.closes
        self._behind = data[request.size :]
        if isinstance(found, bytes):
            self.answered(found)
        else:
            self._direct = _Direct(found, data[: request.size])
            self.until = math.inf
        return True

    def answered(self, response: bytes) -> None:
        """Implements `Responder.answered`; then the connection waits for the next request."""
        self._direct = None
        self._joined.write_whole(response)
        self.server_state.total_requests += 1
        self._allow(self.bounds.connection.idle_seconds)
        if self._closes:
            self._behind = b""
            self.transport.close()
        else:
            self._go_on()

    def unanswered(self, begun: HeldAnswer | None) -> None:
        """Implements `Responder.unanswered`."""
        direct, self._direct = cast("_Direct", self._direct), None
        self._handed = begun
        behind = self._behind
        self._parse(direct.request)
        self._behind = behind

    def _is_free(self) -> bool:
        """Whether a response can be written at once."""
        return not self.flow.write_paused and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Called by the parser when a request begins."""
        super().on_message_begin()
        self._too_much_to_come = False
        if self._handed is not None:
            scope = cast("MutableMapping[str, Any]", self.scope)
            scope[BEGUN] = self._begun = self._handed
            self._handed = None

    # Answers

    def on_response_complete(self) -> None:
        """Called when a response is sent; a query begun for it and not used is stopped."""
        self._drop_begun()
        super().on_response_complete()
        if self._framing.complete:
            self._next_request()

    def _next_request(self) -> None:
        """Go on to the next request, which may have arrived already."""
        self._framing.next_request()
        self.scope = None  # type: ignore[assignment] # as uvicorn has it before a first request
        self._allow(self.bounds.connection.idle_seconds)
        self._go_on()

    def _go_on(self) -> None:
        """Read the pipelined bytes in the next iteration of the event loop."""
        if self._behind and not self._overrun:
            self.loop.call_soon(self._read_behind)
        elif self._left or self._overrun:
            self.transport.close()

    def _read_behind(self) -> None:
        if self._busy:
            return  # called again when the request is answered
        behind, self._behind = self._behind, b""
        if behind and self._linger_bytes < 0 and not self.transport.is_closing():
            self._paused = None, math.inf
            self.flow.resume_reading()
            self._read(behind)
        self._close_where_left()

    def _close_where_left(self) -> None:
        """Close the connection if the client sends no more and all its requests are answered."""
        if self._left and not self._busy and not self._behind and self._linger_bytes < 0:
            self.transport.close()

    def _drop_begun(self) -> None:
        """Stop the query that was begun for the request, unless it was taken over."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.drop()

    def timeout_keep_alive_handler(self) -> None:
        """Do nothing: `expire` closes idle connections."""
        self.timeout_keep_alive_task = None

    def shutdown(self) -> None:
        """Close the connection once its current request is answered."""
        if self._direct is not None:
            self._direct.pending.drop()
            self.unanswered(None)
        self._behind = b""
        self._too_much_to_come = False
        if self._linger_bytes >= 0:
            self.abort()
        else:
            super().shutdown()


@final
@dataclass(frozen=True, slots=True)
class _Direct:
    """A request that the endpoint is answering, and its bytes."""

    pending: Pending
    request: bytes
