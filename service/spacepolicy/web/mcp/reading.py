"""The tools that search, and that read a thing with its statements and their passages."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Final, final
from urllib.parse import urlencode

from pydantic import Field
from pyoxigraph import NamedNode, Triple

from spacepolicy.errors import NotFoundError
from spacepolicy.web.iri_routing import Address, document_path, local_path
from spacepolicy.web.linked_data.documents import (
    MAX_PASSAGES,
    StatementOrigin,
    ThingDocument,
    about_query,
)
from spacepolicy.web.mcp.answer import Answer, fitted
from spacepolicy.web.mcp.evidence import with_evidence
from spacepolicy.web.mcp.terms import iris_in, named_thing, term_table
from spacepolicy.web.mcp.tool_request import IRI, Arguments, ToolRequest
from spacepolicy.web.search import hit_table
from spacepolicy.web.search_index import MAX_LENGTH, SearchFilter

_INFERRED: Final = "inferred"


@final
class Search(Arguments):
    """The arguments of `search`."""

    text: Annotated[
        str,
        Field(
            min_length=1, max_length=MAX_LENGTH, description="words to look for, in any language"
        ),
    ]
    type: Annotated[str | None, Field(description=f"only things of this class: {IRI}")] = None
    language: Annotated[str | None, Field(description="only texts in this language")] = None
    limit: Annotated[int, Field(ge=1, le=100, description="the most things to list")] = 10


@final
class ReadThing(Arguments):
    """The arguments of `read_thing`."""

    iri: Annotated[str, Field(min_length=1, max_length=4000, description=f"the thing: {IRI}")]
    limit: Annotated[int, Field(ge=1, le=500, description="the most statements to list")] = 100


async def searched(request: ToolRequest, given: Search) -> Answer:
    """Search things by their names, definitions and quotations."""
    kind = None if given.type is None else named_thing(request.service, given.type, request.base)
    index = await request.search.index()
    only = SearchFilter(
        kind.value if kind else None, given.language.lower() if given.language else None
    )
    look = partial(index.find, given.text.strip(), only=only, limit=given.limit)
    found = await request.search.looked(look)
    every = (hit_table(request.service, request.scope, index, hit) for hit in found.hits)
    listed, _ = fitted(every, given.limit)
    members = {
        "corrected": found.corrected,
        "total": found.total,
        "results": listed,
    }
    asked = {"q": given.text, "type": kind and kind.value, "language": given.language}
    query = request.address(f"/search?{urlencode({k: v for k, v in asked.items() if v})}")
    answer = Answer("found" if listed else "none", query, members, found.total > len(listed))
    return await with_evidence(answer, request.app_state, (hit["iri"] for hit in listed))


async def thing_read(request: ToolRequest, given: ReadThing) -> Answer:
    """Return the statements about a thing, each with the graphs that state it."""
    thing = named_thing(request.service, given.iri, request.base)
    path = local_path(request.service, thing.value)
    query = about_query(thing)
    try:
        found = await request.knowledge_cache.document(
            thing, request.address(document_path(path or ""))
        )
    except NotFoundError:
        return await not_known(request, thing, query)
    statements, more = fitted(_statements(found), given.limit)
    graphs = (graph for each in statements for graph in each["stated_in"])
    members = {
        "iri": thing.value,
        "url": thing.value if path is None else request.address(path),
        "types": list(found.types),
        "statements": statements,
    }
    answer = Answer("found", query, members, more or found.cut)
    about = (thing.value, *found.types, *graphs, *iris_in(statements))
    return await with_evidence(answer, request.app_state, about)


async def not_known(request: ToolRequest, thing: NamedNode, query: str | None) -> Answer:
    """Return the answer about an unknown thing: none, with similar names."""
    path = thing.value.removeprefix(request.base)
    problem = await request.knowledge_cache.not_found(Address(thing, path, None))
    return Answer("none", query, {"iri": thing.value, "detail": problem.detail, **problem.extras})


def _statements(found: ThingDocument) -> Iterable[dict[str, Any]]:
    """The statements about the thing and the links to it, with the graphs that state them."""
    origins: dict[Triple, list[StatementOrigin]] = {}
    for origin in found.origins:
        origins.setdefault(origin.statement, []).append(origin)
    complete = len(found.origins) < MAX_PASSAGES
    for triple in (*found.statements, *found.incoming):
        stated = [each.graph for each in origins.get(triple, ())]
        table: dict[str, Any] = {
            "subject": term_table(triple.subject),
            "predicate": term_table(triple.predicate),
            "object": term_table(triple.object),
            "stated_in": list(dict.fromkeys(stated)),
        }
        if not stated and complete and triple.subject == found.thing:
            table[_INFERRED] = True
        yield table
