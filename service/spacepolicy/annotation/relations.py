"""Relations to other documents: which ones a text revokes, amends, replaces or is based on."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from spacepolicy.annotation.clauses import Clause
from spacepolicy.annotation.names import Mention
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.wordings import Worded, Wordings

_SMALL: Final = r"(?:of|the|on|for|and|to|in)"
_WORD: Final = r"(?:[A-ZÀ-Þ][\w’'-]*|\d+)"
_TITLE: Final = re.compile(
    rf"(?:the |its |his |their |rule \S+ of the |section \S+ of the |article \S+ of the )*"
    rf"(?P<title>[A-ZÀ-Þ][\w’'-]*(?: (?:{_SMALL} )*{_WORD})+)"
)
_TITLE_ZH: Final = re.compile(r"[^，。；《]{0,12}(?P<title>《[^》]{2,60}》)")
_BEFORE: Final = re.compile(rf"(?P<title>[A-ZÀ-Þ][\w’'-]*(?: (?:{_SMALL} )*{_WORD})+)(?:[^.;]*?)$")
_SCORE: Final = 0.75
"""Scores order proposals for the same words; they are ranks, not probabilities: words between two
known things may mean more than one relation."""


def propose_relations(
    text: str,
    clauses: Sequence[Clause],
    relations: Wordings,
    mentions: Sequence[Mention],
    policy: str,
) -> Iterator[Proposal]:
    """A proposal for each title of a document in the place that a wording of a relation refers
    to."""
    by_place = {each.start: each for each in mentions}
    for clause in clauses:
        for worded in relations.find(text, clause.start, clause.end):
            place = None if _is_purpose(text, worded) else _title(text, clause, worded)
            if place is not None:
                start, end = place
                named = by_place.get(start)
                known = named if named and named.end >= end else None
                yield Proposal(
                    "relation",
                    start,
                    end,
                    text[start:end],
                    f"worded-as “{worded.wording.words}”",
                    _SCORE,
                    subject=policy,
                    predicate=worded.wording.predicate,
                    object=known.names[0].iri if known else "",
                    label=text[start:end],
                    new=True,
                )


def _is_purpose(text: str, worded: Worded) -> bool:
    """Whether the words are an intention (“to replace the station”), not an act of the text."""
    return text[max(0, worded.start - 3) : worded.start].lower() == "to "


def _title(text: str, clause: Clause, worded: Worded) -> tuple[int, int] | None:
    if worded.wording.is_chinese:
        pieces = worded.wording.words.strip("…").split("…")
        if worded.wording.before:
            found = re.compile(r"(?P<title>《[^》]{2,60}》)[^，。；《》]{0,8}$").search(
                text, clause.start, worded.start
            )
        else:
            found = _TITLE_ZH.match(text, worded.start + len(pieces[0]), clause.end)
    elif worded.wording.before:
        found = _BEFORE.search(text, clause.start, worded.start)
    else:
        found = _TITLE.match(text, worded.end + 1, clause.end)
    return found.span("title") if found else None
