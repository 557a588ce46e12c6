"""The evidence gate over the shipped content: what breaks the evidence is seen, with its line."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.coverage import clause_faults, coverage_findings
from spacepolicy.knowledge.checks.evidence import DescribedPassage, leaves
from spacepolicy.knowledge.checks.gates import EVIDENCE
from spacepolicy.knowledge.checks.result import judge
from spacepolicy.knowledge.loading.compiled import write_compiled

from .conftest import DATA, ROOT, Content

SOURCE: Final = "https://w3id.org/spacepolicy/source/shanghai-2022-opinions"
MEASURE: Final = (
    "<https://w3id.org/spacepolicy/id/policy/shanghai-2022-spatial-information/task/2/measure/1>"
)
UNQUOTED: Final = f"{MEASURE} <https://w3id.org/spacepolicy/def/builds> <urn:x:palace> ."

DESCRIBED: Final = """<#char=1510,1534> a :Passage ;
    :start 1510 ;
    :end 1534 ;
    :exactText "develop reusable rockets"@en ;
    :prefixText "ent manufacturing capabilities, "@en ;
    :suffixText ", build a high-level spacecraft "@en ;
    :isWithin <#char=1444,1681> ;
    :source <> ."""
LAST_PREFIX: Final = "@prefix technology:"
"""The line behind which the statements about the document stand."""


MATERIAL: Final = CheckContext(ROOT, packaged=False)
(TEXT,) = (source for source in MATERIAL.sources if source.iri == SOURCE)
PASSAGES: Final = MATERIAL.passages[TEXT.name]
LEAVES: Final = tuple(sorted(leaves(PASSAGES), key=lambda passage: passage.start))


def test_all_content_is_quoted_and_the_report_says_so() -> None:
    verdict = judge(EVIDENCE, MATERIAL)
    assert verdict.findings == ()
    report = "; ".join(verdict.report)
    clauses = [leaf for found in MATERIAL.passages.values() for leaf in leaves(found)]
    cited = [each.iri for found in MATERIAL.references.values() for each in found]
    stated = sum(len(MATERIAL.graphs[iri]) for iri in (*(leaf.iri for leaf in clauses), *cited))
    assert f"{stated:,} of {stated:,} statements of content in leaf passages (100.0 %)" in report
    shipped = [source for source in MATERIAL.sources if source.text is not None]
    assert shipped
    for source in shipped:
        assert source.text is not None
        assert re.search(rf"{len(source.text):,} characters: .* residue \(100\.0 %\)", report)
        quoted = sum(
            1 + (each.prefix is not None) + (each.suffix is not None)
            for each in MATERIAL.passages[source.name]
        )
        assert f"{quoted} quotations compared" in report


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (":start 1510", ":start 1511", "offsets"),
        (":end 1534", ":end 1535", "offsets"),
        ('"develop reusable rockets"', '"develop reusable buses"', "quotation"),
        ('"ent manufacturing capabilities, "', '"ent manufacturing capability, "', "quotation"),
    ],
)
def test_a_typed_description_that_the_text_does_not_bear_out_is_found_at_its_line(
    shipped: Content, before: str, after: str, rule: str
) -> None:
    assert before in DESCRIBED
    typed = DESCRIBED.replace(before, after)
    shipped.insert(DATA, LAST_PREFIX, typed)
    line = shipped.line(DATA, after)
    findings = shipped.findings("evidence")
    assert any(
        (each.path, each.rule) == (DATA, rule) and abs((each.line or 0) - line) <= 1
        for each in findings
    ), findings


def test_a_typed_description_that_the_text_bears_out_changes_nothing(shipped: Content) -> None:
    before = set(CheckContext(shipped.folder, packaged=False).quads)
    shipped.insert(DATA, LAST_PREFIX, DESCRIBED)
    assert shipped.findings("evidence") == ()
    assert set(CheckContext(shipped.folder, packaged=False).quads) == before


@pytest.mark.parametrize(
    ("place", "rules"),
    [
        (">1510,1535", {"edges"}),
        (">1511,1534", {"uncovered"}),
        (">1510,9999", {"quotation"}),
        (">1510,1510", {"quotation"}),
    ],
)
def test_a_passage_at_a_wrong_place_is_found(shipped: Content, place: str, rules: set[str]) -> None:
    line = shipped.change(DATA, "> develop reusable rockets\n", f"{place}\n")
    findings = shipped.findings("evidence")
    assert rules & {each.rule for each in findings}
    places = {each.path for each in findings if not each.path.startswith("ontology/checks/")}
    assert places <= {DATA, f"seeds/{TEXT.name}.txt"}
    assert all(each.line == line for each in findings if each.rule == "quotation")


def widened(first: DescribedPassage, second: DescribedPassage) -> DescribedPassage:
    assert TEXT.text is not None
    exact = TEXT.text[first.start : second.end]
    iri = f"{SOURCE}#char={first.start},{second.end}"
    within = tuple(outer for outer in first.within if outer != iri)
    return DescribedPassage(iri, first.start, second.end, exact, within=within)


def others(*gone: DescribedPassage) -> Iterator[DescribedPassage]:
    names = {passage.iri for passage in gone}
    return (passage for passage in PASSAGES if passage.iri not in names)


@pytest.mark.parametrize(
    ("first", "second"), list(pairwise(LEAVES)), ids=[passage.exact for passage in LEAVES[:-1]]
)
def test_no_leaf_can_be_widened_over_the_next_clause(
    first: DescribedPassage, second: DescribedPassage
) -> None:
    wide = widened(first, second)
    beside = [*others(first, wide), wide]
    kept = {fault.rule for fault in clause_faults(TEXT, beside)}
    assert "overlap" in kept or list(coverage_findings(TEXT, beside))
    alone = {fault.rule for fault in clause_faults(TEXT, [*others(first, second, wide), wide])}
    assert alone & {"two-clauses", "two-sentences"}


def test_a_clause_that_is_dropped_is_found_by_its_words(shipped: Content) -> None:
    path = shipped.folder / DATA
    text = path.read_text(encoding="utf-8")
    said = re.compile(r"^> build state-level key laboratories\n(?:[^>#].*\n)+", re.MULTILINE)
    assert len(said.findall(text)) == 1
    path.write_text(said.sub("", text), encoding="utf-8")
    findings = shipped.findings("evidence")
    (uncovered,) = (each for each in findings if each.rule == "uncovered")
    assert (uncovered.path, uncovered.line) == (f"seeds/{TEXT.name}.txt", 5)
    assert "“build state-level key laboratories”" in uncovered.message


@pytest.mark.parametrize(
    ("name", "after", "rule"),
    [
        (DATA, LAST_PREFIX, "sources-speak-of-themselves"),
        (DATA, "# Second, build", "containers-hold-structure"),
        ("data/background/technologies.trig", "graph:technologies {", "content-stands-in-a-leaf"),
        (
            "data/background/classification.trig",
            "graph:classification {",
            "content-stands-in-a-leaf",
        ),
        ("data/background/readings.trig", "graph:readings {", "content-stands-in-a-leaf"),
    ],
)
def test_a_statement_that_no_clause_says_is_found_wherever_it_stands(
    shipped: Content, name: str, after: str, rule: str
) -> None:
    line = shipped.insert(name, after, UNQUOTED)
    findings = shipped.findings("evidence")
    assert (name, line, rule) in [(each.path, each.line, each.rule) for each in findings]
    assert all("urn:x:palace" in each.message and each.remedy for each in findings)


def test_a_statement_that_no_clause_says_is_found_in_the_ontology(shipped: Content) -> None:
    shipped.add("ontology/time.ttl", f"\n{UNQUOTED}\n")
    finding = shipped.only("evidence")
    text = (shipped.folder / "ontology/time.ttl").read_text(encoding="utf-8")
    assert (finding.path, finding.line) == ("ontology/time.ttl", text.count("\n"))


def test_a_passage_within_a_clause_makes_it_no_clause_any_more(shipped: Content) -> None:
    shipped.add(DATA, f">1510,1520\n{UNQUOTED}\n")
    rules = {each.rule for each in shipped.findings("evidence")}
    assert rules == {"containers-hold-structure", "uncovered"}


def test_a_reading_needs_the_words_that_are_read_so(shipped: Content) -> None:
    name = "data/background/readings.trig"
    shipped.change(name, "    :refersTo position:manufacturing-highland ;\n", "")
    rules = {each.rule for each in shipped.findings("evidence")}
    assert rules == {"content-stands-in-a-leaf"}


def test_a_reading_says_no_more_than_is_said_of_the_whole(shipped: Content) -> None:
    name = "data/background/readings.trig"
    line = "  position:manufacturing-highland\n    :appliesIn region:shanghai ;\n"
    at = shipped.change(name, line, f"{line}    :targetsRegion region:shanghai ;\n")
    finding = shipped.only("evidence")
    assert (finding.path, finding.line) == (name, at + 2)
    assert (finding.rule, "targetsRegion" in finding.message) == ("content-stands-in-a-leaf", True)


def test_two_acts_in_one_leaf_are_found(shipped: Content) -> None:
    other = MEASURE.replace("measure/1", "measure/2")
    task = MEASURE.replace("/measure/1", "")
    is_measure_of = "<https://w3id.org/spacepolicy/def/isMeasureOf>"
    shipped.insert(DATA, "> develop reusable rockets", f"{other} {is_measure_of} {task} .")
    finding = shipped.only("evidence")
    assert finding.rule == "a-clause-states-one-act"
    assert (finding.path, finding.line is not None) == (DATA, True)


def test_a_background_graph_without_its_source_is_found(shipped: Content) -> None:
    name = "data/background/periods.trig"
    shipped.change(name, "    :assertionStatus status:external ;\n", "")
    findings = shipped.findings("evidence")
    assert {each.rule for each in findings} == {"background-names-its-source"}
    assert {each.path for each in findings} == {name}


def test_the_evidence_of_a_package_is_judged_without_its_texts(shipped: Content) -> None:
    before = set(CheckContext(shipped.folder, packaged=False).quads)
    seeds = shipped.folder / "seeds"
    texts = sorted(seeds.glob("*.txt"))
    made = sorted(write_compiled(shipped.folder, seeds))
    assert made == [text.with_suffix(".trig") for text in texts]
    for text in texts:
        text.unlink()
    packaged = CheckContext(shipped.folder, packaged=True)
    verdict = judge(EVIDENCE, packaged)
    assert verdict.findings == ()
    assert "is not here" in "; ".join(verdict.report)
    assert set(packaged.quads) == before
