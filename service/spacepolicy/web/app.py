"""The application: the SPARQL endpoint in front, everything else by FastAPI's routing."""

import asyncio
import logging
from typing import Annotated, Final, final

from fastapi import FastAPI, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacepolicy import __version__
from spacepolicy.errors import (
    BadParameterError,
    EngineError,
    FieldsTooLargeError,
    MethodNotAllowedError,
    NotFoundError,
    ProblemError,
    StoppingError,
    UriTooLongError,
    problems,
)
from spacepolicy.http.forwarded import forwarded_url
from spacepolicy.sparql_service.endpoint import SparqlEndpoint
from spacepolicy.web import pages
from spacepolicy.web.access_log import AccessRecord, notes
from spacepolicy.web.annotations import add_annotations
from spacepolicy.web.answering.app_state import AppState, make_desk
from spacepolicy.web.answering.preparation import ServicePreparation
from spacepolicy.web.answering.sparql import sparql_endpoint
from spacepolicy.web.auth import is_open, read_token
from spacepolicy.web.cache_warmup import CacheWarmup
from spacepolicy.web.common_headers import with_always
from spacepolicy.web.compare import add_compare
from spacepolicy.web.dcat import add_catalog
from spacepolicy.web.dumps import add_dumps
from spacepolicy.web.explain import add_explain
from spacepolicy.web.health import add_operations
from spacepolicy.web.history.listing import add_history
from spacepolicy.web.home import HomePage, add_home
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.resources import (
    add_context,
    add_graph_documents,
    add_resources,
)
from spacepolicy.web.links import add_links
from spacepolicy.web.locale import read_reader, reader
from spacepolicy.web.memento import add_timemaps, memento_fields, read_revision, varies
from spacepolicy.web.openapi import add_openapi
from spacepolicy.web.problems import kind_members, prefers_page, problem_response
from spacepolicy.web.queries import add_queries
from spacepolicy.web.request_revision import pin
from spacepolicy.web.request_url import set_forwarded
from spacepolicy.web.search import SearchService, add_search
from spacepolicy.web.service import Service
from spacepolicy.web.status import add_status
from spacepolicy.web.verify import add_verify
from spacepolicy.web.writing.graph_store import add_graphs
from spacepolicy.web.writing.write_service import WriteService

_ALLOWED: Final = (
    "Accept, Accept-Datetime, Authorization, Content-Encoding, Content-Type, If-Match, "
    "If-None-Match, Last-Event-ID, X-Query-Id"
)
_PREFLIGHT: Final = (
    (b"access-control-allow-headers", _ALLOWED.encode()),
    (b"access-control-max-age", b"86400"),
)
_PAGE_POLICY: Final = (b"content-security-policy", pages.CONTENT_SECURITY_POLICY.encode())
_PIECE_BYTES: Final = 1 << 17
"""Twice what the server holds for a client before it waits; most answers are shorter."""
_log: Final = logging.getLogger(__name__)


@final
class Application:
    """The whole application over a service; `endpoint` is the short way of its SPARQL endpoint, for
    servers that know it."""

    def __init__(self, service: Service) -> None:
        desk = make_desk(service)
        writes = WriteService(service)
        self._shared = _Shared(desk)
        sparql = sparql_endpoint(desk, writes)
        self._http = _http(service, sparql, _routes(self._shared, writes))
        self.endpoint = SparqlEndpoint(
            ServicePreparation(service), desk.cache, desk.dispatcher, desk.costs, desk.running
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or read ahead while the server runs."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._shared.warming().lifespan(receive, send)


def create_app(service: Service) -> Application:
    """The whole application over the service."""
    return Application(service)


def _http(service: Service, sparql: ASGIApp, rest: ASGIApp) -> ASGIApp:
    """Answers requests: pinned to a revision, permitted, and every failure told as a problem."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sheet = notes(scope)
        read_reader(scope)
        set_forwarded(forwarded_url(scope, service.trusted_proxies))
        pin(service.history.current)
        sending = _Sending(service, scope, send, sheet)
        try:
            _check_size(service, scope)
            read_token(service, scope)
            read_revision(service, scope)
            if scope["path"] == "/sparql":
                await sparql(scope, receive, sending)
            else:
                scope = _head_as_get(scope)
                await rest(scope, receive, sending)
        except ProblemError as error:
            await problem_response(service, scope, error)(scope, receive, sending)
        except asyncio.CancelledError:
            if sending.started:
                _log.info("an answer was cut off, since the service ends")
                return
            ending = StoppingError("The service is stopping.", headers={"Retry-After": "1"})
            await problem_response(service, scope, ending)(scope, receive, sending)
        except ClientDisconnect:
            _log.debug("a client left before it had sent all")
        except Exception as error:
            if sending.started:
                raise
            _log.exception("a request failed")
            failure = EngineError(f"The service failed: {type(error).__name__}.")
            await problem_response(service, scope, failure)(scope, receive, sending)
        finally:
            sheet.log(scope, service.revision.number)

    return app


def _check_size(service: Service, scope: Scope) -> None:
    """Raises: UriTooLongError, FieldsTooLargeError where there is more than is looked at."""
    size = len(scope["raw_path"])
    if size > service.max_target_bytes:
        raise UriTooLongError(
            f"The address has a path of {size} bytes; {service.max_target_bytes} are taken."
        )
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > service.max_fields_bytes:
        raise FieldsTooLargeError(
            f"The header fields have {size} bytes; {service.max_fields_bytes} are taken.",
            extras={"limit_bytes": service.max_fields_bytes},
        )


def _head_as_get(scope: Scope) -> Scope:
    """HEAD is GET whose body stays here (RFC 9110 section 9.3.2)."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


class _Sending:
    """Sends, with what every answer carries: the revision, and leave for scripts of any origin
    to read it."""

    def __init__(self, service: Service, scope: Scope, send: Send, sheet: AccessRecord) -> None:
        self.started = False
        self._send = send
        self._sheet = sheet
        self._scope = scope
        self._bare = scope["method"] == "HEAD"
        self._preflight = scope["method"] == "OPTIONS"
        self._service = service
        self._private = service.require_token and not is_open(scope)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            fields = [*message["headers"]]
            fields += memento_fields(self._service, self._scope, message["status"])
            if self._preflight:
                allowed = dict(message["headers"]).get(b"allow", b"GET, HEAD")
                fields += [(b"access-control-allow-methods", allowed), *_PREFLIGHT]
            given = dict(message["headers"])
            more = [b"Authorization"] if self._private else []
            if given.get(b"content-type", b"")[:9] == b"text/html":
                fields += [_PAGE_POLICY, (b"content-language", reader().language.encode())]
                more.append(b"Accept-Language")
            if b"Accept-Datetime" not in given.get(b"vary", b"") and varies(
                self._scope, message["status"]
            ):
                more.append(b"Accept-Datetime")
            fields = with_always(fields, self._service.revision.number, *more)
            message = {**message, "headers": fields}
        elif self._bare:
            message = {**message, "body": b""}
        self._sheet.hear(message)
        if len(message.get("body", b"")) > _PIECE_BYTES:
            await self._in_pieces(message)
        else:
            await self._send(message)

    async def _in_pieces(self, message: Message) -> None:
        """Send a large body as its client takes it, so that it is not copied for each of them."""
        body, more = message["body"], message.get("more_body", False)
        for start in range(0, len(body), _PIECE_BYTES):
            piece = body[start : start + _PIECE_BYTES]
            follows = more or start + _PIECE_BYTES < len(body)
            await self._send({**message, "body": piece, "more_body": follows})


@final
class _Shared:
    """What several routes read, once a revision."""

    def __init__(self, desk: AppState) -> None:
        self.desk = desk
        self.search = SearchService(desk)
        self.library = KnowledgeCache(desk, self.search.near)
        self.home = HomePage(self.library)

    def warming(self) -> CacheWarmup:
        """Reads it ahead, what is wanted soonest first."""
        return CacheWarmup(
            self.desk,
            (
                self.home.answers,
                self.home.documents,
                self.library.comparables,
                self.library.vocabulary,
                self.search.index,
                self.library.terms,
                self.library.axioms,
                self.library.constraints,
                self.library.context,
            ),
        )


def _routes(shared: _Shared, writes: WriteService) -> FastAPI:
    """Everything but the endpoint."""
    desk, library, search = shared.desk, shared.library, shared.search
    service, rest = desk.service, _bare_routes(desk)
    add_operations(rest, desk)
    add_home(rest, shared.home)
    add_resources(rest, library)
    add_graph_documents(rest, library)
    add_context(rest, library)
    add_queries(rest, desk)
    add_search(rest, search)
    add_explain(rest, library)
    add_annotations(rest, desk)
    add_verify(rest, desk)
    add_compare(rest, library)
    add_links(rest, desk)
    add_catalog(rest, desk)
    add_status(rest, desk)
    add_dumps(rest, desk)
    add_graphs(rest, desk, writes)
    add_history(rest, desk)
    add_timemaps(rest, service)
    add_openapi(rest, service)
    return rest


def _bare_routes(desk: AppState) -> FastAPI:
    app = FastAPI(
        title="spacepolicy",
        version=__version__,
        summary="Linked data about policy, with its words",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    _answer_errors(app, desk.service)
    _add_pages(app, desk)
    return app


def _answer_errors(app: FastAPI, service: Service) -> None:
    """Tell every error as a problem."""

    async def problem(request: Request, error: Exception) -> Response:
        told = _as_problem(request, error)
        if request.method == "OPTIONS" and isinstance(told, MethodNotAllowedError):
            return Response(status_code=204, headers=told.headers)
        return problem_response(service, request.scope, told)

    for kind in (ProblemError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, problem)


def _as_problem(request: Request, error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case HTTPException(status_code=405):
            return _method_not_allowed(request)
        case HTTPException(status_code=404):
            return NotFoundError(f"There is nothing at {request.url.path}.")
        case RequestValidationError():
            return BadParameterError(_misfits(error))
        case _:
            return BadParameterError(str(error))


def _misfits(error: RequestValidationError) -> str:
    """What of the request does not fit; its own text names a file of this machine."""
    return "; ".join(f"{each['loc'][-1]!r}: {each['msg']}" for each in error.errors()) + "."


def _method_not_allowed(request: Request) -> ProblemError:
    """The problem, with the methods of all routes at the path."""
    methods = {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    return MethodNotAllowedError(
        f"{request.url.path} answers {allowed}, not {request.method}.",
        headers={"Allow": allowed},
    )


def _add_pages(app: FastAPI, desk: AppState) -> None:
    service = desk.service

    @app.get(pages.STYLE_PATH, include_in_schema=False)
    def style() -> Response:
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(pages.STYLE, headers=kept, media_type="text/css")

    @app.get("/problems/{kind}", tags=["descriptions"])
    def problem_kind(
        request: Request, kind: Annotated[str, Path(description="a problem's kind")]
    ) -> Response:
        """What a problem of this kind means, and what to do about it."""
        problem = problems().get(kind)
        if problem is None:
            known = ", ".join(problems())
            raise NotFoundError(f"{kind!r} is no kind of problem; there are {known}.")
        members, headers = kind_members(problem), {"Vary": "Accept, Accept-Language"}
        if prefers_page(request.headers.get("accept")):
            return HTMLResponse(pages.problem_kind(service, members), headers=headers)
        return JSONResponse(members, headers=headers)
