"""Quantities: numbers with their counted nouns or units, money, and the comparator before them.

Units are codes of UCUM, with counted nouns in braces (`{ship}`-like), money is a code of ISO 4217.
Numbers that name things (`Part 450`, `2027/4`) are not quantities.

Spec: https://ucum.org/ucum
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.annotation import numerals
from spacepolicy.annotation.inflection import CJK, singular
from spacepolicy.annotation.language import CLASSIFIERS, MONEY, SCALES, STOPS, UNITS
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.wordings import Wordings

_SIGN: Final = r"(?P<sign>US\$|[$€£¥￥])\s?"
_FIGURES: Final = r"\d+(?:[,，]\d{3})*(?:\.\d+)?"
_SCALE: Final = "|".join(sorted(map(re.escape, SCALES), key=len, reverse=True))
_NUMBER: Final = re.compile(
    rf"(?<![\w/.,§-])(?:{_SIGN})?(?P<number>{_FIGURES}|\b(?:{numerals.ENGLISH})\b|"
    rf"(?<![{CJK}])[{numerals.CHINESE}]+)(?P<percent>\s?[%％])?(?:[\s-]?(?P<scale>{_SCALE})(?![a-z]))?"
    rf"|(?<=[{CJK}])(?P<figures>{_FIGURES})(?P<share>[%％])?(?P<by>{_SCALE})?"
    rf"|(?<=[{CJK}])(?P<han>[{numerals.CHINESE}]{{2,}}|[{numerals.CHINESE}](?=[{CLASSIFIERS}]))",
    re.IGNORECASE,
)
_FIGURE_NAMES: Final = re.compile(
    r"(?:\b[A-Z][\w’-]*|\b(?:sections?|subsections?|parts?|titles?|rules?|articles?|no\.|number|"
    r"chapters?|paragraphs?|annex|order|directive|version|phase|figure|table)|[第（(《])\s*$",
)
"""Words before a number that make it the name of something."""
_NAMES_BEHIND: Final = re.compile(
    r"-[A-Z]|\s*(?:[ap]\.?m\b|o[’']clock|U\.S\.C|C\.F\.R|[号条章节款届次期]|是|、|[)）])"
)
_NOUNS: Final = re.compile(r"[ -](?P<nouns>[a-z][a-z’'-]*(?:[ ][a-z][a-z’'-]*){0,3})")
_SURE: Final = 0.9
_UNSURE: Final = 0.7
"""Scores order proposals for the same words; they are ranks, not probabilities: a number with a
known unit is more certain than a comparison with a baseline."""
_EXACTLY: Final = "/exactly"
"""A bound after the number takes precedence over “reaches” before it."""
_BASELINE: Final = re.compile(
    rf"(?:up|down|compared) (?:from|with|to) (?P<number>{_FIGURES})\b(?!\s?%)"
)
_RANGE: Final = re.compile(r"\s*(?:and|to|–|—|-|至|到|～|~)\s*")


@final
@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    value: float
    unit: str
    currency: str
    word: bool
    comparator: str = ""
    upper: float | None = None


def propose_quantities(
    text: str,
    comparators: Wordings,
    taken: Sequence[tuple[int, int]],
    property_iri: Callable[[str], str],
) -> Iterator[Proposal]:
    """A proposal for each quantity outside of `taken`, the places of dates and labels."""
    found = [*_ranges(text, [*_numbers(text, taken)])]
    whole = Wordings(tuple(each for each in comparators.entries if not each.has_gap))
    unit = ""
    for each in found:
        compared = _compared(text, each, whole)
        baseline = _BASELINE.search(text, max(0, each.start - 16), each.end)
        if not (compared.unit or compared.currency):
            of_baseline = baseline is not None and baseline.end() == each.end
            if not of_baseline and not compared.comparator:
                continue
            compared = _with_unit(compared, unit if of_baseline else "")
        if compared.word and not compared.comparator and compared.unit.startswith("{"):
            continue
        unit = compared.unit or unit
        yield _proposal(text, compared, property_iri)
    yield from _more_than_before(text, comparators, property_iri)


def _with_unit(found: _Found, unit: str) -> _Found:
    return _Found(
        found.start, found.end, found.value, unit, "", found.word, found.comparator, found.upper
    )


def _numbers(text: str, taken: Sequence[tuple[int, int]]) -> Iterator[_Found]:
    """Numbers that are not names, with their units."""
    for found in _NUMBER.finditer(text):
        start, end = found.span()
        if any(start < behind and before < end for before, behind in taken):
            continue
        written = found["number"] or found["figures"] or found["han"]
        value = numerals.number(written)
        before = text[max(0, start - 24) : start]
        is_sign = found["sign"] is not None
        if value is None or (not is_sign and _FIGURE_NAMES.search(before)):
            continue
        if _NAMES_BEHIND.match(text, end):
            continue
        scale = found["scale"] or found["by"]
        value *= SCALES[scale.lower()] if scale else 1
        if found["percent"] or found["share"]:
            unit, currency, behind = "%", "", end
        else:
            unit, currency, behind = _unit(text, end)
        currency = MONEY[found["sign"].upper()] if is_sign else currency
        is_word = not written[0].isdecimal() and not scale and not _is_large(written)
        yield _Found(
            start, end if is_sign else behind, value, "" if currency else unit, currency, is_word
        )


def _is_large(written: str) -> bool:
    """Whether Chinese numerals are more than one: “一个” is often no more than “a”."""
    return len(written) > 1 and numerals.chinese(written) is not None


def _unit(text: str, at: int) -> tuple[str, str, int]:
    """The unit behind a number, the currency, and where its words end."""
    for name, code in _NAMED_UNITS:
        found = re.compile(rf"[\s-]?{name}(?:s|es)?(?![a-z])", re.IGNORECASE).match(text, at)
        if found:
            return (code, "", found.end()) if code in _UNIT_CODES else ("", code, found.end())
    if text[at : at + 1] and text[at] in CLASSIFIERS:
        return f"{{{text[at]}}}", "", at + 1
    nouns = _NOUNS.match(text, at)
    if nouns is None:
        return "", "", at
    return _counted(nouns, at)


def _counted(nouns: re.Match[str], at: int) -> tuple[str, str, int]:
    """The counted noun: up to the first plural, or the first word."""
    words = nouns["nouns"].split(" ")
    kept = []
    for word in words:
        if word in STOPS:
            break
        kept.append(word)
        if singular(word) != word:
            break
    if not kept:
        return "", "", at
    if singular(kept[-1]) == kept[-1]:
        kept = kept[:1]
    return f"{{{singular(kept[-1])}}}", "", nouns.start("nouns") + len(" ".join(kept))


_UNIT_CODES: Final = frozenset(UNITS.values())
_NAMED_UNITS: Final = tuple(
    sorted(
        ((re.escape(name), code) for name, code in (*UNITS.items(), *MONEY.items())),
        key=lambda each: -len(each[0]),
    )
)


def _ranges(text: str, found: Sequence[_Found]) -> Iterator[_Found]:
    """Two numbers with “and” or a dash between them as the bounds of one quantity."""
    skipped = False
    for n, each in enumerate(found):
        later = found[n + 1] if n + 1 < len(found) else None
        if skipped:
            skipped = False
        elif later and _RANGE.fullmatch(text, each.end, later.start) and _is_range(text, each):
            skipped = True
            yield _Found(
                each.start, later.end, each.value, later.unit, later.currency, each.word,
                upper=later.value,
            )  # fmt: skip
        else:
            yield each


def _is_range(text: str, found: _Found) -> bool:
    """Whether the number has no noun of its own after it, or “between” is before it."""
    return not found.unit or "between" in text[max(0, found.start - 10) : found.start].lower()


def _compared(text: str, found: _Found, comparators: Wordings) -> _Found:
    """The quantity with the comparator before its number, in Chinese also after it."""
    start, end, comparator = found.start, found.end, ""
    for each in comparators.find(text, max(0, start - 30), start):
        if not each.wording.before and not text[each.end : start].strip():
            start, comparator = each.start, each.wording.value
    behind = comparators.at(text, end, min(len(text), end + 6))
    if behind and behind.wording.before and (not comparator or comparator.endswith(_EXACTLY)):
        end, comparator = behind.end, behind.wording.value
    return _Found(
        start, end, found.value, found.unit, found.currency, found.word, comparator, found.upper
    )


def _more_than_before(
    text: str, comparators: Wordings, property_iri: Callable[[str], str]
) -> Iterator[Proposal]:
    """“More … than in 2027”: a comparison with a baseline, without a number."""
    for each in comparators.entries:
        if each.has_gap and not each.is_chinese:
            expression = (
                rf"\b{each.words.replace(' … ', r' [^.;:]{3,60}? ')}(?= in | today| before| now)"
            )
            for found in re.finditer(expression, text, re.IGNORECASE):
                if not re.search(r"\d", found[0]):
                    yield Proposal(
                        "quantity",
                        *found.span(),
                        found[0],
                        "compared-with-baseline",
                        _UNSURE,
                        predicate=property_iri("hasComparator"),
                        object=_name(each.value),
                    )


def _proposal(text: str, found: _Found, property_iri: Callable[[str], str]) -> Proposal:
    upper = "" if found.upper is None else f" {found.upper:.15g}"
    comparator = "between" if upper else _name(found.comparator) or "exactly"
    unit = found.currency or found.unit
    return Proposal(
        "quantity",
        found.start,
        found.end,
        text[found.start : found.end],
        "money" if found.currency else "number-with-unit",
        _SURE,
        predicate=property_iri("hasQuantity"),
        object=f"{comparator} {found.value:.15g}{upper} {unit}".strip(),
    )


def _name(iri: str) -> str:
    return iri.rpartition("/")[2]
