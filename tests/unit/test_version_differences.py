"""Two states of an ontology compared: what a difference is, and which step it asks for."""

from pathlib import Path

import pytest

from spacepolicy.knowledge.version_differences.changes_of_shapes import shape_changes
from spacepolicy.knowledge.version_differences.changes_of_terms import TermChange, term_changes
from spacepolicy.knowledge.version_differences.compared_state import Side, file_side
from spacepolicy.knowledge.version_differences.report import difference

PREFIXES = """
@prefix : <https://example.org/def/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://example.org/ontology> a owl:Ontology ; owl:versionInfo "0.2.0" .
"""
TREES = """
:Plant a owl:Class ; rdfs:label "plant"@en .
:Tree a owl:Class ; rdfs:label "tree"@en ; rdfs:subClassOf :Plant .
:Oak a owl:Class ; rdfs:label "oak"@en ; rdfs:subClassOf :Tree .
:Animal a owl:Class ; rdfs:label "animal"@en .
:shades a owl:ObjectProperty ; rdfs:label "shades"@en .
"""


def side(folder: Path, name: str, text: str) -> Side:
    path = folder / f"{name}.ttl"
    path.write_text(PREFIXES + text, encoding="utf-8")
    return file_side(name, path)


def changes(folder: Path, old: str, new: str) -> tuple[TermChange, ...]:
    return term_changes(side(folder, "old", TREES + old), side(folder, "new", TREES + new))


MEANING = "changed meaning"
WORDS = "changed words"
SOME = "[ a owl:Restriction ; owl:onProperty :shades ; owl:someValuesFrom :Plant ]"
SAME = "_:o . _:o owl:someValuesFrom :Plant ; owl:onProperty :shades ; a owl:Restriction"
FERN = ':Fern a owl:Class ; rdfs:label "fern"@en .'
REPLACED = ":Oak owl:deprecated true ; dcterms:isReplacedBy :Tree ."
EXCLUDED = "[] a owl:AllDisjointClasses ; owl:members (:Oak :Animal) ."
INVERSE = ":shades rdfs:domain :Tree . :shadedBy a owl:ObjectProperty ; owl:inverseOf :shades"
TALL = ':Oak skos:definition "tall tree"@en .'
ACORN = ':Oak skos:definition "tree of acorns"@en .'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", FERN, ("new", "minor", "a class that there was not")),
        (FERN, "", ("retired", "major", "the class is gone")),
        ("", REPLACED, ("retired", "minor", "deprecated; replaced by “tree”")),
        (
            "",
            ":shades rdfs:domain :Tree .",
            (MEANING, "major", "now: what “shades” starts from is a “tree”"),
        ),
        (
            "",
            ":shades rdfs:range :Plant .",
            (MEANING, "major", "now: what “shades” leads to is a “plant”"),
        ),
        (
            "",
            ":Animal rdfs:subClassOf :Plant .",
            (MEANING, "major", "now: every “animal” is a “plant”"),
        ),
        (
            ":Animal rdfs:subClassOf :Plant .",
            "",
            (MEANING, "minor", "no longer: every “animal” is a “plant”"),
        ),
        (
            "",
            ":Plant owl:disjointWith :Animal .",
            (MEANING, "major", "now: nothing is both an “animal” and a “plant”"),
        ),
        ("", EXCLUDED, (MEANING, "major", "now: nothing is both an “animal” and an “oak”")),
        (
            "",
            ":shades a owl:FunctionalProperty .",
            (MEANING, "major", "now: “shades” leads to one thing at most"),
        ),
        ("", f":Oak rdfs:subClassOf {SOME} .", (MEANING, "major", "“shades” some “plant”")),
        ("", ':Oak rdfs:label "橡树"@zh .', (WORDS, "minor", "“橡树”@zh")),
        (TALL, ACORN, (WORDS, "patch", "definition: “tall tree”@en → “tree of acorns”@en")),
        ("", ':Oak skos:altLabel "acorn tree"@en .', (WORDS, "patch", "other name: none →")),
    ],
)
def test_a_difference_is_told_with_its_step(
    old: str, new: str, told: tuple[str, str, str], tmp_path: Path
) -> None:
    section, step, what = told
    found = changes(tmp_path, old, new)
    meant = [each for each in found if each.section == section and what in each.what]
    assert meant, found
    assert max(each.step for each in meant) == step
    assert all(each.effect for each in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":Oak rdfs:subClassOf :Plant .", ""),
        ("", ":Oak rdfs:subClassOf :Plant ."),
        (
            f":Oak rdfs:subClassOf {SOME} .",
            f":Oak rdfs:subClassOf {SAME} .",
        ),
        (
            ":Plant owl:disjointWith :Animal .",
            "[] a owl:AllDisjointClasses ; owl:members (:Animal :Plant) .",
        ),
        (":Plant owl:disjointWith :Animal .", ":Animal owl:disjointWith :Plant , :Oak ."),
        (
            f"{INVERSE} .",
            f"{INVERSE} ; rdfs:range :Tree .",
        ),
        (":shades rdfs:domain :Oak .", ":shades rdfs:domain :Oak , :Plant ."),
    ],
)
def test_what_follows_all_the_same_is_no_difference(old: str, new: str, tmp_path: Path) -> None:
    assert changes(tmp_path, old, new) == ()


def test_a_term_above_a_kept_one_is_a_minor_step_where_it_is_new(tmp_path: Path) -> None:
    new = (
        ':casts a owl:ObjectProperty ; rdfs:label "casts"@en . :shades rdfs:subPropertyOf :casts .'
    )
    assert {each.step for each in changes(tmp_path, "", new)} == {"minor"}


def test_a_rename_names_the_term_that_has_the_label_now(tmp_path: Path) -> None:
    old = FERN
    new = ':FernPlant a owl:Class ; rdfs:label "fern"@en .'
    gone = [each for each in changes(tmp_path, old, new) if each.section == "retired"]
    assert ["FernPlant> has its label" in each.what for each in gone] == [True]


@pytest.mark.parametrize(
    ("new", "step", "asked"),
    [
        ("", "none", "0.2.0"),
        (':Oak rdfs:comment "Tall."@en .', "patch", "0.2.1"),
        (FERN, "minor", "0.2.1"),
        (":shades rdfs:domain :Tree .", "major", "0.3.0"),
    ],
)
def test_the_version_that_a_difference_asks_for_is_said(
    new: str, step: str, asked: str, tmp_path: Path
) -> None:
    found = difference(side(tmp_path, "old", TREES), side(tmp_path, "new", TREES + new))
    assert (found.step, found.asked) == (step, asked)
    assert found.is_enough == (step == "none")
    assert found.breaks == (step == "major")


SHAPE = """

:S a sh:NodeShape ; sh:targetClass :Tree ;
  sh:property [ sh:path :shades ; sh:minCount 1 ; sh:severity %s ; sh:message "Say what."@en ] .
"""


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ("", SHAPE % "sh:Violation", ["minor", "minor"]),
        (SHAPE % "sh:Warning", SHAPE % "sh:Violation", ["major", "minor"]),
        (SHAPE % "sh:Violation", SHAPE % "sh:Warning", ["minor", "minor"]),
        (SHAPE % "sh:Violation", (SHAPE % "sh:Violation").replace("Say what.", "Say which."), []),
    ],
)
def test_a_stricter_shape_is_a_major_step_and_another_message_is_none(
    old: str, new: str, steps: list[str], tmp_path: Path
) -> None:
    before, after = (side(tmp_path, f"s{n}", text) for n, text in enumerate((old, new)))
    found = [*shape_changes(before, after)]
    assert [each.step for each in found] == steps
