"""Search and completion over the names, definitions and quotations of the served revision."""

import asyncio
from dataclasses import replace
from typing import Any, Final, final
from urllib.parse import urlencode

from fastapi import Request
from pyoxigraph import Literal
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from spacepolicy.errors import BadParameterError
from spacepolicy.formats import FormatChoice
from spacepolicy.http.response_cache import Fields
from spacepolicy.namespaces import DCTERMS, OWL, RDFS, SKOS, Base
from spacepolicy.web import pages
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    DeferredRepresentation,
    Representation,
    json_body,
    link,
    representation,
)
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.routes import Handler
from spacepolicy.web.search_index import (
    MAX_LENGTH,
    Hit,
    SearchFilter,
    SearchIndex,
    SearchResult,
    Sources,
    Text,
)
from spacepolicy.web.search_results import ResultPage, view
from spacepolicy.web.service import Service
from spacepolicy.web.tokenizer import words_of_name

MAX_TEXTS: Final = 200_000
"""How many texts the index holds; it is in memory, and rebuilt after writes."""
MAX_LIMIT: Final = 100
"""The most results per page: that is a long page, and `/sparql` has no such limit."""
_MAX_PAGE: Final = 1000
"""The highest page number; there are never so many, since few texts are ranked."""
_LIMIT: Final = 20
"""The default number of results, about two screens."""
_SUGGESTED: Final = 10
"""The number of suggestions: what a list shows without scrolling."""
_NEAR: Final = 5
"""How many similar things are proposed for an unknown IRI."""
_VALUES: Final = {
    f"{RDFS}label": "name",
    f"{SKOS}prefLabel": "name",
    f"{DCTERMS}title": "name",
    f"{SKOS}altLabel": "other name",
    f"{DCTERMS}alternative": "other name",
    f"{SKOS}definition": "definition",
}
_QUOTED: Final = ("exactText", "wording", "heading")
FILTERS: Final = ("q", "type", "source", "language", "limit", "page")
"""The parameters of a search; suggestions take only the first."""
_KINDS: Final = f"<{OWL}Class>, <{SKOS}Concept>, <{SKOS}ConceptScheme>"


@final
class SearchService:
    """The search index of the latest revision, built at its first use."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state
        self._lock = asyncio.Lock()
        self._known: tuple[int, SearchIndex] | None = None
        self._sources: RevisionCache[Sources] = RevisionCache(1)

    async def index(self) -> SearchIndex:
        """Return the index of the served revision.

        Raises: ProblemError where a query fails.
        """
        edition = self.app_state.edition
        async with self._lock:
            if self._known is not None and self._known[0] == edition:
                return self._known[1]
            texts, types = await _texts(self.app_state), await _types(self.app_state)
            texts += await _of_copies(self.app_state)
            index = await asyncio.to_thread(SearchIndex, texts, types)
            if self._known is None or self._known[0] < edition:
                self._known = edition, index
            return index

    async def sources(self) -> Sources:
        """Return the sources with statements about each thing."""
        return await self._sources.get(self.app_state.edition, "", lambda: _sources(self.app_state))

    async def near(self, path: str) -> list[dict[str, Any]]:
        """Return things with names similar to the last segment of a path without a thing."""
        wanted = " ".join(words_of_name(path.rpartition("/")[2]))[:MAX_LENGTH]
        # The hint may come from an older revision: a write should not rebuild the index for it.
        index = self._known[1] if self._known else await self.index()
        found = await asyncio.to_thread(index.find, wanted, limit=_NEAR)
        return [{"iri": hit.thing, "names": dict(hit.names)} for hit in found.hits]


async def _texts(app_state: AppState) -> list[Text]:
    own = app_state.service.revision.base
    quoted = {Base(own).term(name).value: "words" for name in _QUOTED} if own else {}
    values = " ".join(f'(<{iri}> "{role}")' for iri, role in (_VALUES | quoted).items())
    found = await internal_queries.rows(
        app_state,
        f"SELECT DISTINCT ?thing ?role ?text {{ VALUES (?property ?role) {{ {values} }} "
        f"?thing ?property ?text FILTER (isIRI(?thing) && isLiteral(?text)) }} "
        f"ORDER BY ?thing ?role ?text LIMIT {MAX_TEXTS}",
    )
    return [
        Text(row["thing"].value, row["role"].value, text.language or "", text.value)
        for row in found
        if isinstance(text := row["text"], Literal)
    ]


async def _of_copies(app_state: AppState) -> list[Text]:
    """The words of references in a user's copies of texts."""
    return [
        Text(iri, "words", "", words) for iri, words in (await words_of_copies(app_state)).items()
    ]


async def _types(app_state: AppState) -> dict[str, list[str]]:
    """The classes of each thing: the project's own, and those of terms and concepts."""
    own = app_state.service.revision.base
    space = Base(own).term("").value if own else ""
    found = await internal_queries.rows(
        app_state,
        f'SELECT ?thing ?type {{ ?thing a ?type FILTER (STRSTARTS(STR(?type), "{space}") || '
        f"?type IN ({_KINDS})) FILTER isIRI(?thing) }} ORDER BY ?thing ?type LIMIT {MAX_TEXTS}",
    )
    types: dict[str, list[str]] = {}
    for row in found:
        types.setdefault(row["thing"].value, []).append(row["type"].value)
    return types


async def _sources(app_state: AppState) -> Sources:
    """The sources whose passages have statements about each thing; for a passage, its source."""
    own = app_state.service.revision.base
    if own is None:
        return {}
    passage = f"?passage {Base(own).term('source')} ?source"
    found = await internal_queries.rows(
        app_state,
        f"SELECT DISTINCT ?thing ?source {{ {{ {passage} GRAPH ?passage {{ ?thing ?p ?o }} }} "
        f"UNION {{ {passage} BIND (?passage AS ?thing) }} FILTER isIRI(?thing) }} "
        f"ORDER BY ?thing ?source LIMIT {MAX_TEXTS}",
    )
    sources: dict[str, list[str]] = {}
    for row in found:
        sources.setdefault(row["thing"].value, []).append(row["source"].value)
    return sources


def search_page(search: SearchService) -> Handler:
    """Return the handler of searches."""
    service = search.app_state.service

    @representation(search.app_state, offers=(JSON, PAGE), parameters=FILTERS)
    async def found(request: Request, choice: FormatChoice) -> DeferredRepresentation | Response:
        """Things by their names, definitions and quotations, in any language."""
        given = QueryParams(request.scope["query_string"])
        if choice.format is not JSON and not given.get("q"):
            page = pages.render("search.html", service, q="", limit=None, view=None)
            return HTMLResponse(page, headers={"Vary": "Accept"})
        asked = _asked(request.scope)
        limit = _number(given, "limit", _LIMIT, MAX_LIMIT)
        number = _number(given, "page", 1, _MAX_PAGE)
        only = SearchFilter(*(given.get(name) or None for name in ("type", "language", "source")))

        async def make() -> Representation:
            index, sources = await search.index(), await search.sources()
            result = await asyncio.to_thread(
                index.find,
                asked,
                only=only,
                sources=sources,
                limit=limit,
                offset=limit * (number - 1),
            )
            place = ResultPage(asked, only, limit if "limit" in given else None, number, limit)
            if choice.format is JSON:
                members = _members(service, request.scope, index, asked, result)
                return Representation(
                    json_body(members), _page_links(service.root, request, place, result.total)
                )
            if not result.total:
                near = await asyncio.to_thread(index.near_names, asked, _NEAR)
                result = replace(result, near=tuple(near))
            shown = view(service, index, sources, place, result)
            page = pages.render("search.html", service, q=asked, limit=place.limit, view=shown)
            return Representation(page.encode())

        name = f"/search?{request.scope['query_string'].decode('latin-1')}"
        return DeferredRepresentation(name, make)

    return found


def suggestions(search: SearchService) -> Handler:
    """Return the handler of completions."""
    service = search.app_state.service

    @representation(search.app_state, offers=(JSON,), parameters=FILTERS[:1])
    async def suggested(request: Request) -> DeferredRepresentation:
        """Things whose names begin so, to complete what is typed."""
        asked = _asked(request.scope)

        async def make() -> Representation:
            index = await search.index()
            result = await asyncio.to_thread(index.find, asked, limit=_SUGGESTED)
            hits = [hit_table(service, request.scope, index, hit) for hit in result.hits]
            return Representation(
                json_body({"q": asked, "corrected": result.corrected, "suggestions": hits})
            )

        name = f"/suggest?{request.scope['query_string'].decode('latin-1')}"
        return DeferredRepresentation(name, make)

    return suggested


def search_parameters(*names: str) -> dict[str, Any]:
    """Return the OpenAPI description of the parameters."""
    examples = {"q": "station", "language": "en", "limit": 5, "page": 1}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name == "q",
                "schema": {"type": "integer" if name in ("limit", "page") else "string"},
                **({"example": examples[name]} if name in examples else {}),
            }
            for name in names
        ]
    }


def _asked(scope: Scope) -> str:
    given = QueryParams(scope["query_string"]).getlist("q")
    if len(given) != 1 or not given[0].strip():
        raise BadParameterError("The parameter 'q' says once what is looked for.")
    if len(given[0]) > MAX_LENGTH:
        raise BadParameterError(f"'q' has up to {MAX_LENGTH} characters.")
    return given[0].strip()


def _number(given: QueryParams, name: str, default: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= most):
        raise BadParameterError(f"{name} is a number from 1 to {most}, not {text[:40]!r}.")
    return int(text)


def _page_links(root: str, request: Request, place: ResultPage, total: int) -> Fields:
    """The Link fields to the previous and next page; without a host, since a cached response is
    sent to clients that use other addresses of the service."""
    given = dict(QueryParams(request.scope["query_string"]))
    return tuple(
        link(f"{root}/search?{urlencode({**given, 'page': number})}", relation)
        for relation, number in place.around(total)
    )


def _members(
    service: Service, scope: Scope, index: SearchIndex, asked: str, found: SearchResult
) -> dict[str, Any]:
    return {
        "q": asked,
        "corrected": found.corrected,
        "total": found.total,
        "types": [
            {"iri": iri, "name": index.name(iri), "count": count}
            for iri, count in sorted(found.types.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        "languages": {language_tag(tag): count for tag, count in found.languages.items()},
        "sources": [
            {"iri": iri, "name": index.name(iri), "count": count}
            for iri, count in sorted(found.sources.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        "results": [hit_table(service, scope, index, hit) for hit in found.hits],
    }


def hit_table(service: Service, scope: Scope, index: SearchIndex, hit: Hit) -> dict[str, Any]:
    """Return the hit as a JSON object."""
    path = local_path(service, hit.thing)
    return {
        "iri": hit.thing,
        "url": hit.thing if path is None else service.url(scope, path),
        "names": {language_tag(tag): name for tag, name in hit.names.items()},
        "types": [{"iri": iri, "name": index.name(iri)} for iri in hit.types],
        "found_in": hit.by.role,
        "language": language_tag(hit.by.language) if hit.by.language else None,
        "text": hit.by.text,
        "snippet": "".join(hit.snippet),
    }
