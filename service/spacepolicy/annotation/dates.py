"""Dates, periods and deadlines: of the calendar, counted from an event, and recurring.

Values are in ISO 8601 (EDTF for open ranges and omitted parts): `2027-06`, `2030/..`, `2027/2032`,
`P120D`, `R/P2Y`, `--02-16`. The property says what the date is for, as far as the words around it
show.

Spec: https://www.loc.gov/standards/datetime/
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from spacepolicy.annotation.language import MONTHS, SPANS
from spacepolicy.annotation.numerals import CHINESE, ENGLISH, number
from spacepolicy.annotation.proposals import Proposal

_MONTH: Final = "|".join(MONTHS)
_YEAR: Final = r"(?:19|20)\d\d"
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_COUNT: Final = rf"(?:\d{{1,5}}|{ENGLISH}|a|an)"
_SPAN: Final = r"(?:(?:calendar|business|working) )?(?P<unit>day|week|month|year|hour)s?"
_NOT_NAME: Final = r"(?!\w)"
_ZH_NUMBER: Final = rf"(?:\d{{1,5}}|[{CHINESE}]{{1,8}})"
_ZH_YEAR: Final = rf"(?:{_YEAR}|二〇[{CHINESE}]{{2}})"
_SURE: Final = 0.9
"""Scores order proposals for the same words; they are ranks, not probabilities: there are few ways
to write a date."""
_Read = Callable[[re.Match[str]], str]


def _iso(year: str, month: int | None = None, day: int | None = None) -> str:
    digits = str(int(number(year) or 0)) if year else "-"
    return "-".join([digits, *(f"{each:02}" for each in (month, day) if each)])


def _month(found: re.Match[str]) -> int:
    written = found["month"]
    names = [each[:3].lower() for each in MONTHS]
    return int(written) if written.isdecimal() else names.index(written[:3].lower()) + 1


def _date(found: re.Match[str]) -> str:
    groups = found.groupdict()
    day = re.match(r"\d+", groups.get("day") or "")
    month = _month(found) if groups.get("month") else None
    year = groups.get("year")
    if not year:
        return f"--{month or 0:02}-{int(day[0]) if day else 0:02}"
    return _iso(year, month, int(day[0]) if day else None)


def _year_end(found: re.Match[str]) -> str:
    return _iso(found["year"], 12, 31)


def _open(found: re.Match[str]) -> str:
    return f"{_date(found)}/.."


def _period(found: re.Match[str]) -> str:
    return f"{found['first']}/{found['last']}"


def _duration(found: re.Match[str]) -> str:
    count = found.groupdict().get("count") or "1"
    amount = 1 if count.lower() in ("a", "an") else int(number(count) or 0)
    unit = SPANS[found["unit"].lower()]
    if unit == "Q":
        amount, unit = 3 * amount, "M"
    return f"PT{amount}H" if unit == "H" else f"P{amount}{unit}"


def _recurring(found: re.Match[str]) -> str:
    return f"R/{_duration(found)}"


def _every(value: str) -> _Read:
    def read(_: re.Match[str]) -> str:
        return value

    return read


_DMY: Final = rf"(?P<day>{_DAY}) (?P<month>{_MONTH}),? (?P<year>{_YEAR}){_NOT_NAME}"
_MDY: Final = rf"(?P<month>{_MONTH}) (?P<day>{_DAY}), ?(?P<year>{_YEAR}){_NOT_NAME}"
_MY: Final = rf"(?P<month>{_MONTH}),? (?:of )?(?P<year>{_YEAR}){_NOT_NAME}"
_ISO: Final = rf"(?P<year>{_YEAR})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"
_BY: Final = r"(?:(?:no later than|not later than|by|before|until|prior to) (?:the )?)"
_FROM: Final = r"(?:from|starting|beginning|as of|with effect from)(?: in| on)? "
_RULES: Final[tuple[tuple[str, str, str, _Read], ...]] = (
    (
        "offset",
        "offset",
        rf"(?:within|no later than|not later than|by) (?:a period of )?(?P<count>{_COUNT}) {_SPAN}"
        r"(?: (?:of|after|from|following) (?:the )?(?:date of |adoption of |entry into force of |"
        r"publication of |receiving |receipt of |completion of )?(?:this |the |its |each |such )?"
        r"(?:[\w’'-]+)(?: (?:ordinance|order|law|act|plan|decision|report|regulation|strategy|"
        r"directive|policy))?)?",
        _duration,
    ),
    (
        "offset",
        "offset",
        rf"(?P<count>{_COUNT}) {_SPAN} (?:after|from|following) (?:the )?(?:date|adoption|entry|"
        r"publication|receipt|completion) of (?:this |the )?[\w’'-]+",
        _duration,
    ),
    ("recurring", "recursEvery", rf"every (?P<count>{_COUNT}) {_SPAN}", _recurring),
    ("recurring", "recursEvery", r"(?:every|each) (?P<unit>day|week|month|year)\b", _recurring),
    ("recurring", "recursEvery", r"(?:annually|once a year)\b", _every("R/P1Y")),
    ("recurring", "recursEvery", r"(?:quarterly|every quarter|each quarter)\b", _every("R/P3M")),
    ("recurring", "recursEvery", r"(?:monthly|once a month)\b", _every("R/P1M")),
    ("recurring", "recursEvery", r"(?:biennially)\b", _every("R/P2Y")),
    ("recurring", "recursEvery", r"(?:twice a year|semi-annually|half-yearly)\b", _every("R/P6M")),
    ("start", "startsFrom", rf"{_FROM}{_DMY}(?: on(?:wards?)?)?", _open),
    ("start", "startsFrom", rf"{_FROM}{_MDY}(?: on(?:wards?)?)?", _open),
    ("start", "startsFrom", rf"{_FROM}{_MY}(?: on(?:wards?)?)?", _open),
    (
        "period",
        "hasTimeFrame",
        rf"(?:from |between )?(?P<first>{_YEAR}) ?(?:–|—|-|to|until|through|and) ?(?P<last>{_YEAR})"
        rf"{_NOT_NAME}",
        _period,
    ),
    ("start", "startsFrom", rf"{_FROM}(?P<year>{_YEAR})(?: on(?:wards?)?)?\b", _open),
    (
        "deadline",
        "isDueBy",
        rf"{_BY}end of (?P<year>{_YEAR})|(?:at|by) the end of (?P<same>{_YEAR})",
        _year_end,
    ),
    ("deadline", "isDueBy", rf"{_BY}(?:end of )?{_DMY}", _date),
    ("deadline", "isDueBy", rf"{_BY}(?:end of )?{_MDY}", _date),
    ("deadline", "isDueBy", rf"{_BY}{_ISO}", _date),
    ("deadline", "isDueBy", rf"{_BY}(?:end of )?{_MY}", _date),
    ("deadline", "isDueBy", rf"{_BY}(?:year )?(?P<year>{_YEAR}){_NOT_NAME}", _date),
    ("date", "", _DMY, _date),
    ("date", "", _MDY, _date),
    ("date", "", _ISO, _date),
    ("date", "", _MY, _date),
    ("date", "", rf"(?P<day>{_DAY}) (?P<month>{_MONTH})\b(?! \d)", _date),
    ("date", "", rf"(?P<month>{_MONTH}) (?P<day>{_DAY})\b(?!,? ?\d)", _date),
    (
        "year",
        "",
        rf"(?:in|(?<!\d )of|since|after|during|for|year|as in|than in) (?P<year>{_YEAR})"
        rf"{_NOT_NAME}(?![-/])",
        _date,
    ),
    # Chinese
    (
        "period-zh",
        "hasTimeFrame",
        rf"(?P<first>{_YEAR})年?(?:—|–|-|－|~|～|至|到)+(?P<last>{_YEAR})年?",
        _period,
    ),
    (
        "offset-zh",
        "offset",
        rf"(?:自[^，。；]{{1,20}}(?:之日|后)?起|[^，。；、]{{1,12}}后)?(?P<count>{_ZH_NUMBER})"
        r"(?P<unit>个工作日|工作日|日|天|周|个月|年)(?:之?内|以内|后)",
        _duration,
    ),
    (
        "recurring-zh",
        "recursEvery",
        rf"每(?:隔)?(?P<count>{_ZH_NUMBER})?(?:个)?(?P<unit>年|月|季度|周|日)",
        _recurring,
    ),
    (
        "start-zh",
        "startsFrom",
        rf"自?(?P<year>{_ZH_YEAR})年(?:(?P<month>\d{{1,2}})月)?(?:(?P<day>\d{{1,2}})日)?起",
        _open,
    ),
    (
        "deadline-zh",
        "isDueBy",
        rf"(?:到|至|在)?(?P<year>{_ZH_YEAR})年(?:年)?(?:底|末)(?:之?前)?",
        _year_end,
    ),
    (
        "deadline-zh",
        "isDueBy",
        rf"(?:到|至|在|于)(?P<year>{_ZH_YEAR})年(?P<month>\d{{1,2}})月"
        r"(?:(?P<day>\d{1,2})日|底)?(?:之?前)?",
        _date,
    ),
    (
        "deadline-zh",
        "isDueBy",
        rf"(?P<year>{_ZH_YEAR})年(?P<month>\d{{1,2}})月(?:(?P<day>\d{{1,2}})日|底)?(?:之?前)",
        _date,
    ),
    (
        "deadline-zh",
        "isDueBy",
        rf"(?:到|至|在)(?P<year>{_ZH_YEAR})年|(?P<same>{_ZH_YEAR})年(?:之?前)",
        _date,
    ),
    (
        "date-zh",
        "",
        rf"(?P<year>{_ZH_YEAR})年(?:(?P<month>\d{{1,2}})月)?(?:(?P<day>\d{{1,2}})日)?",
        _date,
    ),
    ("date-zh", "", r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日", _date),
)
"""The name of the rule, the property that it proposes, the pattern of its words, their value;
earlier rules take precedence where places overlap."""
_COMPILED: Final = tuple(
    (
        rule,
        predicate,
        re.compile(rf"(?<![\w/]){each}" if "-zh" not in rule else each, re.IGNORECASE),
        read,
    )
    for rule, predicate, each, read in _RULES
)
_LEADING: Final = re.compile(r"(?:in|of|since|after|during|for|year|as in|than in) ", re.IGNORECASE)


def propose_dates(text: str, property_iri: Callable[[str], str]) -> Iterator[Proposal]:
    """A proposal for each date or deadline; none overlaps another."""
    taken: list[tuple[int, int]] = []
    for rule, predicate, expression, read in _COMPILED:
        for found in expression.finditer(text):
            start, end = found.span()
            lead = _LEADING.match(found[0]) if rule == "year" else None
            start += lead.end() if lead else 0
            if not _overlaps(taken, start, end):
                taken.append((start, end))
                yield Proposal(
                    "date",
                    start,
                    end,
                    text[start:end],
                    rule,
                    _SURE,
                    predicate=property_iri(predicate) if predicate else "",
                    object=_value(found, read),
                )


def _value(found: re.Match[str], read: _Read) -> str:
    """The value; the year may be in the second of two alternatives of the pattern."""
    if found.groupdict().get("same") and not found.groupdict().get("year"):
        year = _iso(found["same"])
        return f"{year}-12-31" if read is _year_end else year
    return read(found)


def _overlaps(taken: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(start < behind and before < end for before, behind in taken)
