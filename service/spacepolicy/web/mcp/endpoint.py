"""`/mcp`: the check of Origin, and one message per request.

The protocol's library is imported at the first request: it takes most of a second and some 20 MB.

Spec: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports (Origin)
"""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, final

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from spacepolicy.errors import ContentTooLargeError, ForbiddenError, NotInstalledError
from spacepolicy.federation_policy import origin_of
from spacepolicy.web.answering.disconnect import while_connected
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.mcp.calls import called
from spacepolicy.web.mcp.tool_request import ToolRequest
from spacepolicy.web.mcp.tools import Tool
from spacepolicy.web.request_context import current_forwarded
from spacepolicy.web.request_url import arrived_at
from spacepolicy.web.routes import Handler
from spacepolicy.web.search import SearchService
from spacepolicy.web.service import Service

PATH: Final = "/mcp"
LIBRARY: Final = "mcp"
INSTALL: Final = "pip install 'spacepolicy[mcp]'"
_PROTOCOL: Final = "spacepolicy.web.mcp.protocol"
_TRANSPORT_BYTES: Final = 1 << 14
"""Bytes of a message besides its arguments: names, identifiers and metadata."""
DESCRIBED: Final[Mapping[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["jsonrpc", "method"],
                    "properties": {
                        "jsonrpc": {"const": "2.0"},
                        "id": {"type": ["string", "integer"]},
                        "method": {"type": "string"},
                        "params": {"type": "object"},
                    },
                }
            }
        },
    },
    "responses": {
        "202": {"description": "a notification was taken"},
        "default": {"content": {"application/json": {"schema": {"type": "object"}}}},
    },
}
"""The OpenAPI description of the messages; the protocol describes the tools itself."""


def tools_for_agents(knowledge_cache: KnowledgeCache, search: SearchService) -> Handler:
    """Return the handler of the protocol's messages."""
    endpoint = _Endpoint(knowledge_cache, search)

    async def message(request: Request) -> Response:
        """A message of the Model Context Protocol (streamable HTTP): tools for agents."""
        if find_spec(LIBRARY) is None:
            raise NotInstalledError(
                f"The Model Context Protocol needs its library, which is not installed here: "
                f"{INSTALL}."
            )
        _check_origin(knowledge_cache.app_state.service, request.scope)
        return _Answering(endpoint)

    return message


def _check_origin(service: Service, scope: Scope) -> None:
    """Raises: ForbiddenError where the request comes from a page of another origin."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    for origin in given:
        if origin_of(origin) not in {*service.mcp_origins, *_own(service, scope)}:
            raise ForbiddenError(
                f"Pages of the origin {origin[:200]!r} may not ask here; the operator lists those "
                "that may by --mcp-origins."
            )


def _own(service: Service, scope: Scope) -> set[str | None]:
    """The origins of the service itself. The request's Host is not among them: a foreign name may
    resolve to this machine (DNS rebinding)."""
    known, here = current_forwarded(), arrived_at(scope)
    named = [url for url in (service.public_url, known and known.url) if url]
    loopback = [here.replace(host, "localhost") for host in ("127.0.0.1", "[::1]") if host in here]
    return {origin_of(url) for url in (*named, here, *loopback)}


@final
class _Endpoint:
    """Answers messages; imports the protocol's library when it is first needed."""

    def __init__(self, knowledge_cache: KnowledgeCache, search: SearchService) -> None:
        self._library = knowledge_cache
        self._search = search
        self._lock = asyncio.Lock()
        self._server: Any = None

    @property
    def max_bytes(self) -> int:
        """The maximum size of a message: a query in JSON takes up to twice its bytes."""
        return 2 * self._library.app_state.service.max_query_bytes + _TRANSPORT_BYTES

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one message."""
        protocol = await self._protocol()
        await protocol.answered(self._server, scope, receive, send, self.max_bytes)

    async def _protocol(self) -> ModuleType:
        async with self._lock:
            protocol = await asyncio.to_thread(import_module, _PROTOCOL)
            if self._server is None:
                self._server = protocol.tool_server(self._call)
            return protocol

    async def _call(self, tool: Tool, scope: Scope, given: Mapping[str, Any]) -> dict[str, Any]:
        return await called(tool, ToolRequest(self._library, self._search, scope), given)


@final
class _Answering(Response):
    """The response to a message, cancelled when its client disconnects."""

    def __init__(self, endpoint: _Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer.

        Raises: ContentTooLargeError, ClientDisconnect.
        """
        body = await _body(receive, self._endpoint.max_bytes)
        answering = self._endpoint.answer(scope, _Replay(body), send)
        await while_connected(receive, answering)


async def _body(receive: Receive, limit: int) -> bytes:
    """Raises: ContentTooLargeError, ClientDisconnect."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise ContentTooLargeError(
                f"A message may have {limit} bytes.", extras={"limit_bytes": limit}
            )
    return bytes(body)


@final
class _Replay:
    """An ASGI `receive` that returns a body already read, and then waits forever."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body or b"", None
        return {"type": "http.request", "body": body, "more_body": False}
