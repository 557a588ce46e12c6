"""Clauses: leaf passages are the clauses of a text, each once, and hold all of it."""

from collections.abc import Sequence

import pytest

from spacepolicy.knowledge.checks.coverage import (
    Division,
    clause_faults,
    coverage_findings,
    divide,
    joined_clause,
    metadata_findings,
    read_marks,
)
from spacepolicy.knowledge.checks.evidence import DescribedPassage
from spacepolicy.knowledge.loading.sources import SourceDocument

TEXT = "First, plan and plant trees, water them.Then 2.5 m hedges grow. Ad here"
METADATA = {
    "connectives": [", ", ".", " ", ". "],
    "openings": ["plan", "plant", "water", "hedges grow"],
    "residue": [{"start": 64, "end": 71, "text": "Ad here"}],
}
IRI = "https://example.org/gov/source/plan"
SOURCE = SourceDocument("plan", IRI, TEXT, METADATA)
MARKS = read_marks(METADATA)


def passage(words: str, within: Sequence[str] = ()) -> DescribedPassage:
    start = TEXT.index(words)
    end = start + len(words)
    return DescribedPassage(f"{IRI}#char={start},{end}", start, end, words, within=tuple(within))


CLAUSES = (
    passage("First, plan and plant trees"),
    passage("water them"),
    passage("Then 2.5 m hedges grow"),
)


def rules(*passages: DescribedPassage) -> list[str]:
    return [fault.rule for fault in clause_faults(SOURCE, passages)]


def test_clauses_of_their_own_are_without_fault_and_hold_the_text() -> None:
    assert rules(*CLAUSES) == []
    assert list(coverage_findings(SOURCE, CLAUSES)) == []
    assert divide(TEXT, CLAUSES, MARKS) == Division(71, 59, 5, 7)


def test_a_clause_that_is_left_out_is_found_with_its_words_and_its_line() -> None:
    (finding,) = coverage_findings(SOURCE, CLAUSES[:1] + CLAUSES[2:])
    assert (finding.path, finding.line, finding.rule) == ("seeds/plan.txt", 1, "uncovered")
    assert "“water them”" in finding.message
    assert finding.remedy


def test_a_container_quotes_nothing() -> None:
    container = passage("First, plan and plant trees, water them")
    inner = passage("water them", [container.iri])
    (finding,) = coverage_findings(SOURCE, [container, inner, CLAUSES[2]])
    assert "“First, plan and plant trees”" in finding.message


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("First, plan and plant trees, water them", "two-clauses"),
        ("water them.Then 2.5 m hedges grow", "two-sentences"),
    ],
)
def test_a_leaf_over_two_clauses_or_sentences_is_found(words: str, rule: str) -> None:
    assert rule in rules(passage(words))


def test_a_leaf_that_overlaps_another_is_found_whatever_it_is_said_to_lie_in() -> None:
    wide = passage("plant trees, water")
    assert "overlap" in rules(wide, CLAUSES[1])


def test_the_end_of_the_sentence_itself_may_stand_in_its_last_leaf() -> None:
    assert rules(passage("water them.")) == []


@pytest.mark.parametrize(
    "words",
    [
        "First, plan and plant trees",
        "plant trees, shrubs and hedges",
        "plan trees to plant",
    ],
)
def test_lists_and_joined_verbs_are_one_clause(words: str) -> None:
    assert joined_clause(words, MARKS) is None


def test_without_marks_every_leaf_is_one_clause() -> None:
    assert joined_clause("plant trees, water them", read_marks({})) is None


def test_residue_whose_words_stand_elsewhere_is_found_at_its_line() -> None:
    residue = [{"start": 63, "end": 70, "text": "Ad here"}]
    moved = SourceDocument("plan", IRI, TEXT, METADATA | {"residue": residue})
    (finding,) = metadata_findings(moved, ["[[residue]]", 'text = "Ad here"'])
    assert (finding.path, finding.line, finding.rule) == ("seeds/plan.toml", 2, "residue")
    assert list(metadata_findings(SOURCE, [])) == []


def test_marks_of_another_form_are_passed_over() -> None:
    marks = read_marks({"connectives": "and", "residue": [{"start": "1"}, 2], "openings": [1, ""]})
    assert (marks.connectives, marks.residue, marks.openings) == ((), (), ())
