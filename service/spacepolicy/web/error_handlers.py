"""Error handlers that turn FastAPI's errors into problems, and set `Allow` by the path's routes."""

from typing import final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from spacepolicy.errors import (
    BadParameterError,
    EngineError,
    MethodNotAllowedError,
    NotFoundError,
    ProblemError,
)
from spacepolicy.web.problems import problem_response
from spacepolicy.web.service import Service


def add_error_handlers(app: FastAPI, service: Service) -> None:
    """Add handlers that answer every error with a problem."""

    async def problem(request: Request, error: Exception) -> Response:
        reported = _as_problem(request, error, service)
        if request.method == "OPTIONS" and isinstance(reported, MethodNotAllowedError):
            return Response(status_code=204, headers=reported.headers)
        return problem_response(service, request.scope, reported)

    async def failure(request: Request, error: Exception) -> Response:
        """Answer an unexpected error; the framework raises it again, so that it is logged."""
        reported = EngineError(f"The service failed: {type(error).__name__}.")
        return problem_response(service, request.scope, reported)

    async def left(_request: Request, _error: Exception) -> Response:
        """Send nothing to a client that has left before it had sent all, or was refused for it."""
        return _Nothing()

    app.add_exception_handler(ClientDisconnect, left)
    for kind in (ProblemError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, problem)
    app.add_exception_handler(Exception, failure)


@final
class _Nothing(Response):
    """A response that is not sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


def _as_problem(request: Request, error: Exception, service: Service) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case HTTPException(status_code=405):
            return _method_not_allowed(request, service)
        case HTTPException(status_code=404):
            return NotFoundError(f"There is nothing at {request.url.path}.")
        case RequestValidationError():
            return BadParameterError(_misfits(error))
        case _:
            return BadParameterError(str(error))


def _misfits(error: RequestValidationError) -> str:
    """The parameters that failed validation; the error's own text would name a file of this
    machine."""
    return "; ".join(f"{each['loc'][-1]!r}: {each['msg']}" for each in error.errors()) + "."


def _method_not_allowed(request: Request, service: Service) -> ProblemError:
    """The problem, with the methods of all routes at the path; a replica names its leader."""
    methods = {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    writes = f" {service.read_only}" if service.replica else ""
    return MethodNotAllowedError(
        f"{request.url.path} answers {allowed}, not {request.method}.{writes}",
        headers={"Allow": allowed},
    )
