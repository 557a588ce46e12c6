"""The places to which a thing is related, each nested in the narrowest place around it.

The data come from a saved query tagged `places`. Its first parameter takes the thing; its columns
are the relation, the place, and a wider place around it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.saved_queries import PLACES
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.tagged_query_results import told

_MAX_ROWS: Final = 400
"""How many rows of the query a page uses; the query has all."""
Relations = Mapping[NamedNode, Collection[NamedNode]]


@final
@dataclass(frozen=True, slots=True)
class PlaceNode:
    """A place, the thing's relations to it, and the places in it; `here`: it is the thing
    itself."""

    link: Link
    relations: tuple[Link, ...]
    inner: "tuple[PlaceNode, ...]"
    here: bool


@final
@dataclass(frozen=True, slots=True)
class Places:
    """The widest places, with the others nested in them; `address` is the query's for the thing."""

    widest: tuple[PlaceNode, ...]
    address: str


async def places(app_state: AppState, thing: NamedNode) -> Places | None:
    """Return the places of the thing; None where none is known."""
    found = await told(app_state, PLACES, thing)
    if found is None:
        return None
    relations: dict[NamedNode, dict[NamedNode, None]] = {}
    around: dict[NamedNode, dict[NamedNode, None]] = {}
    for relation, place, within in found.rows[:_MAX_ROWS]:
        if not isinstance(place, NamedNode):
            continue
        outside = around.setdefault(place, {})
        if isinstance(relation, NamedNode):
            relations.setdefault(place, {}).setdefault(relation)
        if isinstance(within, NamedNode) and within != place:
            outside.setdefault(within)
            around.setdefault(within, {})
    nested: dict[NamedNode | None, list[NamedNode]] = {}
    for place in around:
        nested.setdefault(_narrowest(place, around), []).append(place)
    return Places(_nested(None, nested, found.names, relations, thing), found.address)


def _narrowest(place: NamedNode, around: Relations) -> NamedNode | None:
    """Of the places around it, the one that most places are around; None for a widest place, or
    where places are around each other in a cycle."""
    wider = [each for each in around[place] if len(around[each]) < len(around[place])]
    return max(wider, key=lambda each: (len(around[each]), each.value), default=None)


def _nested(
    outer: NamedNode | None,
    nested: Mapping[NamedNode | None, Iterable[NamedNode]],
    names: Labels,
    relations: Relations,
    thing: NamedNode,
) -> tuple[PlaceNode, ...]:
    found = [
        PlaceNode(
            names.link(place),
            tuple(map(names.link, relations.get(place, ()))),
            _nested(place, nested, names, relations, thing),
            place == thing,
        )
        for place in nested.get(outer, ())
    ]
    return tuple(sorted(found, key=lambda place: place.link.text))
