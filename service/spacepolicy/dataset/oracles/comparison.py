"""What of two reasoners' results is compared: the one list of what is left out, and why.

- Blank nodes: reasoners name classes without a name differently, and none tells anyone anything.
- Statements about the terms of OWL, RDF, RDFS and XML Schema, and of owl:Thing: true of everything.
- Schema: which classes and properties are below which, domains, ranges, lists. A reasoner that
  works on individuals need not state these; ours does for sub-classes and sub-properties only.
- What is the same as itself, and literals as subjects.
- Beside owlrl: keys, of which it drops the last property, and so merges too much.
- Beside HermiT: annotations and literal values, of which it is not asked.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Iterable
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.dataset.reasoning.expressions import SAME, TYPE, Term, owl
from spacepolicy.namespaces import OWL, RDF, RDFS, XSD

_ANNOTATION: Final = owl("AnnotationProperty")
_KEY: Final = owl("hasKey")
_BUILT_IN: Final = (OWL, RDF, RDFS, XSD)
_OF_INDIVIDUALS: Final = frozenset({TYPE, SAME, owl("differentFrom")})


def compared(triples: Iterable[Triple]) -> frozenset[Triple]:
    """The statements about individuals and declared terms."""
    return frozenset(filter(_is_compared, triples))


def keyless(triples: Iterable[Triple]) -> list[Triple]:
    """The statements without the axioms that owlrl reads wrongly."""
    return [triple for triple in triples if triple.predicate != _KEY]


def between_individuals(found: Iterable[Triple], axioms: Iterable[Triple]) -> frozenset[Triple]:
    """Those of the statements that HermiT tells too: classes, and links that are no annotation."""
    annotating = {triple.subject for triple in axioms if triple.object == _ANNOTATION}
    return frozenset(
        triple
        for triple in found
        if isinstance(triple.object, NamedNode) and triple.predicate not in annotating
    )


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
