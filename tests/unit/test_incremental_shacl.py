"""The guard finds what validating the whole would find, of what a write brings."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse
from rdflib import Graph as RdfGraph
from rdflib import Literal as RdfLiteral
from rdflib import URIRef
from rdflib.namespace import SH, XSD
from rdflib.term import Node

from spacepolicy.knowledge.incremental.incremental_shacl import Guard
from spacepolicy.knowledge.incremental.materialisation import Materialisation
from spacepolicy.knowledge.reasoning.construct_rules import ConstructRule, read_construct_rules
from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.knowledge.validation.prefilter import Prefilter
from spacepolicy.knowledge.validation.suspects import shape_faults
from spacepolicy.knowledge.validation.validator import faults_in, graph_of, validate
from spacepolicy.store.revision import Change

HEAD = """
@prefix : <https://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
AXIOMS = (
    HEAD
    + """
:A rdfs:subClassOf :Top . :B rdfs:subClassOf :Top . :p rdfs:range :B . :A owl:disjointWith :C .
:q owl:inverseOf :r .
"""
)
SHAPES = (
    HEAD
    + """
:shapes sh:declare [ sh:prefix "" ; sh:namespace "https://example.org/"^^xsd:anyURI ] .
:OfTop a sh:NodeShape ; sh:targetClass :Top ; sh:property [ sh:path :p ; sh:maxCount 1 ] .
:OfA a sh:NodeShape ; sh:targetClass :A ;
  sh:property [ sh:path :q ; sh:class :B ] ;
  sh:property [ sh:path [ sh:inversePath :q ] ; sh:qualifiedValueShape [ sh:class :A ] ;
    sh:qualifiedMinCount 1 ] .
:OfB a sh:NodeShape ; sh:targetClass :B ; sh:sparql [ sh:prefixes :shapes ;
  sh:select "SELECT $this ?value WHERE { $this :q ?x . ?x :p ?value . FILTER (?value = $this) }" ] .
:OfObjects a sh:NodeShape ; sh:targetObjectsOf :r ; sh:node :Deep .
:OfSubjects a sh:NodeShape ; sh:targetSubjectsOf :p ;
  sh:property [ sh:path ( :p [ sh:inversePath :q ] ) ; sh:maxCount 1 ] ;
  sh:property [ sh:path [ sh:alternativePath ( :p :r ) ] ; sh:minCount 2 ; sh:in ( :x0 :x1 ) ] ;
  sh:property [ sh:path ( :q [ sh:zeroOrMorePath :p ] ) ; sh:class :Top ; sh:nodeKind sh:IRI ] .
:OfOne a sh:NodeShape ; sh:targetNode :x1 ; sh:not [ sh:path :q ; sh:minCount 1 ] ;
  sh:property [ sh:path :p ; sh:disjoint :r ; sh:pattern "[01]$" ] .
:OfC a sh:NodeShape ; sh:targetClass :C ;
  sh:xone ( [ sh:path :p ; sh:minCount 1 ] [ sh:path :q ; sh:minCount 1 ] [ sh:class :B ] ) ;
  sh:or ( [ sh:path :r ; sh:maxCount 1 ] [ sh:not [ sh:class :A ] ] ) ;
  sh:and ( [ sh:path :q ; sh:maxCount 2 ] [ sh:not [ sh:path :p ; sh:hasValue :x2 ] ] ) ;
  sh:property [ sh:path rdf:type ; sh:not [ sh:in ( :A ) ] ] ;
  sh:property [ sh:path :q ; sh:qualifiedValueShape [ sh:class :A ] ; sh:qualifiedMaxCount 1 ] ;
  sh:sparql [ sh:prefixes :shapes ; sh:select
    "SELECT $this WHERE { $this :p ?x FILTER NOT EXISTS { ?x :q ?y FILTER EXISTS {?y :p $this} } }"
  ] .
:Deep a sh:NodeShape ; sh:property [ sh:path :q ; sh:minCount 1 ] .
"""
)
GRAPH, INFERRED = NamedNode("urn:g"), NamedNode("urn:inferred")
RULES = (
    HEAD
    + """
:r1 a sh:SPARQLRule ; sh:construct "CONSTRUCT { ?x :p ?z } WHERE { ?x :q ?y . ?y :r ?z }" .
:r2 a sh:SPARQLRule ; sh:construct
  "CONSTRUCT { ?x rdf:type :C } WHERE { ?x :p ?y . FILTER NOT EXISTS { ?x rdf:type :B } }" .
"""
)
PREFIXES = {
    "": "https://example.org/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
THINGS = [NamedNode(f"https://example.org/x{number}") for number in range(3)]
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
STATEMENTS = [
    *(Triple(x, TYPE, NamedNode(f"https://example.org/{c}")) for x in THINGS for c in "ABC"),
    *(Triple(x, NamedNode(f"https://example.org/{p}"), y)
      for x in THINGS for p in "pqr" for y in THINGS),
]  # fmt: skip
STATES = st.sets(st.sampled_from(STATEMENTS), max_size=14)


def triples(text: str) -> list[Triple]:
    return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]


def quads(statements: set[Triple]) -> tuple[Quad, ...]:
    return tuple(Quad(each.subject, each.predicate, each.object, GRAPH) for each in statements)


def materialised(dataset: Store, rules: Sequence[ConstructRule] = ()) -> Materialisation:
    """The dataset with what is derived from its graphs, as a built store has it."""
    stated = {quad.triple for quad in dataset}
    by_owl = Reasoner(stated).inferences()
    inferred = {*by_owl, *Stratum(rules, stated, by_owl).concluded}
    dataset.extend(Quad(*each, INFERRED) for each in inferred)  # type: ignore[call-arg]
    dataset.extend(Quad(*each) for each in stated | inferred)
    return Materialisation(dataset, frozenset(), INFERRED, rules)


def everything(knowledge: Materialisation) -> set[Triple]:
    return set(knowledge.entailments.matching(None, None, None))


def results(knowledge: Materialisation) -> set[tuple[str, ...]]:
    """What validating the whole finds: focus, component, value."""
    every = everything(knowledge)
    return {
        (str(found.focus), found.component, str(found.value))
        for found in validate(graph_of(every), graph_of(triples(SHAPES)))
    }


WHOLE_SHAPES = (
    SHAPES
    + """
:A a rdfs:Class , sh:NodeShape ; sh:property [ sh:path :p ; sh:maxCount 2 ] .
:OfNumbers a sh:NodeShape ; sh:targetObjectsOf :n ; sh:datatype xsd:integer .
:OfUntyped a sh:NodeShape ; sh:targetSubjectsOf rdf:type ; sh:closed true ;
  sh:ignoredProperties ( rdf:type :p :q :n ) .
:OfKinds a sh:NodeShape ; sh:targetObjectsOf rdf:type ; sh:in ( :A :B :Top ) .
"""
)
NAMES_AND_BLANK: list[NamedNode | BlankNode] = [*THINGS, BlankNode("b")]
NUMBERS = [
    Triple(x, NamedNode("https://example.org/n"), number)
    for x in NAMES_AND_BLANK
    for number in (Literal(1), Literal("one"))
]


@settings(max_examples=100)
@given(STATES, st.sets(st.sampled_from(NUMBERS), max_size=3))
def test_prefiltered_validation_finds_what_the_validator_finds(
    state: set[Triple], numbers: set[Triple]
) -> None:
    reasoner = Reasoner({*triples(AXIOMS), *state, *numbers})
    data = [*reasoner.asserted(), *reasoner.inferred()]
    shapes = triples(WHOLE_SHAPES)
    assert set(shape_faults(data, shapes, {})) == set(
        faults_in(graph_of(data), graph_of(shapes), {})
    )


@settings(max_examples=100)
@given(STATES, st.sets(st.sampled_from(STATEMENTS), min_size=1, max_size=3))
def test_what_a_change_breaks_is_found(before: set[Triple], changed: set[Triple]) -> None:
    after = before ^ changed
    dataset = Store()
    dataset.extend((*(Quad(*each, NamedNode("urn:o")) for each in triples(AXIOMS)),))  # type: ignore[call-arg]
    dataset.extend(quads(before))
    rules = read_construct_rules(triples(RULES), PREFIXES)
    knowledge = materialised(dataset, rules)
    guard = Guard(knowledge.entailments, triples(SHAPES), dataset)
    known = results(Materialisation(dataset, frozenset(), INFERRED, rules))
    derived = knowledge.change(Change(removed=quads(before - after), added=quads(after - before)))
    for quad in derived.quads.removed:
        dataset.remove(quad)
    dataset.extend(derived.quads.added)
    judgement = guard.judge(derived, Wording((), str), {})
    told = {
        (each["focus"], each["constraint"].rpartition("#")[2].removesuffix("ConstraintComponent"),
         str(each.get("value")))
        for each in judgement.violations
    }  # fmt: skip
    assert results(knowledge) - known <= told
    stated = triples(AXIOMS)
    clashes = {each.statements for each in Reasoner({*stated, *before}).clashes()}
    now = {each.statements for each in Reasoner({*stated, *after}).clashes()}
    assert {each.statements for each in derived.clashes} == now - clashes
    assert judgement.refuses == bool(told)


def test_a_query_finds_the_same_nodes_whether_asked_about_one_or_many() -> None:
    """Flat queries are asked about many nodes at once, others about each."""
    nodes = [NamedNode(f"urn:n{number}") for number in range(1_100)]
    value, dataset = NamedNode("urn:value"), Store()
    dataset.extend(
        Quad(node, value, Literal(str(number), datatype=NamedNode(str(XSD.integer))))
        for number, node in enumerate(nodes)
    )
    flat = "SELECT $this WHERE { $this <urn:value> ?n . FILTER (?n > 1090 || ?n = 7) }"
    nested = "SELECT $this WHERE { { $this <urn:value> ?n . FILTER (?n > 1090 || ?n = 7) } }"
    for query in (flat, nested):
        shapes, constraint = RdfGraph(), URIRef("urn:constraint")
        shape: Node = URIRef("urn:shape")
        shapes.add((shape, SH.sparql, constraint))
        shapes.add((constraint, SH.select, RdfLiteral(query)))
        reasoner = Reasoner(())
        screen = Prefilter(Entailments(reasoner), shapes, dataset)
        numbers = list(map(reasoner.terms.number, nodes))
        wanted = {nodes[7], *nodes[1091:]}
        assert {node for _, node in screen.suspects({shape: set(numbers)})} == wanted
        assert {node for _, node in screen.suspects({shape: set(numbers[:10])})} == {nodes[7]}
        blank = BlankNode()
        some = {*numbers[:20], reasoner.terms.number(blank)}
        assert (shape, blank) in set(screen.suspects({shape: some}))


CONSTRAINTS = (
    "sh:not [ sh:path :p ; sh:pattern '[02]$' ]",
    "sh:not [ sh:class :A ]",
    "sh:xone ( [ sh:class :A ] [ sh:path :p ; sh:minCount 1 ] )",
    "sh:xone ( [ sh:class :A ] [ sh:path :p ; sh:pattern '[01]$' ] )",
    "sh:or ( [ sh:class :A ] [ sh:path :p ; sh:minCount 2 ] )",
    "sh:and ( [ sh:class :A ] [ sh:path :p ; sh:maxCount 2 ] )",
    "sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:class :A ] ; sh:qualifiedMinCount 1 ]",
    "sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:class :A ] ; sh:qualifiedMaxCount 1 ]",
    "sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:pattern '[01]$' ] ;"
    " sh:qualifiedMaxCount 1 ]",
    "sh:property [ sh:path ( :p :p ) ; sh:maxCount 1 ]",
    "sh:property [ sh:path [ sh:inversePath :p ] ; sh:minCount 1 ]",
    "sh:property [ sh:path :p ; sh:hasValue :x1 ]",
    "sh:property [ sh:path :p ; sh:in ( :x0 :x1 ) ]",
    "sh:property [ sh:path :p ; sh:node [ sh:property [ sh:path :p ; sh:minCount 1 ] ] ]",
    "sh:property [ sh:path :p ; sh:node [ sh:not [ sh:node [ sh:class :A ] ] ] ]",
    "sh:property [ sh:path [ sh:alternativePath ( :p rdf:type ) ] ; sh:maxCount 2 ]",
    "sh:property [ sh:path [ sh:oneOrMorePath :p ] ; sh:minCount 2 ]",
    "sh:property [ sh:path :p ; sh:equals :q ]",
    "sh:not [ sh:path :p ; sh:equals :q ]",
    "sh:property [ sh:path :p ; sh:qualifiedValueShape [ sh:path :p ; sh:equals :q ] ;"
    " sh:qualifiedMaxCount 0 ]",
)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_node_that_the_validator_finds_is_a_suspect(constraint: str) -> None:
    """Nodes with every choice of values, of a class or not."""
    values = [*THINGS, THINGS[1]]
    nodes: list[NamedNode] = []
    statements = [Triple(each, TYPE, NamedNode("https://example.org/A")) for each in THINGS[:2]]
    for number in range(16):
        node = NamedNode(f"https://example.org/node{number}")
        nodes.append(node)
        chosen = [value for place, value in enumerate(values) if number >> place & 1]
        p = NamedNode("https://example.org/p")
        statements += [Triple(node, p, value) for value in chosen[:3]]
        statements += [Triple(THINGS[number % 2], p, node)] if number % 5 == 0 else []
        if number & 8:
            statements.append(Triple(node, TYPE, NamedNode("https://example.org/A")))
    targets = " , ".join(map(str, nodes))
    shapes = triples(f"{HEAD} :Shape a sh:NodeShape ; sh:targetNode {targets} ; {constraint} .")
    found = {str(each.focus) for each in validate(graph_of(statements), graph_of(shapes))}
    reasoner = Reasoner(statements)
    screen = Prefilter(Entailments(reasoner), graph_of(shapes), Store())
    shape: Node = URIRef("https://example.org/Shape")
    aims = {shape: set(map(reasoner.terms.number, nodes))}
    suspects = {node.value for _, node in screen.suspects(aims)}
    assert 0 < len(found) < len(nodes)
    assert {iri.strip("<>") for iri in found} <= suspects
    if "pattern" not in constraint and "equals" not in constraint:
        assert len(suspects) == len(found), "a constraint that is decided names no other"


def test_a_write_is_judged_at_literals_that_are_targets_and_by_shapes_that_are_classes() -> None:
    dataset = Store()
    dataset.extend((*(Quad(*each, NamedNode("urn:o")) for each in triples(AXIOMS)),))  # type: ignore[call-arg]
    knowledge = materialised(dataset)
    shapes = """
:OfNumbers a sh:NodeShape ; sh:targetObjectsOf :n ; sh:datatype xsd:integer .
:A a rdfs:Class , sh:NodeShape ; sh:property [ sh:path :p ; sh:maxCount 0 ] .
"""
    guard = Guard(knowledge.entailments, triples(HEAD + shapes), dataset)
    added = triples(HEAD + ':x0 a :A ; :p :x1 ; :n "one" .')
    derived = knowledge.change(Change(removed=(), added=quads(set(added))))
    judgement = guard.judge(derived, Wording((), str), {})
    assert {each["focus"] for each in judgement.violations} == {"https://example.org/x0", "one"}


def test_a_write_is_judged_with_what_rules_beyond_owl_conclude() -> None:
    """Two years: one stated, one concluded from the day. So too after a change of the axioms, which
    gives terms other numbers."""
    rule = 'sh:construct "CONSTRUCT { ?x :year ?y } WHERE { ?x :day ?d . BIND (YEAR(?d) AS ?y) }"'
    shape = ":S a sh:NodeShape ; sh:targetSubjectsOf :year ; sh:property [ sh:path :year ; %s ] ."
    rules = read_construct_rules(triples(f"{HEAD} :r a sh:SPARQLRule ; {rule} ."), PREFIXES)
    for axioms in ((), triples(AXIOMS)):
        dataset = Store()
        dataset.extend(
            quads(set(triples(HEAD + ":old :day '2024-03-01'^^xsd:date ; :year 2024 .")))
        )
        knowledge = materialised(dataset, rules)
        shapes = triples(HEAD + shape % "sh:maxCount 1")
        guard = Guard(knowledge.entailments, shapes, dataset)
        for value, refuses in (("2025", False), ("2026", True)):
            text = f"{HEAD} :new :day '2025-03-01'^^xsd:date ; :year {value} ."
            change = Change(removed=(), added=quads({*axioms, *triples(text)}))
            derived = knowledge.change(change)
            judgement = guard.judge(derived, Wording((), str), {})
            assert judgement.refuses == refuses
            knowledge.undo(change)
