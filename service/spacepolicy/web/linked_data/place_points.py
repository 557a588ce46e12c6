"""The points of a thing, and of the places inside and around it, for its map."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from pyoxigraph import Literal, NamedNode

from spacepolicy.assets.coasts import coasts
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.documents import ThingDocument
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.place_inset import Marked, PlaceInset, Role, inset
from spacepolicy.web.linked_data.places import PlaceNode, Places
from spacepolicy.web.linked_data.points import LATITUDE, LONGITUDE, WKT, Point, point

_PROPERTIES: Final = (LATITUDE, LONGITUDE, WKT)
_MAX_PLACES: Final = 100
"""How many places besides the thing are looked up: more marks cover each other."""


async def place_inset(
    app_state: AppState, found: ThingDocument, places: Places | None
) -> PlaceInset | None:
    """Return the map of the thing; None where neither it nor a place inside it has a point."""
    thing = found.thing.value
    near = (each for each in _others(places.widest) if each[0].href) if places else ()
    others = dict(islice(near, _MAX_PLACES))
    points = await _points(app_state, others)
    marked = [
        Marked(link, points[link.iri], role) for link, role in others.items() if link.iri in points
    ]
    values = (
        (t.predicate, t.object)
        for t in found.statements
        if t.subject == found.thing and isinstance(t.object, Literal)
    )
    own = point(values)
    if own is not None:
        marked.append(Marked(Link(thing, None, thing), own, "own"))
    return inset(marked, coasts())


def _others(
    nodes: Iterable[PlaceNode], above: tuple[Link, ...] = ()
) -> Iterator[tuple[Link, Role]]:
    """The places around and inside the one that is the thing itself; none where it is not among
    the places."""
    for node in nodes:
        if node.here:
            yield from ((link, "around") for link in above)
            yield from ((link, "inside") for link in _all(node.inner))
        else:
            yield from _others(node.inner, (*above, node.link))


def _all(nodes: Iterable[PlaceNode]) -> Iterator[Link]:
    for node in nodes:
        yield node.link
        yield from _all(node.inner)


async def _points(app_state: AppState, links: Iterable[Link]) -> Mapping[str, Point]:
    """The points of the places, by IRI."""
    things = " ".join(f"{NamedNode(link.iri)}" for link in links)
    if not things:
        return {}
    wanted = " ".join(map(str, _PROPERTIES))
    text = (
        "SELECT DISTINCT ?place ?property ?value { "
        f"VALUES ?place {{ {things} }} VALUES ?property {{ {wanted} }} ?place ?property ?value }}"
    )
    values: dict[str, list[tuple[NamedNode, Literal]]] = {}
    for row in await rows(app_state, text):
        place, name, value = row["place"], row["property"], row.get("value")
        if isinstance(name, NamedNode) and isinstance(value, Literal):
            values.setdefault(place.value, []).append((name, value))
    return {iri: at for iri, each in values.items() if (at := point(each)) is not None}
