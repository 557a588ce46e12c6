"""Things of the dataset as clients of reconciliation see them: names, descriptions, classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import Term, rows
from spacepolicy.web.i18n import BORROWED
from spacepolicy.web.reconciliation.batches import named_node
from spacepolicy.web.search_index import NAME_ROLES, SearchIndex, Text
from spacepolicy.web.service import Service
from spacepolicy.web.tables import short_name

_ASKED_AT_ONCE: Final = 200
"""Things of which one query asks: some 20 KiB of IRIs."""


@final
@dataclass(frozen=True, slots=True)
class Entities:
    """The things of a revision, in the language of a reader."""

    service: Service
    index: SearchIndex
    language: str

    def name(self, iri: str) -> str:
        """What the thing is called; its shortened IRI where nothing names it."""
        borrowed = BORROWED.get(iri, {}).get(self.language)
        return self.index.name(iri, self.language) or borrowed or short_name(self.service, iri)

    def names(self, iri: str) -> list[Text]:
        """All names of the thing, in every language."""
        return [each for each in self.index.texts_of(iri) if each.role in NAME_ROLES]

    def description(self, iri: str) -> str | None:
        """What the thing is by definition, in the language where it is said so."""
        texts = [each for each in self.index.texts_of(iri) if each.role == "definition"]
        chosen = [each for each in texts if each.language == self.language]
        return next((each.text for each in [*chosen, *texts]), None)

    def types(self, iri: str) -> list[dict[str, str]]:
        """The classes of the thing by IRI and name."""
        return [{"id": each, "name": self.name(each)} for each in self.index.types_of(iri)]

    def described(self, iri: str) -> dict[str, Any]:
        """The thing by IRI and name, with a description where there is one."""
        description = self.description(iri)
        more = {} if description is None else {"description": description}
        return {"id": iri, "name": self.name(iri), **more}


async def existing(state: AppState, iris: Iterable[str]) -> set[str]:
    """Those of the IRIs of which the dataset says anything."""
    found = set()
    for part in _parts(iris):
        text = f"SELECT DISTINCT ?thing {{ VALUES ?thing {{ {part} }} ?thing ?property ?value }}"
        found |= {row["thing"].value for row in await rows(state, text)}
    return found


async def property_values(
    state: AppState, things: Iterable[str], properties: Iterable[str]
) -> Mapping[tuple[str, str], list[Term]]:
    """The values of the properties of the things, by both, in a fixed order."""
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
    """The IRIs as SPARQL has them, some at a time; what is none is left out."""
    nodes = [str(node) for each in dict.fromkeys(iris) if (node := named_node(each))]
    for start in range(0, len(nodes), _ASKED_AT_ONCE):
        yield " ".join(nodes[start : start + _ASKED_AT_ONCE])
