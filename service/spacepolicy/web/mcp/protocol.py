"""The Model Context Protocol server of the tools; the only module that imports the library.

Spec: https://modelcontextprotocol.io/specification
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ListedTool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from spacepolicy import __version__
from spacepolicy.web.mcp.answer import OUTPUT_SCHEMA
from spacepolicy.web.mcp.tools import TOOLS, Tool

Call = Callable[[Tool, Scope, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""Calls a tool with the arguments of a request."""
INSTRUCTIONS: Final = (
    "Linked data in which each statement of a document stands in a named graph that is the passage "
    "of its words. Every answer says in `outcome` whether something was found, none, unknown or an "
    "error, on which `revision`, by which `query`, and whether it was `truncated`. `none` means "
    "that the dataset does not have it: near names are suggestions, and no answers. Quote `words` "
    "of `passages` alone, with their IRIs; what has no passage is inferred or background, and "
    "explain_statement says from what."
)
_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def tool_server(call: Call) -> Server[dict[str, Any]]:
    """Return the protocol's server with all tools."""
    listed = [_listed(tool) for tool in TOOLS.values()]

    async def list_tools(
        _: ServerRequestContext[dict[str, Any]], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=listed)

    async def call_tool(
        context: ServerRequestContext[dict[str, Any]], asked: CallToolRequestParams
    ) -> CallToolResult:
        tool = TOOLS.get(asked.name)
        if tool is None:
            known = ", ".join(TOOLS)
            raise MCPError(
                INVALID_PARAMS, f"There is no tool {asked.name[:80]!r}; there are {known}."
            )
        request = cast("Request", context.request)
        return _result(await call(tool, request.scope, asked.arguments or {}))

    return Server(
        "spacepolicy",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def answered(
    server: Server[dict[str, Any]], scope: Scope, receive: Receive, send: Send, max_bytes: int
) -> None:
    """Answer one request, statelessly.

    Origin is checked before, by the service's own address and with a better message.
    """
    manager = StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=max_bytes,
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=dict(OUTPUT_SCHEMA),
        annotations=_READS,
    )


def _result(table: dict[str, Any]) -> CallToolResult:
    """The answer as structured content, and as text for clients that read nothing else."""
    text = json.dumps(table, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=table,
        is_error=table["outcome"] == "error",
    )
