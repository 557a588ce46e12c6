"""The sitemap: the service's own pages, and one for each thing, term, document and graph that has
an address here.

Spec: https://www.sitemaps.org/protocol.html
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final, final
from xml.sax.saxutils import escape

from fastapi import Path, Request
from starlette.responses import Response

from spacepolicy.errors import NotFoundError
from spacepolicy.formats import Format
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import pieces, public_query, rows
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.harvesting.robots import SITEMAP
from spacepolicy.web.iri_routing import DOCUMENTS, THINGS, document_path, quote_path
from spacepolicy.web.routes import Handler

PART: Final = "/sitemap-{number}.xml"
XML: Final = Format("xml", "XML", "page", "application/xml", "xml")
MAX_PAGES: Final = 20_000
"""Pages per file. The protocol allows 50,000 in 50 MB; 20,000 of the longest addresses take 43."""
_MAX_ADDRESS: Final = 2048
"""The protocol's limit on the characters of an address; longer ones are left out."""
_OWN_PAGES: Final = ("/", "/queries", "/compare", "/catalog", "/status", "/revisions")
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PLACES: Final = "|".join((*THINGS, *DOCUMENTS))
_THINGS: Final = """
SELECT {what} {{
  {{ SELECT DISTINCT ?thing {{ ?thing ?property ?value FILTER isIRI(?thing) }} }}
  FILTER (STRSTARTS(STR(?thing), "{base}") && !CONTAINS(STR(?thing), "#")
    && REGEX(SUBSTR(STR(?thing), {after}), "^({places})(/.|$)"))
}} {rest}
"""


@final
class _Things:
    """The things that have an address here: their number, and their addresses in parts."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._counts: RevisionCache[int] = RevisionCache(1)

    async def parts(self) -> int:
        """Return how many files list them."""
        count = await self._counts.get(self.state.edition, "", self._count)
        return max(1, -(-count // MAX_PAGES))

    async def _count(self) -> int:
        if self.state.service.revision.base is None:
            return 0
        (row,) = await rows(self.state, self._query("(COUNT(*) AS ?n)"))
        return int(row["n"].value)

    async def paths(self, number: int) -> list[str]:
        """Return the paths of the pages in the file of that number, from 1.

        Raises: ProblemError where the query fails.
        """
        base = self.state.service.revision.base
        if base is None:
            return []
        cut = f"ORDER BY ?thing LIMIT {MAX_PAGES} OFFSET {(number - 1) * MAX_PAGES}"
        query = replace(
            public_query(self.state, self._query("?thing", cut)), solutions_format="tsv"
        )
        found = b"".join([piece async for piece in pieces(self.state, query)]).decode()
        lines = found.splitlines()[1:]
        return [_page_path(line.strip("<>").removeprefix(base)) for line in lines]

    def _query(self, what: str, rest: str = "") -> str:
        base = self.state.service.revision.base or ""
        return _THINGS.format(what=what, base=base, after=len(base) + 1, places=_PLACES, rest=rest)


def _page_path(local: str) -> str:
    """The path of the page about the thing with this path below the base.

    >>> _page_path("id/a b"), _page_path("source/c")
    ('/doc/id/a%20b', '/source/c')
    """
    kind = local.partition("/")[0]
    return document_path(f"/{local}") if kind in THINGS else quote_path(f"/{local}")


def sitemap(state: AppState) -> Iterator[tuple[str, Handler]]:
    """Return the paths of the sitemap with their handlers: one file, or an index of several."""
    things = _Things(state)

    @representation(state, offers=(XML,), negotiated=False)
    async def whole(request: Request) -> DeferredRepresentation:
        """The pages of the service, or the files that list them."""
        origin = state.service.url(request.scope, "")

        async def make() -> Representation:
            parts = await things.parts()
            if parts > 1:
                return Representation(_index(origin, parts))
            return Representation(await _part(state, things, origin, 1))

        return DeferredRepresentation(SITEMAP, make)

    @representation(state, offers=(XML,), negotiated=False)
    async def part(
        request: Request, number: Annotated[int, Path(ge=1)]
    ) -> DeferredRepresentation | Response:
        """A part of the pages of the service."""
        origin = state.service.url(request.scope, "")
        parts = await things.parts()
        if number > parts:
            raise NotFoundError(f"The sitemap has {parts} parts, and none is {number}.")

        async def make() -> Representation:
            return Representation(await _part(state, things, origin, number))

        return DeferredRepresentation(f"{SITEMAP} {number}", make)

    yield SITEMAP, whole
    yield PART, part


async def _part(state: AppState, things: _Things, origin: str, number: int) -> bytes:
    paths = await things.paths(number)
    if number == 1:
        saved = (f"/queries/{query.name}" for query in state.service.catalogue)
        paths = list(dict.fromkeys([*_OWN_PAGES, *saved, *paths]))
    return await asyncio.to_thread(_urls, origin, paths)


def _urls(origin: str, paths: list[str]) -> bytes:
    """A sitemap of the paths."""
    addresses = (origin + path for path in paths)
    urls = (
        f"<url><loc>{escape(each)}</loc></url>\n" for each in addresses if len(each) < _MAX_ADDRESS
    )
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{"".join(urls)}</urlset>\n'.encode()


def _index(origin: str, parts: int) -> bytes:
    """The sitemap index."""
    files = (
        f"<sitemap><loc>{escape(origin + PART.format(number=number))}</loc></sitemap>\n"
        for number in range(1, parts + 1)
    )
    return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{"".join(files)}</sitemapindex>\n'.encode()
