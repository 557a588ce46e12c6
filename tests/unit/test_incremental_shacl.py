"""The guard finds what validating the whole would find, of what a write brings."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse
from rdflib import Graph as RdfGraph
from rdflib import Literal as RdfLiteral
from rdflib import URIRef
from rdflib.namespace import SH, XSD
from rdflib.term import Node

from spacepolicy.knowledge.checks.shapes import graph_of, validate
from spacepolicy.knowledge.incremental.incremental_shacl import Guard
from spacepolicy.knowledge.incremental.materialisation import Materialisation
from spacepolicy.knowledge.incremental.prefilter import Prefilter
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.store.revision import Change

HEAD = """
@prefix : <https://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
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
:Deep a sh:NodeShape ; sh:property [ sh:path :q ; sh:minCount 1 ] .
"""
)
GRAPH = NamedNode("urn:g")
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


def everything(knowledge: Materialisation) -> set[Triple]:
    return set(knowledge.reasoner.asserted()) | knowledge.reasoner.inferred()


def results(knowledge: Materialisation) -> set[tuple[str, ...]]:
    """What validating the whole finds: focus, component, value."""
    every = everything(knowledge)
    return {
        (str(found.focus), found.component, str(found.value))
        for found in validate(graph_of(every), graph_of(triples(SHAPES)))
    }


@settings(max_examples=200)
@given(STATES, st.sets(st.sampled_from(STATEMENTS), min_size=1, max_size=3))
def test_what_a_change_breaks_is_found(before: set[Triple], changed: set[Triple]) -> None:
    after = before ^ changed
    dataset = Store()
    dataset.extend((*(Quad(*each, NamedNode("urn:o")) for each in triples(AXIOMS)),))  # type: ignore[call-arg]
    dataset.extend(quads(before))
    knowledge = Materialisation(dataset, frozenset(), NamedNode("urn:inferred"))
    known_triples = everything(knowledge)
    dataset.extend(Quad(each.subject, each.predicate, each.object) for each in known_triples)
    guard = Guard(knowledge.reasoner, triples(SHAPES), dataset)
    known, clashes = results(knowledge), set(knowledge.reasoner.clashes())
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
    assert bool(set(knowledge.reasoner.clashes()) - clashes) == bool(derived.clashes)
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
        screen = Prefilter(Reasoner(()), shapes, dataset)
        wanted = {nodes[7], *nodes[1091:]}
        assert {node for _, node in screen.suspects({shape: nodes})} == wanted
        assert {node for _, node in screen.suspects({shape: nodes[:10]})} == {nodes[7]}
        blank = BlankNode()
        assert (shape, blank) in set(screen.suspects({shape: [*nodes[:20], blank]}))
