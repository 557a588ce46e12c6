"""The structure of a text: its sentences and its parts, by headings and numbering.

English and Chinese: "Section 3", "Sec. 3", "1.2", "(a)", "(ii)", "First, …", "第一条", "一、",
"（一）", "一是". Offsets are code points, ends exclusive. Kinds of numbers nest in the order in
which they first occur.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

Span = tuple[int, int]

_SENTENCE_END: Final = re.compile(
    r"[。！？]|[.!?][\"'”’)\]]*(?=\s|[A-Z\u00c0-\u00de\u3400-\u9fff“‘])|\n"
)
_ABBREVIATED: Final = re.compile(
    r"\b(?:Secs?|Arts?|Nos?|Paras?|pp?|Ch|Vol|Fig|Dr|Mr|Mrs|Ms|Prof|St|Inc|Ltd|Co|Corp|vs|cf|"
    r"e\.g|i\.e|U\.S|U\.K|[A-Z])\.$"
)
"""Abbreviations whose full stop ends no sentence; a single capital is an initial."""
_LONGEST: Final = 8
"""Characters that hold the longest abbreviation, with what is before it."""
_EDGES: Final = " \t\r\n\f\u00a0\u3000,;:.!?、，；：。！？"
_JOINING: Final = re.compile(r"[,;]\s*(?:and|or)$")
_LONGEST_HEADING: Final = 90
"""The longest line, in characters, that can be a heading without a number: a longer one is a
paragraph."""
_HAN: Final = "〇零一二三四五六七八九十百"
_ORDINALS: Final = (
    "First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Eleventh|Twelfth|"
    "Thirteenth|Fourteenth|Fifteenth|Sixteenth|Seventeenth|Eighteenth|Nineteenth|Twentieth"
)
_NAMED: Final = (
    "Part|Title|Chapter|Section|Sec|Article|Art|Task|Goal|Objective|Measure|Action|Annex|"
    "Appendix|Rule|Pillar|Priority|Step"
)


_SPELLED: Final = {"sec": "section", "art": "article"}


@final
@dataclass(frozen=True, slots=True)
class PartMark:
    """Where a part begins: at the number `numbering` of a kind, which `written` has in full.

    A heading without a number has the kind `heading` and no numbering.
    """

    start: int
    kind: str
    numbering: str
    written: str


@final
@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a text: its offsets, its number, and its depth, from 0."""

    start: int
    end: int
    kind: str
    numbering: str
    depth: int


_AT_LINE: Final = r"(?:(?<=\n)|\A)[ \t\u3000]*"
_AT_CLAUSE: Final = (
    r"(?:(?<=\n)|\A|(?<=, )|(?<=[.;:。；：，])|(?<=[,;] and )|(?<=[,;] or ))[ \t\u3000]*"
)
_KINDS: Final = (
    (
        "named",
        rf"{_AT_LINE}(?P<written>(?P<name>{_NAMED})\.?\s+(?P<number>\d+(?:\.\d+)*|[IVXLC]+|[A-Z])\b"
        r"[.:]?)",
    ),
    ("ordinal", rf"{_AT_CLAUSE}(?P<written>(?P<number>{_ORDINALS})(?:ly)?),\s"),
    ("article", rf"{_AT_LINE}(?P<written>第(?P<number>[{_HAN}\d]+)(?P<name>[编章节条款]))"),
    ("enumerated", rf"{_AT_LINE}(?P<written>(?P<number>[{_HAN}]+)、)"),
    ("bracketed", rf"{_AT_CLAUSE}(?P<written>（(?P<number>[{_HAN}\d]+)）)"),
    ("counted", rf"{_AT_CLAUSE}(?P<written>(?P<number>[一二三四五六七八九十])是)"),
    ("decimal", rf"{_AT_LINE}(?P<written>(?P<number>\d+(?:\.\d+)+)\.?)\s"),
    ("number", rf"{_AT_LINE}(?P<written>(?P<number>\d{{1,3}})[.)．、](?!\d))"),
    ("letter", rf"{_AT_CLAUSE}(?P<written>\((?P<number>[a-z]|[ivxl]+|\d{{1,3}}|[A-Z])\))"),
)
_PATTERNS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_ROMAN: Final = re.compile(r"[ivxl]+")


def sentence_ends(text: str) -> Iterator[Span]:
    """The ends of sentences: the stop with the closing marks behind it, or the end of a line.

    >>> [*sentence_ends("See Sec. 3. It rains.")]
    [(10, 11)]
    """
    numbers = {mark.start + len(mark.written) - 1 for mark in part_marks(text)}
    for end in _SENTENCE_END.finditer(text):
        is_stop = text[end.start()] == "."
        if end.start() in numbers or (
            is_stop and _ABBREVIATED.search(text, max(end.start() - _LONGEST, 0), end.start() + 1)
        ):
            continue
        yield end.span()


def sentences(text: str) -> Iterator[Span]:
    """The sentences without the stops at their ends; a part begins a new one.

    >>> text = "Plant trees: (a) oaks, and (b) limes.\\n\\n种树。浇水。"
    >>> [text[start:end] for start, end in sentences(text)]
    ['Plant trees', '(a) oaks', '(b) limes', '种树', '浇水']
    """
    starts = {mark.start for mark in part_marks(text)} | {end for _, end in sentence_ends(text)}
    edges = sorted({0, *starts, len(text)})
    for start, end in itertools.pairwise(edges):
        span = _trimmed(text, start, end)
        if span[0] < span[1]:
            yield span


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start] in _EDGES:
        start += 1
    while start < end and text[end - 1] in _EDGES:
        end -= 1
    if joined := _JOINING.search(text[start:end]):
        return _trimmed(text, start, start + joined.start())
    return start, end


def part_marks(text: str) -> tuple[PartMark, ...]:
    """The places where parts begin, in the order of the text."""
    found: dict[int, PartMark] = {}
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            name = (match.groupdict().get("name") or kind).lower()
            name = _SPELLED.get(name, name)
            mark = PartMark(match.start("written"), name, match["number"], match["written"])
            found.setdefault(mark.start, mark)
    for start in _headings(text):
        found.setdefault(start, PartMark(start, "heading", "", ""))
    return _told_apart(found[start] for start in sorted(found))


def _told_apart(marks: Iterator[PartMark]) -> tuple[PartMark, ...]:
    """Treat letters, Roman numbers and figures in brackets as different kinds: (i) after (h) is a
    letter."""
    kept: list[PartMark] = []
    letter = ""
    for mark in marks:
        kind = mark.kind
        if kind == "letter":
            follows = len(mark.numbering) == 1 and letter and ord(mark.numbering) == ord(letter) + 1
            if mark.numbering.isdigit():
                kind = "figure"
            elif _ROMAN.fullmatch(mark.numbering) and not follows:
                kind = "roman"
            elif mark.numbering.isupper():
                kind = "capital"
            else:
                letter = mark.numbering
        elif kind != "roman":
            letter = ""
        kept.append(PartMark(mark.start, kind, mark.numbering, mark.written))
    return tuple(kept)


def _headings(text: str) -> Iterator[int]:
    """The offsets of lines that stand alone, are short and have no stop at their end."""
    for match in re.finditer(r"(?:(?<=\n\n)|\A)(?P<line>\S[^\n]*)(?=\n)", text):
        line = match["line"].rstrip()
        if len(line) <= _LONGEST_HEADING and line[-1] not in ".!?;,。！？；，:：":
            yield match.start("line")


def parts(text: str) -> tuple[TextPart, ...]:
    """The parts of a text in its order, each followed by those inside it.

    >>> found = parts("Section 1: Aim\\nGrow. (a) Plant. (b) Water.\\nSection 2: End\\nRest.\\n")
    >>> [(each.kind, each.numbering, each.depth) for each in found]
    [('section', '1', 0), ('letter', 'a', 1), ('letter', 'b', 1), ('section', '2', 0)]
    """
    marks = part_marks(text)
    depths = [*_depths(marks)]
    return tuple(
        TextPart(mark.start, _end(text, marks, depths, at), mark.kind, mark.numbering, depths[at])
        for at, mark in enumerate(marks)
    )


def _depths(marks: Sequence[PartMark]) -> Iterator[int]:
    """The depth of each part: a kind that is open closes those within it, another opens one."""
    opened: list[str] = []
    for mark in marks:
        kind = mark.kind + "." * mark.numbering.count(".")  # 1.2 lies in 1
        if kind in opened:
            del opened[opened.index(kind) + 1 :]
        elif kind == "heading":
            opened[:] = ["heading"]  # a line of its own is above what is only numbered
        else:
            opened.append(kind)
        yield len(opened) - 1


def _end(text: str, marks: Sequence[PartMark], depths: Sequence[int], at: int) -> int:
    behind = range(at + 1, len(marks))
    following = (marks[each].start for each in behind if depths[each] <= depths[at])
    end = next(following, len(text))
    return marks[at].start + len(text[marks[at].start : end].rstrip())


def joined_lines(text: str, is_wrapped: Callable[[str], bool]) -> str:
    """Join the lines of a paragraph where `is_wrapped` says of a line that the next one continues
    it; a word that was divided at the end of a line is whole again."""
    lines = text.split("\n")
    joined = [lines[0]]
    for before, line in itertools.pairwise(lines):
        if not line.strip() or not before.strip() or not is_wrapped(before) or part_marks(line):
            joined.append(line)
        elif re.search(r"[a-z]-$", joined[-1].rstrip()) and line.lstrip()[:1].islower():
            joined[-1] = joined[-1].rstrip()[:-1] + line.lstrip()
        else:
            parted = "" if re.search(r"[\u3000-\u9fff\uff00-\uffef]$", joined[-1].rstrip()) else " "
            joined[-1] = joined[-1].rstrip() + parted + line.lstrip()
    return "\n".join(joined)
