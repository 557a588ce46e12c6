"""What the first page shows of the dataset: how much there is, the things on an axis of years, and
how words become a statement. Saved queries with the tags `figures`, `lanes` and `example` tell.

The drawing is laid out in parts of a hundred of its width, so that it fits every screen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

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
from spacepolicy.web.answering.internal_queries import Row, Term, rows
from spacepolicy.web.linked_data import years
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.service import Service

_MAX_LANES: Final = 40
"""Things on the axis: what fits on two screens. `/search` has them all."""
_MAX_TICKS: Final = 10
"""Years that are written above the axis: more do not fit beside each other on a phone."""


@final
@dataclass(frozen=True, slots=True)
class LaneMark:
    """A time of a thing: what it is, as it is written, and from where to where on the axis, in
    hundredths; `width` is 0 for a point."""

    relation: Link
    years: str
    start: float
    width: float


@final
@dataclass(frozen=True, slots=True)
class Lane:
    """A thing and its times."""

    thing: Link
    marks: tuple[LaneMark, ...]


@final
@dataclass(frozen=True, slots=True)
class Lanes:
    """The things on the axis, the earliest first; its years with their places in hundredths; what
    times there are, with a width where they last; how many things are left out."""

    query: SavedQuery
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[int, float], ...]
    relations: tuple[tuple[Link, float], ...]
    hidden: int


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


_Rows = Sequence[tuple[SavedQuery, Row]]
"""Rows of answers, each beside its query."""


@final
@dataclass(frozen=True, slots=True)
class OverviewRows:
    """What the queries answer, and the names of what is in it in every language: what a reader sees
    of it is no part of it, since it is held for all."""

    figures: _Rows
    lanes: _Rows
    example: _Rows
    named: tuple[Triple, ...]

    def shown(self, service: Service) -> Overview:
        """What there is, in the language of the reader."""
        names = Labels(service, self.named)
        return Overview(
            _figures(self.figures), _lanes(self.lanes, names), _example(self.example, names)
        )


async def overview_rows(desk: AppState) -> OverviewRows:
    """What the queries answer.

    Raises: ProblemError where one does not.
    """
    figures, lanes, example = await asyncio.gather(
        *(_answers(desk, tag) for tag in (FIGURES, LANES, EXAMPLE))
    )
    found = [term for _, row in (*lanes, *example) for term in row.values()]
    things = {term for term in found if isinstance(term, NamedNode)}
    named = await names_of(desk, [Triple(each, TYPE, each) for each in sorted(things, key=str)])
    return OverviewRows(figures, lanes, example, named)


async def _answers(desk: AppState, tag: str) -> _Rows:
    return [
        (query, row)
        for query in tagged(desk.service.catalogue, tag)
        for row in await rows(desk, bind(query, {}))
    ]


def _figures(told: _Rows) -> tuple[tuple[AnswerColumn, str], ...]:
    columns = {column.name: column for query, _ in told for column in query.described}
    found = []
    for name, column in columns.items():
        values = [row.get(name) for _, row in told]
        numbers = [int(_text(each) or 0) for each in values if column.type == "integer"]
        found.append((column, f"{sum(numbers) if numbers else len(set(values)):,}"))
    return tuple(found)


def _lanes(told: _Rows, names: Labels) -> Lanes | None:
    by_thing: dict[NamedNode, list[tuple[NamedNode, str, tuple[float, float]]]] = {}
    for query, row in told:
        thing, relation, *ends = (row.get(column) for column in query.columns)
        start, end = map(_text, ends)
        span = years.span(start, end)
        if span and isinstance(thing, NamedNode) and isinstance(relation, NamedNode):
            by_thing.setdefault(thing, []).append((relation, years.written(start, end), span))
    if not by_thing:
        return None
    ordered = sorted(by_thing.items(), key=lambda each: min(span for *_, span in each[1]))
    shown = ordered[:_MAX_LANES]
    first, last = years.axis([span for _, times in shown for *_, span in times])

    def place(year: float) -> float:
        return round(100 * (year - first) / (last - first), 2)

    lanes = [
        Lane(
            names.link(thing),
            tuple(
                LaneMark(names.link(relation), text, place(start), place(end) - place(start))
                for relation, text, (start, end) in sorted(times, key=lambda each: each[2])
            ),
        )
        for thing, times in shown
    ]
    relations = {mark.relation: mark.width for lane in lanes for mark in lane.marks}
    return Lanes(
        told[0][0],
        tuple(lanes),
        tuple((year, place(year)) for year in years.ticks(first, last, _MAX_TICKS)),
        tuple(relations.items()),
        len(ordered) - len(shown),
    )


def _text(term: Term | None) -> str | None:
    return term.value if isinstance(term, Literal) else None


def _example(told: _Rows, names: Labels) -> Example | None:
    for query, row in told:
        words, *statement = (row.get(column) for column in query.columns)
        links = [names.link(each) for each in statement if isinstance(each, NamedNode)]
        if isinstance(words, Literal) and len(links) == len(statement):
            return Example(query, words, *links)
    return None
