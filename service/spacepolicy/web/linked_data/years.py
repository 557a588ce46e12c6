"""Years, months and days as text, and their places on an axis of years.

Spec: https://www.w3.org/TR/xmlschema11-2/#date
"""

import re
from typing import Final

_DAY: Final = re.compile(r"(-?\d{4,})(?:-(\d\d)(?:-(\d\d))?)?")
_MONTHS: Final = 12
_DAYS: Final = 31
"""Days are placed as if each month had 31; the difference is not visible."""


def span(first: str | None, last: str | None) -> tuple[float, float] | None:
    """Return the start and end of a period, in years; a year or month ends at its end. With only
    `last`, a due date, it is a point. None where no time is known.

    >>> span("2023", "2025"), span(None, "2025"), span(None, "2025-07-01")
    ((2023.0, 2026.0), (2026.0, 2026.0), (2025.5, 2025.5))
    """
    start = _place(first) if first else None
    end = _place(last) if last else None
    if end is None:
        return None if start is None else (start[0], start[0])
    return (end[1] if start is None else min(start[0], end[1])), end[1]


def axis(spans: list[tuple[float, float]]) -> tuple[int, int]:
    """Return the first and last year of an axis with all the spans on it."""
    first = min((int(start // 1) for start, _ in spans), default=0)
    last = max((-int(-end // 1) for _, end in spans), default=0)
    if last - first < 2:  # a single year stands in the middle of an axis
        return first - 1, last + 1
    return first, last


def ticks(first: int, last: int, most: int) -> range:
    """Return the years at which the axis has a line: at most `most`, equally far apart."""
    return range(first, last, -(-(last - first) // most))


def written(first: str | None, last: str | None) -> str:
    """Return the period as text; empty where neither end is known."""
    if first is None or first == last:
        return last or ""
    return f"{first}–{last or ''}"


def _place(text: str) -> tuple[float, float] | None:
    """The beginning and the end of the year, month or day in years."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (None if each is None else int(each) for each in found.groups())
    if year is None or month is None:
        return None if year is None else (float(year), float(year + 1))
    start = year + (month - 1) / _MONTHS
    if day is None:
        return start, start + 1 / _MONTHS
    start += (day - 1) / _DAYS / _MONTHS
    return start, start
