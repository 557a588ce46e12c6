"""The application: the SPARQL endpoint in front, everything else by FastAPI's routing."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacepolicy import __version__
from spacepolicy.errors import (
    BadParameterError,
    MethodNotAllowedError,
    NotFoundError,
    ProblemError,
    problems,
)
from spacepolicy.web import pages
from spacepolicy.web.home import live_answers
from spacepolicy.web.problems import prefers_page, problem_response
from spacepolicy.web.service import Service
from spacepolicy.web.sparql import sparql_endpoint

_EXPOSED: Final = "ETag, Link, Location, Retry-After, X-Query-Id, X-Dataset-Revision"


def create_app(service: Service) -> ASGIApp:
    """The whole application over the service."""
    sparql = sparql_endpoint(service)
    rest = _routes(service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _with_common_headers(service, scope, send)
            if scope["path"] == "/sparql":
                await sparql(scope, receive, send)
                return
        await rest(*_head_as_get(scope, receive, send))

    return app


def _head_as_get(scope: Scope, receive: Receive, send: Send) -> tuple[Scope, Receive, Send]:
    """HEAD is GET whose body stays here (RFC 9110 section 9.3.2)."""
    if scope.get("method") != "HEAD":
        return scope, receive, send

    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return {**scope, "method": "GET"}, receive, without_body


def _with_common_headers(service: Service, scope: Scope, send: Send) -> Send:
    """What every answer carries: the revision, and leave for scripts of any origin to read it."""
    preflight = scope["method"] == "OPTIONS"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Dataset-Revision"] = str(service.revision.number)
            if preflight:
                headers["Access-Control-Allow-Methods"] = headers.get("Allow", "GET, HEAD")
                headers["Access-Control-Allow-Headers"] = "Accept, Authorization, Content-Type"
                headers["Access-Control-Max-Age"] = "86400"
            if headers.get("content-type", "").startswith("text/html"):
                headers["Content-Security-Policy"] = pages.CONTENT_SECURITY_POLICY
        await send(message)

    return sending


def _routes(service: Service) -> FastAPI:
    app = FastAPI(
        title="spacepolicy",
        version=__version__,
        summary="Linked data about policy, with its words",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    _answer_errors(app, service)
    _add_operations(app, service)
    _add_pages(app, service)
    return app


def _answer_errors(app: FastAPI, service: Service) -> None:
    """Tell every error as a problem."""

    async def problem(request: Request, error: Exception) -> Response:
        return problem_response(service, request.scope, _as_problem(request, error))

    for kind in (ProblemError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, problem)


def _as_problem(request: Request, error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case HTTPException(status_code=405):
            return _method_not_allowed(request, error.headers or {})
        case HTTPException(status_code=404):
            return NotFoundError(f"There is nothing at {request.url.path}.")
        case _:
            return BadParameterError(str(error))


def _method_not_allowed(request: Request, headers: Mapping[str, str]) -> ProblemError:
    allowed = headers.get("Allow", "GET").replace("GET", "GET, HEAD")
    return MethodNotAllowedError(
        f"{request.url.path} answers {allowed}, not {request.method}.",
        headers={"Allow": allowed},
    )


def _add_operations(app: FastAPI, service: Service) -> None:
    @app.get("/livez", tags=["operations"])
    def livez() -> dict[str, str]:
        """Whether the process runs."""
        return {"status": "alive"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> dict[str, Any]:
        """Whether queries are answered, and over which revision."""
        revision = service.revision
        return {
            "status": "ready" if service.stale is None else "stale",
            "revision": revision.number,
            "time": revision.time,
            "statements": {
                "record": revision.counts.record,
                "inferred": revision.counts.inferred,
                "default graph": revision.counts.default,
            },
            **({"reason": service.stale} if service.stale else {}),
        }


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/", include_in_schema=False)
    async def home(request: Request) -> Response:
        answers = await run_in_threadpool(live_answers, service)
        return HTMLResponse(pages.home(service, service.url(request.scope, ""), answers))

    @app.get("/problems/{kind}", tags=["descriptions"])
    def problem_kind(
        request: Request, kind: Annotated[str, Path(description="a problem's kind")]
    ) -> Response:
        """What a problem of this kind means, and what to do about it."""
        problem = problems().get(kind)
        if problem is None:
            known = ", ".join(problems())
            raise NotFoundError(f"{kind!r} is no kind of problem; there are {known}.")
        if prefers_page(request.headers.get("accept")):
            return HTMLResponse(pages.problem_kind(service, problem), headers={"Vary": "Accept"})
        members = {
            "kind": problem.kind,
            "title": problem.title,
            "status": problem.status,
            "remedy": problem.remedy,
        }
        return JSONResponse(members, headers={"Vary": "Accept"})
