"""The HTTP server: uvicorn, whose answers leave in one message where they are there at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_GRACE_SECONDS: Final = 1
_HEAD: Final = b"HTTP/1."


def server(app: Callable[..., Awaitable[None]]) -> uvicorn.Server:
    """A server of the application, to be run over sockets that listen."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Protocol,
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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Answer over the connection."""
        super().connection_made(cast("asyncio.Transport", _Joining(transport)))


class _Joining:
    """A transport that holds the head of an answer back until what follows it, or the turn of
    the event loop, so that both go out together: one system call, and one waking of the client."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # whatever a transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write the bytes, after what was held back."""
        if self._head:
            self._transport.write(self._head + data)
            self._head = b""
        elif data.startswith(_HEAD):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._transport.write(data)

    def _flush(self) -> None:
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Close the connection, once all is written."""
        self._flush()
        self._transport.close()
