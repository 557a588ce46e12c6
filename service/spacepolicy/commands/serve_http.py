"""The HTTP server: uvicorn, whose answers leave in one message where they are there at once."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, cast, final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from spacepolicy.commands.echoes import Echoes
from spacepolicy.commands.moulds import Moulds
from spacepolicy.web.answering.begun import BEGUN, Begun, Sent

_GRACE_SECONDS: Final = 1
_HEAD: Final = b"HTTP/1."
_DATE: Final = b"date"


def server(
    app: Callable[..., Awaitable[None]],
    echoes: Echoes | None = None,
    moulds: Moulds | None = None,
) -> uvicorn.Server:
    """A server of the application, to be run over sockets that listen; with `echoes`, answers are
    given again to the bytes that they answered, with `moulds`, queries begin that differ from
    answered ones in their constants."""

    class Protocol(_Protocol):
        """The connections of this server."""

        kept = echoes
        shapes = moulds

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Protocol,
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )


class _Protocol(HttpToolsProtocol):
    """The server's side of one connection."""

    kept: Echoes | None = None
    shapes: Moulds | None = None
    _request: bytes | None = None
    _within = False
    _idle_since = 0.0
    _lane: "_Lane | None" = None
    _handed: Begun | None = None
    _begun: Begun | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Answer over the connection."""
        joining = _Joining(transport, self._sent)
        super().connection_made(cast("asyncio.Transport", joining))

    def data_received(self, data: bytes) -> None:
        """Answer the bytes as they were answered before, begin their query, or have them read."""
        if self._lane is not None:
            self._lane.behind += data
            self.flow.pause_reading()
            return
        self._request = None
        if self._is_idle():
            self._request = data
            if self._echoed(data) or self._cast(data):
                return
        super().data_received(data)

    def _echoed(self, request: bytes) -> bool:
        """Whether there is an answer to these very bytes, which is sent."""
        answer = self.kept.answer(self.server, request, self.date()) if self.kept else None
        if answer is not None:
            self._answer(answer)
        return answer is not None

    def _cast(self, request: bytes) -> bool:
        """Whether the query of the request is on its way."""
        sent = self.shapes.begin(self.server, request, self) if self.shapes else None
        if sent is not None:
            self._lane = _Lane(sent, request)
        return sent is not None

    def answered(self, answer: bytes) -> None:
        """Send the answer to the request whose query was on its way."""
        lane, self._lane = cast("_Lane", self._lane), None
        self._answer(answer)
        if lane.behind:
            self.flow.resume_reading()
            self.data_received(lane.behind)

    def unanswered(self, begun: Begun | None) -> None:
        """Have the request read whose query was on its way; it goes on with what has begun."""
        lane, self._lane = cast("_Lane", self._lane), None
        self._handed = begun
        if lane.behind:
            self._request = None  # the answers to several requests are not told apart
        self.flow.resume_reading()
        super().data_received(lane.request + lane.behind)

    def shutdown(self) -> None:
        """End the connection, once what is asked over it is answered."""
        if self._lane is not None:
            self._lane.sent.drop()
            self.unanswered(None)
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what was asked over the connection."""
        if self._lane is not None:
            self._lane.sent.drop()
            self._lane = None
        self._drop_begun()
        super().connection_lost(exc)

    def _drop_begun(self) -> None:
        """End the query that has begun, where it was not needed. Its request is the next that is
        answered, whatever has come behind it: it came over an idle connection."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.drop()

    def _is_idle(self) -> bool:
        """Whether what comes now is the beginning of a request, and the answer may go out."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        answered = cycle is None or cycle.response_complete
        free = answered and not self._within and not self.flow.write_paused
        return free and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._within = True
        super().on_message_begin()
        if self._handed is not None:
            scope = cast("MutableMapping[str, Any]", self.scope)
            scope[BEGUN] = self._begun = self._handed
            self._handed = None

    def on_response_complete(self) -> None:
        """An answer has gone out; its query has ended, if it was not needed."""
        self._drop_begun()
        self._idle_since = 0.0  # uvicorn's own timer begins anew with each answer of its
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """A request has come whole."""
        self._within = False
        super().on_message_complete()

    def _answer(self, answer: bytes) -> None:
        """Send a whole answer, and wait for the next request as after any other."""
        cast("_Joining", self.transport).write_whole(answer)
        self.server_state.total_requests += 1
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive_for(self.timeout_keep_alive)

    def _keep_alive_for(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, if nothing was asked over it since; one timer serves for many
        requests that are not read."""
        self.timeout_keep_alive_task = None
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._lane is not None or left > 0:
            self._keep_alive_for(max(left, 0) or self.timeout_keep_alive)
        else:
            super().timeout_keep_alive_handler()

    def date(self) -> bytes:
        """The date of now, as HTTP writes it."""
        return dict(self.server_state.default_headers).get(_DATE, b"")

    def _sent(self, data: bytes) -> None:
        """Keep the answer that goes out whole, where it answers one request that came whole."""
        if self._request is None or self.cycle.more_body:
            return
        scope = cast("MutableMapping[str, Any]", self.scope)
        for each in (self.kept, self.shapes):
            if each is not None:
                each.keep(self.server, self._request, scope, data)


@final
@dataclass(slots=True)
class _Lane:
    """A request on a connection while its query is on its way, for a short time; what comes
    `behind` it has to wait."""

    sent: Sent
    request: bytes
    behind: bytes = b""


class _Joining:
    """A transport that holds the head of an answer back until what follows it, or the turn of
    the event loop, so that both go out together: one system call, and one waking of the client.

    `sent` hears of an answer that went out so."""

    def __init__(self, transport: asyncio.Transport, sent: Callable[[bytes], None]) -> None:
        self._transport = transport
        self._sent = sent
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write the bytes, after what was held back."""
        if self._head:
            whole = self._head + data
            self._transport.write(whole)
            self._head = b""
            self._sent(whole)
        elif data.startswith(_HEAD):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Write the bytes of a whole answer."""
        self._transport.write(data)

    def _flush(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Close the connection, once all is written."""
        self._flush()
        self._transport.close()
