"""What of two reasoners' results is compared: the one list of what is left out, and why.

- Blank nodes: reasoners name classes without a name differently, and none tells anyone anything.
- Statements about the terms of OWL, RDF, RDFS and XML Schema, and of owl:Thing: true of everything.
- Schema: which classes and properties are below which, domains, ranges, lists. A reasoner that
  works on individuals need not state these; ours does for sub-classes and sub-properties only.
- What is the same as itself, and literals as subjects.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

from collections.abc import Iterable
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.dataset.expressions import SAME, TYPE, Term, owl
from spacepolicy.namespaces import OWL, RDF, RDFS, XSD

_BUILT_IN: Final = (OWL, RDF, RDFS, XSD)
_OF_INDIVIDUALS: Final = frozenset({TYPE, SAME, owl("differentFrom")})


def compared(triples: Iterable[Triple]) -> frozenset[Triple]:
    """The statements about individuals and declared terms."""
    return frozenset(filter(_is_compared, triples))


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
