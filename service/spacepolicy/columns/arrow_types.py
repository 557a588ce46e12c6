"""Lexical forms as values of Arrow's types; null where a form is not of the datatype, or the type
cannot hold it. Nothing here raises: forms that cannot be converted are left out first.

Spec: https://www.w3.org/TR/xmlschema11-2/, https://arrow.apache.org/docs/format/Columnar.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc

from spacepolicy.columns.cells import XSD

DECIMAL: Final = pa.decimal128(38, 18)
"""As many digits as the engine computes with, 18 of them after the point."""
TIMESTAMP: Final = pa.timestamp("us")
INSTANT: Final = pa.timestamp("us", tz="UTC")
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DAY: Final = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
"""A date that the calendar has, with four digits of the year: year 0 is left out below."""
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_INTEGER: Final = r"^[+-]?[0-9]+$"
_DECIMAL: Final = r"^[+-]?(?:0*[0-9]{1,20}(?:\.[0-9]{0,18}0*)?|\.[0-9]{1,18}0*)$"
_DOUBLE: Final = r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN)$"
_LARGEST: Final = str((1 << 63) - 1)
_SMALLEST: Final = str(1 << 63)


@final
@dataclass(frozen=True, slots=True)
class Converted:
    """Values of a type, null where there is none; and which of them are the whole lexical form,
    rather than the part of it that the type holds."""

    values: pa.Array
    exact: pa.Array


@final
@dataclass(frozen=True, slots=True)
class Native:
    """The Arrow type of a datatype, and the conversion of lexical forms to it."""

    type: pa.DataType
    convert: Callable[[pa.Array], Converted]


def _fitting(forms: pa.Array, pattern: str) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(forms, pattern), forms, None)


def _integers(least: int | None, most: int | None) -> Callable[[pa.Array], Converted]:
    """Conversion to 64 bits, within the range of a derived datatype."""

    def convert(forms: pa.Array) -> Converted:
        digits = pc.utf8_ltrim(_fitting(forms, _INTEGER), "+")
        held = _within_64_bits(digits).cast(pa.int64())
        for bound, fits in ((least, pc.greater_equal), (most, pc.less_equal)):
            if bound is not None:
                held = pc.if_else(fits(held, pa.scalar(bound, pa.int64())), held, None)
        return Converted(held, pc.is_valid(held))

    return convert


def _within_64_bits(forms: pa.Array) -> pa.Array:
    """The integers that 64 bits hold: up to 18 digits, or 19 that are compared as text."""
    size = pc.binary_length(forms)
    longest = pc.max(size).as_py()
    if longest is None or longest <= 18:
        return forms
    digits = pc.utf8_ltrim(pc.utf8_ltrim(forms, "-"), "0")
    bound = pc.if_else(pc.starts_with(forms, "-"), _SMALLEST, _LARGEST)
    size = pc.binary_length(digits)
    fits = pc.or_(pc.less(size, 19), pc.and_(pc.equal(size, 19), pc.less_equal(digits, bound)))
    sign = pc.if_else(pc.starts_with(forms, "-"), "-", "")
    digits = pc.if_else(pc.equal(digits, ""), "0", digits)
    return pc.if_else(fits, pc.binary_join_element_wise(sign, digits, ""), None)


def _decimals(forms: pa.Array) -> Converted:
    fitting = _fitting(forms, _DECIMAL)
    if pc.any(pc.greater(pc.binary_length(fitting), 38)).as_py():  # zeros that say nothing
        fitting = pc.replace_substring_regex(fitting, r"^([+-]?)0+([0-9])", r"\1\2")
        fitting = pc.replace_substring_regex(fitting, r"(\.[0-9]*?)0+$", r"\1")
    held = fitting.cast(DECIMAL)
    return Converted(held, pc.is_valid(held))


def _doubles(held_as: pa.DataType) -> Callable[[pa.Array], Converted]:
    def convert(forms: pa.Array) -> Converted:
        held = _fitting(forms, _DOUBLE).cast(held_as)
        return Converted(held, pc.is_valid(held))

    return convert


def _booleans(forms: pa.Array) -> Converted:
    true = pc.is_in(forms, value_set=pa.array(["true", "1"]))
    false = pc.is_in(forms, value_set=pa.array(["false", "0"]))
    held = pc.if_else(true, True, pc.if_else(false, False, pa.scalar(None, pa.bool_())))
    return Converted(held, pc.is_valid(held))


def _dates(forms: pa.Array) -> Converted:
    """A time zone is not part of the value, which is then not the whole form."""
    fitting = _of_an_era(_fitting(forms, f"^{_DAY}{_ZONE}?$"))
    held = pc.utf8_slice_codeunits(fitting, 0, 10).cast(pa.date32())
    return Converted(held, pc.equal(pc.binary_length(fitting), 10))


def _of_an_era(forms: pa.Array) -> pa.Array:
    """The forms that begin with a year other than 0, which few calendars have."""
    return pc.if_else(pc.starts_with(forms, "0000"), None, forms)


def _instants(forms: pa.Array) -> Converted:
    """Times with a zone, in UTC; the original zone and what is finer than a microsecond are lost.
    At the ends of the calendar, a zone may lead beyond it."""
    fitting = _of_an_era(_fitting(forms, f"^{_DAY}T{_TIME}{_ZONE}$"))
    fitting = pc.if_else(pc.match_substring_regex(fitting, "^(?:0001-01-01|9999-12-31).*[^Z]$"),
                         None, fitting)  # fmt: skip
    cut = pc.replace_substring_regex(fitting, r"(\.[0-9]{6})[0-9]+", r"\1")
    exact = pc.and_(pc.equal(cut, fitting), pc.ends_with(fitting, "Z"))
    return Converted(cut.cast(INSTANT), exact)


def _timestamps(forms: pa.Array) -> Converted:
    """Times without a zone."""
    fitting = _of_an_era(_fitting(forms, f"^{_DAY}T{_TIME}$"))
    cut = pc.replace_substring_regex(fitting, r"(\.[0-9]{6})[0-9]+", r"\1")
    return Converted(cut.cast(TIMESTAMP), pc.equal(cut, fitting))


def zoned(forms: pa.Array) -> bool:
    """Whether any of the times has a zone."""
    found: bool | None = pc.any(pc.match_substring_regex(forms, f"T.*{_ZONE}$")).as_py()
    return bool(found)


_RANGES: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "long": (None, None),
    "int": (-(1 << 31), (1 << 31) - 1),
    "short": (-(1 << 15), (1 << 15) - 1),
    "byte": (-(1 << 7), (1 << 7) - 1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "unsignedLong": (0, None),
    "unsignedInt": (0, (1 << 32) - 1),
    "unsignedShort": (0, (1 << 16) - 1),
    "unsignedByte": (0, (1 << 8) - 1),
}
INTEGERS: Final = {
    f"{XSD}{name}": Native(pa.int64(), _integers(*bounds)) for name, bounds in _RANGES.items()
}
"""Integer datatypes; beyond 64 bits their values are null."""
DATE_TIME: Final = f"{XSD}dateTime"
WITH_ZONE: Final = Native(INSTANT, _instants)
NATIVES: Final[Mapping[str, Native]] = {
    **INTEGERS,
    f"{XSD}decimal": Native(DECIMAL, _decimals),
    f"{XSD}float": Native(pa.float32(), _doubles(pa.float32())),
    f"{XSD}double": Native(pa.float64(), _doubles(pa.float64())),
    f"{XSD}boolean": Native(pa.bool_(), _booleans),
    f"{XSD}date": Native(pa.date32(), _dates),
    DATE_TIME: Native(TIMESTAMP, _timestamps),
}
"""The datatypes that have an Arrow type; times are without a zone unless `zoned`."""
