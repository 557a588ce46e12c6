"""Calls of tools: reading the arguments, choosing the revision, and answering failures."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from spacepolicy.errors import BadParameterError, EngineError, ProblemError
from spacepolicy.web.mcp.answer import Answer
from spacepolicy.web.mcp.tool_request import Arguments, ToolRequest
from spacepolicy.web.mcp.tools import Tool
from spacepolicy.web.memento import kept_revision
from spacepolicy.web.problems import problem_members
from spacepolicy.web.request_context import context_of

_log: Final = logging.getLogger(__name__)
_SHOWN: Final = 10_000
"""A problem repeats a query of up to so many characters."""


async def called(tool: Tool, request: ToolRequest, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run the tool, and return its answer as a JSON object; a failure becomes an answer with the
    same problem as over HTTP."""
    context = context_of(request.scope)
    context.record.kind = tool.name
    try:
        arguments = _read(tool, given)
        if arguments.revision is not None:
            context.revision = kept_revision(request.service.history, arguments.revision)
        answer = await tool.run(request, arguments)
        context.record.query = answer.query
    except ProblemError as error:
        answer = _failed(request, error, given)
    except Exception as error:  # noqa: BLE001 # the library would answer with its text
        _log.exception("a tool failed")
        failure = EngineError(f"The service failed: {type(error).__name__}.")
        answer = _failed(request, failure, given)
    return answer.table(context.revision.number)


def _read(tool: Tool, given: Mapping[str, Any]) -> Arguments:
    """Raises: BadParameterError where the arguments are not those of the tool."""
    try:
        return tool.arguments.model_validate(given)
    except ValidationError as error:
        wrong = [
            {"name": ".".join(map(str, each["loc"])) or "arguments", "detail": each["msg"]}
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        details = "; ".join(f"{each['name'][:80]}: {each['detail']}" for each in wrong)
        raise BadParameterError(f"{details}.", extras={"parameters": wrong}) from error


def _failed(request: ToolRequest, error: ProblemError, given: Mapping[str, Any]) -> Answer:
    context_of(request.scope).record.kind = error.kind
    query = given.get("query")
    problem = problem_members(request.service, request.scope, error)
    retry = error.headers.get("Retry-After")
    more = {} if retry is None else {"retry_after_seconds": int(retry)}
    return Answer(
        "error",
        query if isinstance(query, str) and len(query) <= _SHOWN else None,
        {"problem": {**problem, "remedy": error.remedy, **more}},
    )
