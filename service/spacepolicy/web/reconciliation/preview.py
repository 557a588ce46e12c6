"""The preview of a thing, which clients show in a frame: its name, classes, definition, and
quotations about it.

Spec: https://reconciliation-api.github.io/specs/0.2/#preview-service
"""

from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import Base
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.reconciliation.entities import Entities

_QUOTATIONS: Final = 2
"""How many quotations the frame has room for."""
_MAX_LENGTH: Final = 240
"""The most characters of a text in the frame: five lines."""


@final
@dataclass(frozen=True, slots=True)
class PreviewQuotation:
    """The words of a passage, their language, and the passage's IRI."""

    text: str
    language: str | None
    passage: str


async def preview_page(state: AppState, entities: Entities, thing: NamedNode) -> str:
    """Return the page about the thing.

    Raises: ProblemError where a query fails.
    """
    return pages.render(
        "reconciliation_preview.html",
        state.service,
        name=entities.name(thing.value),
        iri=thing.value,
        href=pages.href(state.service, thing.value),
        types=[each["name"] for each in entities.types(thing.value)],
        description=_short(entities.description(thing.value) or ""),
        quotations=await _quotations(state, thing),
        page_of=lambda iri: pages.href(state.service, iri),
    )


async def _quotations(state: AppState, thing: NamedNode) -> list[PreviewQuotation]:
    """Quotations about the thing, the shortest first."""
    base = state.service.revision.base
    if base is None:
        return []
    words = Base(base).term("exactText")
    found = await rows(
        state,
        f"SELECT DISTINCT ?passage ?words {{ {{ GRAPH ?passage {{ {thing} ?p1 ?o }} }} UNION "
        f"{{ GRAPH ?passage {{ ?s ?p2 {thing} }} }} ?passage {words} ?words }} "
        f"ORDER BY STRLEN(?words) ?passage LIMIT {_QUOTATIONS}",
    )
    return [
        PreviewQuotation(_short(text.value), text.language, row["passage"].value)
        for row in found
        if isinstance(text := row["words"], Literal)
    ]


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH].rstrip()}…"
