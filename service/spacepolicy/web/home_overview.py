"""What the first page shows of the dataset: how much there is, the things on an axis of years, and
how words become a statement. Saved queries with the tags `figures`, `lanes` and `example` tell.

The drawing is laid out in parts of a hundred of its width, so that it fits every screen.
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
from spacepolicy.web.answering.internal_queries import Term, rows
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.lanes_svg import AnswerRows, Lanes, lanes_of
from spacepolicy.web.service import Service


@final
@dataclass(frozen=True, slots=True)
class Example:
    """Words of a source, where they stand, and the statement that they make."""

    query: SavedQuery
    words: Literal
    passage: Link
    subject: Link
    property: Link
    object: Link


@final
@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers by the columns that they sum, or whose things they count; the axis; the example.
    Nothing where no query tells."""

    figures: tuple[tuple[AnswerColumn, str], ...] = ()
    lanes: Lanes | None = None
    example: Example | None = None


@final
@dataclass(frozen=True, slots=True)
class OverviewRows:
    """What the queries answer, and the names of what is in it in every language: what a reader sees
    of it is no part of it, since it is held for all."""

    figures: AnswerRows
    lanes: AnswerRows
    example: AnswerRows
    named: tuple[Triple, ...]

    def shown(self, service: Service) -> Overview:
        """What there is, in the language of the reader."""
        names = Labels(service, self.named)
        return Overview(
            _figures(self.figures), lanes_of(self.lanes, names), _example(self.example, names)
        )


async def overview_rows(app_state: AppState) -> OverviewRows:
    """What the queries answer.

    Raises: ProblemError where one does not.
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


def _figures(told: AnswerRows) -> tuple[tuple[AnswerColumn, str], ...]:
    columns = {column.name: column for query, _ in told for column in query.described}
    found = []
    for name, column in columns.items():
        values = [row.get(name) for _, row in told]
        numbers = [int(_text(each) or 0) for each in values if column.type == "integer"]
        found.append((column, f"{sum(numbers) if numbers else len(set(values)):,}"))
    return tuple(found)


def _text(term: Term | None) -> str | None:
    return term.value if isinstance(term, Literal) else None


def _example(told: AnswerRows, names: Labels) -> Example | None:
    for query, row in told:
        words, *statement = (row.get(column) for column in query.columns)
        links = [names.link(each) for each in statement if isinstance(each, NamedNode)]
        if isinstance(words, Literal) and len(links) == len(statement):
            return Example(query, words, *links)
    return None
