"""The overview on the home page: numbers, things on an axis of years, and an example of a passage
with its statement. They come from saved queries tagged `figures`, `lanes` and `example`.

The drawing is laid out in hundredths of its width, so that it fits every screen.
"""

import asyncio
from dataclasses import dataclass
from typing import final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.saved_queries import (
    EXAMPLE,
    FIGURES,
    LANES,
    AnswerColumn,
    SavedQuery,
    bind,
    tagged,
)
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.lanes_svg import AnswerRows, Lanes, lanes_of
from spacepolicy.web.service import Service
from spacepolicy.web.solution_rows import Term


@final
@dataclass(frozen=True, slots=True)
class Example:
    """The words of a passage, and the statement that it makes."""

    query: SavedQuery
    words: Literal
    passage: Link
    subject: Link
    property: Link
    object: Link


@final
@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers, each with the column that it sums or counts; the axis of years; the example.
    Empty where there is no such query."""

    figures: tuple[tuple[AnswerColumn, str], ...] = ()
    lanes: Lanes | None = None
    example: Example | None = None


@final
@dataclass(frozen=True, slots=True)
class OverviewRows:
    """The answers of the queries, and the names of the things in them in every language, since this
    is cached for all readers."""

    figures: AnswerRows
    lanes: AnswerRows
    example: AnswerRows
    named: tuple[Triple, ...]

    def shown(self, service: Service) -> Overview:
        """Return the overview in the reader's language."""
        names = Labels(service, self.named)
        return Overview(
            _figures(self.figures), lanes_of(self.lanes, names), _example(self.example, names)
        )


async def overview_rows(app_state: AppState) -> OverviewRows:
    """Run the queries of the overview.

    Raises: ProblemError where one fails.
    """
    figures, lanes, example = await asyncio.gather(
        *(_answers(app_state, tag) for tag in (FIGURES, LANES, EXAMPLE))
    )
    found = [term for _, row in (*lanes, *example) for term in row.values()]
    things = {term for term in found if isinstance(term, NamedNode)}
    named = await names_of(
        app_state, [Triple(each, TYPE, each) for each in sorted(things, key=str)]
    )
    return OverviewRows(figures, lanes, example, named)


async def _answers(app_state: AppState, tag: str) -> AnswerRows:
    return [
        (query, row)
        for query in tagged(app_state.service.catalogue, tag)
        for row in await rows(app_state, bind(query, {}))
    ]


def _figures(answers: AnswerRows) -> tuple[tuple[AnswerColumn, str], ...]:
    columns = {column.name: column for query, _ in answers for column in query.described}
    found = []
    for name, column in columns.items():
        values = [row.get(name) for _, row in answers]
        numbers = [int(_text(each) or 0) for each in values if column.type == "integer"]
        found.append((column, f"{sum(numbers) if numbers else len(set(values)):,}"))
    return tuple(found)


def _text(term: Term | None) -> str | None:
    return term.value if isinstance(term, Literal) else None


def _example(answers: AnswerRows, names: Labels) -> Example | None:
    for query, row in answers:
        words, *statement = (row.get(column) for column in query.columns)
        links = [names.link(each) for each in statement if isinstance(each, NamedNode)]
        if isinstance(words, Literal) and len(links) == len(statement):
            return Example(query, words, *links)
    return None
