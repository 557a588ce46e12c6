"""Saved queries as pages: the list of them, and each with its form and its answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, final
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.namespaces import RDFS
from spacepolicy.saved_queries import START, SavedQuery, tagged
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.linked_data.comparison import named
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels
from spacepolicy.web.linked_data.passage_texts import passage_texts
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service
from spacepolicy.web.solution_rows import Term
from spacepolicy.web.tables import Called, Named, TableCell

_MAX_NAMED: Final = 1000
"""How many things in an answer are shown by name, and how many names are linked to things."""
_NAME_CHARACTERS: Final = 200
"""Longer texts are not names: the longest label of the shipped data has 108 characters."""
Choices = Sequence[tuple[str, ...]]
"""The values of a parameter, each followed by its name if it has one."""


def catalogue_page(service: Service) -> str:
    """Return the page of all saved queries by their first tag, after those tagged for the start."""
    by_tag: dict[str, list[SavedQuery]] = {}
    for query in service.catalogue:
        by_tag.setdefault(next(iter(query.tags), ""), []).append(query)
    sections = [
        (queries[0].tags.get(tag) or {"en": tag}, queries)
        for tag, queries in sorted(by_tag.items())
    ]
    if first := tagged(service.catalogue, START):
        sections.insert(0, (first[0].tags[START], list(first)))
    return pages.render("queries.html", service, sections=sections)


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """The contents of a query's page: the given values, the choices of parameters, the text with
    the values bound, and its answer as SPARQL JSON, or Turtle for a graph; text and answer are None
    where a value is missing. `called` gives the cell of a thing in the answer, `named` the things
    that names in the answer refer to."""

    values: Mapping[str, Sequence[str]]
    choices: Mapping[str, Choices]
    text: str | None
    answer: bytes | None
    called: Called
    named: Named


def query_page(service: Service, query: SavedQuery, asking: Asking) -> str:
    """Return the page of a saved query: its parameters, its answer, and its text."""
    shown: dict[str, Any] = {"table": None, "boolean": None, "turtle": None}
    if asking.answer is not None:
        shown = pages.shown_answer(service, asking.answer, asking.called, asking.named)
    form = "graph" if shown["turtle"] is not None else "solutions"
    return pages.render(
        "query.html",
        service,
        each=query,
        headings=pages.headings(query),
        values=asking.values,
        choices=asking.choices,
        text=asking.text,
        address=_address,
        offered=formats.offered(*formats.KINDS[form]),
        **shown,
    )


async def called_in(app_state: AppState, answer: bytes | None) -> Called:
    """Return the cells for the things in the answer: with their names, passages with their
    words."""
    found = {NamedNode(iri) for iri in list(dict.fromkeys(_iris(answer)))[:_MAX_NAMED]}
    names = Labels(
        app_state.service, await names_of(app_state, [Triple(t, TYPE, t) for t in found])
    )
    texts = await passage_texts(app_state, [each for each in found if "#" in each.value])
    passage = WORDS[current_locale().language]["passage"]

    def called(iri: str) -> TableCell:
        link = names.link(NamedNode(iri))
        text = texts.get(NamedNode(iri))
        if text and text.words:
            return TableCell(f"“{text.words.value}”", iri, link.href, text.words.language)
        if text and text.locator:
            return TableCell(f"{passage} {text.locator}", iri, link.href)
        return TableCell(link.text, iri, link.href, link.language)

    return called


async def named_in(app_state: AppState, answer: bytes | None) -> Named:
    """Return the things that names in the answer refer to: for names that are the label of exactly
    one thing."""
    names = list(dict.fromkeys(_names(answer)))[:_MAX_NAMED]
    if not names:
        return {}
    listed = " ".join(str(Literal(text, language=language)) for text, language in names)
    query = f"SELECT ?name ?thing {{ VALUES ?name {{ {listed} }} ?thing <{RDFS}label> ?name }}"
    things: dict[tuple[str, str], set[Term]] = {}
    for row in await rows(app_state, query):
        name = cast("Literal", row["name"])
        things.setdefault((name.value, name.language or ""), set()).add(row["thing"])
    return {
        name: thing
        for name, found in things.items()
        for thing in found
        if len(found) == 1 and isinstance(thing, NamedNode)
    }


async def choices_in(app_state: AppState, text: str) -> Choices:
    """Return the values that the query lists, each with its name in the reader's language, if it
    has one, and the other columns of its row."""
    found = [tuple(row.values()) for row in await rows(app_state, text) if row]
    names = await named(app_state, {row[0] for row in found if isinstance(row[0], NamedNode)})
    return [_choice(names, *row) for row in found]


def _choice(names: Labels, value: Term, *rest: Term) -> tuple[str, ...]:
    name = names.name(value) if isinstance(value, NamedNode) else None
    return (value.value, *([name] if name else []), *(each.value for each in rest))


def _iris(answer: bytes | None) -> Iterator[str]:
    """The IRIs in the solutions."""
    return (term["value"] for term in _terms(answer) if term["type"] == "uri")


def _names(answer: bytes | None) -> Iterator[tuple[str, str]]:
    """The language-tagged texts in the solutions that are short enough for names, which quotations
    rarely are."""
    for term in _terms(answer):
        if "xml:lang" in term and len(term["value"]) <= _NAME_CHARACTERS:
            yield term["value"], term["xml:lang"]


def _terms(answer: bytes | None) -> Iterator[dict[str, Any]]:
    """The terms in the solutions; empty where the answer has no solutions."""
    try:
        results = json.loads(answer or b"null")
    except ValueError:
        return
    found = results["results"]["bindings"] if results and "results" in results else ()
    yield from (term for row in found for term in row.values())


def _address(values: Mapping[str, Sequence[str]], format: str) -> str:
    """The query string for the same values in the format."""
    given = [(name, value) for name, each in values.items() for value in each]
    return urlencode([*given, ("format", format)])
