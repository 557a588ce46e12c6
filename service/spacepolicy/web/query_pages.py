"""Saved queries as pages: the list of questions, and each with its form and its answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final
from urllib.parse import urlencode

from pyoxigraph import NamedNode, Triple

from spacepolicy import formats
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import Term, rows
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.linked_data.comparison import named, words_of
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service
from spacepolicy.web.tables import Called, TableCell

_MAX_NAMED: Final = 1000
"""How many things in an answer are named on its page."""
Choices = Sequence[tuple[str, ...]]
"""The values of a parameter, each before its name where it has one."""


def catalogue_page(service: Service) -> str:
    """All questions, by the first of their tags."""
    by_tag: dict[str, list[SavedQuery]] = {}
    for query in service.catalogue:
        by_tag.setdefault(next(iter(query.tags), ""), []).append(query)
    sections = [
        (queries[0].tags.get(tag) or {"en": tag}, queries)
        for tag, queries in sorted(by_tag.items())
    ]
    return pages.render("queries.html", service, sections=sections)


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a query and what it gives: the values given, the choices there are, the
    text with the values bound, and its answer as SPARQL JSON, or as Turtle where it makes a
    graph; neither where a parameter lacks its value. `called` shows the things in the answer."""

    values: Mapping[str, Sequence[str]]
    choices: Mapping[str, Choices]
    text: str | None
    answer: bytes | None
    called: Called


def _labels(service: Service) -> Mapping[str, str]:
    """What parameters are called where the reader's language is not that of their names: as the
    columns of that name are."""
    found: dict[str, str] = {}
    for query in service.catalogue:
        for name, held in pages.headings(query).items():
            found.setdefault(name, held)
    language = current_locale().language
    return {**found, pages.LANGUAGE: WORDS[language]["language"]} if found else {}


def query_page(service: Service, query: SavedQuery, asking: Asking) -> str:
    """One question: its parameters, its answer, and the query behind it."""
    shown: dict[str, Any] = {"table": None, "boolean": None, "turtle": None}
    if asking.answer is not None:
        shown = pages.shown_answer(service, asking.answer, asking.called)
    form = "graph" if shown["turtle"] is not None else "solutions"
    return pages.render(
        "query.html",
        service,
        each=query,
        headings=pages.headings(query),
        labels=_labels(service),
        values=asking.values,
        choices=asking.choices,
        text=asking.text,
        address=_address,
        offered=formats.offered(*formats.KINDS[form]),
        **shown,
    )


async def called_in(app_state: AppState, answer: bytes | None) -> Called:
    """How the things in the answer are shown: by their names, passages by their words."""
    found = {NamedNode(iri) for iri in list(dict.fromkeys(_iris(answer)))[:_MAX_NAMED]}
    names = Labels(
        app_state.service, await names_of(app_state, [Triple(t, TYPE, t) for t in found])
    )
    words = await words_of(app_state, [each for each in found if "#" in each.value])

    def called(iri: str) -> TableCell:
        link = names.link(NamedNode(iri))
        if said := words.get(NamedNode(iri)):
            return TableCell(f"“{said.value}”", iri, link.href, said.language)
        return TableCell(link.text, iri, link.href, link.language)

    return called


async def choices_in(app_state: AppState, text: str) -> Choices:
    """The values that the query lists, each with its name in the language of the reader, or with
    what else its row says where it has no name."""
    found = [tuple(row.values()) for row in await rows(app_state, text) if row]
    names = await named(app_state, {row[0] for row in found if isinstance(row[0], NamedNode)})
    return [_choice(names, *row) for row in found]


def _choice(names: Labels, value: Term, *rest: Term) -> tuple[str, ...]:
    name = names.name(value) if isinstance(value, NamedNode) else None
    return (value.value, *([name] if name else []), *(each.value for each in rest))


def _iris(answer: bytes | None) -> Iterator[str]:
    """The IRIs in the solutions; none where the answer holds no solutions."""
    try:
        results = json.loads(answer or b"null")
    except ValueError:
        return
    rows = results["results"]["bindings"] if results and "results" in results else ()
    yield from (t["value"] for row in rows for t in row.values() if t["type"] == "uri")


def _address(values: Mapping[str, Sequence[str]], format: str) -> str:
    """The query string that asks for the same in the format."""
    given = [(name, value) for name, each in values.items() for value in each]
    return urlencode([*given, ("format", format)])
