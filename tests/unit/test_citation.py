"""Citation: words are found where they stand, however they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.knowledge.checks.evidence import DescribedPassage
from spacepolicy.knowledge.citation import cite
from spacepolicy.knowledge.loading.sources import SourceDocument

TEXT = "The “green” plan.Plant trees, water them — and plant trees."


def passage(exact: str, start: int) -> DescribedPassage:
    end = start + len(exact)
    assert TEXT[start:end] == exact
    return DescribedPassage(
        f"https://example.org/gov/source/plan#char={start},{end}", start, end, exact
    )


SENTENCE = passage("Plant trees, water them — and plant trees.", 17)
CLAUSE = passage("Plant trees", 17)
OTHER = passage("water them", 30)
PASSAGES = (SENTENCE, CLAUSE, OTHER)
SOURCE = SourceDocument("plan", "https://example.org/gov/source/plan", TEXT, {})


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ('the "green" plan', "The “green” plan"),
        ("plan. Plant", "plan.Plant"),
        ("water\n   THEM - and", "water them — and"),
    ],
)
def test_words_are_found_whatever_their_space_case_and_quotes(words: str, standing: str) -> None:
    (found,) = cite(words, SOURCE, PASSAGES).standings
    assert found.text == TEXT[found.start : found.end] == standing


def test_words_are_found_wherever_they_stand_with_the_narrowest_passage_first() -> None:
    first, second = cite("plant trees", SOURCE, PASSAGES).standings
    assert [each.exact for each in first.passages] == ["Plant trees", SENTENCE.exact]
    assert first.touched == ()
    assert second.passages == (SENTENCE,)


def test_words_that_no_passage_holds_are_found_in_the_text_with_offsets_to_write() -> None:
    citation = cite("plan.Plant trees", SOURCE, (CLAUSE, OTHER))
    (standing,) = citation.standings
    assert (standing.start, standing.end) == (12, 28)
    assert standing.passages == ()
    assert standing.touched == (CLAUSE,)
    assert not citation.found


def test_words_that_stand_nowhere_give_the_most_similar_passage() -> None:
    citation = cite("waters them", SOURCE, PASSAGES)
    assert citation.standings == ()
    assert citation.nearest == OTHER
    assert not citation.found


def test_without_the_text_the_passages_are_searched() -> None:
    absent = SourceDocument("plan", SOURCE.iri, None, {})
    citation = cite("water them", absent, PASSAGES)
    assert [(each.start, each.end) for each in citation.standings] == [(30, 40)]
    assert citation.found


@pytest.mark.parametrize("words", ["", "  \n"])
def test_no_words_stand_nowhere(words: str) -> None:
    assert cite(words, SOURCE, PASSAGES).standings == ()


@given(st.text(), st.text(min_size=1), st.text())
def test_words_of_a_text_are_always_found_in_it(before: str, words: str, after: str) -> None:
    source = SourceDocument("plan", SOURCE.iri, before + words + after, {})
    texts = [standing.text for standing in cite(words, source, ()).standings]
    assert not words.strip() or any(text.strip() == words.strip() for text in texts)
