"""Things of the dataset for reconciliation: their names, descriptions and classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.i18n import BORROWED
from spacepolicy.web.reconciliation.batches import named_node
from spacepolicy.web.search_index import NAME_ROLES, SearchIndex, Text
from spacepolicy.web.service import Service
from spacepolicy.web.solution_rows import Term
from spacepolicy.web.tables import short_name

_ASKED_AT_ONCE: Final = 200
"""How many things one query asks about: some 20 KiB of IRIs."""


@final
@dataclass(frozen=True, slots=True)
class Entities:
    """The things of a revision, in the reader's language."""

    service: Service
    index: SearchIndex
    language: str

    def name(self, iri: str) -> str:
        """Return the name of the thing; its shortened IRI where it has none."""
        borrowed = BORROWED.get(iri, {}).get(self.language)
        return self.index.name(iri, self.language) or borrowed or short_name(self.service, iri)

    def names(self, iri: str) -> list[Text]:
        """Return all names of the thing, in every language."""
        return [each for each in self.index.texts_of(iri) if each.role in NAME_ROLES]

    def description(self, iri: str) -> str | None:
        """Return the definition of the thing, in the reader's language if there is one."""
        texts = [each for each in self.index.texts_of(iri) if each.role == "definition"]
        chosen = [each for each in texts if each.language == self.language]
        return next((each.text for each in [*chosen, *texts]), None)

    def types(self, iri: str) -> list[dict[str, str]]:
        """Return the classes of the thing with IRI and name."""
        return [{"id": each, "name": self.name(each)} for each in self.index.types_of(iri)]

    def described(self, iri: str) -> dict[str, Any]:
        """Return the thing with IRI, name, and a description if there is one."""
        description = self.description(iri)
        more = {} if description is None else {"description": description}
        return {"id": iri, "name": self.name(iri), **more}


async def existing(state: AppState, iris: Iterable[str]) -> set[str]:
    """Return those of the IRIs that are the subject of a statement."""
    found = set()
    for part in _parts(iris):
        text = f"SELECT DISTINCT ?thing {{ VALUES ?thing {{ {part} }} ?thing ?property ?value }}"
        found |= {row["thing"].value for row in await rows(state, text)}
    return found


async def property_values(
    state: AppState, things: Iterable[str], properties: Iterable[str]
) -> Mapping[tuple[str, str], list[Term]]:
    """Return the values of the properties of the things, by (thing, property), sorted."""
    wanted = ", ".join(str(NamedNode(each)) for each in dict.fromkeys(properties))
    values: dict[tuple[str, str], list[Term]] = {}
    for part in _parts(things) if wanted else ():
        found = await rows(
            state,
            f"SELECT ?thing ?property ?value {{ VALUES ?thing {{ {part} }} "
            f"?thing ?property ?value FILTER (?property IN ({wanted})) }} "
            f"ORDER BY ?thing ?property ?value",
        )
        for row in found:
            key = row["thing"].value, row["property"].value
            values.setdefault(key, []).append(row["value"])
    return values


def _parts(iris: Iterable[str]) -> Iterable[str]:
    """The IRIs in SPARQL syntax, in batches; malformed ones are left out."""
    nodes = [str(node) for each in dict.fromkeys(iris) if (node := named_node(each))]
    for start in range(0, len(nodes), _ASKED_AT_ONCE):
        yield " ".join(nodes[start : start + _ASKED_AT_ONCE])
