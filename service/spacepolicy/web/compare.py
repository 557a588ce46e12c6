"""Two things side by side as a page: `/compare?a=…&b=…`."""

from typing import Annotated, Any

from fastapi import Query, Request
from pyoxigraph import NamedNode

from spacepolicy.errors import BadParameterError
from spacepolicy.web import pages
from spacepolicy.web.answering.representation import (
    PAGE,
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.linked_data.comparison import Pair, comparisons, named
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.routes import Handler

Thing = Annotated[str | None, Query(description="the IRI of a thing that can be compared")]


def comparison(library: KnowledgeCache) -> Handler:
    """Return the handler of the page."""

    @representation(library.desk, offers=(PAGE,), negotiated=False)
    async def compare(request: Request, a: Thing = None, b: Thing = None) -> DeferredRepresentation:
        """Two things side by side, in every way that a saved query compares them."""

        async def make() -> Representation:
            things = await library.comparables()
            return Representation((await _page(library, things, _pair(things, a, b))).encode())

        name = f"/compare?{request.scope['query_string'].decode('latin-1')}"
        return DeferredRepresentation(name, make)

    return compare


def _pair(things: tuple[NamedNode, ...], *asked: str | None) -> Pair | None:
    """The two that are asked for, or the first ones; None where there are no two.

    Raises: BadParameterError where one of them is not among the things.
    """
    by_iri = {thing.value: thing for thing in things}
    for iri in asked:
        if iri and iri not in by_iri:
            listed = ", ".join(f"<{each}>" for each in by_iri) or "none"
            raise BadParameterError(f"<{iri[:200]}> cannot be compared; these can: {listed}.")
    given = [by_iri[iri] for iri in asked if iri]
    rest = [thing for thing in things if thing not in given]
    chosen = [*given, *rest][:2]
    return (chosen[0], chosen[1]) if len(chosen) > 1 else None


async def _page(library: KnowledgeCache, things: tuple[NamedNode, ...], pair: Pair | None) -> str:
    desk = library.desk
    names = await named(desk, things)
    shown: dict[str, Any] = {"choices": [names.link(thing) for thing in things]}
    shown["pair"] = [names.link(thing) for thing in pair] if pair else []
    shown["same"] = pair is not None and pair[0] == pair[1]
    shown["ways"] = await comparisons(desk, pair) if pair and not shown["same"] else []
    return pages.render("compare.html", desk.service, **shown)
