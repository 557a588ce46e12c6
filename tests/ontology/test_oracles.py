"""Other reasoners as oracles: owlrl and HermiT infer what we infer, on data of several kinds."""

from collections.abc import Iterable

import pytest
from bench import policies
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Triple, parse

from spacepolicy.knowledge.reasoning.fixpoint import Reasoner, reason
from spacepolicy.knowledge.reasoning.rule import InferenceRule, is_axiomatic
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.knowledge.reference_reasoners.comparison import (
    between_individuals,
    compared,
    keyless,
)
from spacepolicy.knowledge.reference_reasoners.consistency import entailed, profiles

E = "https://example.org/"
Found = frozenset[Triple]


def of_ours(triples: list[Triple], rules: tuple[InferenceRule, ...] | None = None) -> Found:
    inferred = Reasoner(triples, rules).inferred()
    return compared([*triples, *inferred])


def of_owlrl(triples: list[Triple]) -> Found:
    from spacepolicy.knowledge.reference_reasoners.closure_owlrl import expanded

    return compared(expanded(triples))


def test_owlrl_infers_the_same_from_generated_policies() -> None:
    source = policies.shipped()
    axioms = [triple for triple in keyless(source.ontology) if is_axiomatic(triple)]
    facts = [quad.triple for number in (1, 2) for quad in policies.document(source, number)]
    triples = [*axioms, *facts]
    assert of_ours(triples) == of_owlrl(triples)


def test_keys_add_nothing_to_the_shipped_files_that_owlrl_could_have_missed(
    asserted: Found,
) -> None:
    assert of_ours(list(asserted)) == of_ours(keyless(asserted))


CLASSES = st.sampled_from("ABCD")
ROLES = st.sampled_from("pqr")
NAMES = st.sampled_from("abcd")
CONDITIONS = st.one_of(
    st.builds(":{}".format, CLASSES),
    st.builds(
        "[ a owl:Restriction ; owl:onProperty :{} ; owl:someValuesFrom :{} ]".format, ROLES, CLASSES
    ),
    st.builds("[ a owl:Restriction ; owl:onProperty :{} ; owl:hasValue :{} ]".format, ROLES, NAMES),
    st.builds("[ a owl:Class ; owl:intersectionOf (:{} :{}) ]".format, CLASSES, CLASSES),
    st.builds("[ a owl:Class ; owl:unionOf (:{} :{}) ]".format, CLASSES, CLASSES),
)
CONSEQUENCES = st.one_of(
    st.builds(":{}".format, CLASSES),
    st.builds(
        "[ a owl:Restriction ; owl:onProperty :{} ; owl:allValuesFrom :{} ]".format, ROLES, CLASSES
    ),
    st.builds("[ a owl:Restriction ; owl:onProperty :{} ; owl:hasValue :{} ]".format, ROLES, NAMES),
    st.builds("[ a owl:Class ; owl:intersectionOf (:{} :{}) ]".format, CLASSES, CLASSES),
)
AXIOMS = st.one_of(
    st.builds("{} rdfs:subClassOf {} .".format, CONDITIONS, CONSEQUENCES),
    st.builds(":{} rdfs:subPropertyOf :{} .".format, ROLES, ROLES),
    st.builds(":{} rdfs:domain :{} .".format, ROLES, CLASSES),
    st.builds(":{} rdfs:range :{} .".format, ROLES, CLASSES),
    st.builds(":{} owl:inverseOf :{} .".format, ROLES, ROLES),
    st.builds(
        ":{} a owl:{}Property .".format,
        ROLES,
        st.sampled_from(["Transitive", "Symmetric", "Functional", "InverseFunctional"]),
    ),
    st.builds(":{} owl:propertyChainAxiom (:{} :{}) .".format, ROLES, ROLES, ROLES),
)
FACTS = st.one_of(
    st.builds(":{} a :{} .".format, NAMES, CLASSES),
    st.builds(":{} :{} :{} .".format, NAMES, ROLES, NAMES),
    st.builds(":{} owl:sameAs :{} .".format, NAMES, NAMES),
)
DECLARED = "\n".join(
    [f":{name} a owl:Class ." for name in "ABCD"]
    + [f":{name} a owl:ObjectProperty ." for name in "pqr"]
    + [f":{name} a owl:NamedIndividual ." for name in "abcd"]
)
PREFIXES = f"""
@prefix : <{E}> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def triples_of(clauses: Iterable[str]) -> list[Triple]:
    text = "\n".join([PREFIXES, DECLARED, *clauses])
    return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]


@settings(max_examples=40, deadline=None)
@given(st.lists(AXIOMS, min_size=1, max_size=6), st.lists(FACTS, min_size=1, max_size=6))
def test_owlrl_infers_the_same_from_ontologies_made_at_random(
    axioms: list[str], facts: list[str]
) -> None:
    triples = triples_of([*axioms, *facts])
    assert of_ours(triples) == of_owlrl(triples)


SAMPLES = {
    "parts and topics": (
        ":p a owl:TransitiveProperty ; owl:inverseOf :q . :r owl:propertyChainAxiom (:p :r) . "
        ":r rdfs:range :D . :C rdfs:subClassOf :A . "
        "[ a owl:Class ; owl:intersectionOf (:A [ a owl:Restriction ; owl:onProperty :r ; "
        "owl:someValuesFrom :D ]) ] rdfs:subClassOf :B .",
        ":b :q :a . :b :p :c . :c :r :d . :a a :C .",
    ),
    "one and the same": (
        ":p a owl:FunctionalProperty . :q a owl:InverseFunctionalProperty .",
        ":a :p :b , :c . :b a :A . :c a :B . :a :q :d . :b :q :d . :d :r :c .",
    ),
    "restrictions": (
        ":A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :p ; owl:allValuesFrom :B ] , "
        "[ a owl:Restriction ; owl:onProperty :q ; owl:hasValue :d ] . "
        "[ a owl:Restriction ; owl:onProperty :q ; owl:hasValue :d ] rdfs:subClassOf :C .",
        ":a a :A ; :p :b . :c :q :d .",
    ),
    "unions and symmetry": (
        "[ a owl:Class ; owl:unionOf (:A :B) ] rdfs:subClassOf :C . :p a owl:SymmetricProperty ; "
        "rdfs:subPropertyOf :r . :r rdfs:domain :D .",
        ":a a :A . :b a :B ; :p :a .",
    ),
}


@pytest.mark.parametrize(("axioms", "facts"), SAMPLES.values(), ids=SAMPLES)
def test_hermit_infers_the_same_from_ontologies_within_rl(axioms: str, facts: str) -> None:
    triples = triples_of([axioms, facts])
    assert profiles(triples).rl == ()
    assert compared(entailed(triples)) == between_individuals(of_ours(triples), triples)


EVERY_RULE = (
    ":A rdfs:subClassOf :B . :B owl:equivalentClass :C . :p rdfs:domain :A ; rdfs:range :D ; "
    "rdfs:subPropertyOf :q . :q owl:inverseOf :r ; a owl:TransitiveProperty . "
    ":s a owl:SymmetricProperty , owl:FunctionalProperty . :t a owl:InverseFunctionalProperty . "
    ":u owl:propertyChainAxiom (:p :s) ; owl:equivalentProperty :v .",
    ":a :p :b . :b :q :c . :d :r :b . :b :s :c , :e . :f :t :a . :g :t :a . :h a :C . :i :v :a . "
    ":j :u :a . :k owl:sameAs :l ; :w :m . :m owl:sameAs :n .",
)


@pytest.mark.parametrize(
    "name",
    [
        *("cax-sco", "cax-eqc1", "cax-eqc2", "prp-dom", "prp-rng", "prp-spo1", "prp-eqp1"),
        *("prp-eqp2", "prp-inv1", "prp-inv2", "prp-trp", "prp-symp", "prp-fp", "prp-ifp"),
        *("prp-spo2", "eq-sym", "eq-rep-s", "eq-rep-o"),
    ],
)
def test_dropping_one_of_our_rules_is_noticed(name: str) -> None:
    triples = triples_of(EVERY_RULE)
    rules = compile_rules(triples)
    left = tuple(rule for rule in rules if rule.name != name)
    assert len(left) < len(rules)
    expected = of_owlrl(triples)
    assert of_ours(triples) == expected
    assert of_ours(triples, left) != expected


def test_rules_can_be_given_in_place_of_those_of_the_axioms() -> None:
    triples = triples_of([":p rdfs:domain :A .", ":a :p :b ."])
    assert reason((), triples).inferred == frozenset()
