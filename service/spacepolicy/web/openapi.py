"""The OpenAPI description: what FastAPI knows of the routes, the endpoint, and an operation for
each saved query, made from its header; and that description as a page.

Spec: https://spec.openapis.org/oas/v3.1.0
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from spacepolicy import formats
from spacepolicy.saved_queries import Parameter, ParameterType, SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.queries import MAX_LIMIT
from spacepolicy.web.routes import Handler, Route
from spacepolicy.web.service import Service

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
_PATH_TYPE: Final = re.compile(":[a-z]+}")
_TOKEN: Final = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
_CURSOR: Final = (
    "the cursor of an earlier part; it continues the revision of the first part, whatever was "
    "published since, and is 410 where that is no longer kept"
)
_EXAMPLE_UPDATE: Final = "INSERT DATA { GRAPH <urn:mine> { <urn:a> <urn:b> 1 } }"
_EXAMPLE: Final = "SELECT ?class (COUNT(*) AS ?number) { ?thing a ?class } GROUP BY ?class"


def describe(app: FastAPI, service: Service, routes: Iterable[Route]) -> None:
    """Complete the description that the application gives of itself: what its routes offer, the
    endpoint, and the saved queries."""
    known = app.openapi
    offers = {
        (_PATH_TYPE.sub("}", each.path), method.lower()): each.media_types
        for each in routes
        for method in each.methods
    }

    def described() -> dict[str, Any]:
        document = known()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                _complete(operation, offers.get((path, method), ()))
        paths: dict[str, Any] = {"/sparql": {"get": _endpoint()}}
        if service.writer is not None:
            paths["/sparql"]["post"] = _update()
        for query in service.catalogue:
            paths[f"/queries/{query.name}"] = {"get": _operation(query)}
        document["paths"] = {**document["paths"], **paths}
        document["components"] = {**document.get("components", {}), **_TOKEN}
        return document

    app.openapi = described  # type: ignore[method-assign] # FastAPI's own way to extend it


def api_page(service: Service) -> Handler:
    """Return the handler of the description as a page."""

    def viewer(request: Request) -> Response:
        document = request.app.openapi()
        return HTMLResponse(pages.render("api.html", service, document=document))

    return viewer


def _complete(operation: dict[str, Any], media_types: Sequence[str]) -> None:
    """Say of an operation in which formats it answers, and that it may answer with a problem."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = _PROBLEM
    if "200" in responses and media_types:
        responses["200"]["content"] = {each: {"schema": {}} for each in media_types}


def _endpoint() -> dict[str, Any]:
    return {
        "operationId": "sparql",
        "summary": "Answer a SPARQL query (SPARQL 1.1 Protocol)",
        "tags": ["SPARQL"],
        "parameters": [
            _in_query("query", {"type": "string"}, "the query; without it, a description", _EXAMPLE)
        ],
        "responses": _responses(formats.offered("solutions", "columns", "graph")),
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
    names = [format.name for format in formats.offered("solutions", "columns", "graph", "page")]
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
        "responses": _responses(formats.offered("solutions", "columns", "graph", "page")),
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
    for media_type in ("application/sparql-results+json", "application/csvm+json"):
        content[media_type] = {"schema": {"type": "object"}}
    return {
        "200": {"description": "the answer", "content": content},
        "default": _PROBLEM,
    }
