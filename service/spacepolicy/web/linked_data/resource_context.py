"""What the page of a thing shows besides its document."""

import asyncio
from dataclasses import replace
from itertools import islice
from typing import Final

from pyoxigraph import NamedNode

from spacepolicy.errors import DamagedError
from spacepolicy.store.history import SubjectChange
from spacepolicy.web.linked_data.comparison import compare_address, named, referring, views
from spacepolicy.web.linked_data.documents import ThingDocument
from spacepolicy.web.linked_data.inbound_links import incoming
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.matrix import matrix
from spacepolicy.web.linked_data.part_tree import part_tree
from spacepolicy.web.linked_data.place_points import place_inset
from spacepolicy.web.linked_data.places import places
from spacepolicy.web.linked_data.resource_pages import ResourceContext
from spacepolicy.web.linked_data.siblings import neighbours, siblings
from spacepolicy.web.linked_data.timeline_svg import timeline
from spacepolicy.web.service import Service

_MAX_COMPARED: Final = 20
_MAX_SEARCHED: Final = 200
_MAX_CHANGES: Final = 10
"""How many of the newest revisions are searched for changes of a thing, and how many are shown."""


async def beside(knowledge_cache: KnowledgeCache, found: ThingDocument) -> ResourceContext:
    """Return all of it; pages of terms have no timeline, places, map or matrix."""
    app_state, thing = knowledge_cache.app_state, found.thing
    comparables = await knowledge_cache.comparables()
    comparable = thing in comparables
    term = await knowledge_cache.term(found)
    where = None if term else await places(app_state, thing)
    referred = await referring(app_state, thing, comparables)
    return ResourceContext(
        parts=await part_tree(app_state, thing),
        compared=await _comparisons(knowledge_cache, thing),
        views=views(app_state, thing) if comparable else [],
        referring=compare_address(app_state.service.root, referred) if len(referred) > 1 else None,
        incoming=await incoming(app_state, thing),
        term=term,
        siblings=await siblings(app_state, thing)
        or await neighbours(app_state, thing, comparables),
        timeline=None if term else await timeline(app_state, thing),
        places=where,
        inset=None if term else await place_inset(app_state, found, where),
        matrix=None if term else await matrix(app_state, thing),
        history=await asyncio.to_thread(_history, app_state.service, thing),
    )


def _history(service: Service, thing: NamedNode) -> tuple[SubjectChange, ...]:
    """The newest revisions that changed statements about the thing; empty where one of them cannot
    be read: a list with a gap would mislead."""
    found = service.history.about(thing, service.revision.number, _MAX_SEARCHED)
    try:
        return tuple(islice(found, _MAX_CHANGES))
    except DamagedError:
        return ()


async def _comparisons(knowledge_cache: KnowledgeCache, thing: NamedNode) -> list[Link]:
    """Links to the comparisons of the thing with others."""
    things = await knowledge_cache.comparables()
    others = [each for each in things if each != thing] if thing in things else []
    others = others[:_MAX_COMPARED]
    names = await named(knowledge_cache.app_state, others)
    return [
        replace(
            names.link(each),
            href=compare_address(knowledge_cache.app_state.service.root, (thing, each)),
        )
        for each in others
    ]
