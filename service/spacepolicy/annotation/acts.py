"""Acts: what a clause requires to be done, by the verbs in the ontology."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from spacepolicy.annotation.clauses import Clause, act_start
from spacepolicy.annotation.names import Mention, Name
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.wordings import Worded, WordingTable

_JOINED: Final = re.compile(r",? (?:and|or) |, |和|与|并|、")
_AS_VERB: Final = re.compile(r"(?:^|[\s,])(?:\w+s)$", re.IGNORECASE)
_BEGINS: Final = 0.8
_BEHIND_MODAL: Final = 0.7
_OF_SUBJECT: Final = 0.6
"""The score of an act that opens its clause, or follows “shall” or a subject."""
_NEAREST_MODAL: Final = 400
"""Characters from the beginning of a sentence in which its modal verb is searched: a later one
belongs to another clause."""
_PURPOSE: Final = re.compile(r"\b(?:by|for|from|to)\b|[:;]")
_PASSIVE: Final = re.compile(r"\b(?:is|are)(?: to be)? $")
_PAST: Final = re.compile(r"[A-Za-z-]+[^e]ed\b")
"""“Adopted on 3 March” reports a past act; “need” and “speed” are not such forms."""
_NOT_BEHIND: Final = ("的", "到", "至", "本")
"""After a Chinese verb: it describes a thing, says how far something goes, or is about this
text."""
_TIME: Final = re.compile(r"(?:by|from|in|until|within)\b[^,，]{1,60}[,，]\s*", re.IGNORECASE)


def propose_acts(
    text: str,
    clauses: Sequence[Clause],
    table: WordingTable,
    mentions: Sequence[Mention],
    subject_of: Callable[[Clause], str],
) -> Iterator[Proposal]:
    """A proposal for each act and each known thing that may be its object, within its clause."""
    title_end = _title_end(text)
    for clause in clauses:
        if clause.end <= title_end:
            continue  # a title names an act, and does not require it
        for found, score in _acts_of(text, clause, table):
            acted_on = _acted_on(text, clause, found, mentions)
            iri, label = (acted_on.iri, acted_on.text) if acted_on else ("", "")
            wording = found.wording
            yield Proposal(
                "act",
                found.start,
                clause.end,
                text[found.start : clause.end],
                f"worded-as “{wording.words}”",
                score,
                subject=subject_of(clause),
                predicate=wording.predicate,
                object=wording.value or iri,
                label=label,
                new=True,
            )


def _title_end(text: str) -> int:
    """Where the first line ends, if others follow and it does not end like a sentence."""
    title, following, _ = text.partition("\n")
    is_sentence = title.rstrip()[-1:] in (*".。;；:：!！?？", "")
    return 0 if is_sentence or not following else len(title)


def _acted_on(text: str, clause: Clause, act: Worded, mentions: Sequence[Mention]) -> Name | None:
    """The first thing that is named after the act, unless it is only the act's purpose."""
    behind = (each for each in mentions if act.end <= each.start < clause.end)
    first = next(behind, None)
    if first is None or _PURPOSE.search(text, act.end, first.start):
        return None
    return first.names[0]


def _acts_of(text: str, clause: Clause, table: WordingTable) -> Iterator[tuple[Worded, float]]:
    """The act of the clause, with those that are joined to its verb."""
    first, score = _first(text, clause, table)
    if first is None or (first.end == clause.end and not first.wording.has_gap):
        return  # there is no object
    yield first, score
    end = first.end
    while joint := _JOINED.match(text, end, clause.end):
        following = table.acts.at(text, joint.end(), clause.end)
        if following is None or following.wording.predicate == first.wording.predicate:
            break
        yield following, score
        end = following.end


def _first(text: str, clause: Clause, table: WordingTable) -> tuple[Worded | None, float]:
    start = clause.start
    time = _TIME.match(text, start, clause.end)
    opened = act_start(text, time.end() if time else start, clause.end, table.acts)
    if opened is not None and not _PAST.match(text, opened, clause.end):
        return table.acts.at(text, opened, clause.end), _BEGINS
    modal = next(
        (
            each
            for each in table.modalities.find(text, start, clause.end)
            if not each.wording.before
        ),
        None,
    )
    will = re.compile(r"\bwill\b(?! be\b)").search(text, start, clause.end)
    behind = min(
        [each for each in (modal.end if modal else None, will.end() if will else None) if each],
        default=None,
    )
    if behind is not None:
        return next(iter(_verbs(text, behind, clause.end, table)), None), _BEHIND_MODAL
    return next(iter(_third_person(text, clause, table)), None), _OF_SUBJECT


def _verbs(text: str, start: int, end: int, table: WordingTable) -> Iterator[Worded]:
    """Acts after a modal verb: in their base form, or after “to”."""
    for found in table.acts.find(text, start, min(end, start + _NEAREST_MODAL)):
        word = re.match(r"[\w-]+", text[found.start : found.end])
        is_base = word is None or word[0].lower() == found.wording.words.split(" ")[0]
        before = text[max(0, found.start - 6) : found.start].rstrip().rpartition(" ")[2].lower()
        if (found.wording.is_chinese or is_base) and before not in (
            "the",
            "a",
            "an",
            "of",
            "and",
            "for",
        ):
            yield found


def _third_person(text: str, clause: Clause, table: WordingTable) -> Iterator[Worded]:
    """Acts in the third person, as in “the Office builds”, and passive ones."""
    for found in table.acts.find(text, clause.start, clause.end):
        words = text[found.start : found.end].split(" ")
        if found.wording.is_chinese:
            quoted = text.rfind("《", clause.start, found.start)
            in_title = quoted > text.rfind("》", clause.start, found.start)
            behind = text[found.end : found.end + 1]
            if not in_title and behind not in _NOT_BEHIND and not behind.isdecimal():
                yield found
        elif _PASSIVE.search(text, clause.start, found.start) and words[0].endswith("ed"):
            yield found
        elif words[0].lower() == f"{found.wording.words.split(' ')[0]}s" or words[0].endswith(
            "ies"
        ):
            before = text[clause.start : found.start].rstrip().rpartition(" ")[2]
            if before and (
                before[0].isupper() or before.lower() in ("it", "they", "further", "also")
            ):
                yield found
