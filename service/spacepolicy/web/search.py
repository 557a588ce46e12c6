"""Search and completion over the names, definitions and quotations of the served revision."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar, final
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from spacepolicy.errors import BadParameterError, ProblemError, TimeLimitError
from spacepolicy.formats import FormatChoice
from spacepolicy.http.response_cache import Fields
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.store.revision import Revision
from spacepolicy.web import pages
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
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.request_context import note_problem, read_on, time_left
from spacepolicy.web.routes import Handler
from spacepolicy.web.search_index import MAX_LENGTH, Hit, SearchFilter, SearchIndex, SearchResult
from spacepolicy.web.search_results import ResultPage, view
from spacepolicy.web.search_texts import (
    MAX_CHANGED,
    changed_index,
    changes_between,
    index_of_all,
    things_of,
)
from spacepolicy.web.service import Service
from spacepolicy.web.tokenizer import words_of_name

Found = TypeVar("Found")
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
FILTERS: Final = ("q", "type", "source", "language", "limit", "page")
"""The parameters of a search; suggestions take only the first."""


@final
@dataclass(frozen=True, slots=True)
class _Indexed:
    """The index of a revision, and the words of copies that are in it."""

    revision: Revision
    index: SearchIndex
    copies: Mapping[str, str]


@final
class SearchService:
    """The search index of the latest revision: made at its first use, and from then on made of the
    one before and what has changed."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state
        self._lock = asyncio.Lock()
        self._known: _Indexed | None = None
        self._making: dict[int, asyncio.Task[SearchIndex]] = {}

    async def index(self) -> SearchIndex:
        """Return the index of the served revision. It goes on being made where the client leaves,
        or waits for it as long as a query may take.

        Raises: ProblemError where a query fails, TimeLimitError where it takes longer.
        """
        revision = self.app_state.service.revision
        if self._known is not None and self._known.revision.edition == revision.edition:
            return self._known.index
        task = self._making.get(revision.edition)
        if task is None:
            made = self._made(revision)
            task = asyncio.get_running_loop().create_task(made, context=Context())
            self._making[revision.edition] = task
            task.add_done_callback(partial(self._is_made, revision.edition))
        try:
            async with asyncio.timeout(time_left(self.app_state.service.timeout_seconds)):
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise TimeLimitError(
                "The index of names and quotations takes longer to make than a query may. It goes "
                "on being made: ask again in a while."
            ) from error
        except ProblemError as error:
            note_problem(error)
            raise

    def _is_made(self, edition: int, task: asyncio.Task[SearchIndex]) -> None:
        self._making.pop(edition, None)
        if not task.cancelled():
            task.exception()  # is looked at here where nobody waits for it any more

    async def _made(self, revision: Revision) -> SearchIndex:
        read_on(revision)
        async with self._lock:
            known = self._known
            if known is not None and known.revision.edition == revision.edition:
                return known.index
            copies = await words_of_copies(self.app_state)
            index = None if known is None else await self._changed(known, revision, copies)
            if index is None:
                index = await index_of_all(self.app_state, copies)
            if known is None or known.revision.edition < revision.edition:
                self._known = _Indexed(revision, index, copies)
            return index

    async def _changed(
        self, known: _Indexed, revision: Revision, copies: Mapping[str, str]
    ) -> SearchIndex | None:
        """The index of a revision made of that of another; None where too much differs."""
        history = self.app_state.service.history
        changes = await asyncio.to_thread(changes_between, history, known.revision, revision)
        if changes is None:
            return None
        things = await things_of(self.app_state, changes)
        things |= {each for each, _ in known.copies.items() ^ copies.items()}
        if len(things) > MAX_CHANGED:
            return None
        return await changed_index(self.app_state, known.index, things, copies)

    async def looked(self, look: Callable[[], Found]) -> Found:
        """Return what a function finds in an index; it runs in a thread, beside one other.

        Raises: OverloadedError where too many wait, or this has waited too long.
        """
        service = self.app_state.service
        async with self.app_state.searches.admitted(
            query_identifier(None), service.max_wait_seconds
        ):
            return await asyncio.to_thread(look)

    async def near(self, path: str) -> list[dict[str, Any]]:
        """Return things with names similar to the last segment of a path without a thing."""
        wanted = " ".join(words_of_name(path.rpartition("/")[2]))[:MAX_LENGTH]
        # The hint may come from an older revision: a write should not rebuild the index for it.
        index = self._known.index if self._known else await self.index()
        found = await self.looked(partial(index.find, wanted, limit=_NEAR))
        return [{"iri": hit.thing, "names": dict(hit.names)} for hit in found.hits]


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
            index = await search.index()
            find = partial(index.find, only=only, limit=limit, offset=limit * (number - 1))
            result = await search.looked(partial(find, asked))
            place = ResultPage(asked, only, limit if "limit" in given else None, number, limit)
            if choice.format is JSON:
                members = _members(service, request.scope, index, asked, result)
                return Representation(
                    json_body(members), _page_links(service.root, request, place, result.total)
                )
            if not result.total:
                near = await search.looked(partial(index.near_names, asked, _NEAR))
                result = replace(result, near=tuple(near))
            shown = view(service, index, place, result)
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
            result = await search.looked(partial(index.find, asked, limit=_SUGGESTED))
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
