"""Suggestions for what a user has typed so far: things, classes or properties; and proposals of
properties for a class.

Spec: https://reconciliation-api.github.io/specs/0.2/#suggest-services
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, Literal, final

from spacepolicy.errors import BadParameterError
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.reconciliation.batches import as_iri, named_node
from spacepolicy.web.reconciliation.entities import Entities, existing
from spacepolicy.web.search_index import MAX_LENGTH, NAME_ROLES
from spacepolicy.web.tokenizer import normalised

Kind = Literal["entity", "type", "property"]
SUGGESTED: Final = 10
"""How many suggestions there are at once: what a list shows without scrolling; `cursor` skips."""
MAX_SKIPPED: Final = 1000
"""How many suggestions may be skipped; users rather type another letter."""
MAX_PROPOSED: Final = 200
"""How many properties are proposed at most: things of one class have fewer."""
_MAX_TERMS: Final = 5000
"""How many classes, or properties, are searched by name."""
_TERMS: Final = {
    "type": "SELECT DISTINCT ?term { ?thing a ?term FILTER isIRI(?term) } ORDER BY ?term",
    "property": "SELECT DISTINCT ?term { ?thing ?term ?value } ORDER BY ?term",
}


@final
class UsedTerms:
    """Caches the classes and properties in use in the served revision."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._held: RevisionCache[tuple[str, ...]] = RevisionCache(len(_TERMS))

    async def get(self, kind: Kind) -> tuple[str, ...]:
        """Return the IRIs of the terms of a kind.

        Raises: ProblemError where the query fails.
        """
        return await self._held.get(self.state.edition, kind, lambda: self._read(kind))

    async def _read(self, kind: Kind) -> tuple[str, ...]:
        found = await rows(self.state, f"{_TERMS[kind]} LIMIT {_MAX_TERMS}")
        return tuple(row["term"].value for row in found)


async def suggested(
    terms: UsedTerms, entities: Entities, kind: Kind, prefix: str, skipped: int
) -> list[dict[str, Any]]:
    """Return suggestions for the prefix, without the first `skipped`.

    Raises: ProblemError where a query fails.
    """
    found = await _found(terms, entities, kind, prefix, skipped + SUGGESTED)
    members = [entities.described(each) for each in found[skipped : skipped + SUGGESTED]]
    if kind == "entity":
        return [{**each, "notable": entities.types(each["id"])} for each in members]
    return members


async def _found(
    terms: UsedTerms, entities: Entities, kind: Kind, prefix: str, most: int
) -> list[str]:
    iri = as_iri(prefix)
    if kind == "entity":
        if iri is not None:
            return sorted(await existing(terms.state, [iri]))
        state = terms.state
        async with state.searches.admitted(query_identifier(None), state.service.max_wait_seconds):
            result = await asyncio.to_thread(
                entities.index.find, prefix[:MAX_LENGTH], limit=2 * most
            )
        return [hit.thing for hit in result.hits if hit.by.role in NAME_ROLES]
    known = await terms.get(kind)
    if iri is not None:
        return [each for each in known if each == iri]
    return await asyncio.to_thread(_begun, entities, known, normalised(prefix))


def _begun(entities: Entities, known: Iterable[str], prefix: str) -> list[str]:
    """The terms with a name that begins with the prefix, then those with such a word in a name."""
    ranked = []
    for term in known:
        names = [normalised(each.text) for each in entities.names(term)]
        names = names or [normalised(entities.name(term))]
        if any(name.startswith(prefix) for name in names):
            ranked.append((0, entities.name(term), term))
        elif any(f" {prefix}" in name for name in names):
            ranked.append((1, entities.name(term), term))
    return [term for _, _, term in sorted(ranked)]


async def proposed(state: AppState, type_: str | None, most: int) -> list[str]:
    """Return the properties of the class's instances, the most used first; of all things where no
    class is given.

    Raises: BadParameterError where the class is no IRI.
    """
    pattern = "?thing ?term ?value"
    if type_:
        class_ = named_node(type_)
        if class_ is None:
            raise BadParameterError("type is the IRI of a class.")
        pattern = f"?thing a {class_} ; ?term ?value"
    found = await rows(
        state,
        f"SELECT ?term (COUNT(DISTINCT ?thing) AS ?n) {{ {pattern} }} GROUP BY ?term "
        f"ORDER BY DESC(?n) ?term LIMIT {most}",
    )
    return [row["term"].value for row in found if "term" in row]
