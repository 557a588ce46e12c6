"""The HTTP server: uvicorn, with limits that are checked while bytes arrive."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Final, cast, final

import uvicorn

from spacepolicy.errors import ProblemError
from spacepolicy.http.closing_connection import ClosingConnection, Limits
from spacepolicy.http.connection import HttpConnection
from spacepolicy.http.requests import Endpoint, RequestReader

_GRACE_SECONDS: Final = 1
"""How long running requests may continue when the service stops."""
_FLUSH_SECONDS: Final = 1
"""How long clients may take after that to read the answers."""
_log: Final = logging.getLogger("spacepolicy.requests")


def server(
    app: Callable[..., Awaitable[None]],
    endpoint: Endpoint | None = None,
    limits: Limits | None = None,
    public_url: str | None = None,
    refused: Callable[[ProblemError], None] = lambda _: None,
) -> uvicorn.Server:
    """Return a server of the application, to be run with listening sockets.

    `endpoint` gets the requests for its path first, and answers those it can. `public_url` is the
    base URL of the pages that explain problems; `refused` is called with the problem of each
    request that is refused before the application sees it.
    """
    within = limits or Limits()
    reader = None if endpoint is None else RequestReader(endpoint.path, within.message)
    direct = endpoint

    class Protocol(HttpConnection):
        """The connections of this server."""

        endpoint = direct
        requests = reader
        bounds = within
        root = (public_url or "").rstrip("/")
        refusal = staticmethod(refused)

    return _Server(
        direct,
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            loop="uvloop",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS + 2 * _FLUSH_SECONDS,
        ),
    )


@final
class _Server(uvicorn.Server):
    """A server that stops remaining requests itself, so that uvicorn logs no error for them."""

    def __init__(self, endpoint: Endpoint | None, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._endpoint = endpoint

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and stop when the current ones are done or their time is up."""
        loop = asyncio.get_running_loop()
        ends = (
            loop.call_later(_GRACE_SECONDS, self._stop_requests),
            loop.call_later(_GRACE_SECONDS + _FLUSH_SECONDS, self._stop_connections),
        )
        await super().shutdown(sockets)
        for each in ends:
            each.cancel()
        if self._endpoint is not None:
            self._endpoint.close()

    def _stop_requests(self) -> None:
        """Abort responses that have begun, and cancel the tasks of the other requests."""
        if self.server_state.tasks:
            count = len(self.server_state.tasks)
            _log.info("%d requests are stopped, since the service ends", count)
        for connection in list(self.server_state.connections):
            cast("HttpConnection", connection).break_off()
        asyncio.get_running_loop().call_soon(self._stop_tasks)

    def _stop_tasks(self) -> None:
        for task in list(self.server_state.tasks):
            task.cancel()

    def _stop_connections(self) -> None:
        for connection in list(self.server_state.connections):
            cast("ClosingConnection", connection).abort()
