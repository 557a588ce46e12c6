"""HermiT and the OWLAPI, in a process of their own, without Java on the machine."""

import pytest
from pyoxigraph import RdfFormat, Triple, parse

from spacepolicy.knowledge.reference_reasoners.child_process import ReasonerError
from spacepolicy.knowledge.reference_reasoners.consistency import (
    conflict,
    entailed,
    judge,
    profiles,
    unsatisfiable,
)

PREFIXES = """
@prefix : <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://example.org/> a owl:Ontology ; owl:imports <https://example.invalid/never-fetched> .
:A a owl:Class . :B a owl:Class . :C a owl:Class ; rdfs:subClassOf :A .
:p a owl:ObjectProperty ; rdfs:domain :B . :born a owl:DatatypeProperty .
"""
DISJOINT = ":A owl:disjointWith :B . "


def triples(turtle: str) -> list[Triple]:
    return [quad.triple for quad in parse(PREFIXES + turtle, RdfFormat.TURTLE)]


def test_what_can_hold_together_is_consistent_and_was_read() -> None:
    verdict = judge(triples(DISJOINT + ":x a :C ; :born '2020-01-01'^^xsd:date ."))
    assert (verdict.is_consistent, verdict.axioms) == (True, 4)


def test_a_conflict_is_the_axioms_and_statements_that_meet_and_no_more() -> None:
    told = triples(DISJOINT + ":x a :C ; :p :y . :z a :C . :y a :A .")
    assert not judge(told).is_consistent
    assert {said.words for said in conflict(told)} == {
        "A DisjointWith B",
        "C SubClassOf A",
        "p Domain B",
        "x Type C",
        "x p y",
    }


def test_what_is_consistent_has_no_conflict() -> None:
    assert conflict(triples(DISJOINT + ":x a :C .")) == ()


def test_a_class_that_nothing_can_be_of_is_named() -> None:
    assert unsatisfiable(triples(DISJOINT + ":C rdfs:subClassOf :B .")) == (
        "https://example.org/C",
    )


def test_what_breaks_a_profile_is_told_for_each_profile() -> None:
    clean = profiles(triples(DISJOINT))
    assert (clean.dl, clean.rl) == ((), ())
    some = "[ a owl:Restriction ; owl:onProperty :p ; owl:someValuesFrom :A ]"
    beyond = profiles(triples(f":B rdfs:subClassOf {some} ."))
    assert beyond.dl == ()
    assert len(beyond.rl) == 1


def test_what_follows_of_individuals_is_found() -> None:
    found = {str(triple.object) for triple in entailed(triples(":x a :C ; :p :y ."))}
    assert {f"<https://example.org/{name}>" for name in "ABCxy"} <= found


def test_a_reasoner_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ReasonerError, match="stopped after"):
        judge(triples(""), seconds=0.01)
