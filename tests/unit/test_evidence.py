"""Evidence: a quotation equals its slice, or the check says what is wrong with the passage."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from spacepolicy.knowledge.checks.evidence import (
    Graphs,
    coverage,
    evidence_faults,
    leaves,
    read_passages,
)
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import RDF, XSD, Base

BASE = Base("https://example.org/gov/")
IRI = f"{BASE.sources}tree-plan"
TEXT = "The “green” plan: plant trees, water them."
SOURCE = SourceDocument("tree-plan", IRI, TEXT, {})
DATA = """
@base <https://example.org/gov/source/tree-plan> .
@prefix : <https://example.org/gov/def/> .
<https://example.org/gov/source/tree-plan> {
  <#char=18,42> a :Passage ; :source <https://example.org/gov/source/tree-plan> ;
    :start 18 ; :end 42 ; :exactText "plant trees, water them."@en .
  <#char=18,29> a :Passage ; :source <https://example.org/gov/source/tree-plan> ;
    :start 18 ; :end 29 ; :exactText "plant trees"@en ;
    :prefixText "plan: "@en ; :suffixText ", water"@en ; :isWithin <#char=18,42> .
}
<#char=18,29> {
  <https://example.org/gov/id/plan/10> :plants "trees" .
  <https://example.org/gov/id/plan/2> :plants "trees" .
}
"""


def graphs(data: str) -> Graphs:
    found: dict[str, list[Triple]] = {}
    for quad in parse(data, RdfFormat.TRIG):
        assert isinstance(quad.graph_name, NamedNode)
        found.setdefault(quad.graph_name.value, []).append(quad.triple)
    return found


def faults(
    before: str = "", after: str = "", source: SourceDocument = SOURCE
) -> list[tuple[str, str]]:
    """The rules broken, and the messages, when the data is changed so."""
    assert before in DATA
    found = evidence_faults(BASE, source, graphs(DATA.replace(before, after, 1)))
    return [(fault.rule, fault.message) for fault in found]


def test_true_passages_are_without_fault() -> None:
    assert faults() == []


def test_a_passage_is_read_with_its_offsets_words_container_and_subjects() -> None:
    container, clause = read_passages(BASE, SOURCE, graphs(DATA))
    assert (clause.start, clause.end, clause.exact) == (18, 29, "plant trees")
    assert (clause.prefix, clause.suffix) == ("plan: ", ", water")
    assert clause.within == (container.iri,)
    assert clause.about == (
        "https://example.org/gov/id/plan/2",
        "https://example.org/gov/id/plan/10",
    )


@pytest.mark.parametrize(
    ("before", "after", "rule", "part"),
    [
        ('"plant trees"@en', '"plant treas"@en', "quotation", "exactText"),
        ('"plan: "@en', '"plan, "@en', "quotation", "prefixText"),
        ('", water"@en', '", watch"@en', "quotation", "suffixText"),
        (":start 18 ; :end 29", ":start 17 ; :end 29", "offsets", "another name"),
        (":start 18 ; :end 42", ":start 18 ; :end 43", "offsets", "behind the end"),
        (":start 18 ; :end 29", ":start 30 ; :end 29", "offsets", "ends where it starts"),
        (":isWithin <#char=18,42>", ":isWithin <#char=0,42>", "passage", "is not described"),
        (":isWithin <#char=18,42>", ":isWithin <#char=18,29>", "offsets", "does not lie within"),
        (
            ":start 18 ; :end 42",
            ":isWithin <#char=18,29> ; :start 18 ; :end 42",
            "offsets",
            "does not lie within",
        ),
        (":start 18 ; :end 29", ":end 29", "passage", "needs one start"),
        (":start 18 ; :end 29", ':start "now" ; :end 29', "passage", "needs one start"),
        (":start 18 ; :end 29", ":start 18 ; :end 29, 30", "passage", "needs one start"),
        ("<#char=18,29> a :Passage", "<#char=18,29> a :Clause", "passage", "not described"),
        (
            "<#char=18,42> a :Passage ; :source <https://example.org/gov/source/tree-plan>",
            "<#char=18,42> a :Passage ; :source <https://example.org/gov/source/other>",
            "passage",
            "source",
        ),
        (
            "<#char=18,42> a :Passage ; :source <https://example.org/gov/source/tree-plan>",
            "<#char=18,42> a :Passage",
            "passage",
            "source",
        ),
        (
            "<#char=18,42> a :Passage",
            "<https://example.org/gov/source/other#char=18,42> a :Passage",
            "passage",
            "not named after it",
        ),
    ],
)
def test_a_passage_that_is_changed_is_found(before: str, after: str, rule: str, part: str) -> None:
    assert any(found == rule and part in message for found, message in faults(before, after))


def test_a_fault_is_placed_at_the_property_that_is_wrong() -> None:
    data = graphs(DATA.replace('"plant trees"@en', '"plant treas"@en'))
    (fault,) = evidence_faults(BASE, SOURCE, data)
    place = fault.places[0]
    assert place.subject == NamedNode(f"{IRI}#char=18,29")
    assert place.predicate == BASE.term("exactText")
    assert place.graph == NamedNode(IRI)


def test_without_the_text_quotations_are_not_compared_but_names_are() -> None:
    absent = SourceDocument("tree-plan", IRI, None, {})
    assert faults('"plant trees"@en', '"plant treas"@en', absent) == []
    assert faults(":start 18 ; :end 29", ":start 17 ; :end 29", absent) != []


def described(text: str, start: int, end: int, context: int, exact: str) -> Graphs:
    """A source's graph that describes one passage."""
    passage = NamedNode(f"{IRI}#char={start},{end}")
    integer = NamedNode(f"{XSD}integer")
    values: Sequence[tuple[str, NamedNode | Literal]] = (
        ("source", NamedNode(IRI)),
        ("start", Literal(str(start), datatype=integer)),
        ("end", Literal(str(end), datatype=integer)),
        ("exactText", Literal(exact, language="en")),
        ("prefixText", Literal(text[max(start - context, 0) : start], language="en")),
        ("suffixText", Literal(text[end : end + context], language="en")),
    )
    type_ = Triple(passage, NamedNode(f"{RDF}type"), BASE.term("Passage"))
    return {IRI: [type_, *(Triple(passage, BASE.term(name), value) for name, value in values)]}


@given(st.text(min_size=1), st.data())
def test_a_quotation_is_without_fault_exactly_when_it_equals_its_slice(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    context = data.draw(st.integers(0, 5))
    source = SourceDocument("tree-plan", IRI, text, {})
    true = described(text, start, end, context, text[start:end])
    assert list(evidence_faults(BASE, source, true)) == []
    other = data.draw(st.text())
    assume(other != text[start:end])
    (fault,) = evidence_faults(BASE, source, described(text, start, end, context, other))
    assert fault.rule == "quotation"


def test_offsets_count_code_points_and_not_bytes() -> None:
    source = SourceDocument("tree-plan", IRI, "“a”b", {})
    assert list(evidence_faults(BASE, source, described("“a”b", 3, 4, 0, "b"))) == []


def test_leaves_are_the_passages_that_hold_no_other() -> None:
    passages = read_passages(BASE, SOURCE, graphs(DATA))
    assert [passage.exact for passage in leaves(passages)] == ["plant trees"]


def test_coverage_counts_what_leaves_hold_and_names_the_gaps() -> None:
    found = coverage(TEXT, read_passages(BASE, SOURCE, graphs(DATA)))
    assert (found.characters, found.covered) == (42, 11)
    assert found.gaps == ((0, 18), (29, 42))
