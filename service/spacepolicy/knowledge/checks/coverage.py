"""Checks that the leaf passages of a source are its clauses, each of them once and nothing else.

The metadata of a text list what joins its clauses (`connectives`), what the page left in it
(`residue`) and the words with which its clauses open (`openings`). A leaf is one clause within one
sentence when it overlaps no other, contains no end of a sentence, and contains no connective
between a clause and the opening of another. All text outside of leaves is connectives and residue.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.evidence import DescribedPassage, coverage, leaves
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.loading.sources import FOLDER, SourceDocument
from spacepolicy.text_structure import sentence_ends

_PUNCTUATION: Final = re.compile(r"[^\w\s]")
_JOINING: Final = r"\s,;:\u3001\uff0c\uff1b\uff1a"
_EDGE: Final = re.compile(rf"^[{_JOINING}]|[{_JOINING}]$")
"""White space, commas and colons, with which no clause begins or ends."""
_DESCRIBE: Final = "Describe the clause as a passage, or list what joins it in {}."


@final
@dataclass(frozen=True, slots=True)
class Connectives:
    """The metadata about the division of the text; the longest connective is tried first."""

    connectives: tuple[str, ...]
    residue: tuple[tuple[int, int, str], ...]
    openings: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Division:
    """The numbers of characters of a text by what covers them."""

    characters: int
    clauses: int
    connectives: int
    residue: int

    @property
    def accounted(self) -> int:
        """The characters in leaf passages, connectives or residue."""
        return self.clauses + self.connectives + self.residue


def read_marks(metadata: Mapping[str, object]) -> Connectives:
    """Read the marks in a source's metadata; malformed ones are ignored.

    >>> read_marks({"connectives": [" ", ", and "], "openings": ["plant"]}).connectives
    (', and ', ' ')
    """
    stretches = metadata.get("residue")
    return Connectives(
        tuple(sorted(_texts(metadata.get("connectives")), key=len, reverse=True)),
        tuple(_stretches(stretches if isinstance(stretches, list) else [])),
        _texts(metadata.get("openings")),
    )


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(each for each in listed if isinstance(each, str) and each)


def _stretches(listed: Iterable[object]) -> Iterator[tuple[int, int, str]]:
    for each in listed:
        if isinstance(each, dict):
            start, end, text = (each.get(key) for key in ("start", "end", "text"))
            if isinstance(start, int) and isinstance(end, int) and isinstance(text, str):
                yield start, end, text


def divide(text: str, passages: Iterable[DescribedPassage], marks: Connectives) -> Division:
    """Count the characters of the text in leaves, connectives and residue."""
    found = coverage(text, passages)
    joined = residue = 0
    for start, end in found.gaps:
        for kind, begin, stop in _pieces(text, start, end, marks):
            joined += (stop - begin) * (kind == "connective")
            residue += (stop - begin) * (kind == "residue")
    return Division(found.characters, found.covered, joined, residue)


def _pieces(text: str, start: int, end: int, marks: Connectives) -> Iterator[tuple[str, int, int]]:
    """Split a stretch without leaves into connectives, residue and the rest (`unheld`)."""
    left_over = at = start
    while at < end:
        kind, stop = _piece(text, at, end, marks)
        if kind != "unheld":
            if left_over < at:
                yield "unheld", left_over, at
            yield kind, at, stop
            left_over = stop
        at = stop
    if left_over < end:
        yield "unheld", left_over, end


def _piece(text: str, at: int, end: int, marks: Connectives) -> tuple[str, int]:
    for start, stop, _ in marks.residue:
        if start == at and stop <= end:
            return "residue", stop
    for connective in marks.connectives:
        if text.startswith(connective, at) and at + len(connective) <= end:
            return "connective", at + len(connective)
    return "unheld", at + 1


def metadata_findings(source: SourceDocument, table_lines: Sequence[str]) -> Iterator[Finding]:
    """Residue whose words are not those of the text at its offsets."""
    if source.text is None:
        return
    for start, end, words in read_marks(source.metadata).residue:
        found = source.text[start:end]
        if found != words:
            line = next((n for n, each in enumerate(table_lines, 1) if words in each), None)
            message = f"the residue at {start},{end} is “{words}”, but the text says “{found}”."
            yield Finding(f"{FOLDER}/{source.name}.toml", line, "residue", message, "Mend it.")


def coverage_findings(
    source: SourceDocument, passages: Iterable[DescribedPassage]
) -> Iterator[Finding]:
    """Words of the text that are in no leaf passage and are not listed."""
    if source.text is None:
        return
    marks = read_marks(source.metadata)
    for gap in coverage(source.text, passages).gaps:
        # One finding a gap: a clause left out is read as a whole, not between its blanks.
        unheld = [piece for piece in _pieces(source.text, *gap, marks) if piece[0] == "unheld"]
        if unheld:
            start, end = unheld[0][1], unheld[-1][2]
            message = (
                f"no leaf passage holds “{source.text[start:end]}” (characters {start} to {end})."
            )
            remedy = _DESCRIBE.format(f"{FOLDER}/{source.name}.toml")
            line = source.text.count("\n", 0, start) + 1
            yield Finding(f"{FOLDER}/{source.name}.txt", line, "uncovered", message, remedy)


def clause_faults(
    source: SourceDocument, passages: Iterable[DescribedPassage]
) -> Iterator[StatementFault]:
    """Leaf passages that overlap, contain the end of a sentence or a connective, or two clauses."""
    graph = NamedNode(source.iri)
    marks = read_marks(source.metadata)
    clauses = sorted(leaves(passages), key=lambda passage: (passage.start, passage.end))
    for first, second in pairwise(clauses):
        if second.start < first.end:
            message = f"the leaf passages <{first.iri}> and <{second.iri}> overlap."
            remedy = "Let each hold its own clause; say with isWithin what contains the other."
            yield StatementFault(
                "overlap", message, (StatementPlace(NamedNode(second.iri), graph=graph),), remedy
            )
    for passage in clauses:
        place = (StatementPlace(NamedNode(passage.iri), graph=graph),)
        if end := next(sentence_ends(passage.exact.rstrip(".!? ")), None):
            rest = passage.exact[end[1] :].strip()
            message = f"the leaf passage <{passage.iri}> goes on after a sentence: “{rest}”."
            remedy = "A leaf is one clause within one sentence: divide it there."
            yield StatementFault("two-sentences", message, place, remedy)
        if _EDGE.search(passage.exact):
            message = (
                f"the leaf passage <{passage.iri}> begins or ends with what joins clauses: "
                f"“{passage.exact}”."
            )
            remedy = "Name the clause alone: `spacepolicy cite` has the offsets of its words."
            yield StatementFault("edges", message, place, remedy)
        if second_clause := joined_clause(passage.exact, marks):
            message = f"the leaf passage <{passage.iri}> joins another clause: “{second_clause}”."
            remedy = "A leaf is one clause: divide it there."
            yield StatementFault("two-clauses", message, place, remedy)


def unstated_faults(
    source: SourceDocument,
    passages: Iterable[DescribedPassage],
    graphs: Mapping[str, Sequence[object]],
) -> Iterator[StatementFault]:
    """Quoted clauses without statements; `graphs` has the statements of each graph."""
    for passage in leaves(passages):
        if not graphs.get(passage.iri):
            message = f"nothing is stated of “{passage.exact}”."
            place = StatementPlace(NamedNode(passage.iri), graph=NamedNode(source.iri))
            remedy = "State what the words say, or that the passage :isLeftOutAs a reason."
            yield StatementFault("unstated", message, (place,), remedy)


def joined_clause(words: str, marks: Connectives) -> str | None:
    """The second clause of words that join two; None where they are one clause.

    A clause precedes only where it begins with an opening that something follows: what only joins
    two verbs, as in “plan and plant trees”, or only leads in, as in “First, plant trees”, is one
    clause. After a mere blank only an opening of several words begins a clause.

    >>> marks = Connectives((", ", " and "), (), ("plant", "plan", "water"))
    >>> joined_clause("First, plan and plant trees, shrubs and hedges", marks)
    >>> joined_clause("plant trees and water them", marks)
    'water them'
    """
    if not marks.connectives or not marks.openings:
        return None
    opening = "|".join(re.escape(each) for each in sorted(marks.openings, key=len, reverse=True))
    connective = "|".join(map(re.escape, marks.connectives))
    for match in re.finditer(rf"({connective})(?=({opening})\b)", words, re.IGNORECASE):
        before = words[: match.start()]
        verbs = list(re.finditer(rf"\b(?:{opening})\b", before, re.IGNORECASE))
        if not verbs or (match[1].isspace() and " " not in match[2]):
            continue
        only_verbs = len(verbs) == 1 and verbs[0].end() == len(before)
        if not only_verbs or _PUNCTUATION.search(match[1]):
            return words[match.end() :]
    return None
