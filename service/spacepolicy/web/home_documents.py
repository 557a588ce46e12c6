"""The documents that the home page lists: those with parts, and the sources of passages."""

from dataclasses import dataclass
from typing import final

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.service import Service

_MAX_DOCUMENTS = 100
"""How many documents the home page lists; `/search` has all."""


@final
@dataclass(frozen=True, slots=True)
class Documents:
    """Things with parts (`wholes`), sources that passages quote, sources that passages only refer
    to (`referred`), and their names in every language, since this is cached for all readers."""

    wholes: tuple[NamedNode, ...] = ()
    sources: tuple[NamedNode, ...] = ()
    referred: tuple[NamedNode, ...] = ()
    named: tuple[Triple, ...] = ()

    def links(self, service: Service) -> dict[str, list[Link]]:
        """Return links to the documents, named in the reader's language."""
        names = Labels(service, self.named)
        return {
            "wholes": [names.link(each) for each in self.wholes],
            "sources": [names.link(each) for each in self.sources],
            "referred": [names.link(each) for each in self.referred],
        }


async def documents(app_state: AppState) -> Documents:
    """Read the documents: things with parts that are part of nothing, and sources of passages."""
    own = app_state.service.revision.base
    if own is None:
        return Documents()
    part_of, source, locator = map(Base(own).term, ("isPartOf", "source", "locator"))
    patterns = (
        f"{{ SELECT DISTINCT ?thing {{ [] {part_of} ?thing }} }} MINUS {{ ?thing {part_of} [] }}",
        f"?passage {source} ?thing FILTER NOT EXISTS {{ ?passage {locator} [] }}",
        f"?passage {source} ?thing ; {locator} []",
    )
    found = [
        await internal_queries.rows(
            app_state,
            f"SELECT DISTINCT ?thing {{ {pattern} FILTER isIRI(?thing) }} ORDER BY ?thing "
            f"LIMIT {_MAX_DOCUMENTS}",
        )
        for pattern in patterns
    ]
    wholes, sources, referred = (
        tuple(each for row in rows if isinstance(each := row["thing"], NamedNode)) for rows in found
    )
    mentioned = [Triple(each, TYPE, each) for each in (*wholes, *sources, *referred)]
    return Documents(wholes, sources, referred, await names_of(app_state, mentioned))
