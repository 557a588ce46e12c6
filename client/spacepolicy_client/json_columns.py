"""Solutions in SPARQL's JSON as columns, typed as a service with Arrow types them.

For endpoints that have no Arrow, and machines without pyarrow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, final

from spacepolicy_client.terms import (
    INTEGERS,
    LANG_STRING,
    XSD,
    Literal,
    Value,
    value_of,
)

Row = Mapping[str, Mapping[str, Any]]
_FLOATING: Final = frozenset((f"{XSD}double", f"{XSD}float"))
_DECIMAL: Final = f"{XSD}decimal"
_NUMERIC: Final = INTEGERS | _FLOATING | {_DECIMAL}
_TYPES: Final[Mapping[str, type]] = {
    **dict.fromkeys(INTEGERS, int),
    _DECIMAL: Decimal,
    **dict.fromkeys(_FLOATING, float),
    f"{XSD}boolean": bool,
    f"{XSD}date": date,
    f"{XSD}dateTime": datetime,
}
_64_BITS: Final = range(-(1 << 63), 1 << 63)
_DECIMAL_BOUND: Final = Decimal(10) ** 20
_DECIMAL_PLACES: Final = 18


@final
@dataclass(frozen=True, slots=True)
class Column:
    """The values of a column, and its type: `int`, `Decimal`, `float`, `single`, `bool`, `date`,
    `datetime`, `zoned`, `text`, or `term` for structures of terms."""

    values: list[Any]
    held_as: str


def columns(names: Sequence[str], rows: Sequence[Row]) -> dict[str, Column]:
    """The columns by name: values, and where these are not the whole terms, `<name>.term`."""
    found: dict[str, Column] = {}
    for name in names:
        terms = [row.get(name) for row in rows]
        found[name], beside = _column(terms)
        if any(each is not None for each in beside):
            found[f"{name}.term"] = Column(beside, "term")
    return found


def _column(terms: Sequence[Mapping[str, Any] | None]) -> tuple[Column, list[Any]]:
    kinds = {_kind(term) for term in terms if term is not None}
    kind = _widest(kinds)
    python = _TYPES.get(kind) if kind else None
    zoned = kind == f"{XSD}dateTime" and any(_is_zoned(term) for term in terms if term)
    values, beside = [], []
    for term in terms:
        value = None if term is None else _cell(term, python, zoned=zoned)
        whole = term is None or (_kind(term) == kind and _says_all(term, value, python))
        values.append(value)
        beside.append(None if whole or term is None else _struct(term))
    held_as = "text" if python is None else python.__name__
    if zoned:
        held_as = "zoned"
    elif kind == f"{XSD}float":
        held_as = "single"
    return Column(values, held_as), beside


def _kind(term: Mapping[str, Any]) -> str:
    if term["type"] not in ("literal", "typed-literal"):
        return str(term["type"])
    language = term.get("xml:lang")
    return f"@{language}" if language else str(term.get("datatype") or f"{XSD}string")


def _widest(kinds: set[str]) -> str | None:
    if len(kinds) == 1:
        return next(iter(kinds))
    if not kinds or not kinds <= _NUMERIC:
        return None
    if kinds & _FLOATING:
        return f"{XSD}double"
    return _DECIMAL if _DECIMAL in kinds else f"{XSD}integer"


def _cell(term: Mapping[str, Any], python: type | None, *, zoned: bool) -> Value | None:
    """The value in the column's type; text where it has none."""
    if python is None:
        return f"_:{term['value']}" if term["type"] == "bnode" else str(term["value"])
    value = value_of(term)
    if isinstance(value, Literal):
        value = _cut(value, python)
    return _HOLDERS[python](value, zoned)


def _cut(literal: Literal, python: type) -> Value:
    """The part of a time or date that a type holds: without what is finer than a microsecond, or
    the time zone of a date."""
    form = str(literal)
    if python is datetime and "." in form:
        whole, _, rest = form.partition(".")
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        form = f"{whole}.{digits[:6]}{rest[len(digits) :]}"
    elif python is date and len(form) > 10 and form[10] in "Z+-":
        form = form[:10]
    return value_of({"type": "literal", "value": form, "datatype": literal.datatype})


def _integer(value: Value, _zoned: bool) -> Value | None:
    return value if type(value) is int and value in _64_BITS else None


def _decimal(value: Value, _zoned: bool) -> Value | None:
    if type(value) is not int and not isinstance(value, Decimal):
        return None
    number = Decimal(value)
    exponent = number.normalize().as_tuple().exponent
    fits = abs(number) < _DECIMAL_BOUND and int(exponent) >= -_DECIMAL_PLACES
    return number if fits else None


def _double(value: Value, _zoned: bool) -> Value | None:
    return float(value) if isinstance(value, int | float | Decimal) else None


def _boolean(value: Value, _zoned: bool) -> Value | None:
    return value if isinstance(value, bool) else None


def _day(value: Value, _zoned: bool) -> Value | None:
    return value if type(value) is date else None


def _time(value: Value, zoned: bool) -> Value | None:
    if not isinstance(value, datetime) or (value.tzinfo is not None) != zoned:
        return None
    try:
        return value.astimezone(UTC) if zoned else value
    except OverflowError:
        return None


_HOLDERS: Final[Mapping[type, Callable[[Value, bool], Value | None]]] = {
    int: _integer, Decimal: _decimal, float: _double, bool: _boolean, date: _day, datetime: _time,
}  # fmt: skip


def _is_zoned(term: Mapping[str, Any]) -> bool:
    value = value_of(term)
    form = str(term["value"])
    return (isinstance(value, datetime) and value.tzinfo is not None) or form.endswith("Z")


def _says_all(term: Mapping[str, Any], value: Value | None, python: type | None) -> bool:
    if value is None:
        return False
    if python is None:
        return _kind(term) != "triple"
    form = str(term["value"])
    if python is datetime:
        is_offset = not form.endswith("Z") and bool({"+", "-"} & set(form[10:]))
        return not isinstance(value_of(term), Literal) and not is_offset
    return python is not date or len(form) == 10


def _struct(term: Mapping[str, Any]) -> dict[str, str | None]:
    language = term.get("xml:lang")
    is_literal = term["type"] in ("literal", "typed-literal")
    datatype = LANG_STRING if language else term.get("datatype") or f"{XSD}string"
    return {
        "type": "literal" if is_literal else term["type"],
        "value": term["value"],
        "language": language,
        "datatype": datatype if is_literal else None,
    }
