"""Saved queries as pages: the list of questions, and each with its form and its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final
from urllib.parse import urlencode

from spacepolicy import formats
from spacepolicy.catalogue import SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.service import Service
from spacepolicy.web.tables import Called

Choices = Sequence[tuple[str, ...]]
"""The values of a parameter, each before its name where it has one."""


def catalogue_page(service: Service) -> str:
    """All questions, by the first of their tags."""
    by_tag: dict[str, list[SavedQuery]] = {}
    for query in service.catalogue:
        by_tag.setdefault(next(iter(query.tags), ""), []).append(query)
    return pages.render("queries.html", service, by_tag=sorted(by_tag.items()))


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


def query_page(service: Service, query: SavedQuery, asking: Asking) -> str:
    """One question: its parameters, its answer, and the query behind it."""
    shown: dict[str, Any] = {"table": None, "boolean": None, "turtle": None}
    if asking.answer is not None:
        shown = pages.shown_answer(service, asking.answer, asking.called)
    kind: formats.Kind = "graph" if shown["turtle"] is not None else "solutions"
    return pages.render(
        "query.html",
        service,
        each=query,
        values=asking.values,
        choices=asking.choices,
        text=asking.text,
        address=_address,
        offered=formats.offered(kind),
        **shown,
    )


def _address(values: Mapping[str, Sequence[str]], format: str) -> str:
    """The query string that asks for the same in the format."""
    given = [(name, value) for name, each in values.items() for value in each]
    return urlencode([*given, ("format", format)])
