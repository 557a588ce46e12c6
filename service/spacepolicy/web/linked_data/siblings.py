"""The siblings of a thing: its whole, and the parts before and after it there."""

from dataclasses import dataclass
from typing import final

from pyoxigraph import NamedNode

from spacepolicy.namespaces import RDFS, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.comparison import named
from spacepolicy.web.linked_data.labels import Link

_MAX_SIBLINGS = 500
"""How many numbered parts of one whole are read: the longest modelled documents have 60."""


@final
@dataclass(frozen=True, slots=True)
class Siblings:
    """The whole of a thing, and the things before and after it; None where there is none."""

    whole: Link | None = None
    before: Link | None = None
    after: Link | None = None


async def siblings(app_state: AppState, thing: NamedNode) -> Siblings | None:
    """Return the place of a numbered part in its whole; None where the thing is no such part."""
    own = app_state.service.revision.base
    found = [] if own is None else await rows(app_state, _numbered(thing, Base(own)))
    wholes = {row["whole"] for row in found}
    whole = min((each for each in wholes if isinstance(each, NamedNode)), key=str, default=None)
    if whole is None:
        return None
    order = [s for row in found if row["whole"] == whole and isinstance(s := row["s"], NamedNode)]
    return await _placed(app_state, thing, list(dict.fromkeys(order)), whole)


async def neighbours(
    app_state: AppState, thing: NamedNode, order: tuple[NamedNode, ...]
) -> Siblings | None:
    """Return the place of the thing in the order; None where it is not in it, or alone."""
    if thing not in order or order == (thing,):
        return None
    return await _placed(app_state, thing, list(order), None)


async def _placed(
    app_state: AppState, thing: NamedNode, order: list[NamedNode], whole: NamedNode | None
) -> Siblings:
    place = order.index(thing)
    before = order[place - 1] if place else None
    after = order[place + 1] if place + 1 < len(order) else None
    names = await named(app_state, [each for each in (whole, before, after) if each])
    return Siblings(*(names.link(each) if each else None for each in (whole, before, after)))


def _numbered(thing: NamedNode, own: Base) -> str:
    """A query for all numbered parts of the thing's wholes, by a subproperty of `isPartOf`."""
    part_of, ordinal = own.term("isPartOf"), own.term("ordinal")
    return (
        f"SELECT DISTINCT ?whole ?s ?n {{ {thing} {ordinal} [] ; ?relation ?whole . "
        f"?relation <{RDFS}subPropertyOf> {part_of} FILTER (?relation != {part_of}) "
        f"?s ?relation ?whole ; {ordinal} ?n FILTER (isIRI(?s) && isIRI(?whole)) }} "
        f"ORDER BY ?whole ?n ?s LIMIT {_MAX_SIBLINGS}"
    )
