"""The timeline of a thing: a row for each time over an axis of years, and the same as a list.

The data come from a saved query tagged `timeline`. Its first parameter takes the thing; its columns
are the thing or a part of it, the relation, the time frame, and its first and last year or day: a
year is a number, a day a date. Coordinates are computed here; the template renders them as SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.saved_queries import TIMELINE
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data import years
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.neighbourhood_svg import cut
from spacepolicy.web.linked_data.tagged_query_results import TaggedResults, told
from spacepolicy.web.solution_rows import Term

_MAX_ROWS: Final = 12
_MAX_TICKS: Final = 10
_WIDTH: Final = 920
_AXIS: Final = (330, 890)
"""The left and right end of the axis."""
_ROW: Final = 34
_TOP: Final = 34
_LETTERS: Final = 44
_ROLE_LETTERS: Final = 52
"""In pixels, except the numbers of letters: what fits between the margin and the axis at 13 and 11
pixels."""


@final
@dataclass(frozen=True, slots=True)
class Time:
    """A time of the thing, or of its part `what`; the years or days as text, `first` is None where
    only the end is known."""

    what: Link | None
    relation: Link | None
    when: Link | None
    first: str | None
    last: str | None

    @property
    def years(self) -> str:
        """The period as text; empty where neither end is known."""
        return years.written(self.first, self.last)

    @property
    def told(self) -> bool:
        """Whether it has more than the years."""
        return bool(self.what or self.relation or self.when)


@final
@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A time at the height `y`, from `start` to `end` on the axis; a point where they are equal.
    The text names the thing, the role its relation to the time."""

    text: str
    role: str
    y: int
    start: int
    end: int


@final
@dataclass(frozen=True, slots=True)
class AxisTick:
    """The beginning of a year on the axis, and its middle, where the number is written; the end of
    the axis has no number."""

    x: int
    year: int | None
    middle: int


@final
@dataclass(frozen=True, slots=True)
class Timeline:
    """The times, the rows of those that can be drawn, and the ticks of the axis; `hidden` is the
    number of times left out, `address` the query's for the thing."""

    times: tuple[Time, ...]
    rows: tuple[TimelineRow, ...]
    ticks: tuple[AxisTick, ...]
    width: int
    height: int
    hidden: int
    address: str


async def timeline(app_state: AppState, thing: NamedNode) -> Timeline | None:
    """Return the timeline of the thing; None where no time of it is known."""
    found = await told(app_state, TIMELINE, thing)
    if found is None:
        return None
    every = dict.fromkeys(_time(found, row, thing) for row in found.rows)
    times = [each for each in every if each.years or each.told]
    if not times:
        return None
    shown, here = times[:_MAX_ROWS], found.names.link(thing)
    placed = ((each, years.span(each.first, each.last)) for each in shown)
    spans = [(each, span) for each, span in placed if span is not None]
    first, last = years.axis([span for _, span in spans])
    rows = [
        TimelineRow(
            cut((each.what or here).text, _LETTERS),
            cut(" ".join(link.text for link in (each.relation, each.when) if link), _ROLE_LETTERS),
            _TOP + _ROW * n + _ROW // 2,
            _x(start, first, last),
            _x(end, first, last),
        )
        for n, (each, (start, end)) in enumerate(spans)
    ]
    return Timeline(
        tuple(shown),
        tuple(rows),
        _ticks(first, last) if rows else (),
        _WIDTH,
        _TOP + _ROW * len(rows) + 8,
        len(times) - len(shown),
        found.address,
    )


def _time(found: TaggedResults, row: Sequence[Term | None], thing: NamedNode) -> Time:
    what, relation, when, first, last = row
    return Time(
        found.names.link(what) if isinstance(what, NamedNode) and what != thing else None,
        found.names.link(relation) if isinstance(relation, NamedNode) else None,
        found.names.link(when) if isinstance(when, NamedNode) and when != thing else None,
        first.value if isinstance(first, Literal) else None,
        last.value if isinstance(last, Literal) else None,
    )


def _ticks(first: int, last: int) -> tuple[AxisTick, ...]:
    lines = [
        AxisTick(_x(year, first, last), year, _x(year + 0.5, first, last))
        for year in years.ticks(first, last, _MAX_TICKS)
    ]
    return (*lines, AxisTick(_AXIS[1], None, _AXIS[1]))


def _x(year: float, first: int, last: int) -> int:
    left, right = _AXIS
    return round(left + (right - left) * (year - first) / (last - first))
