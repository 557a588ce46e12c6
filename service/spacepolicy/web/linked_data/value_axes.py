"""Targets and results of things in numbers, on one axis where the numbers are comparable.

The data come from saved queries tagged `axis`. Numbers are comparable where the indicator, the
scope, what is counted and the unit are the same; else each kind has an axis of its own, and the
page says what differs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.solution_rows import Row, Term

_STEPS: Final = 4
"""The maximum of steps on an axis: five numbers of four digits fit on a phone."""
_SHORT: Final = 7
"""Where a number has more characters, only those at the ends of the axis are written."""
_DIFFERENCES: Final = ("other_scope", "other_counted", "other_unit")
"""The texts of pages for what distinguishes the axes of one indicator, in their order."""
Key = tuple[Term | None, Term | None, Term | None]
"""The scope of numbers, what is counted, and their unit."""


@final
@dataclass(frozen=True, slots=True)
class ValueMark:
    """A number or range of a part of a thing: its comparator, its day, and the passage that states
    it. `start` and `width` are in hundredths of the axis, with a width of 0 for a point; `open` is
    `up` or `down` where the range has no upper or lower end. `start` is None without a number."""

    thing: Link
    part: Link
    kind: Link | None
    comparator: Link | None
    value: str
    day: str | None
    passage: Link
    start: float | None = None
    width: float = 0
    open: str = ""


@final
@dataclass(frozen=True, slots=True)
class ValueAxis:
    """An axis, with its ticks (numbers and their places in hundredths) and its marks."""

    scope: Link | None
    counted: Link | None
    unit: str
    ticks: tuple[tuple[str, float], ...]
    marks: tuple[ValueMark, ...]


@final
@dataclass(frozen=True, slots=True)
class MeasuredAxes:
    """An indicator that several things have, on as many axes as needed; `apart` is what
    distinguishes these."""

    indicator: Link
    axes: tuple[ValueAxis, ...]
    apart: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class ValueComparison:
    """The indicators that several of the things have, and those that only one has (`alone`)."""

    query: SavedQuery
    measured: tuple[MeasuredAxes, ...]
    alone: tuple[Link, ...]


@final
@dataclass(frozen=True, slots=True)
class _Value:
    """A row of an answer."""

    thing: NamedNode
    part: NamedNode
    kind: Term | None
    indicator: NamedNode
    key: Key
    comparator: Term | None
    least: Decimal | None
    most: Decimal | None
    day: str | None
    passage: NamedNode


def value_axes(
    answers: Sequence[tuple[SavedQuery, Row]], things: Sequence[NamedNode], names: Labels
) -> ValueComparison | None:
    """Return the axes of the answers, in their order; None where there are no values."""
    by_indicator: dict[NamedNode, list[_Value]] = {}
    for query, row in answers:
        if (value := _value([row.get(column) for column in query.columns])) is not None:
            by_indicator.setdefault(value.indicator, []).append(value)
    if not by_indicator:
        return None
    shared = {
        indicator: found
        for indicator, found in by_indicator.items()
        if len({each.thing for each in found}) > 1
    }
    return ValueComparison(
        answers[0][0],
        tuple(_measured(indicator, found, things, names) for indicator, found in shared.items()),
        tuple(names.link(each) for each in by_indicator if each not in shared),
    )


def _value(terms: Sequence[Term | None]) -> _Value | None:
    thing, part, kind, indicator, scope, counted, unit, comparator, *rest = terms
    least, most, day, passage = rest
    if not (isinstance(thing, NamedNode) and isinstance(part, NamedNode)):
        return None
    if not (isinstance(indicator, NamedNode) and isinstance(passage, NamedNode)):
        return None
    return _Value(
        thing, part, kind, indicator, (scope, counted, unit), comparator,
        _number(least), _number(most), day.value if day else None, passage,
    )  # fmt: skip


def _number(term: Term | None) -> Decimal | None:
    try:
        number = Decimal(term.value) if isinstance(term, Literal) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and number >= 0 else None


def _measured(
    indicator: NamedNode, found: Sequence[_Value], things: Sequence[NamedNode], names: Labels
) -> MeasuredAxes:
    by_key: dict[Key, list[_Value]] = {}
    for value in found:
        by_key.setdefault(value.key, []).append(value)
    # Axes that several things share come first: they are what a comparison is about.
    keys = sorted(by_key, key=lambda key: -len({each.thing for each in by_key[key]}))
    apart = [name for n, name in enumerate(_DIFFERENCES) if len({key[n] for key in keys}) > 1]
    return MeasuredAxes(
        names.link(indicator),
        tuple(_axis(key, by_key[key], things, names) for key in keys),
        tuple(apart),
    )


def _axis(
    key: Key, found: Iterable[_Value], things: Sequence[NamedNode], names: Labels
) -> ValueAxis:
    values = sorted(found, key=lambda each: (things.index(each.thing), each.day or "9"))
    ends = [end for each in values for end in (each.least, each.most) if end is not None]
    step, steps = _divided(max(ends, default=Decimal(0)))
    scope, counted, unit = key
    return ValueAxis(
        names.link(scope) if isinstance(scope, NamedNode) else None,
        names.link(counted) if isinstance(counted, NamedNode) else None,
        unit.value.strip("{}").replace("{", "").replace("}", "") if unit else "",
        _ticks(step, steps) if ends else (),
        tuple(_mark(each, step * steps, names) for each in values),
    )


def _divided(most: Decimal) -> tuple[Decimal, int]:
    """The step, and the number of steps, of an axis from 0 that ends beyond the number.

    >>> _divided(Decimal(500)), _divided(Decimal(10)), _divided(Decimal("0.3"))
    ((Decimal('200'), 3), (Decimal('5'), 3), (Decimal('0.1'), 4))
    """
    if most <= 0:
        return Decimal(1), 1
    power = Decimal(1).scaleb(most.adjusted() - 1)
    for factor in (1, 2, 5, 10, 20, 50, 100):
        step = power * factor
        if (steps := int(most / step) + 1) <= _STEPS:
            return step.normalize() if step < 1 else step.quantize(Decimal(1)), steps
    return power * 100, 1


def _ticks(step: Decimal, steps: int) -> tuple[tuple[str, float], ...]:
    written = [(_written(step * n), round(100 * n / steps, 2)) for n in range(steps + 1)]
    is_long = max(len(text) for text, _ in written) > _SHORT
    return (written[0], written[-1]) if is_long else tuple(written)


def _written(number: Decimal) -> str:
    return f"{number:,f}"


def _mark(value: _Value, end: Decimal, names: Labels) -> ValueMark:
    least, most = value.least, value.most
    start, width, open_ = None, 0.0, ""
    if least is not None or most is not None:
        first = float(100 * (least or 0) / end)
        last = float(100 * most / end) if most is not None else 100.0
        start, width = round(first, 2), round(last - first, 2)
        open_ = "up" if most is None else "down" if least is None else ""
    return ValueMark(
        names.link(value.thing),
        names.link(value.part),
        names.link(value.kind) if isinstance(value.kind, NamedNode) else None,
        names.link(value.comparator) if isinstance(value.comparator, NamedNode) else None,
        "–".join(dict.fromkeys(_written(each) for each in (least, most) if each is not None)),
        value.day,
        names.link(value.passage),
        start,
        width,
        open_,
    )


def named_in(answers: Sequence[tuple[SavedQuery, Mapping[str, Term]]]) -> set[NamedNode]:
    """Return the IRIs in the answers."""
    return {term for _, row in answers for term in row.values() if isinstance(term, NamedNode)}
