"""Parts by their numbering, in English and Chinese: “Sec. 3(b)(ii)”, “第三条”, “（一）”.

A label counts where it begins a line or a sentence and continues the numbering of its level, or
opens a level below; so references (“subsection (b)”) are not parts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from spacepolicy.annotation import numerals
from spacepolicy.annotation.language import MONTHS, PARTS
from spacepolicy.annotation.proposals import Proposal

_NUMBER: Final = rf"(?:\d{{1,3}}(?:\.\d+)*|[IVXLC]+(?![a-z])|[{numerals.CHINESE}]{{1,8}})"
_MONTH: Final = "|".join(MONTHS)
_BEHIND: Final = rf"(?=[.:：](?!\d)|[ \t]*\n|[ \t]+(?-i:(?!{_MONTH})[A-Z“\"]))"
_LINE: Final = r"(?:(?<=\n)|\A)[ \t\u3000#*]*"
_SENTENCE: Final = (
    r"(?:(?<=\n)|\A|(?<=[.;:!?。；：！？”’])|(?<=; and)|(?<=; or)|(?<=, and))[ \t\u3000]*"
)
_LABELS: Final[tuple[tuple[str, str], ...]] = (
    (
        "word",
        rf"{_LINE}(?P<label>(?P<word>(?!(?:{_MONTH})\b)(?-i:[A-ZÀ-Þ])[^\W\d_]*)[ \t]+"
        rf"(?P<n>{_NUMBER}){_BEHIND})",
    ),
    ("word", rf"{_LINE}(?P<label>(?P<word>sec|art|ch|para)s?\.[ \t]*(?P<n>{_NUMBER}){_BEHIND})"),
    ("word", rf"{_LINE}(?P<label>(?P<word>§)[ \t]*(?P<n>{_NUMBER}){_BEHIND})"),
    (
        "quoted",
        rf"{_LINE}(?P<label>(?P<word>[A-Z][a-z]+)[ \t]+[“\"](?P<n>[^”\"\n]+)[”\"])(?=\s*\n)",
    ),
    (
        "word",
        rf"{_LINE}(?P<label>第(?P<n>[\d{numerals.CHINESE}]{{1,8}})(?P<word>条|章|节|款|编|部分))",
    ),
    (
        "word",
        rf"{_LINE}(?P<label>(?P<word>任务|目标|支柱|行动|专栏|附件)"
        rf"(?P<n>[\d{numerals.CHINESE}]{{1,8}}))(?=[、：:．.\s])",
    ),
    ("plain", rf"{_LINE}(?P<label>(?P<n>[{numerals.CHINESE}]{{1,4}})、)"),
    ("bracket-zh", rf"{_SENTENCE}(?P<label>[（(](?P<n>[{numerals.CHINESE}]{{1,4}})[）)])"),
    (
        "bracket",
        rf"{_SENTENCE}(?<![.:;][（(])(?P<label>[（(](?P<n>\d{{1,3}}|[a-z]{{1,5}}|[A-Z]{{1,3}})[）)])(?=\s)",
    ),
    ("bracket", rf"{_LINE}(?P<label>(?P<n>[a-z]{{1,4}})[)）])(?=\s)"),
    (
        "dotted",
        rf"{_LINE}(?P<label>(?P<n>\d{{1,2}}(?:\.\d{{1,2}})*)[.．、)）]?)(?=[ \t\u3000]*[^\W\d_])",
    ),
    ("ordinal", rf"{_SENTENCE}(?P<label>(?P<n>{numerals.ORDINAL})(?:ly)?,)"),
    ("ordinal", rf"{_SENTENCE}(?P<label>第(?P<n>[{numerals.CHINESE}]{{1,3}})[，,])"),
    (
        "item-zh",
        rf"(?:{_SENTENCE}|(?<=[，。；：、])|(?<=条[ \u3000]))"
        rf"(?P<label>(?P<n>[{numerals.CHINESE}]{{1,2}})是)(?=[^\d，。])",
    ),
)
"""The styles of labels, and the pattern of each."""
_EXPRESSIONS: Final = tuple(
    (style, re.compile(each, re.IGNORECASE if style in ("word", "ordinal") else 0))
    for style, each in _LABELS
)
_HEADING: Final = re.compile(r"[ \t\u3000:：.．]*(?P<heading>[^\n]*)")
_TITLE_WORD: Final = r"(?:[A-Z][\w’'&-]*|of|the|and|to|for|in|on|with|a)"
_TITLE: Final = re.compile(rf"{_TITLE_WORD}(?:,? {_TITLE_WORD})*\.(?=\s|$)")
"""A heading within a line, as “Reforming Leadership and Accountability.”"""
_LONGEST_HEADING: Final = 80
"""A line of a page; a longer one is a sentence."""
_SURE: Final = 0.95
"""Scores order proposals for the same words; they are ranks, not probabilities: a part's number is
almost certain."""


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A numbered part: where its label, its heading and the whole begin and end.

    `numbering` is the number in the document (`3(b)(ii)`), `locator` the same with dots.
    """

    start: int
    label_end: int
    heading_end: int
    end: int
    level: int
    numbering: str
    locator: str
    heading: str = ""
    rule: str = ""


@final
@dataclass(frozen=True, slots=True)
class _Label:
    start: int
    end: int
    style: str
    word: str
    written: str

    @property
    def readings(self) -> Mapping[str, int]:
        """The series that the label may belong to, with its number in each.

        “(i)” is the first in Roman numerals, or the ninth letter; where there are several, only the
        first can open a series.
        """
        written = self.written.rpartition(".")[2]
        series = f"{self.style}-{self.word}-{self.written.count('.')}"
        case = "upper" if written.isupper() else "lower"
        found = {
            f"{series}-figure": int(written) if written.isdecimal() else None,
            f"{series}-ordinal": numerals.ordinal(written) if self.style == "ordinal" else None,
            f"{series}-chinese": numerals.chinese(written),
            f"{series}-roman-{case}": numerals.roman(written),
            f"{series}-letter-{case}": _letter(written),
        }
        return {name: value for name, value in found.items() if value is not None}


@final
@dataclass(frozen=True, slots=True)
class _Level:
    """A series of labels that is open, with its latest label."""

    style: str
    series: str
    count: int
    shown: str
    locator: str


def find_parts(text: str) -> tuple[Part, ...]:
    """The numbered parts of a text, in its order."""
    found = [*_numbered(text, _labels(text))]
    return tuple(replace(each, end=_end(text, found, n)) for n, each in enumerate(found))


def _end(text: str, parts: Sequence[Part], at: int) -> int:
    """Where the next part of the same level or a wider one begins, without the white space before
    it.

    The last part of a series within a paragraph ends with the paragraph.
    """
    part = parts[at]
    following = (each.start for each in parts[at + 1 :] if each.level <= part.level)
    end = next(following, None)
    if end is None:
        end = len(text)
        if part.rule.startswith("ordinal"):
            stop = text.find("\n", part.start)
            end = end if stop < 0 else stop
    while end > part.start and text[end - 1].isspace():
        end -= 1
    return end


def _labels(text: str) -> list[_Label]:
    """The possible labels, in the order of the text; at one place the first style."""
    found: dict[int, _Label] = {}
    for style, expression in _EXPRESSIONS:
        for each in expression.finditer(text):
            groups = each.groupdict()
            start, end = each.span("label")
            word = (groups.get("word") or "").lower()
            label = _Label(start, end, style, PARTS.get(word, word), groups["n"])
            if not any(other.start <= start < other.end for other in found.values()):
                found[start] = label
    return [found[each] for each in sorted(found)]


def _numbered(text: str, labels: Sequence[_Label]) -> Iterator[Part]:
    """The labels that continue a numbering, or open one."""
    stack: list[_Level] = []
    last: dict[str, int] = {}
    for label in labels:
        level = _next_level(stack, label, last)
        if level is None:
            continue
        stack.append(level)
        last[level.series] = level.count
        numbering = _numbering(stack)
        locator = ".".join(each.locator for each in _shown(stack))
        heading_end, heading = _heading(text, label)
        yield Part(
            label.start,
            label.end,
            heading_end,
            heading_end,
            len(stack),
            numbering,
            locator,
            heading,
            f"{label.style}-numbering",
        )


def _shown(stack: Sequence[_Level]) -> Sequence[_Level]:
    """The levels of which a number consists: “Goal 1.1” includes all before it."""
    for at in range(len(stack) - 1, -1, -1):
        if "." in stack[at].locator and at:
            return stack[at:]
    return stack


def _numbering(stack: Sequence[_Level]) -> str:
    """The part's number in the document; digits that would touch have a dot between them."""
    joined = "".join(f"{each.shown}\0" for each in _shown(stack))
    return re.sub(r"(?<=\w)\0(?=\w)", ".", joined).replace("\0", "")


def _next_level(stack: list[_Level], label: _Label, last: Mapping[str, int]) -> _Level | None:
    """The level that the label continues, after those below it are closed; or a new one below.

    Articles may be numbered through all chapters: `last` is the latest number of each series.
    """
    if label.style == "quoted":
        return _quoted_level(stack, label)
    for at in range(len(stack) - 1, -1, -1):
        value = label.readings.get(stack[at].series)
        if value is not None and _goes_on(label, stack[at], value):
            level = _level(label, stack[at].series, value)
            del stack[at:]
            return level
    for series, value in label.readings.items():
        of_word = label.style == "word" and (not stack or value == last.get(series, 0) + 1)
        if value == 1 or of_word:
            _close(stack, label)
            return _level(label, series, value)
    return None


def _close(stack: list[_Level], label: _Label) -> None:
    """Close the levels that cannot contain the new series."""
    while stack and _RANKS[stack[-1].style] > _RANKS[label.style]:
        stack.pop()


def _quoted_level(stack: list[_Level], label: _Label) -> _Level:
    """Parts with names and without numbers are counted."""
    series = f"quoted-{label.word}"
    before = next((each.count for each in stack if each.series == series), 0)
    stack.clear()
    return _level(label, series, before + 1)


def _goes_on(label: _Label, level: _Level, value: int) -> bool:
    """Whether the number follows the last one; number words may skip some, dotted numbers begin
    again."""
    if label.style in ("word", "dotted") and value > level.count:
        return True
    return value == level.count + 1 or (value == 1 and "." in label.written)


_RANKS: Final[Mapping[str, int]] = {
    "word": 0,
    "quoted": 0,
    "plain": 1,
    "bracket-zh": 2,
    "dotted": 3,
    "ordinal": 3,
    "item-zh": 5,
    "bracket": 4,
}
"""How wide the parts of a style are: a new series is not inside a narrower one."""


def _letter(written: str) -> int | None:
    return ord(written.lower()) - ord("a") + 1 if re.fullmatch("[A-Za-z]", written) else None


def _level(label: _Label, series: str, value: int) -> _Level:
    match label.style:
        case "word":
            shown = locator = label.written if label.written[0].isdecimal() else str(value)
            return _Level(
                label.style, series, value, shown, f"{label.word}.{locator}".replace("§", "sec")
            )
        case "quoted":
            return _Level(label.style, series, value, str(value), f"{label.word}.{value}")
        case "bracket":
            return _Level(label.style, series, value, f"({label.written})", label.written)
        case "dotted":
            return _Level(label.style, series, value, label.written, label.written)
        case _:
            return _Level(label.style, series, value, str(value), str(value))


def _heading(text: str, label: _Label) -> tuple[int, str]:
    """Where the heading after a label ends, and its words; there may be none."""
    found = _HEADING.match(text, label.end)
    line = found["heading"].rstrip() if found else ""
    start = found.start("heading") if found else label.end
    if label.style in ("bracket", "ordinal", "item-zh") or not line:
        return label.end, ""
    title = _TITLE.match(line)
    if title:
        return start + title.end(), title[0].rstrip(".")
    if len(line) <= _LONGEST_HEADING and line[-1] not in ".;:。；：!?！？":
        return start + len(line), line
    return label.end, ""


def propose_parts(text: str, parts: Sequence[Part], policy: str) -> Iterator[Proposal]:
    """A proposal for each part, as a part of the policy that does not exist yet."""
    for part in parts:
        yield Proposal(
            "part",
            part.start,
            part.end,
            text[part.start : part.end],
            part.rule,
            _SURE,
            subject=f"{policy}/part/{part.locator.replace('.', '/')}",
            predicate="numbering",
            object=part.numbering,
            label=text[part.start : part.heading_end],
            new=True,
        )
