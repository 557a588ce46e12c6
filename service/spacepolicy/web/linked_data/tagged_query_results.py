"""The results of saved queries with a tag for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from spacepolicy.saved_queries import bind, tagged
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.comparison import named
from spacepolicy.web.linked_data.labels import Labels
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.solution_rows import Term


@final
@dataclass(frozen=True, slots=True)
class TaggedResults:
    """The rows of the answers, in the order of the columns; the names of the things in them; and
    the address of the first query for the thing."""

    rows: Sequence[tuple[Term | None, ...]]
    names: Labels
    address: str


async def told(app_state: AppState, role: str, thing: NamedNode) -> TaggedResults | None:
    """Return the results of the queries with this tag about the thing; None where there are
    none."""
    queries = tagged(app_state.service.catalogue, role)
    found = [
        tuple(row.get(column) for column in query.columns)
        for query in queries
        for row in await rows(app_state, bind(query, {query.parameters[0].name: [thing.value]}))
    ]
    if not found:
        return None
    asked = urlencode({queries[0].parameters[0].name: thing.value})
    address = current_locale().kept(f"{app_state.service.root}/queries/{queries[0].name}?{asked}")
    things = {term for row in found for term in row if isinstance(term, NamedNode)}
    return TaggedResults(found, await named(app_state, things), address)
