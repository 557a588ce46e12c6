"""The page of all links to a thing by one property, 100 at a time: `/links?to=…&by=…&page=…`."""

from typing import Annotated, Final

from fastapi import Query, Request
from pyoxigraph import NamedNode

from spacepolicy import formats
from spacepolicy.errors import BadParameterError, NotFoundError
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.representation import (
    PAGE,
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.linked_data.inbound_links import PART, address, listing, part
from spacepolicy.web.routes import Handler

_MAX_PAGE: Final = 100_000
"""Ten million links; for more there is `/sparql`."""
Iri = Annotated[str, Query(description="an IRI", min_length=1, max_length=4000)]
Number = Annotated[int, Query(description="which hundred, from 1", ge=1, le=_MAX_PAGE)]


def inbound_links(app_state: AppState) -> Handler:
    """Return the handler of the page."""

    @representation(app_state, offers=(PAGE,), negotiated=False)
    async def links(request: Request, to: Iri, by: Iri, page: Number = 1) -> DeferredRepresentation:
        """All that lead to a thing by a property, a hundred at a time."""
        thing, role = _iri("to", to), _iri("by", by)

        async def make() -> Representation:
            return Representation((await _page(app_state, thing, role, page)).encode())

        name = f"/links?{request.scope['query_string'].decode('latin-1')}"
        return DeferredRepresentation(name, make)

    return links


def _iri(name: str, value: str) -> NamedNode:
    try:
        return NamedNode(value)
    except ValueError as error:
        raise BadParameterError(f"{name} takes an IRI: {error}.") from error


async def _page(app_state: AppState, thing: NamedNode, by: NamedNode, page: int) -> str:
    query = listing(thing, by)
    counting = f"SELECT (COUNT(*) AS ?n) {{ ?s {by} {thing} FILTER (isIRI(?s) && ?s != {thing}) }}"
    (counted,) = await rows(app_state, counting)
    count = int(counted["n"].value)
    start = (page - 1) * PART
    if start >= max(count, 1):
        raise NotFoundError(f"There are {count} such links, so no page {page} of {PART} each.")
    target, role, found = await part(app_state, thing, by, start)
    root = app_state.service.root
    return pages.render(
        "links-page.html",
        app_state.service,
        thing=target,
        property=role,
        count=count,
        links=found,
        start=start,
        before=address(root, thing, by, page - 1) if page > 1 else None,
        after=address(root, thing, by, page + 1) if start + PART < count else None,
        query=query,
        offered=formats.offered("solutions"),
    )
