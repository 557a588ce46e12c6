"""The OpenAPI description: FastAPI's own of the routes, extended by the SPARQL endpoint and an
operation for each saved query; and that description as a page.

Spec: https://spec.openapis.org/oas/v3.1.0
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request

from spacepolicy import formats
from spacepolicy.saved_queries import Parameter, ParameterType, SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    PAGE,
    DeferredRepresentation,
    Representation,
    representation,
)
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
_PROBLEM_CONTENT: Final = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}
_PROBLEM: Final = {"description": "a problem (RFC 9457)", "content": _PROBLEM_CONTENT}
_SHARED_SCHEMAS: Final[Mapping[str, Any]] = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "line": {"type": "integer", "description": "where a query is wrong, from 1"},
            "column": {"type": "integer", "description": "where in that line, from 1"},
            "available": {
                "type": "array",
                "items": {"type": "string"},
                "description": "the media types that there are",
            },
            "limit_seconds": {"type": "number", "description": "the time that was too short"},
            "limit_bytes": {"type": "integer", "description": "the size that was passed"},
        },
    },
    "Term": {
        "type": "object",
        "required": ["type", "value"],
        "properties": {
            "type": {"type": "string", "enum": ["uri", "bnode", "literal", "triple"]},
            "value": {"description": "the IRI, the label, the lexical form, or a triple's terms"},
            "xml:lang": {"type": "string"},
            "datatype": {"type": "string", "format": "iri"},
        },
    },
    "Head": {
        "type": "object",
        "properties": {"vars": {"type": "array", "items": {"type": "string"}}},
    },
    "Cells": {"type": "string", "enum": ["values", "terms"]},
    "Results": {
        "type": "object",
        "required": ["head"],
        "properties": {
            "head": {"$ref": "#/components/schemas/Head"},
            "boolean": {"type": "boolean", "description": "the answer of an ASK"},
            "results": {"$ref": "#/components/schemas/Solutions"},
        },
    },
    "Solutions": {
        "type": "object",
        "required": ["bindings"],
        "properties": {
            "bindings": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
        },
    },
    "Row": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Term"}},
}
"""Schemas that several operations share (RFC 9457, SPARQL 1.1 results in JSON)."""
_UNUSED: Final = ("HTTPValidationError", "ValidationError")
"""FastAPI's own error schemas, which no response has: its errors become problems."""
_PATH_TYPE: Final = re.compile(":[a-z]+}")
_TOKEN: Final = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
_CURSOR: Final = (
    "the cursor of an earlier part; it continues the revision of the first part, whatever was "
    "published since, and is 410 where that is no longer kept"
)
_EXAMPLE_UPDATE: Final = "INSERT DATA { GRAPH <urn:mine> { <urn:a> <urn:b> 1 } }"
_EXAMPLE: Final = "SELECT ?class (COUNT(*) AS ?number) { ?thing a ?class } GROUP BY ?class"


def describe(app: FastAPI, service: Service, routes: Iterable[Route]) -> None:
    """Extend the application's OpenAPI description by the media types of its routes, the SPARQL
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
        paths: dict[str, Any] = {"/sparql": {"get": _endpoint(), "post": _posted(service)}}
        for query in service.catalogue:
            paths[f"/queries/{query.name}"] = {"get": _operation(query)}
        document["paths"] = {**document["paths"], **paths}
        known_schemas = document.get("components", {}).get("schemas", {})
        schemas = {name: each for name, each in known_schemas.items() if name not in _UNUSED}
        schemas |= {**_SHARED_SCHEMAS, "Format": _formats()}
        for query in service.catalogue:
            schemas |= _schemas(query)
        document["components"] = {**document.get("components", {}), **_TOKEN, "schemas": schemas}
        return document

    app.openapi = described  # type: ignore[method-assign] # FastAPI's own way to extend it


_TAG_WORDS: Final = {
    "agents": "tag_agents",
    "descriptions": "tag_descriptions",
    "explanation": "tag_explanation",
    "graph store": "tag_graph_store",
    "history": "tag_history",
    "linked data": "tag_linked_data",
    "operations": "tag_operations",
    "reconciliation": "tag_reconciliation",
    "saved queries": "tag_saved_queries",
    "search": "tag_search",
    "SPARQL": "tag_sparql",
}
"""The names of the pages' texts for the tags of operations."""


def api_page(app_state: AppState) -> Handler:
    """Return the handler of the description as a page."""

    @representation(app_state, offers=(PAGE,), negotiated=False)
    async def viewer(request: Request) -> DeferredRepresentation:
        async def make() -> Representation:
            document = request.app.openapi()
            shown = {
                "document": document,
                "sections": _by_tag(document),
                "tag_words": _TAG_WORDS,
            }
            return Representation(pages.render("api.html", app_state.service, **shown).encode())

        return DeferredRepresentation("/api", make)

    return viewer


def _by_tag(document: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str, Any]]]]:
    """The operations by tag, each with its path and method; the tag with the most comes last."""
    found: dict[str, list[tuple[str, str, Any]]] = {}
    for path, item in sorted(document["paths"].items()):
        for method, operation in sorted(item.items()):
            tag = next(iter(operation.get("tags", ())), "other")
            found.setdefault(tag, []).append((path, method, operation))
    return sorted(found.items(), key=lambda pair: (len(pair[1]), pair[0]))


def _complete(operation: dict[str, Any], media_types: Sequence[str]) -> None:
    """Add the media types of an operation's answer, and the problem as its default response."""
    responses = operation["responses"]
    responses.pop("422", None)
    own = responses.get("default", {}).get("content", {})
    responses["default"] = {**_PROBLEM, "content": {**own, **_PROBLEM_CONTENT}}
    if "200" in responses and media_types:
        responses["200"]["content"] = {each: {"schema": {}} for each in media_types}


def _endpoint() -> dict[str, Any]:
    query = _in_query("query", {"type": "string"}, "the query; without it, a description", _EXAMPLE)
    return {
        "operationId": "get_sparql",
        "summary": "Answer a SPARQL query (SPARQL 1.1 Protocol)",
        "tags": ["SPARQL"],
        "parameters": [query, *_of_queries(), *_of_answers()],
        "responses": _responses(formats.offered("solutions", "columns", "graph")),
    }


def _of_queries() -> Iterator[dict[str, Any]]:
    """The parameters of a query besides its text."""
    graphs = {"type": "array", "items": {"type": "string", "format": "iri"}}
    yield _in_query("default-graph-uri", graphs, "as FROM says it")
    yield _in_query("named-graph-uri", graphs, "as FROM NAMED says it")


def _of_answers() -> Iterator[dict[str, Any]]:
    """The parameters that concern the answer."""
    cells = "whether cells of Arrow, Parquet and JSON lines are values or terms"
    yield _in_query("format", _reference("Format"), "the format, before Accept")
    yield _in_query("columns", _reference("Cells"), cells)
    yield _in_query("timeout", {"type": "number", "exclusiveMinimum": 0}, "seconds it may take")
    yield _in_query("revision", {"type": "integer", "minimum": 1}, "the revision asked about")


def _formats() -> dict[str, Any]:
    offered = formats.offered("solutions", "columns", "graph", "page")
    return {"type": "string", "enum": [format.name for format in offered]}


def _reference(name: str) -> dict[str, str]:
    """A reference to a shared schema, for which generated clients have one type."""
    return {"$ref": f"#/components/schemas/{name}"}


def _posted(service: Service) -> dict[str, Any]:
    """The operation of queries by POST, and of updates if the service takes them."""
    text = {"type": "string"}
    form = {"type": "object", "properties": {"query": text}, "required": ["query"]}
    query = {"schema": form, "example": {"query": _EXAMPLE}}
    content = {
        "application/x-www-form-urlencoded": query,
        "application/sparql-query": {"schema": text},
    }
    operation = {
        "operationId": "post_sparql",
        "summary": "Answer a SPARQL query that is too long for an address",
        "tags": ["SPARQL"],
        "parameters": [*_of_queries(), *_of_answers()],
        "requestBody": {"required": True, "content": content},
        "responses": _responses(formats.offered("solutions", "columns", "graph")),
    }
    return operation if service.writer is None else _with_updates(operation)


def _with_updates(operation: dict[str, Any]) -> dict[str, Any]:
    """The operation extended by updates."""
    graphs = {"type": "array", "items": {"type": "string", "format": "iri"}}
    text = {"schema": {"type": "string"}, "example": _EXAMPLE_UPDATE}
    content = {**operation["requestBody"]["content"], "application/sparql-update": text}
    responses = {**operation["responses"], "204": {"description": "the update is done"}}
    return {
        **operation,
        "summary": "Answer a SPARQL query, or make an update (SPARQL 1.1 Protocol)",
        "security": [{}, {"token": []}],
        "parameters": [
            *operation["parameters"],
            _in_query("using-graph-uri", graphs, "as USING says it, of an update"),
            _in_query("using-named-graph-uri", graphs, "as USING NAMED says it, of an update"),
            _in_query("dry-run", {"type": "boolean"}, "tell what an update would change"),
        ],
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }


def _operation(query: SavedQuery) -> dict[str, Any]:
    responses = _responses(formats.offered("solutions", "columns", "graph", "page"))
    if query.columns:
        results = _reference(_results_name(query))
        responses["200"]["content"]["application/sparql-results+json"] = {"schema": results}
    return {
        "operationId": query.name,
        "summary": query.title["en"],
        "description": f"{query.description.get('en', '')}\n\n{query.title['zh']}".strip(),
        "tags": ["saved queries"],
        "parameters": [
            *map(_parameter, query.parameters),
            *_of_answers(),
            _in_query(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
                "as many rows at a time; the Link field with rel=next leads on",
            ),
            _in_query("after", {"type": "string"}, _CURSOR),
        ],
        "responses": responses,
    }


def _results_name(query: SavedQuery) -> str:
    return f"{query.name}-results"


def _row_name(query: SavedQuery) -> str:
    return f"{query.name}-row"


def _row(query: SavedQuery) -> dict[str, Any]:
    """The schema of a row of a saved query: its columns with their descriptions."""
    held = {each.name: each for each in query.described}
    columns = {
        name: {
            "allOf": [_reference("Term")],
            **({"description": held[name].holds.get("en", "")} if name in held else {}),
            **({"x-type": held[name].type} if name in held else {}),
        }
        for name in query.columns
    }
    return {"type": "object", "properties": columns, "additionalProperties": False}


def _solutions_name(query: SavedQuery) -> str:
    return f"{query.name}-solutions"


def _schemas(query: SavedQuery) -> dict[str, Any]:
    """The schemas of a saved query's results; each part has a name, which generated clients use
    for its type."""
    bindings = {"type": "array", "items": _reference(_row_name(query))}
    return {
        _row_name(query): _row(query),
        _solutions_name(query): {
            "type": "object",
            "required": ["bindings"],
            "properties": {"bindings": bindings},
        },
        _results_name(query): {
            "type": "object",
            "required": ["head", "results"],
            "properties": {
                "head": _reference("Head"),
                "results": _reference(_solutions_name(query)),
            },
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_SCHEMAS[parameter.type])
    default: object = None if parameter.defaults_to_today else parameter.default
    if parameter.type == "integer" and parameter.default is not None:
        default = int(parameter.default)
    if default is not None:
        schema["default"] = default
    says = parameter.called.get("en", parameter.name)
    today = "; today (UTC) by default" if parameter.defaults_to_today else ""
    member = _in_query(
        parameter.name,
        {"type": "array", "items": schema},
        f"{says}: {parameter.type}{today}; again for another row",
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
    content["application/sparql-results+json"] = {"schema": _reference("Results")}
    content["application/csvm+json"] = {"schema": {"type": "object"}}
    return {
        "200": {"description": "the answer", "content": content},
        "default": _PROBLEM,
    }
