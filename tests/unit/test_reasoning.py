"""Reasoning that goes on: statements come and go, and what holds is what a rebuild finds."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from spacepolicy.knowledge.incremental.owl_closure import OwlClosure
from spacepolicy.knowledge.reasoning import joins, stored_facts
from spacepolicy.knowledge.reasoning.fixpoint import ClosureChange, Reasoner
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rule import is_axiomatic

E = "https://example.org/"
PREFIXES = f"""
@prefix : <{E}> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
ONTOLOGY = """
:part owl:inverseOf :whole ; a owl:TransitiveProperty . :whole rdfs:range :Whole .
:about owl:propertyChainAxiom (:part :about) , (:about :kind) ; rdfs:domain :Thing .
:acts rdfs:subPropertyOf :about . :kind a owl:TransitiveProperty .
:one a owl:FunctionalProperty . :Coded owl:hasKey (:code) . :Whole rdfs:subClassOf :Thing .
:near a owl:SymmetricProperty . :left a owl:AsymmetricProperty . :Thing owl:disjointWith :Kind .
[ owl:intersectionOf (:Whole [ owl:onProperty :about ; owl:someValuesFrom :Kind ]) ]
  rdfs:subClassOf :Topical .
:Topical rdfs:subClassOf [ owl:onProperty :mark ; owl:hasValue "topical" ] .
:Few rdfs:subClassOf [ owl:onProperty :near ; owl:maxCardinality 1 ] .
:Known owl:oneOf (:a :b) .
"""


def triples(turtle: str) -> list[Triple]:
    return [quad.triple for quad in parse(PREFIXES + turtle, RdfFormat.TURTLE)]


def statement(text: str) -> Triple:
    (triple,) = triples(f"{text} .")
    return triple


AXIOMATIC = triples(ONTOLOGY)
THINGS = st.sampled_from([":a", ":b", ":c", ":d"])
LINKS = st.sampled_from(
    [":part", ":whole", ":about", ":acts", ":kind", ":one", ":near", ":left", "owl:sameAs"]
)
KINDS = st.sampled_from([":Thing", ":Whole", ":Kind", ":Coded", ":Few"])
FACTS = st.one_of(
    st.builds("{} {} {}".format, THINGS, LINKS, THINGS),
    st.builds("{} a {}".format, THINGS, KINDS),
    st.builds("{} :code {}".format, THINGS, st.sampled_from(["1", "2"])),
    st.builds("{} :one {}".format, THINGS, st.sampled_from(["1", "2", "'1'"])),
).map(statement)
AXIOMS = st.sampled_from(
    [
        statement(text)
        for text in (
            ":kind rdfs:subPropertyOf :near",
            ":near a owl:TransitiveProperty",
            ":Kind owl:disjointWith :Coded",
            ":acts rdfs:range :Kind",
        )
    ]
)
WRITES = st.lists(
    st.tuples(st.lists(st.one_of(FACTS, FACTS, FACTS, AXIOMS), max_size=5), st.booleans()),
    max_size=6,
)


def clashing(reasoner: Reasoner) -> set[object]:
    return {(clash.rule, clash.statements) for clash in reasoner.clashes()}


@settings(max_examples=150, deadline=None)
@given(st.lists(FACTS, max_size=12), WRITES)
def test_any_sequence_of_writes_finds_what_a_rebuild_finds(
    first: list[Triple], writes: list[tuple[list[Triple], bool]]
) -> None:
    asserted = {*AXIOMATIC, *first}
    reasoner = Reasoner(asserted)
    for statements, is_addition in writes:
        before = reasoner.inferred()
        if is_addition:
            asserted.update(statements)
            change = reasoner.change(added=statements)
        else:
            asserted.difference_update(statements)
            change = reasoner.change(withdrawn=statements)
        rebuilt = Reasoner(asserted)
        assert reasoner.inferred() == rebuilt.inferred()
        assert clashing(reasoner) == clashing(rebuilt)
        assert set(reasoner.asserted()) == asserted
        assert change.appeared == reasoner.inferred() - before
        assert change.gone == before - reasoner.inferred()


def statements_of(shift: ClosureChange) -> list[set[Triple]]:
    """What comes and goes, and what is inferred and no longer."""
    return [
        {triple for key, rows in delta.items() for triple in shift.terms.triples(key, rows)}
        for delta in (shift.come, shift.gone, shift.inferred, shift.no_longer_inferred)
    ]


def holding(reasoner: Reasoner) -> set[Triple]:
    return {*reasoner.asserted(), *reasoner.inferred()}


@settings(max_examples=100, deadline=None)
@given(st.lists(FACTS, max_size=12), WRITES, st.lists(FACTS, max_size=3))
def test_a_shift_is_what_holds_and_what_follows_now_and_did_not(
    first: list[Triple], writes: list[tuple[list[Triple], bool]], others: list[Triple]
) -> None:
    reasoner = Reasoner({*AXIOMATIC, *first})
    for statements, is_addition in writes:
        held, inferred = holding(reasoner), reasoner.inferred()
        added, withdrawn = (statements, others) if is_addition else (others, statements)
        shift = reasoner.shift(added=added, withdrawn=withdrawn)
        now, follows = holding(reasoner), reasoner.inferred()
        assert statements_of(shift) == [
            now - held,
            held - now,
            follows - inferred,
            inferred - follows,
        ]
        words = (
            word + b" ."
            for key, rows in shift.come.items()
            for word in shift.terms.words(key, rows, {})
        )
        read = parse(b"\n".join(words), RdfFormat.N_TRIPLES, rename_blank_nodes=False)
        assert {quad.triple for quad in read} == now - held


INFERRED = NamedNode(f"{E}graph/inferred")


def stored(reasoner: Reasoner) -> OwlClosure:
    """A store that has what holds and what is inferred."""
    dataset = Store()
    for statements, graph in (
        (holding(reasoner), DefaultGraph()),
        (reasoner.inferred(), INFERRED),
    ):
        dataset.extend(Quad(e.subject, e.predicate, e.object, graph) for e in statements)
    return OwlClosure(dataset, INFERRED, ())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(FACTS, max_size=12),
    WRITES,
    st.lists(FACTS, max_size=3),
    st.booleans(),
    st.sampled_from([0, 1, 16]),
)
def test_what_stands_in_a_store_changes_as_what_is_in_memory_does(
    first: list[Triple],
    writes: list[tuple[list[Triple], bool]],
    others: list[Triple],
    goes_on: bool,
    few: int,
) -> None:
    """A reasoner that reads what it needs, through several changes that the store does not have, or
    begun anew before each."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (stored_facts, joins):
            patch.setattr(module, "_FEW", max(few, 2) if module is joins else few)
        known = Reasoner({*AXIOMATIC, *first})
        closure = stored(known)
        reasoner = Reasoner.stored(closure, closure.axioms())
        assert set(closure.axioms()) == {each for each in known.asserted() if is_axiomatic(each)}
        for statements, is_addition in writes:
            added, withdrawn = (statements, others) if is_addition else (others, statements)
            clashes = clashing(known)
            shift = known.shift(added=added, withdrawn=withdrawn)
            found = reasoner.shift(added=added, withdrawn=withdrawn)
            assert statements_of(found) == statements_of(shift)
            assert {each.statements for each in found.clashes} == {
                e.statements for e in shift.clashes
            }
            if not any(map(is_axiomatic, (*added, *withdrawn))):
                new = {(each.rule, each.statements) for each in shift.clashes}
                assert new == clashing(known) - clashes
            if not goes_on:
                closure = stored(known)
                reasoner = Reasoner.stored(closure, closure.axioms())
        assert set(reasoner.asserted()) == set(known.asserted())
        assert reasoner.inferred() == known.inferred()


@settings(max_examples=100, deadline=None)
@given(st.lists(FACTS, max_size=12), st.lists(FACTS, max_size=4), st.data())
def test_a_store_is_asked_for_statements_by_any_of_their_parts(
    first: list[Triple], added: list[Triple], data: st.DataObject
) -> None:
    known = Reasoner({*AXIOMATIC, *first})
    closure = stored(known)
    reasoner = Reasoner.stored(closure, closure.axioms())
    known.shift(added=added)
    reasoner.shift(added=added)
    pool = sorted({part for each in known.asserted() for part in each}, key=str)
    parts = st.one_of(st.none(), st.sampled_from(pool))
    for _ in range(4):
        subject, predicate, value = data.draw(st.tuples(parts, parts, parts))
        if isinstance(subject, Literal) or not isinstance(predicate, NamedNode | None):
            continue
        found = list(reasoner.matching(subject, predicate, value))
        assert set(found) == set(known.matching(subject, predicate, value))
        assert len(found) == len(set(found))
    for thing in pool:
        assert set(reasoner.classes_of(thing)) == set(known.classes_of(thing))


@settings(max_examples=30, deadline=None)
@given(st.lists(FACTS, max_size=12))
def test_whatever_is_inferred_has_a_proof_from_what_is_asserted(facts: list[Triple]) -> None:
    asserted = {*AXIOMATIC, *facts}
    reasoner = Reasoner(asserted)
    prover = Prover(reasoner, reasoner.rules)
    for inference in reasoner.inferred():
        proof = prover.prove(inference)
        assert proof is not None, inference
        assert set(proof.grounds) <= asserted


GRAPHS = st.sampled_from([NamedNode(f"{E}graph/{number}") for number in (1, 2, 3)])
RECORDS = st.lists(
    st.tuples(GRAPHS, st.lists(FACTS, min_size=1, max_size=6, unique=True)), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_replacing_graphs_of_a_record_finds_what_a_rebuild_of_the_record_finds(
    puts: list[tuple[NamedNode, Sequence[Triple]]],
) -> None:
    record: set[Quad] = set()
    reasoner = Reasoner(AXIOMATIC)
    for graph, statements in puts:
        before = {quad.triple for quad in record}
        record = {quad for quad in record if quad.graph_name != graph}
        record |= {Quad(each.subject, each.predicate, each.object, graph) for each in statements}
        after = {quad.triple for quad in record}
        reasoner.change(added=after - before, withdrawn=before - after)
    rebuilt = Reasoner([*AXIOMATIC, *(quad.triple for quad in record)])
    assert reasoner.inferred() == rebuilt.inferred()
    assert clashing(reasoner) == clashing(rebuilt)


def test_what_also_follows_from_something_else_stays() -> None:
    reasoner = Reasoner(triples(":p rdfs:domain :A . :q rdfs:domain :A . :x :p :y ; :q :z ."))
    change = reasoner.change(withdrawn=[statement(":x :p :y")])
    assert (change.appeared, change.gone) == (frozenset(), frozenset())
    change = reasoner.change(withdrawn=[statement(":x :q :z")])
    assert change.gone == {statement(":x a :A")}


def test_what_is_never_inferred_is_not_found_again() -> None:
    reasoner = Reasoner(triples(":p a owl:FunctionalProperty . :x :p :x ; owl:sameAs :x ."))
    change = reasoner.change(withdrawn=[statement(":x owl:sameAs :x")])
    assert (change.appeared, change.gone) == (frozenset(), frozenset())
    assert reasoner.inferred() == frozenset()


def test_what_follows_only_from_itself_goes() -> None:
    reasoner = Reasoner(triples(":near a owl:SymmetricProperty . :x :near :y ."))
    change = reasoner.change(withdrawn=[statement(":x :near :y")])
    assert change.gone == {statement(":y :near :x")}
    assert reasoner.inferred() == frozenset()


def test_what_is_asserted_too_is_not_inferred_and_stays_when_it_is_not_asserted_any_more() -> None:
    reasoner = Reasoner(triples(":p rdfs:domain :A . :x :p :y ."))
    typed = statement(":x a :A")
    assert reasoner.change(added=[typed]).gone == {typed}
    assert reasoner.inferred() == frozenset()
    assert reasoner.change(withdrawn=[typed]).appeared == {typed}
    assert statements_of(reasoner.shift(added=[typed])) == [set(), set(), set(), {typed}]
    assert statements_of(reasoner.shift(withdrawn=[typed])) == [set(), set(), {typed}, set()]


def test_a_change_of_the_axioms_changes_the_rules() -> None:
    reasoner = Reasoner(triples(":x :p :y ."))
    change = reasoner.change(added=[statement(":p rdfs:domain :A")])
    assert change.appeared == {statement(":x a :A")}


def test_statements_in_portions_give_what_they_give_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some are inferred from one portion before another asserts them."""
    statements = [
        *triples(":p a owl:TransitiveProperty ; rdfs:domain :A . :A rdfs:subClassOf :B ."),
        *triples(":a :p :b . :b :p :c . :c :p :d . :a :p :c . :b a :A . :c a :B . :d :p :a ."),
    ]
    whole = Reasoner(statements)
    for size in (1, 2, 3, 5):
        monkeypatch.setattr("spacepolicy.knowledge.reasoning.fixpoint._PORTION", size)
        parts = Reasoner(statements)
        assert parts.inferred() == whole.inferred()
        assert set(parts.asserted()) == set(statements)
        assert {each.statements for each in parts.clashes()} == {
            each.statements for each in whole.clashes()
        }


def test_what_a_thing_does_under_another_name_stays() -> None:
    known = ":Coded owl:hasKey (:code) . :a a :Coded . :c a :Coded ; :acts :c ; owl:sameAs :a ."
    reasoner = Reasoner(triples(f"{known} :a :code 1 ."))
    reasoner.change(withdrawn=[statement(":a :code 1")])
    assert reasoner.inferred() == Reasoner(triples(known)).inferred()
    assert statement(":a :acts :c") in reasoner.inferred()
