"""Duties: who carries something out, with whom, who is consulted, informed or paid by.

Parties are read where the wording expects them: before it, after it or within it. Known actors are
named by their IRI; words that only look like a name, by the words.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from spacepolicy.annotation.clauses import Clause
from spacepolicy.annotation.language import PRONOUNS
from spacepolicy.annotation.names import Mention
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.wordings import Worded, Wordings

_FUNCTION: Final = r"(?:of|the|to|for|and|on|in|’s|&)"
_WORD: Final = r"[A-ZÀ-Þ][\w’'.-]*"
_PARTY: Final = re.compile(
    rf"(?:[Tt]he |[Ii]ts )?(?P<name>{_WORD}(?: (?:{_FUNCTION} )*{_WORD})*)(?: \([A-Z]+\))?"
)
_PARTING: Final = re.compile(
    r",? and (?=[Tt]he )|, (?:and )?(?=[Tt]he [A-Z]|[A-Z])|,? and (?=[A-Z])"
)
_PARTY_ZH: Final = re.compile(r"[^，。；：、\s]{2,20}")
_TIME: Final = re.compile(
    r"(?:(?:by|from|in|until|within|every|where|on|to|as)\b[^,，]{1,80}|annually|[^，]{0,30}(?:年|前|内))[,，]\s*",
    re.IGNORECASE,
)
_ASIDE: Final = re.compile(
    r",? (?:in (?:consultation|coordination|cooperation)|together|with the)\b.*"
)
_KNOWN: Final = 0.8
_LOOKS_LIKE: Final = 0.6
"""Scores order proposals for the same words; they are ranks, not probabilities: a known actor is
more certain than words that look like one."""
_FARTHEST: Final = 300
"""Characters after the words of a role in which its actor is searched, about three lines."""


def propose_duties(
    text: str,
    clauses: Sequence[Clause],
    duties: Wordings,
    mentions: Sequence[Mention],
    subject_of: Callable[[Clause], str],
) -> Iterator[Proposal]:
    """A proposal for each party of each clause."""
    by_place = {each.start: each for each in mentions}
    for clause in clauses:
        seen: set[tuple[int, str]] = set()
        for worded in duties.find(text, clause.start, clause.end):
            for start, end in _parties(text, clause, worded):
                key = (start, worded.wording.predicate)
                if key not in seen:
                    seen.add(key)
                    named = by_place.get(start)
                    known = named if named and named.end >= end else None
                    words = text[start : known.end if known else end]
                    yield _proposal(start, words, worded, known, subject_of(clause))


def _proposal(
    start: int, words: str, worded: Worded, known: Mention | None, subject: str
) -> Proposal:
    return Proposal(
        "duty",
        start,
        start + len(words),
        words,
        f"worded-as “{worded.wording.words}”",
        _KNOWN if known else _LOOKS_LIKE,
        subject=subject,
        predicate=worded.wording.predicate,
        object=known.names[0].iri if known else "",
        label=words,
        new=True,
    )


def _parties(text: str, clause: Clause, worded: Worded) -> Iterator[tuple[int, int]]:
    wording = worded.wording
    if wording.is_chinese:
        yield from _chinese(text, clause, worded)
    elif wording.before:
        yield from _before(text, clause, worded.start)
    else:
        yield from _behind(text, worded.end, min(clause.end, worded.end + _FARTHEST))


def _before(text: str, clause: Clause, end: int) -> Iterator[tuple[int, int]]:
    """The subject: the words before the wording, without times and asides."""
    start = clause.start
    while time := _TIME.match(text, start, end):
        start = time.end()
    aside = _ASIDE.search(text, start, end)
    subject_end = aside.start() if aside else end
    parties = [*_listed(text, start, subject_end)]
    if parties and not text[parties[-1][1] : subject_end].strip(" ,"):
        yield from parties


def _behind(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The list after the wording; without “and” only its first item, since the subject follows
    it."""
    at = start + 1 if text[start : start + 1] == " " else start
    found = [*_listed(text, at, end)]
    if len(found) > 1 and "and" not in text[found[-2][1] : found[-1][0]]:
        found = found[:1]
    return iter(found)


def _listed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names that follow each other, with “and” or commas between them."""
    at = start
    while found := _PARTY.match(text, at, end):
        first, last = found.start("name"), found.end("name")
        inner = _PARTING.search(text, first, last)
        last = inner.start() if inner else last
        if (
            text[first:last].lower() in PRONOUNS
            or text[first:last].split(" ", maxsplit=1)[0].lower() in PRONOUNS
        ):
            return
        yield first, last
        parting = _PARTING.match(text, max(last, found.end() if not inner else last), end)
        if parting is None:
            return
        at = parting.end()


def _chinese(text: str, clause: Clause, worded: Worded) -> Iterator[tuple[int, int]]:
    pieces = worded.wording.words.split("…")
    if worded.wording.has_gap:
        start, end = worded.start + len(pieces[0]), worded.end - len(pieces[-1])
    elif worded.wording.before:
        before = re.search(r"[^，。；：、\s]{2,20}$", text[clause.start : worded.start])
        start, end = (clause.start + before.start(), worded.start) if before else (0, 0)
    else:
        found = _PARTY_ZH.match(text, worded.end, clause.end)
        start, end = found.span() if found else (0, 0)
    for found in re.finditer(r"[^、和及与]{2,}", text[start:end]):
        yield start + found.start(), start + found.end()
