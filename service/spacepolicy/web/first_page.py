"""The documents that the first page offers to read: policies, and the sources that report them."""

from dataclasses import dataclass
from typing import final

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.web.answering import asking
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.names import Link, Names

_MAX_DOCUMENTS = 100


@final
@dataclass(frozen=True, slots=True)
class Documents:
    """What is to be read part by part, and what as a whole text."""

    wholes: tuple[Link, ...] = ()
    sources: tuple[Link, ...] = ()


async def documents(desk: Desk) -> Documents:
    """Whatever has parts and is part of nothing, and whatever passages are quoted from."""
    own = desk.service.revision.base
    if own is None:
        return Documents()
    part_of, source = Base(own).term("isPartOf"), Base(own).term("source")
    patterns = (
        f"{{ SELECT DISTINCT ?thing {{ [] {part_of} ?thing }} }} MINUS {{ ?thing {part_of} [] }}",
        f"[] {source} ?thing",
    )
    found = [
        await asking.rows(
            desk,
            f"SELECT DISTINCT ?thing {{ {pattern} FILTER isIRI(?thing) }} ORDER BY ?thing "
            f"LIMIT {_MAX_DOCUMENTS}",
        )
        for pattern in patterns
    ]
    things = [
        [each for row in rows if isinstance(each := row["thing"], NamedNode)] for rows in found
    ]
    mentioned = [Triple(each, TYPE, each) for group in things for each in group]
    names = Names(desk.service, await names_of(desk, mentioned))
    return Documents(*(tuple(map(names.link, group)) for group in things))
