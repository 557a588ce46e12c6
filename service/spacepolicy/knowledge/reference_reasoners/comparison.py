"""Which results of two reasoners are compared: the list of what is left out, and why.

- Blank nodes: reasoners name classes without a name differently, and none tells anyone anything.
- Statements about the terms of OWL, RDF, RDFS and XML Schema, and of owl:Thing: true of everything.
- Schema: which classes and properties are below which, domains, ranges, lists. A reasoner that
  works on individuals need not state these; ours does for sub-classes and sub-properties only.
- What is the same as itself, and literals as subjects.
- What the rules beyond OWL conclude (`ontology/rules.ttl`): computed dates and values that hold
  where nothing is said to the contrary are a stratum of their own, after OWL's; what OWL infers is
  compared without it (`CheckContext.inferred_by_owl`), and tests judge it by its own proofs.
- Beside owlrl: keys, of which it drops the last property, and so merges too much; and literals of
  annotation properties (labels, notes …), from which nothing follows: over them owlrl takes a
  third of its time (9 s instead of 14 over 5,800 statements, 17 instead of 28 over 7,600).
- Beside HermiT: annotations and literal values, of which it is not asked; and keys, where nothing
  follows from them: a key over literals makes HermiT try each pair of individuals (66 s instead of
  24 over 7,600 statements of three documents). That keys mean what they should is the gate of
  consistency's.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Collection, Iterable
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import SAME, TYPE, Term, owl
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.namespaces import OWL, RDF, RDFS, XSD

_ANNOTATION: Final = owl("AnnotationProperty")
_KEY: Final = owl("hasKey")
_BUILT_IN: Final = (OWL, RDF, RDFS, XSD)
_OWN_ANNOTATIONS: Final = tuple(NamedNode(f"{RDFS}{name}") for name in ("label", "comment"))
_OF_INDIVIDUALS: Final = frozenset({TYPE, SAME, owl("differentFrom")})


def compared(triples: Iterable[Triple]) -> frozenset[Triple]:
    """The statements about individuals and declared terms."""
    return frozenset(filter(_is_compared, triples))


def keyless(triples: Iterable[Triple]) -> list[Triple]:
    """The statements without the axioms that owlrl reads wrongly."""
    return [triple for triple in triples if triple.predicate != _KEY]


def without_annotating_literals(triples: Collection[Triple]) -> list[Triple]:
    """The statements without literals of annotation properties that no axiom is about."""
    annotating = annotation_properties(triples)
    annotating -= {
        end for each in triples if is_axiomatic(each) for end in (each.subject, each.object)
    }
    return [
        each
        for each in triples
        if not (each.predicate in annotating and isinstance(each.object, Literal))
    ]


def between_individuals(found: Iterable[Triple], axioms: Iterable[Triple]) -> frozenset[Triple]:
    """Those of the statements that HermiT reports too: classes, and links that are no
    annotation."""
    annotating = annotation_properties(axioms)
    return frozenset(
        triple
        for triple in found
        if isinstance(triple.object, NamedNode) and triple.predicate not in annotating
    )


def annotation_properties(triples: Iterable[Triple]) -> set[Term]:
    """The declared annotation properties, and OWL's own."""
    declared = {triple.subject for triple in triples if triple.object == _ANNOTATION}
    return {*declared, *_OWN_ANNOTATIONS}


def _is_compared(triple: Triple) -> bool:
    subject, predicate, value = triple
    if isinstance(value, BlankNode) or not isinstance(subject, NamedNode):
        return False
    if _is_built_in(predicate) and predicate not in _OF_INDIVIDUALS:
        return False
    if _is_built_in(subject) or (predicate == TYPE and _is_built_in(value)):
        return False
    return not (predicate == SAME and subject == value)


def _is_built_in(term: Term) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(_BUILT_IN)
