"""The HTTP server: uvicorn, whose answers leave in one message where they are there at once."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from spacepolicy.commands.echoes import Echoes

_GRACE_SECONDS: Final = 1
_HEAD: Final = b"HTTP/1."
_DATE: Final = b"date"


def server(app: Callable[..., Awaitable[None]], echoes: Echoes | None = None) -> uvicorn.Server:
    """A server of the application, to be run over sockets that listen; with `echoes`, answers are
    given again to the bytes that they answered."""

    class Protocol(_Protocol):
        """The connections of this server."""

        kept = echoes

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Protocol,
            lifespan="off",
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
    _request: bytes | None = None
    _within = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Answer over the connection."""
        joining = _Joining(transport, self._sent)
        super().connection_made(cast("asyncio.Transport", joining))

    def data_received(self, data: bytes) -> None:
        """Answer the bytes as they were answered before, or have them read."""
        self._request = None
        if self.kept is not None and self._is_idle():
            answer = self.kept.answer(self.server, data, self._date())
            if answer is not None:
                self._echo(answer)
                return
            self._request = data
        super().data_received(data)

    def _is_idle(self) -> bool:
        """Whether what comes now is the beginning of a request, and the answer may go out."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        answered = cycle is None or cycle.response_complete
        return answered and not self._within and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._within = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request has come whole."""
        self._within = False
        super().on_message_complete()

    def _echo(self, answer: bytes) -> None:
        """Send an answer that is kept, and wait for the next request as after any other."""
        self._unset_keepalive_if_required()
        cast("_Joining", self.transport).write_whole(answer)
        self.server_state.total_requests += 1
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _date(self) -> bytes:
        return dict(self.server_state.default_headers).get(_DATE, b"")

    def _sent(self, data: bytes) -> None:
        """Keep the answer that goes out whole, where it answers one request that came whole."""
        if self.kept is not None and self._request is not None and not self.cycle.more_body:
            scope = cast("MutableMapping[str, Any]", self.scope)
            self.kept.keep(self.server, self._request, scope, data)


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
