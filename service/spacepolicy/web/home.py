"""The home page: an overview, the saved queries tagged for it with live answers, and the documents
to read."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from spacepolicy.errors import ProblemError
from spacepolicy.saved_queries import HOME, START, SavedQuery, bind, tagged
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.web import pages
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.harvesting.dataset_metadata import MetadataCache
from spacepolicy.web.harvesting.dcat_ap import described
from spacepolicy.web.harvesting.schema_org import dataset_block
from spacepolicy.web.home_documents import Documents, documents
from spacepolicy.web.home_overview import Overview, OverviewRows, overview_rows
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.query_pages import called_in, named_in
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.routes import Handler
from spacepolicy.web.tables import SolutionTable, table

_ANSWERS_HELD: Final = 64
"""How many answers are cached: those of the home page in each language, some ten, and room for
more."""
_SHOWN_ROWS: Final = 8
"""Rows of an answer on the home page, so that all answers together fit on a screen."""


@final
@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """A saved query and its current answer, or the problem's detail."""

    query: SavedQuery
    table: SolutionTable | None
    problem: str | None


@final
class HomePage:
    """The contents of the home page for all languages, read once per revision."""

    def __init__(self, knowledge_cache: KnowledgeCache, metadata: MetadataCache) -> None:
        self.knowledge_cache = knowledge_cache
        self.metadata = metadata
        self.app_state = knowledge_cache.app_state
        self._answers: RevisionCache[bytes] = RevisionCache(_ANSWERS_HELD)
        self._documents: RevisionCache[Documents] = RevisionCache(1)
        self._overview: RevisionCache[OverviewRows] = RevisionCache(1)

    async def answers(self) -> Sequence[LiveAnswer]:
        """Return the answers to the saved queries that are tagged for the home page."""
        queries = tagged(self.app_state.service.catalogue, HOME)
        return await asyncio.gather(*map(self._answer, queries))

    async def overview(self) -> Overview | None:
        """Return the overview in the reader's language; None where a query fails now."""
        try:
            found = await self.overview_rows()
        except ProblemError:
            return None
        return found.shown(self.app_state.service)

    async def overview_rows(self) -> OverviewRows:
        """Return the rows for the overview, from the cache or read now.

        Raises: ProblemError where a query fails.
        """
        return await self._overview.get(
            self.app_state.edition, "", lambda: overview_rows(self.app_state)
        )

    async def documents(self) -> Documents:
        """Return the documents to read."""
        return await self._documents.get(
            self.app_state.edition, "", lambda: documents(self.app_state)
        )

    async def _answer(self, query: SavedQuery) -> LiveAnswer:
        async def ask(text: str) -> bytes:
            asked = internal_queries.public_query(self.app_state, text)
            return await internal_queries.body(self.app_state, asked)

        try:
            text = bind(query, pages.for_reader(query, {}))
            answer = await self._answers.get(self.app_state.edition, text, lambda: ask(text))
            return LiveAnswer(query, await _table(self.app_state, answer), None)
        except ProblemError as error:
            return LiveAnswer(query, None, error.detail)


def home_page(home: HomePage) -> Handler:
    """Return the handler of the home page."""
    app_state = home.app_state

    async def first(request: Request) -> Response:
        origin = app_state.service.url(request.scope, "")
        key = BodyKey("/", None, None, f"html {current_locale().variant}", origin)
        page = app_state.cache.body(app_state.edition, key)
        if page is None:
            answers = await home.answers()
            seen = await home.overview()
            page = (await _page(home, origin, answers, seen or Overview())).encode()
            if seen is not None and not any(answer.problem for answer in answers):
                app_state.cache.keep_body(app_state.edition, key, page)
        return HTMLResponse(page)

    return first


async def _table(app_state: AppState, answer: bytes) -> SolutionTable | None:
    """The solutions of an answer, with links to the things that they name."""
    called, named = await called_in(app_state, answer), await named_in(app_state, answer)
    return table(app_state.service, json.loads(answer), called, named)


async def _page(home: HomePage, origin: str, answers: Sequence[LiveAnswer], seen: Overview) -> str:
    """The page: the overview; the documents, and whether they can be compared; saved queries with
    live answers, and how to ask more."""
    service = home.app_state.service
    live = [
        (
            each,
            pages.runnable(each.query),
            each.table,
            pages.headings(each.query),
        )
        for each in answers
    ]
    about = described(service, origin, await home.metadata.get())
    return pages.render(
        "home.html",
        service,
        origin=origin,
        dataset=dataset_block(about, current_locale().language),
        live=live,
        seen=seen,
        shown_rows=_SHOWN_ROWS,
        starting=[each for each in tagged(service.catalogue, START) if HOME not in each.tags],
        questions=len(service.catalogue),
        documents=(await home.documents()).links(service),
        compared=len(await home.knowledge_cache.comparables()) > 1,
    )
