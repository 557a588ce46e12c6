"""The OpenAPI description: what FastAPI knows of the routes, the endpoint, and an operation for
each saved query, made from its header; and that description as a page.

Spec: https://spec.openapis.org/oas/v3.1.0
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from spacepolicy import formats
from spacepolicy.saved_queries import Parameter, ParameterType, SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.annotations import ANNOTATIONS
from spacepolicy.web.dcat import CATALOG, WELL_KNOWN
from spacepolicy.web.dumps import DUMPS
from spacepolicy.web.history.entries import PATH as REVISIONS
from spacepolicy.web.history.listing import LISTED, ONE
from spacepolicy.web.memento import LINK_FORMAT, TIMEMAP
from spacepolicy.web.queries import MAX_LIMIT
from spacepolicy.web.service import Service
from spacepolicy.web.status import STATUS
from spacepolicy.web.writing.graph_store import PATH as GRAPHS
from spacepolicy.web.writing.write_response import TRIED

_SCHEMAS: Final[Mapping[ParameterType, dict[str, str]]] = {
    "iri": {"type": "string", "format": "iri-reference"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "langString": {"type": "string", "pattern": "^[^@]*@[A-Za-z]+(-[A-Za-z0-9]+)*$"},
}
_PROBLEM: Final = {
    "description": "a problem (RFC 9457)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string", "format": "uri-reference"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}
_LINKED: Final = tuple(each.media_type for each in formats.offered("graph", "page"))
_OWN: Final[Mapping[str, Sequence[str]]] = {
    ANNOTATIONS: ("application/ld+json",),
    "/context.jsonld": ("application/ld+json",),
    **{dump.path: (dump.media_type,) for dump in DUMPS},
    WELL_KNOWN: _LINKED,
    CATALOG: _LINKED,
    GRAPHS: ("application/json", *_LINKED),
    f"{GRAPHS}/{{path}}": _LINKED,
    REVISIONS: tuple(each.media_type for each in LISTED),
    f"{REVISIONS}/{{which}}": tuple(each.media_type for each in ONE),
    f"{TIMEMAP}/{{path}}": (LINK_FORMAT,),
    STATUS: ("application/json", *(each.media_type for each in formats.offered("page"))),
}
"""The media types of what answers in others than pages do."""
_TOKEN: Final = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
_CURSOR: Final = (
    "the cursor of an earlier part; it continues the revision of the first part, whatever was "
    "published since, and is 410 where that is no longer kept"
)
_EXAMPLE_UPDATE: Final = "INSERT DATA { GRAPH <urn:mine> { <urn:a> <urn:b> 1 } }"
_EXAMPLE: Final = "SELECT ?class (COUNT(*) AS ?number) { ?thing a ?class } GROUP BY ?class"


def add_openapi(app: FastAPI, service: Service) -> None:
    """Complete the description that the application gives of itself, and add its page."""
    known = app.openapi

    def described() -> dict[str, Any]:
        document = known()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _complete(path, method, operation)
        paths: dict[str, Any] = {"/sparql": {"get": _endpoint()}}
        if service.writer is not None:
            paths["/sparql"]["post"] = _update()
        for query in service.catalogue:
            paths[f"/queries/{query.name}"] = {"get": _operation(query)}
        document["paths"] = {**document["paths"], **paths}
        document["components"] = {**document.get("components", {}), **_TOKEN}
        return document

    app.openapi = described  # type: ignore[method-assign] # FastAPI's own way to extend it

    @app.get("/api", include_in_schema=False)
    def viewer(_: Request) -> Response:
        return HTMLResponse(pages.render("api.html", service, document=described()))


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say of an operation in which formats it answers, and that it may answer with a problem."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = _PROBLEM
    if "200" in responses:
        content: dict[str, Any] = {
            media_type: {"schema": {}} for media_type in _media_types(path, method, operation)
        }
        plain = {} if path in _OWN else responses["200"].get("content", {})
        responses["200"]["content"] = {**plain, **content}


def _media_types(path: str, method: str, operation: Mapping[str, Any]) -> Sequence[str]:
    if path.startswith(GRAPHS) and method != "get":
        return [each.media_type for each in TRIED]
    if path in _OWN:
        return _OWN[path]
    if "linked data" in operation.get("tags", ()):
        return _LINKED
    if path.endswith("/options/{parameter}"):
        return [each.media_type for each in formats.offered("solutions", "graph", "page")]
    return [each.media_type for each in formats.offered("page")]


def _endpoint() -> dict[str, Any]:
    return {
        "operationId": "sparql",
        "summary": "Answer a SPARQL query (SPARQL 1.1 Protocol)",
        "tags": ["SPARQL"],
        "parameters": [
            _in_query("query", {"type": "string"}, "the query; without it, a description", _EXAMPLE)
        ],
        "responses": _responses(formats.offered("solutions", "graph")),
    }


def _update() -> dict[str, Any]:
    text = {"schema": {"type": "string"}, "example": _EXAMPLE_UPDATE}
    return {
        "operationId": "update",
        "summary": "Make a SPARQL update (SPARQL 1.1 Protocol); queries may be posted too",
        "tags": ["SPARQL"],
        "security": [{"token": []}],
        "parameters": [
            _in_query("using-graph-uri", {"type": "string", "format": "iri"}, "as USING says it"),
            _in_query("dry-run", {"type": "boolean"}, "tell what would change, and change nothing"),
        ],
        "requestBody": {"required": True, "content": {"application/sparql-update": text}},
        "responses": {
            "200": {"description": "what would change, or what the guard warns of"},
            "204": {"description": "it is done"},
            "default": _PROBLEM,
        },
    }


def _operation(query: SavedQuery) -> dict[str, Any]:
    names = [format.name for format in formats.offered("solutions", "graph", "page")]
    return {
        "operationId": query.name,
        "summary": query.title["en"],
        "description": f"{query.description.get('en', '')}\n\n{query.title['zh']}".strip(),
        "tags": ["saved queries"],
        "parameters": [
            *map(_parameter, query.parameters),
            _in_query("format", {"type": "string", "enum": names}, "the format, before Accept"),
            _in_query(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
                "as many rows at a time; the Link field with rel=next leads on",
            ),
            _in_query("after", {"type": "string"}, _CURSOR),
        ],
        "responses": _responses(formats.offered("solutions", "graph", "page")),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_SCHEMAS[parameter.type])
    default: object = parameter.default
    if parameter.type == "integer" and parameter.default is not None:
        default = int(parameter.default)
    if default is not None:
        schema["default"] = default
    member = _in_query(
        parameter.name,
        {"type": "array", "items": schema},
        f"{parameter.type}; again for another row",
        None if default is None else [default],
    )
    return {**member, "required": parameter.required and default is None, "explode": True}


def _in_query(
    name: str, schema: Mapping[str, Any], description: str, example: object = None
) -> dict[str, Any]:
    member = {"name": name, "in": "query", "description": description, "schema": dict(schema)}
    return member if example is None else {**member, "example": example}


def _responses(offered: Sequence[formats.Format]) -> dict[str, Any]:
    content = {format.media_type: {"schema": {"type": "string"}} for format in offered}
    content["application/sparql-results+json"] = {"schema": {"type": "object"}}
    return {
        "200": {"description": "the answer", "content": content},
        "default": _PROBLEM,
    }
