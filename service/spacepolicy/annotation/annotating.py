"""All proposals for a text, by the rules of this package; equal texts get equal proposals."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.annotation.acts import propose_acts
from spacepolicy.annotation.clauses import Clause, find_clauses
from spacepolicy.annotation.dates import propose_dates
from spacepolicy.annotation.duties import propose_duties
from spacepolicy.annotation.names import Mention, Names, propose_mentions, read_names
from spacepolicy.annotation.numbered_parts import Part, find_parts, propose_parts
from spacepolicy.annotation.proposals import Annotation, Proposal
from spacepolicy.annotation.quantities import propose_quantities
from spacepolicy.annotation.relations import propose_relations
from spacepolicy.annotation.wordings import WordingTable, read_wordings
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.record import FileRecord

_SENTENCE: Final = 0.9
_MEASURE: Final = 0.8
"""Scores order proposals for the same words; they are ranks, not probabilities: a sentence is more
certain than a measure, whose ends are commas."""


@final
@dataclass(frozen=True)
class Background:
    """The knowledge for reading texts: names of things, and wordings.

    `base` begins all IRIs of the project, `iris` are those with statements about them.
    """

    base: str
    names: Names
    wordings: WordingTable
    iris: frozenset[str] = frozenset()

    def term(self, name: str) -> str:
        """The IRI of a class or property."""
        return f"{self.base}def/{name}"


def read_background(folder: Path, *, packaged: bool) -> Background:
    """Read the background from the files of a content folder.

    Raises: FindingsError where the files have no base.
    """
    return background_of(read_content(folder, packaged=packaged).record)


def background_of(record: FileRecord) -> Background:
    """The background in the files."""
    iris = {each.subject.value for each in record.quads() if isinstance(each.subject, NamedNode)}
    names = Names(read_names(record))
    return Background(record.base.iri, names, read_wordings(record), frozenset(iris))


def annotate(
    text: str, source: str, background: Background, others: Iterable[Proposal] = ()
) -> Annotation:
    """The proposals for the text of the source with that name; `others` come from other
    annotators."""
    found = [*_proposals(text, source, background), *others]
    unique = {(each.order, each.words): each for each in found}
    ordered = sorted(unique.values(), key=lambda each: each.order)
    return Annotation(f"{background.base}source/{source}", text, tuple(ordered))


def _proposals(text: str, source: str, background: Background) -> Iterator[Proposal]:
    policy = f"{background.base}id/policy/{source}"
    table = background.wordings
    parts = find_parts(text)
    clauses = find_clauses(text, parts, table.acts)
    subject_of = _subjects(clauses, parts, policy)
    dates = [*propose_dates(text, background.term)]
    named = background.names.mentions(text)
    mentions = [each for each in named if not any(_lies_in(each, date) for date in dates)]
    acts = [*propose_acts(text, clauses, table, mentions, subject_of)]
    for each in propose_parts(text, parts, policy):
        yield replace(each, predicate=background.term(each.predicate))
    yield from _passages(text, clauses, acts, background, subject_of)
    yield from propose_mentions(text, mentions)
    yield from acts
    yield from dates
    taken = [(each.start, each.end) for each in dates] + [(p.start, p.label_end) for p in parts]
    yield from propose_quantities(text, table.comparators, taken, background.term)
    yield from propose_duties(text, clauses, table.duties, mentions, subject_of)
    yield from propose_relations(text, clauses, table.relations, mentions, policy)


def _lies_in(mention: Mention, date: Proposal) -> bool:
    return date.start <= mention.start and mention.end <= date.end


def _passages(
    text: str,
    clauses: Sequence[Clause],
    acts: Iterable[Proposal],
    background: Background,
    subject_of: Callable[[Clause], str],
) -> Iterator[Proposal]:
    """A proposal for each clause; one with an act may be a measure."""
    starts = sorted({each.start for each in acts})
    for clause in clauses:
        is_measure = any(clause.start <= each < clause.end for each in starts)
        yield Proposal(
            "passage",
            clause.start,
            clause.end,
            text[clause.start : clause.end],
            "clause-with-act" if is_measure else "sentence",
            _MEASURE if is_measure else _SENTENCE,
            subject=subject_of(clause) if is_measure else "",
            predicate=_TYPE if is_measure else "",
            object=background.term("Measure") if is_measure else "",
            new=is_measure,
        )


_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _subjects(
    clauses: Sequence[Clause], parts: Sequence[Part], policy: str
) -> Callable[[Clause], str]:
    """The new IRI of the measure in a clause: numbered below the narrowest part that contains
    it."""
    counts: dict[str, int] = {}
    named: dict[int, str] = {}
    for clause in clauses:
        holding = [each for each in parts if each.start <= clause.start < each.end]
        below = f"/part/{holding[-1].locator.replace('.', '/')}" if holding else ""
        counts[below] = counts.get(below, 0) + 1
        named[clause.start] = f"{policy}{below}/measure/{counts[below]}"
    return lambda clause: named[clause.start]
