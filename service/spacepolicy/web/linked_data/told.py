"""What the saved queries of a role tell of a thing: pages show it, and need no code for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from spacepolicy.catalogue import bind, tagged
from spacepolicy.web.answering.asking import Term, rows
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.comparison import named
from spacepolicy.web.linked_data.names import Names
from spacepolicy.web.reading import reader


@final
@dataclass(frozen=True, slots=True)
class Told:
    """The rows of the answers, column by column, the names of what is in them, and where the first
    of the queries is asked of the thing."""

    rows: Sequence[tuple[Term | None, ...]]
    names: Names
    address: str


async def told(desk: Desk, role: str, thing: NamedNode) -> Told | None:
    """What queries tagged so tell of the thing; None where they tell nothing."""
    queries = tagged(desk.service.catalogue, role)
    found = [
        tuple(row.get(column) for column in query.columns)
        for query in queries
        for row in await rows(desk, bind(query, {query.parameters[0].name: [thing.value]}))
    ]
    if not found:
        return None
    asked = urlencode({queries[0].parameters[0].name: thing.value})
    address = reader().kept(f"{desk.service.root}/queries/{queries[0].name}?{asked}")
    things = {term for row in found for term in row if isinstance(term, NamedNode)}
    return Told(found, await named(desk, things), address)
