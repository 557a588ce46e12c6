"""Passages: the sentences of a text, and the clauses of those that list acts.

A list of acts is divided where a comma is followed by words for an act in the ontology.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.annotation.inflection import is_cjk
from spacepolicy.annotation.numbered_parts import Part
from spacepolicy.annotation.wordings import Wordings

_SENTENCE_END: Final = re.compile(
    r"(?:(?<!\bSec)(?<!\bNo)(?<!\bArt)(?<!\bcf)(?<!\be\.g)(?<!\bi\.e)(?<!\b[A-Z])\.(?:[”’\"]*)"
    r"(?=\s|[A-Z“]|\Z)(?!\s*\d+ (?:U\.S|C\.F))|[!?](?=\s|\Z)|;(?=\s)|:(?=\s*\n)|[。；！？]"
    r"|：(?=\s*\n)|\n)"
)
_PARTING: Final = re.compile(
    r",\s+(?:and\s+|or\s+)?|，(?:并|以及|同时)?|[;；]\s*(?:and\s+)?|\s+and\s+"
)
_LEAD: Final = re.compile(
    r"(?:we will |will |to |by |strive (?:for|to) |it (?:will |shall )?|they (?:will |shall )?|"
    r"要|将|积极|大力|全面|进一步|着力|努力|加快|继续|重点|稳步|深入|切实|充分|有序|持续|鼓励并)*",
    re.IGNORECASE,
)
"""Words before the verb of a clause that begins with its act."""
_SUBJECT: Final = re.compile(r"(?:it|they|we) \w+", re.IGNORECASE)
_ADVERBIAL: Final = re.compile(
    r"(?:after|as|at|before|by|during|every|for|from|if|in|on|once|until|when|where|within)\b"
    r"[^,]{1,120},\s+|[^，。；]{1,16}(?:年|年底|前|起|内|后)[，,]",
    re.IGNORECASE,
)
"""Time or place at the beginning of a sentence: what follows is not another clause."""
_GROUNDS: Final = re.compile(r"[为根依按围自以经本]")
"""The beginnings of Chinese sentences that state a purpose, a ground or a day, or are about their
text."""
_COMMA_ZH: Final = re.compile(r"，(?:并|以及|同时)?")
_ELABORATES: Final = re.compile(r"^其中|^包括|^如|\d")
"""A phrase that only quantifies the clause before."""
_LIST: Final = 2
"""So many acts after commas make a sentence with another beginning a list of acts."""
_TRIMMED: Final = " \t\r\n\u3000"
_SHORTEST: Final = 4
"""Characters: a shorter clause means nothing by itself."""


@final
@dataclass(frozen=True, slots=True)
class Clause:
    """A passage: from its first word to its last; `act_at` is where its act may begin.

    `is_command`: it begins with an act, as “build a port” does; `part` is the number of the part
    whose first words it is, or -1.
    """

    start: int
    end: int
    is_command: bool
    part: int = -1


def find_clauses(text: str, parts: Sequence[Part], acts: Wordings) -> tuple[Clause, ...]:
    """The clauses of a text, in its order; labels and headings of parts are left out."""
    found: list[Clause] = []
    labels = {each.start: n for n, each in enumerate(parts)}
    for start, end in _stretches(text, parts):
        first = next((n for at, n in labels.items() if parts[n].heading_end == start), -1)
        for sentence in _sentences(text, start, end):
            found += _divided(text, *sentence, acts, first)
            first = -1
    return tuple(found)


def _stretches(text: str, parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """The text between the labels and headings."""
    at = 0
    for part in parts:
        if part.start >= at:
            yield at, part.start
            at = part.heading_end
    yield at, len(text)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for found in _SENTENCE_END.finditer(text, start, end):
        yield from _trimmed(text, at, found.end())
        at = found.end()
    yield from _trimmed(text, at, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch without the punctuation and conjunctions around it, unless nothing is left."""
    while start < end and text[start] in f"{_TRIMMED},，:：;.、":
        start += 1
    while end > start and text[end - 1] in f"{_TRIMMED}.。;；,，":
        end -= 1
    conjunction = re.search(r"[;,] (?:and|or)$", text[start:end])
    end -= len(conjunction[0]) if conjunction else 0
    if end - start >= _SHORTEST and any(each.isalnum() for each in text[start:end]):
        yield start, end


def _divided(text: str, start: int, end: int, acts: Wordings, part: int) -> Iterator[Clause]:
    """The clauses of a sentence; only a sentence that begins with an act is divided."""
    cuts = [start]
    if is_cjk(text[start:end]):
        cuts += _chinese_cuts(text, start, end, acts)
    else:
        openings = [*_openings(text, start, end, acts)]
        is_list = _begins_act(text, start, end, acts) or len(openings) >= _LIST
        adverbial = _ADVERBIAL.match(text, start, end)
        main = adverbial.end() if adverbial else start
        cuts += [
            each for each in openings if each > main and (is_list or _shares(text, each, end, acts))
        ]
    for n, cut in enumerate(cuts):
        behind = cuts[n + 1] if n + 1 < len(cuts) else end
        for first, last in _trimmed(text, cut, _without_parting(text, cut, behind)):
            begins = _begins_act(text, first, last, acts)
            yield Clause(first, last, begins, part if n == 0 else -1)


def _chinese_cuts(text: str, start: int, end: int, acts: Wordings) -> Iterator[int]:
    """Commas of a Chinese sentence between clauses: after an act, before another or before a phrase
    that does not only quantify it."""
    if _GROUNDS.match(text, start, end):
        return
    before = start
    for found in _COMMA_ZH.finditer(text, start, end):
        behind = text.find("，", found.end(), end)
        segment_end = end if behind < 0 else behind
        has_act = any(acts.find(text, before, found.start()))
        is_clause = any(acts.find(text, found.end(), segment_end)) or not _ELABORATES.search(
            text, found.end(), segment_end
        )
        if has_act and is_clause:
            yield found.end()
            before = found.end()


def _shares(text: str, at: int, end: int, acts: Wordings) -> bool:
    """Whether a clause begins with a pronoun, or with a verb in the third person whose subject is
    that of the clause before."""
    found = acts.at(text, at, end)
    third = found is not None and text[at : found.end].split(maxsplit=1)[0].endswith("s")
    return _SUBJECT.match(text, at, end) is not None or third


def _openings(text: str, start: int, end: int, acts: Wordings) -> Iterator[int]:
    """Where an act begins after a comma, or a pronoun after “and”."""
    for found in _PARTING.finditer(text, start, end):
        subject = _SUBJECT.match(text, found.end(), end)
        if found[0].strip() == "and" and not subject:
            continue
        at = act_start(text, found.end(), end, acts)
        if at is not None and (
            subject or _is_base(text, at, end, acts) or _shares(text, at, end, acts)
        ):
            yield found.end()


def _is_base(text: str, at: int, end: int, acts: Wordings) -> bool:
    """Whether the verb there is in its base form, as those of a list of acts are."""
    found = acts.at(text, at, end)
    if found is None or found.wording.is_chinese:
        return found is not None
    return (
        text[found.start : found.end].split(maxsplit=1)[0].lower() == found.wording.words.split()[0]
    )


def _without_parting(text: str, start: int, end: int) -> int:
    found = re.search(r"(?:[,;]?\s+(?:and|or)\s*|[，；](?:并|以及|同时)?)$", text[start:end])
    return start + found.start() if found else end


def _begins_act(text: str, start: int, end: int, acts: Wordings) -> bool:
    return act_start(text, start, end, acts) is not None


def act_start(text: str, start: int, end: int, acts: Wordings) -> int | None:
    """Where the act begins that a clause opens with; None where it opens otherwise."""
    lead = _LEAD.match(text, start, end)
    for at in dict.fromkeys((lead.end() if lead else start, start)):
        if acts.at(text, at, end):
            return at
    return None
