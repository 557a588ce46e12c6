"""Descriptions: what is derived of names, texts and metadata is what one would have typed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.evidence import evidence_faults, read_passages
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.descriptions import (
    CONTEXT,
    locator_of,
    span_of,
    with_descriptions,
    without_derivable,
)
from spacepolicy.knowledge.loading.record import GraphFile, StatementPlace, line_in
from spacepolicy.knowledge.loading.source_descriptions import description_faults, source_files
from spacepolicy.knowledge.loading.sources import SourceDocument, reading_of
from spacepolicy.namespaces import Base

BASE = Base("https://example.org/gov/")
IRI = f"{BASE.sources}plan"
TEXT = "The “green” plan: plant trees, water them. Water them daily."
SOURCE = SourceDocument("plan", IRI, TEXT, {"language": "en"})
PREFIXES = f"@base <{IRI}> . @prefix : <{BASE.iri}def/> .\n"
TYPED = f"""<{IRI}> {{
  <#char=18,42> a :Passage ; :source <{IRI}> ; :start 18 ; :end 42 ;
    :exactText "plant trees, water them."@en ; :prefixText "The “green” plan: "@en ;
    :suffixText " Water them daily."@en .
  <#char=18,29> a :Passage ; :source <{IRI}> ; :start 18 ; :end 29 ; :isWithin <#char=18,42> ;
    :exactText "plant trees"@en ; :prefixText "The “green” plan: "@en ;
    :suffixText ", water them. Water them daily."@en .
}}
"""
STATED = "<#char=18,29> { <urn:plan> :plants <urn:tree> }\n"
NAMED = f"<{IRI}> {{ <#char=18,42> a :Passage }}\n"


def file(trig: str, name: str = "data/plan.trig") -> GraphFile:
    return GraphFile(Path(name), name, tuple(parse(PREFIXES + trig, RdfFormat.TRIG)))


def described(*files: GraphFile, source: SourceDocument = SOURCE) -> tuple[GraphFile, ...]:
    return with_descriptions(files, BASE, [source])


def quads(files: Iterable[GraphFile]) -> set[Quad]:
    found = [quad for each in files for quad in each.quads]
    assert len(found) == len(set(found))
    return set(found)


def test_a_derived_description_is_the_one_that_would_be_typed() -> None:
    assert quads(described(file(STATED + NAMED))) == quads([file(TYPED + STATED)])


def test_a_description_that_is_typed_wholly_has_nothing_added() -> None:
    (found,) = described(file(TYPED + STATED))
    assert not found.derived


def test_what_is_typed_stays_and_what_is_missing_is_added() -> None:
    typed = f'<{IRI}> {{ <#char=18,29> :exactText "plant bushes"@en }}\n'
    (found,) = described(file(STATED + typed))
    graphs = {IRI: [quad.triple for quad in found.quads if quad.graph_name == NamedNode(IRI)]}
    (passage,) = read_passages(BASE, SOURCE, graphs)
    assert (passage.exact, passage.start, passage.suffix) == ("plant bushes", 18, TEXT[29:61])
    (fault,) = evidence_faults(BASE, SOURCE, graphs)
    assert (fault.rule, "“plant trees”" in fault.message) == ("quotation", True)


def test_what_can_be_derived_can_be_left_out() -> None:
    (bare,) = [file(TYPED + STATED)]
    assert set(without_derivable(bare, BASE, SOURCE)) == set(file(STATED + NAMED).quads)


def test_a_typed_value_that_differs_is_not_left_out() -> None:
    typed = file(TYPED.replace('plant trees"@en', 'plant bushes"@en') + STATED)
    assert any("bushes" in str(quad) for quad in without_derivable(typed, BASE, SOURCE))


def test_passages_in_two_files_are_described_in_each_and_lie_in_one_another() -> None:
    first, second = described(file(STATED), file(NAMED, "data/more.trig"))
    within = Quad(
        NamedNode(f"{IRI}#char=18,29"),
        BASE.term("isWithin"),
        NamedNode(f"{IRI}#char=18,42"),
        NamedNode(IRI),
    )
    assert within in first.derived
    assert {quad.subject for quad in second.derived} == {NamedNode(f"{IRI}#char=18,42")}


def test_without_the_text_all_is_derived_but_words() -> None:
    absent = SourceDocument("plan", IRI, None, {"language": "en"})
    (found,) = described(file(STATED), source=absent)
    names = {quad.predicate.value.rpartition("/")[2] for quad in found.derived}
    assert names == {"22-rdf-syntax-ns#type", "source", "start", "end"}


def test_a_passage_by_reference_is_described_by_its_locator_and_how_the_source_was_read() -> None:
    metadata = {
        "language": "en",
        "address": "https://example.org/plan",
        "read_on": date(2026, 11, 20),
        "copy_read": "the printed issue",
        "independent_sources": 2,
    }
    absent = SourceDocument("plan", IRI, None, metadata)
    names = ("sec.3", "sec.3.b", "sec.3.b.ii", "sec.30")
    stated = "".join(f"<#loc={each}> {{ <urn:plan> :plants <urn:tree> }}\n" for each in names)
    (found,) = described(file(stated), source=absent)
    within = {
        str(quad.subject).rpartition("=")[2]: str(quad.object).rpartition("=")[2]
        for quad in found.derived
        if quad.predicate == BASE.term("isWithin")
    }
    assert within == {"sec.3.b>": "sec.3>", "sec.3.b.ii>": "sec.3.b>"}
    said = {
        str(quad.predicate).rpartition("/")[2].rstrip(">"): str(quad.object)
        for quad in found.derived
        if str(quad.subject).endswith("sec.30>")
    }
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert said.pop("22-rdf-syntax-ns#type") == f"<{BASE.iri}def/Passage>"
    assert said == {
        "source": f"<{IRI}>",
        "locator": '"sec.30"',
        "officialAddress": f'"https://example.org/plan"^^<{xsd}anyURI>',
        "readOn": f'"2026-11-20"^^<{xsd}date>',
        "copyRead": '"the printed issue"@en',
        "independentSourceCount": f'"2"^^<{xsd}integer>',
    }


@pytest.mark.parametrize(
    "fragment", ["char=18", "char=018,29", "char=a,b", "line=1,2", "char=18,29,30", ""]
)
def test_a_name_that_has_no_offsets_describes_nothing(fragment: str) -> None:
    assert span_of(f"{IRI}#{fragment}") is None
    (found,) = described(file(f"<#{fragment}> {{ <urn:plan> :plants <urn:tree> }}"))
    assert not found.derived


def test_what_is_derived_of_a_passage_stands_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.trig"
    path.write_text(f"{PREFIXES}\n{STATED}", encoding="utf-8")
    (found,) = described(GraphFile(path, "data/plan.trig", file(STATED).quads))
    end = StatementPlace(NamedNode(f"{IRI}#char=18,29"), BASE.term("end"), graph=NamedNode(IRI))
    assert line_in(found, end) == 3


spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 31)).map(lambda e: (e[0], e[0] + e[1])),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(st.text(min_size=64, max_size=80), spans)
def test_each_passage_lies_in_the_shortest_that_holds_it(
    text: str, found: list[tuple[int, int]]
) -> None:
    source = SourceDocument("plan", IRI, text, {})
    trig = "".join(f"<#char={a},{b}> {{ <urn:a> <urn:b> 1 }}\n" for a, b in found)
    (one,) = described(file(trig), source=source)
    graphs = {IRI: [quad.triple for quad in one.derived]}
    passages = read_passages(BASE, source, graphs)
    assert [(each.start, each.end) for each in passages] == sorted(
        found, key=lambda span: (span[0], -span[1])
    )
    for each in passages:
        span = (each.start, each.end)
        holding = [
            (b - a, f"{IRI}#char={a},{b}")
            for a, b in found
            if (a, b) != span and a <= span[0] and span[1] <= b
        ]
        assert each.exact == text[each.start : each.end]
        assert (each.prefix or "") == text[max(each.start - CONTEXT, 0) : each.start]
        assert (each.suffix or "") == text[each.end : each.end + CONTEXT]
        lengths = {length for length, _ in holding}
        assert {length for length, iri in holding if iri in each.within} == (
            {min(lengths)} if lengths else set()
        )
        assert len(each.within) == bool(holding)


def table(tmp_path: Path, toml: dict[str, object], *files: GraphFile) -> tuple[set[str], list[str]]:
    """What the metadata says of the source, and what is found wrong with it."""
    findings: list[Finding] = []
    source = SourceDocument("plan", IRI, TEXT, toml)
    found = source_files(tmp_path, BASE, [source], files, findings.append)
    return {str(quad.triple) for quad in quads(found)}, [each.message for each in findings]


def test_what_a_source_is_comes_from_its_metadata(tmp_path: Path) -> None:
    said, wrong = table(
        tmp_path,
        {
            "language": "en",
            "title": "The plan",
            "description": {"en": "a plan", "zh": "计划"},
            "licence": "unknown",
            "kind": "concept/kind/plan",
            "reports_on": ["id/policy/one", "https://example.com/two"],
        },
    )
    assert (len(said), wrong) == (8, [])
    terms = "https://example.org/gov/"
    assert f"<{IRI}> <{terms}def/hasDocumentKind> <{terms}concept/kind/plan>" in said
    assert f"<{IRI}> <{terms}def/reportsOn> <https://example.com/two>" in said
    assert f'<{IRI}> <http://purl.org/dc/terms/description> "计划"@zh' in said


def test_what_the_data_say_of_a_source_goes_before_its_metadata(tmp_path: Path) -> None:
    typed = file(f'<{IRI}> {{ <{IRI}> :sha256 "0" }}')
    said, _ = table(tmp_path, {"sha256": "1"}, typed)
    assert not any("sha256" in each for each in said)
    source = SourceDocument("plan", IRI, TEXT, {"sha256": "1"})
    (fault,) = description_faults(BASE, source, [quad.triple for quad in typed.quads])
    assert (fault.rule, fault.places[0].predicate) == ("source", BASE.term("sha256"))
    agreed = SourceDocument("plan", IRI, TEXT, {"sha256": "0"})
    assert not [*description_faults(BASE, agreed, [quad.triple for quad in typed.quads])]


@pytest.mark.parametrize(
    "toml", [{"published": "today"}, {"kind": 3}, {"title": 1}, {"kind": "urn:a b"}]
)
def test_a_value_that_says_nothing_is_found(tmp_path: Path, toml: dict[str, object]) -> None:
    (seeds := tmp_path / "seeds").mkdir()
    (seeds / "plan.toml").write_text(f"\n{next(iter(toml))} = 1\n", encoding="utf-8")
    said, wrong = table(tmp_path, toml)
    assert (len(said), len(wrong)) == (1, 1)
    assert wrong[0].startswith(f"the value of {next(iter(toml))} is not usable")


def test_the_files_of_a_checkout_type_no_description() -> None:
    root = Path(__file__).parents[2]
    content = read_content(root, packaged=False)
    base = content.record.base
    quoting = [file for file in content.record.files if file.path.suffix in (".trig", ".quotes")]
    assert [file.name for file in quoting if file.derived]
    kind, locator, copy_read = map(base.term, ("Passage", "locator", "copyRead"))
    for source in content.sources:
        reading = {base.term(name) for name in reading_of(source)}
        for file in quoting:
            bare = replace(file, quads=file.written, derived=frozenset())
            typed = set(file.written).difference(without_derivable(bare, base, source))
            read_elsewhere = {quad.subject for quad in file.written if quad.predicate == copy_read}
            for quad in typed:
                if quad.object == kind:
                    continue  # `.quotes` says so
                assert source.is_not_shipped, quad
                assert isinstance(quad.subject, NamedNode), quad
                assert locator_of(quad.subject.value), quad
                if quad.predicate == locator:
                    assert file.path.suffix == ".quotes", quad
                else:  # of another copy, all that was read is written
                    assert quad.predicate in reading, quad
                    assert quad.subject in read_elsewhere, quad
