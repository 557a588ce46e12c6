"""The page that compares two or more things side by side: `/compare?a=…&b=…&also=…`."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query, Request

from spacepolicy.errors import BadParameterError
from spacepolicy.web import pages
from spacepolicy.web.answering.representation import (
    PAGE,
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.linked_data.comparison import (
    MAX_COMPARED,
    Compared,
    comparisons,
    most_alike,
    named,
    time_lanes,
    values,
)
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.routes import Handler

_LISTED: Final = 200
"""How many things the page offers, in three lists: it has 127 kB then, with 2,770 policies."""
_TOLD: Final = 20
"""How many things a problem names."""
Others = Annotated[list[str] | None, Query(description="IRIs of more things, one each")]
Thing = Annotated[str | None, Query(description="the IRI of a thing that can be compared")]


def comparison(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of the page."""

    @representation(knowledge_cache.app_state, offers=(PAGE,), negotiated=False)
    async def compare(
        request: Request, a: Thing = None, b: Thing = None, also: Others = None
    ) -> DeferredRepresentation:
        """Things side by side, in every way that a saved query compares them."""

        async def make() -> Representation:
            choices = await knowledge_cache.comparables()
            things = _things(choices, [iri for iri in (a, b, *(also or ())) if iri])
            if len(things) < 2:
                shared = await knowledge_cache.shared_aspects()
                things = most_alike(choices, things[0] if things else None, shared)
            return Representation((await _page(knowledge_cache, choices, things)).encode())

        name = f"/compare?{request.scope['query_string'].decode('latin-1')}"
        return DeferredRepresentation(name, make)

    return compare


def _things(choices: Compared, asked: Sequence[str]) -> Compared:
    """The things that are asked for.

    Raises: BadParameterError where one of them is not among the choices, or they are too many.
    """
    by_iri = {thing.value: thing for thing in choices}
    for iri in asked:
        if iri not in by_iri:
            told = _told(choices)
            raise BadParameterError(f"<{iri[:200]}> cannot be compared; these can: {told}.")
    if len(asked) > MAX_COMPARED:
        raise BadParameterError(f"Up to {MAX_COMPARED} things are compared, not {len(asked)}.")
    return tuple(by_iri[iri] for iri in asked)


def _told(choices: Compared) -> str:
    """The first of the things that can be compared, and how many more there are."""
    listed = ", ".join(f"<{each.value}>" for each in choices[:_TOLD]) or "none"
    more = f", and {len(choices) - _TOLD} more" if len(choices) > _TOLD else ""
    return f"{listed}{more}"


async def _page(knowledge_cache: KnowledgeCache, choices: Compared, things: Compared) -> str:
    app_state = knowledge_cache.app_state
    listed = tuple(dict.fromkeys((*choices[:_LISTED], *things)))
    names = await named(app_state, listed)
    different = things if len(set(things)) == len(things) else ()
    return pages.render(
        "compare.html",
        app_state.service,
        choices=[names.link(each) for each in listed],
        left_out=len(choices) - len(listed),
        compared=[names.link(each) for each in things],
        same=bool(things) and not different,
        ways=await comparisons(app_state, different) if different else [],
        lanes=await time_lanes(app_state, different) if different else None,
        values=await values(app_state, different) if different else None,
        max_compared=MAX_COMPARED,
    )
