"""Problems as responses: JSON for programs, a page for browsers.

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Path, Request
from pyoxigraph import RdfFormat, parse, serialize
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from spacepolicy import formats
from spacepolicy.engine.syntax import in_language
from spacepolicy.errors import (
    InvalidDataError,
    NotFoundError,
    ProblemError,
    QuerySyntaxError,
    problems,
)
from spacepolicy.formats import Format
from spacepolicy.web import pages
from spacepolicy.web.i18n import of_detail, of_problem
from spacepolicy.web.request_context import context_of, current_locale
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service

PROBLEM: Final = Format(
    "problem",
    "problem details",
    "page",
    "application/problem+json",
    "json",
    aliases=("application/json",),
)
_HTML: Final = next(iter(formats.offered("page")))
_GRAPHS: Final = formats.offered("graph")
_PREFIXES: Final = {"sh": "http://www.w3.org/ns/shacl#"}


def problem_response(service: Service, scope: Scope, error: ProblemError) -> Response:
    """Return the response with the problem, in the format that the client prefers."""
    context_of(scope).record.kind = error.kind
    report = _report(scope, error)
    if report is not None:
        return report
    members = problem_members(service, scope, error)
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-store", **error.headers}
    if prefers_page(Headers(scope=scope).get("accept")):
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("query")
        remedy = "" if "cure" in members else of_problem(error.remedy, current_locale().language)
        page = pages.problem(service, members, remedy, asked)
        return Response(page, error.status, headers, media_type="text/html")
    body = json.dumps(members, ensure_ascii=False).encode()
    return Response(body, error.status, headers, media_type=PROBLEM.media_type)


def _report(scope: Scope, error: ProblemError) -> Response | None:
    """The SHACL report of a refused write, for a client that prefers a graph."""
    if not isinstance(error, InvalidDataError) or not error.report:
        return None
    choice = formats.negotiate(Headers(scope=scope).get("accept"), (PROBLEM, _HTML, *_GRAPHS))
    if choice is None or choice.format not in _GRAPHS:
        return None
    triples = (quad.triple for quad in parse(error.report, format=RdfFormat.N_TRIPLES))
    body = serialize(triples, format=choice.format.rdf, prefixes=_PREFIXES) or b""
    headers = {"Vary": "Accept", "Cache-Control": "no-store", **error.headers}
    return Response(body, error.status, headers, media_type=choice.media_type)


def problem_members(service: Service, scope: Scope, error: ProblemError) -> dict[str, Any]:
    """Return the members of the problem (RFC 9457 section 3) and its extras, in the reader's
    language where they are translated."""
    language = current_locale().language
    worded = in_language(error, language) if isinstance(error, QuerySyntaxError) else {}
    return {
        "type": service.reference(scope, f"/problems/{error.kind}"),
        "title": of_problem(error.title, language),
        "status": error.status,
        "detail": of_detail(error.detail, language),
        **error.extras,
        **worded,
    }


def kind_members(kind: type[ProblemError]) -> dict[str, Any]:
    """Return the title, status and remedy of a kind of problem, in the reader's language."""
    language = current_locale().language
    return {
        "kind": kind.kind,
        "title": of_problem(kind.title, language),
        "status": kind.status,
        "remedy": of_problem(kind.remedy, language),
    }


def prefers_page(accept: str | None) -> bool:
    """Whether the client prefers a page to JSON."""
    choice = formats.negotiate(accept, (PROBLEM, _HTML))
    return choice is not None and choice.format is _HTML


def problem_kind_page(service: Service) -> Handler:
    """Return the handler that explains kinds of problems."""

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

    return problem_kind
