"""What is shown of passages in tables: their words, or the places of those by reference."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows


@final
@dataclass(frozen=True, slots=True)
class PassageText:
    """The words of a passage, or its place in the document's own numbering."""

    words: Literal | None = None
    locator: str | None = None


async def passage_texts(
    app_state: AppState, passages: Iterable[NamedNode]
) -> Mapping[NamedNode, PassageText]:
    """Return the texts of those that have words or a place."""
    base = app_state.service.revision.base
    listed = " ".join(sorted(map(str, passages)))
    if base is None or not listed:
        return {}
    exact, locator = map(Base(base).term, ("exactText", "locator"))
    found = await rows(
        app_state,
        f"SELECT ?passage ?words ?locator {{ VALUES ?passage {{ {listed} }} "
        f"{{ ?passage {exact} ?words }} UNION {{ ?passage {locator} ?locator }} }}",
    )
    return {
        row["passage"]: _text(row.get("words"), row.get("locator"))  # type: ignore[misc] # as in data
        for row in found
    }


def _text(words: object, locator: object) -> PassageText:
    return PassageText(
        words if isinstance(words, Literal) else None,
        locator.value if isinstance(locator, Literal) else None,
    )
