"""The core and the module of spaceflight: the core stands without it."""

from pyoxigraph import DefaultGraph, NamedNode

from spacepolicy.knowledge.assembly import Assembly

IMPORTS = NamedNode("http://www.w3.org/2002/07/owl#imports")


def imported(assembly: Assembly, ontology: NamedNode) -> set[NamedNode]:
    """The ontology and all that it imports, directly or through others."""
    found: set[NamedNode] = set()
    waiting = [ontology]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            quads = assembly.store.quads_for_pattern(each, IMPORTS, None, each)
            waiting += [q.object for q in quads if isinstance(q.object, NamedNode)]
    return found


def test_the_core_names_no_term_of_the_space_module(assembly: Assembly) -> None:
    own = assembly.base.ontology
    space = NamedNode(f"{own.value}/space")
    core = imported(assembly, own)
    beyond = imported(assembly, space) - core
    assert space in beyond
    assert NamedNode(f"{own.value}/chain-segment") in beyond
    terms = {
        quad.subject
        for graph in beyond
        for quad in assembly.store.quads_for_pattern(
            None, NamedNode("http://www.w3.org/2000/01/rdf-schema#isDefinedBy"), None, graph
        )
    }
    assert NamedNode(assembly.base.term("GroundStation").value) in terms
    for graph in core:
        for quad in assembly.store.quads_for_pattern(None, None, None, graph):
            assert terms.isdisjoint(quad.triple), quad


def test_the_space_module_is_part_of_what_is_known(assembly: Assembly) -> None:
    station = assembly.base.term("GroundStation")
    facility = assembly.base.term("Facility")
    below = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
    assert any(assembly.store.quads_for_pattern(station, below, facility, DefaultGraph()))
