"""Things on one axis of years, a lane each, with their periods and due dates.

The data come from saved queries tagged `lanes`. The drawing is laid out in hundredths of its width,
so that it fits every screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.linked_data import years
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.solution_rows import Row, Term

_MAX_LANES: Final = 40
"""How many things are drawn: what fits on two screens. `/search` has them all."""
_MAX_TICKS: Final = 10
"""How many years are written above the axis: more do not fit on a phone."""


@final
@dataclass(frozen=True, slots=True)
class LaneMark:
    """A time of a thing: its relation, its text, and its place on the axis in hundredths; `width`
    is 0 for a point."""

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
    """The things on the axis, the earliest first; the ticks, years with their places in hundredths;
    the relations that occur, with a width where they are periods; the number of things left out."""

    query: SavedQuery
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[int, float], ...]
    relations: tuple[tuple[Link, float], ...]
    hidden: int


AnswerRows = Sequence[tuple[SavedQuery, Row]]
"""Rows of answers, each with its query."""


def lanes_of(answers: AnswerRows, names: Labels) -> Lanes | None:
    """Return the axis of the answers; None where no time is known."""
    by_thing: dict[NamedNode, list[tuple[NamedNode, str, tuple[float, float]]]] = {}
    for query, row in answers:
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
        answers[0][0],
        tuple(lanes),
        tuple((year, place(year)) for year in years.ticks(first, last, _MAX_TICKS)),
        tuple(relations.items()),
        len(ordered) - len(shown),
    )


def _text(term: Term | None) -> str | None:
    return term.value if isinstance(term, Literal) else None
