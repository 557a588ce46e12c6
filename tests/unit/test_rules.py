"""Rules: what axioms say of individuals, with owlrl as the oracle."""

from collections.abc import Iterable

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, Variable, parse

from spacepolicy.knowledge.reasoning.clashes import grounds_of
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner, Reasoning, reason
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.namespaces import OWL, RDFS

E = "https://example.org/"
PREFIXES = f"""
@prefix : <{E}> .
@prefix owl: <{OWL}> .
@prefix rdfs: <{RDFS}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def triples(turtle: str) -> list[Triple]:
    return [quad.triple for quad in parse(PREFIXES + turtle, RdfFormat.TURTLE)]


def reasoning(turtle: str) -> Reasoning:
    asserted = triples(turtle)
    return reason(compile_rules(asserted), asserted)


def told(inferred: frozenset[Triple]) -> set[str]:
    """The statements in short: `a p b`, with `a` for `:a`."""
    return {
        " ".join(
            f"'{term.value}'" if isinstance(term, Literal) else term.value.replace(E, "")
            for term in triple
            if isinstance(term, NamedNode | Literal)
        )
        .replace("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "a")
        .replace(OWL, "")
        for triple in inferred
    }


def terms(triple: Triple) -> list[NamedNode]:
    return [term for term in triple if isinstance(term, NamedNode)]


def of_owlrl(turtle: str) -> set[tuple[str, str, str]]:
    import owlrl

    graph = rdflib.Graph()
    graph.parse(data=PREFIXES + turtle, format="turtle")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return compared((str(s), str(p), str(o)) for s, p, o in graph)


def of_ours(turtle: str) -> set[tuple[str, str, str]]:
    asserted = triples(turtle)
    everything = {*asserted, *reasoning(turtle).inferred}
    found = (terms(triple) for triple in everything)
    return compared((s.value, p.value, o.value) for s, p, o in (t for t in found if len(t) == 3))


def compared(found: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Statements about the example's individuals; the schema and reflexive sameness left out."""
    return {
        (subject, predicate, value)
        for subject, predicate, value in found
        if subject.startswith(E) and value.startswith(E) and not predicate.startswith((RDFS, OWL))
    }


AXIOMS = {
    "subclass": (":A rdfs:subClassOf :B . :B rdfs:subClassOf :C . :x a :A .", {"x a B", "x a C"}),
    "equivalent classes": (":A owl:equivalentClass :B . :x a :A . :y a :B .", {"x a B", "y a A"}),
    "subproperty": (":p rdfs:subPropertyOf :q . :x :p :y .", {"x q y"}),
    "equivalent properties": (
        ":p owl:equivalentProperty :q . :x :p :y . :z :q :y .",
        {"x q y", "z p y"},
    ),
    "domain": (":p rdfs:domain :A . :x :p :y .", {"x a A"}),
    "range": (":p rdfs:range :A . :x :p :y .", {"y a A"}),
    "inverse": (":p owl:inverseOf :q . :x :p :y . :z :q :y .", {"y q x", "y p z"}),
    "symmetric": (":p a owl:SymmetricProperty . :x :p :y .", {"y p x"}),
    "transitive": (
        ":p a owl:TransitiveProperty . :x :p :y . :y :p :z . :z :p :w .",
        {"x p z", "x p w", "y p w"},
    ),
    "chain of two": (":r owl:propertyChainAxiom (:p :q) . :x :p :y . :y :q :z .", {"x r z"}),
    "chain of three": (
        ":r owl:propertyChainAxiom (:p :q :p) . :x :p :y . :y :q :z . :z :p :w .",
        {"x r w"},
    ),
    "chain into itself": (
        ":p owl:propertyChainAxiom (:p :q) . :x :p :y . :y :q :z . :z :q :w .",
        {"x p z", "x p w"},
    ),
    "some values": (
        "[ owl:onProperty :p ; owl:someValuesFrom :B ] rdfs:subClassOf :A . :x :p :y . :y a :B . "
        ":z :p :w .",
        {"x a A"},
    ),
    "some values of anything": (
        "[ owl:onProperty :p ; owl:someValuesFrom owl:Thing ] rdfs:subClassOf :A . :x :p :y .",
        {"x a A"},
    ),
    "a defined class in one direction": (
        "[ owl:intersectionOf (:T [ owl:onProperty :p ; owl:someValuesFrom :B ]) ] "
        "rdfs:subClassOf :A . :x a :T ; :p :y . :y a :B . :z a :T . :w :p :y .",
        {"x a A"},
    ),
    "a value as condition": (
        "[ owl:onProperty :p ; owl:hasValue :y ] rdfs:subClassOf :A . :x :p :y . :z :p :w .",
        {"x a A"},
    ),
    "a value as consequence": (
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue :y ] . :x a :A .",
        {"x p y"},
    ),
    "a union as condition": (
        "[ owl:unionOf (:A :B) ] rdfs:subClassOf :C . :x a :A . :y a :B .",
        {"x a C", "y a C"},
    ),
    "an intersection as consequence": (
        ":A rdfs:subClassOf [ owl:intersectionOf (:B :C) ] . :x a :A .",
        {"x a B", "x a C"},
    ),
    "all values": (
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:allValuesFrom :B ] . :x a :A ; :p :y .",
        {"y a B"},
    ),
    "an equivalent expression": (
        ":A owl:equivalentClass [ owl:onProperty :p ; owl:hasValue :y ] . :x a :A . :z :p :y .",
        {"x p y", "z a A"},
    ),
    "functional": (":p a owl:FunctionalProperty . :x :p :y , :z .", {"y sameAs z", "z sameAs y"}),
    "inverse functional": (
        ":p a owl:InverseFunctionalProperty . :x :p :z . :y :p :z .",
        {"x sameAs y", "y sameAs x"},
    ),
    "the same under another name": (
        ":x owl:sameAs :y . :y owl:sameAs :z . :x a :A . :w :p :x . :x :q 'a' .",
        {"x sameAs z", "z sameAs x", "y sameAs x", "z sameAs y", "y a A", "z a A", "w p y"}
        | {"w p z", "y q 'a'", "z q 'a'"},
    ),
    "at most one": (
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 1 ] . :x a :A ; :p :y , :z .",
        {"y sameAs z", "z sameAs y"},
    ),
    "at most one of a class": (
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:onClass :B ; owl:maxQualifiedCardinality 1 ] "
        ". :x a :A ; :p :y , :z , :w . :y a :B . :z a :B .",
        {"y sameAs z", "z sameAs y"},
    ),
    "an enumeration": (
        ":A owl:oneOf (:x :y) . :A rdfs:subClassOf :B .",
        {"x a A", "y a A"} | {"x a B", "y a B"},
    ),
    "axioms that feed each other": (
        ":part owl:inverseOf :whole . :whole owl:propertyChainAxiom (:whole :whole) . "
        ":about owl:propertyChainAxiom (:part :about) . :acts rdfs:subPropertyOf :about . "
        ":about rdfs:range :Thing . :c :whole :b . :b :whole :a . :c :acts :t .",
        {"a part b", "b part c", "c whole a", "a part c", "c about t", "b about t", "a about t"}
        | {"t a Thing"},
    ),
}


@pytest.mark.parametrize(("turtle", "follows"), AXIOMS.values(), ids=AXIOMS)
def test_an_axiom_says_what_it_says_and_nothing_else(turtle: str, follows: set[str]) -> None:
    schema = ("subClassOf", "subPropertyOf")
    found = {
        line for line in told(reasoning(turtle).inferred) if not any(s in line for s in schema)
    }
    assert found == follows


@pytest.mark.parametrize("turtle", [turtle for turtle, _ in AXIOMS.values()], ids=AXIOMS)
def test_owlrl_says_the_same(turtle: str) -> None:
    assert of_ours(turtle) == of_owlrl(turtle)


NAMES = st.sampled_from("abc")
CLASSES = st.sampled_from("ABC")
PROPERTIES = st.sampled_from("pqr")
CLAUSES = st.one_of(
    st.builds(":{} a :{} .".format, NAMES, CLASSES),
    st.builds(":{} :{} :{} .".format, NAMES, PROPERTIES, NAMES),
    st.builds(":{} rdfs:subClassOf :{} .".format, CLASSES, CLASSES),
    st.builds(":{} rdfs:subPropertyOf :{} .".format, PROPERTIES, PROPERTIES),
    st.builds(":{} rdfs:domain :{} .".format, PROPERTIES, CLASSES),
    st.builds(":{} rdfs:range :{} .".format, PROPERTIES, CLASSES),
    st.builds(":{} owl:inverseOf :{} .".format, PROPERTIES, PROPERTIES),
    st.builds(":{} a owl:TransitiveProperty .".format, PROPERTIES),
    st.builds(":{} owl:propertyChainAxiom (:{} :{}) .".format, *[PROPERTIES] * 3),
    st.builds(
        "[ owl:onProperty :{} ; owl:someValuesFrom :{} ] rdfs:subClassOf :{} .".format,
        PROPERTIES,
        CLASSES,
        CLASSES,
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(CLAUSES, min_size=3, max_size=10))
def test_owlrl_says_the_same_of_ontologies_made_at_random(clauses: list[str]) -> None:
    turtle = "\n".join(clauses)
    assert of_ours(turtle) == of_owlrl(turtle)


def test_classes_and_properties_with_names_are_below_all_that_is_above_them() -> None:
    turtle = (
        ":A rdfs:subClassOf :B . :B rdfs:subClassOf :C , [ owl:onProperty :p ; owl:hasValue :x ] . "
        ":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :r . :C rdfs:subClassOf :A ."
    )
    found = {line.replace(RDFS, "") for line in told(reasoning(turtle).inferred)}
    assert found == {"A subClassOf C", "B subClassOf A", "C subClassOf B", "p subPropertyOf r"}


def test_a_literal_is_never_the_subject_of_a_consequence() -> None:
    turtle = ":p rdfs:range :A , xsd:string . :q owl:inverseOf :p . :x :p 'a' ."
    assert reasoning(turtle).inferred == frozenset()


def test_a_datatype_is_no_class_to_be_of() -> None:
    assert reasoning(":p rdfs:range xsd:string . :x :p :y .").inferred == frozenset()


def test_a_value_without_a_name_is_of_no_rule() -> None:
    turtle = ":A rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue [] ] . :x a :A ."
    assert reasoning(turtle).inferred == frozenset()


def test_a_literal_value_is_carried_along() -> None:
    turtle = ":p rdfs:subPropertyOf :q . :x :p 'a'@en ."
    (triple,) = reasoning(turtle).inferred
    assert (triple.predicate, str(triple.object)) == (NamedNode(f"{E}q"), '"a"@en')


def test_an_inverse_expression_turns_the_statement_round() -> None:
    turtle = ":r owl:propertyChainAxiom ([ owl:inverseOf :p ] :q) . :x :p :y . :x :q :z ."
    assert told(reasoning(turtle).inferred) == {"y r z"}


def test_a_list_that_runs_in_a_circle_or_breaks_off_makes_an_end() -> None:
    turtle = (
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
        ":r owl:propertyChainAxiom _:a . _:a rdf:first :p ; rdf:rest _:a . "
        ":s owl:propertyChainAxiom _:b . :t owl:propertyChainAxiom () . :x :p :y ."
    )
    assert told(reasoning(turtle).inferred) == {"x r y"}


CLASHES = {
    "cax-dw": (":A owl:disjointWith :B .", ":x a :A , :B ."),
    "cax-adc": ("[] a owl:AllDisjointClasses ; owl:members (:A :B :C) .", ":x a :A , :C ."),
    "cax-sco": (":A rdfs:subClassOf [ owl:complementOf :B ] .", ":x a :A , :B ."),
    "cls-nothing2": (":A rdfs:subClassOf :B .", ":x a owl:Nothing ."),
    "prp-asyp": (":p a owl:AsymmetricProperty .", ":x :p :y . :y :p :x ."),
    "prp-irp": (":p a owl:IrreflexiveProperty .", ":x :p :x ."),
    "prp-pdw": (":p owl:propertyDisjointWith :q .", ":x :p :y ; :q :y ."),
    "prp-npa1": (
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetIndividual :y .",
        ":x :p :y .",
    ),
    "prp-npa2": (
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetValue 5 .",
        ":x :p 5 .",
    ),
    "eq-diff1": ("", ":x owl:sameAs :y ; owl:differentFrom :y ."),
    "eq-diff2": (
        "[] a owl:AllDifferent ; owl:distinctMembers (:x :y :z) .",
        ":x owl:sameAs :z .",
    ),
    "prp-fp": (":p a owl:FunctionalProperty .", ":x :p 5 , 6 , '5' ."),
    "dt-not-type": (":p rdfs:range xsd:integer .", ":x :p 'a' ."),
    "prp-adp": ("[] a owl:AllDisjointProperties ; owl:members (:p :q) .", ":x :p :y ; :q :y ."),
}


@pytest.mark.parametrize(("name", "case"), CLASHES.items(), ids=CLASHES)
def test_statements_that_cannot_hold_together_clash(name: str, case: tuple[str, str]) -> None:
    axiom, data = case
    clash = reasoning(axiom + data).clashes[0]
    assert clash.rule.name == name
    assert set(clash.statements) <= set(triples(data)) | reasoning(axiom + data).inferred
    assert reasoning(axiom).clashes == ()


@pytest.mark.parametrize(
    "turtle",
    [
        ":p a owl:FunctionalProperty . :x :p 5 , 5.0 , '05'^^xsd:byte .",
        ":p rdfs:range xsd:decimal . :x :p 5 , -5.5 , '5'^^xsd:unsignedByte .",
        ":p rdfs:range rdfs:Literal . :x :p 'a'@en , 5 .",
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 0 ] . :x a :A . :y :p :z .",
        ":p owl:propertyDisjointWith :q . :x :p :y . :y :q :x .",
    ],
)
def test_what_can_hold_together_does_not_clash(turtle: str) -> None:
    assert reasoning(turtle).clashes == ()


@pytest.mark.parametrize(
    ("most", "data"),
    [
        ("owl:maxCardinality 0", ":x a :A ; :p :y ."),
        ("owl:maxCardinality 1", ":x a :A ; :p 5 , 6 ."),
        ("owl:maxQualifiedCardinality 0 ; owl:onClass :B", ":x a :A ; :p :y . :y a :B ."),
        ("owl:allValuesFrom xsd:integer", ":x a :A ; :p 'a' ."),
        ("owl:allValuesFrom owl:Nothing", ":x a :A ; :p :y ."),
    ],
)
def test_a_class_that_restricts_a_property_clashes_with_what_goes_beyond(
    most: str, data: str
) -> None:
    turtle = f":A rdfs:subClassOf [ owl:onProperty :p ; {most} ] . "
    (clash,) = reasoning(turtle + data).clashes
    assert (clash.rule.name, set(clash.statements)) == ("cax-sco", set(triples(data)))


def test_members_of_a_class_that_agree_in_its_whole_key_are_the_same() -> None:
    turtle = (
        ":A owl:hasKey (:p :q) . :x a :A ; :p :v ; :q 1 . :y a :A ; :p :v ; :q 1 . "
        ":z a :A ; :p :v ; :q 2 . :u a :A ; :p :v . :w :p :v ; :q 1 ."
    )
    assert told(reasoning(turtle).inferred) == {"x sameAs y", "y sameAs x"}


def test_keys_that_say_two_things_are_one_clash_with_their_being_different() -> None:
    turtle = ":A owl:hasKey (:p) . :x a :A ; :p 1 . :y a :A ; :p 1 ; owl:differentFrom :x ."
    clash = reasoning(turtle).clashes[0]
    reasoner = Reasoner(triples(turtle))
    grounds = grounds_of(Prover(reasoner, reasoner.rules), clash)
    assert set(grounds) == set(triples(turtle)[-5:])


def test_a_clash_that_is_inferred_names_the_asserted_statements_it_rests_on() -> None:
    turtle = (
        ":A owl:disjointWith :B . :p rdfs:domain :A . :C rdfs:subClassOf :B . "
        ":q owl:propertyChainAxiom (:p :p) . :r owl:inverseOf :q . :s rdfs:range :D . "
        "[ owl:onProperty :q ; owl:hasValue :z ] rdfs:subClassOf :C . :x :p :y . :y :p :z ."
    )
    clash = reasoning(turtle).clashes[0]
    assert [told(frozenset([each])) for each in clash.statements] == [{"x a A"}, {"x a B"}]
    reasoner = Reasoner(triples(turtle))
    grounds = grounds_of(Prover(reasoner, reasoner.rules), clash)
    assert told(frozenset(grounds)) == {"x p y", "y p z"}


def test_rules_are_the_same_whatever_the_order_of_the_axioms() -> None:
    turtle, _ = AXIOMS["axioms that feed each other"]
    forwards = triples(turtle)
    assert compile_rules(forwards) == compile_rules(reversed(forwards))


def test_a_rule_names_its_axiom_and_keeps_premises_and_conclusion_apart() -> None:
    asserted = triples(":p rdfs:domain :A .")
    (rule,) = [rule for rule in compile_rules(asserted) if rule.axiom]
    assert (rule.name, rule.axiom) == ("prp-dom", asserted[0])
    assert rule.conclusion is not None
    assert [str(premise) for premise in rule.premises] == [f"?x <{E}p> ?y"]
    assert rule.conclusion.variables == {Variable("x")}
