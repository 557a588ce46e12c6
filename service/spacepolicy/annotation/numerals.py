"""Numerals: figures with separators, English number words and ordinals, Chinese numerals."""

import re
from typing import Final

from spacepolicy.annotation.language import ONES, ORDINALS

_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_DIGITS: Final = {each: n for n, each in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "亿": 10**8}
_LONGEST: Final = 40
"""Characters of a number: a longer one is not one that a policy names."""
CHINESE: Final = "零〇一二两三四五六七八九十百千万亿"
ENGLISH: Final = "|".join(sorted(ONES[1:], key=len, reverse=True))
ORDINAL: Final = "|".join(sorted(ORDINALS, key=len, reverse=True))


def roman(written: str) -> int | None:
    """The value of a Roman numeral; None where it is not one.

    >>> [roman(each) for each in ("iv", "XII", "sec")]
    [4, 12, None]
    """
    digits = [_ROMAN.get(each) for each in written.lower()]
    if not digits or None in digits:
        return None
    values = [each or 0 for each in digits]
    following = [*values[1:], 0]
    return sum(n if n >= later else -n for n, later in zip(values, following, strict=True))


def ordinal(word: str) -> int | None:
    """The value of an English ordinal; None where it is not one.

    >>> ordinal("Twelfth")
    12
    """
    word = word.lower().removesuffix("ly")
    return ORDINALS.index(word) + 1 if word in ORDINALS else None


def chinese(written: str) -> int | None:
    """The value of Chinese numerals; None where they are not.

    >>> [chinese(each) for each in ("十二", "两百零五", "三万", "二〇二六", "年")]
    [12, 205, 30000, 2026, None]
    """
    if not written or len(written) > _LONGEST or set(written) - set(CHINESE):
        return None
    if not set(written) & (_TENS.keys() | _MYRIADS.keys()):
        return int("".join(str(_DIGITS[each]) for each in written))
    total = section = digit = 0
    for each in written:
        if each in _DIGITS:
            digit = _DIGITS[each]
        elif each in _TENS:
            section += (digit or 1) * _TENS[each]
            digit = 0
        else:
            total += (section + digit or 1) * _MYRIADS[each]
            section = digit = 0
    return total + section + digit


def number(written: str) -> float | None:
    """The value of digits, an English number word or Chinese numerals; None where it is none of
    these.

    >>> [number(each) for each in ("1,200", "92.5", "four", "十二", "many")]
    [1200.0, 92.5, 4.0, 12.0, None]
    """
    if len(written) > _LONGEST:
        return None
    if re.fullmatch(r"\d+(?:[,，]\d{3})*(?:\.\d+)?", written):
        return float(re.sub("[,，]", "", written))
    if written.lower() in ONES:
        return float(ONES.index(written.lower()))
    found = chinese(written)
    return None if found is None else float(found)
