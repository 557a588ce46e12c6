"""Axioms and class expressions in OWL's Manchester syntax.

Spec: https://www.w3.org/TR/owl2-manchester-syntax/
"""

from collections.abc import Callable, Iterable
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.knowledge.reasoning.construct_rules import CONSTRUCT
from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    AxiomIndex,
    Term,
    owl,
)

Named = Callable[[Term], str]
"""A function from a term to its name."""
_BETWEEN: Final[dict[NamedNode, str]] = {
    SUBCLASS: "SubClassOf",
    SUBPROPERTY: "SubPropertyOf",
    DOMAIN: "Domain",
    RANGE: "Range",
    owl("equivalentClass"): "EquivalentTo",
    owl("equivalentProperty"): "EquivalentTo",
    owl("inverseOf"): "InverseOf",
    owl("disjointWith"): "DisjointWith",
    owl("propertyDisjointWith"): "DisjointWith",
}
_OF_MEMBERS: Final[dict[NamedNode, str]] = {
    owl("AllDisjointClasses"): "DisjointClasses",
    owl("AllDisjointProperties"): "DisjointProperties",
    owl("AllDifferent"): "DifferentIndividuals",
}
_RESTRICTIONS: Final = {
    "someValuesFrom": "some",
    "allValuesFrom": "only",
    "hasValue": "value",
    "maxCardinality": "max",
    "cardinality": "exactly",
    "minCardinality": "min",
    "maxQualifiedCardinality": "max",
}


@final
class Wording:
    """Writes the axioms among these statements as text."""

    def __init__(self, axioms: Iterable[Triple], named: Named) -> None:
        self._axioms = AxiomIndex(axioms)
        self._named = named

    def axiom(self, axiom: Triple) -> str:
        """The axiom of the statement as text."""
        subject, predicate, value = axiom
        if predicate in _BETWEEN:
            one, other = self.expression(subject), self.expression(value)
            return f"{one} {_BETWEEN[predicate]} {other}"
        if predicate == owl("propertyChainAxiom"):
            steps = " o ".join(map(self.expression, self._axioms.members(value)))
            return f"{steps} SubPropertyOf {self.expression(subject)}"
        if predicate == owl("hasKey"):
            return f"{self.expression(subject)} HasKey {self._listed(value)}"
        if predicate == owl("oneOf"):
            return f"{self.expression(subject)} EquivalentTo {{{self._listed(value)}}}"
        if predicate == TYPE and isinstance(value, NamedNode):
            return self._kind(subject, value)
        query = value.value.split() if isinstance(value, Literal) else ()
        return " ".join(query if predicate == CONSTRUCT else map(self.expression, axiom))

    def _kind(self, subject: Term, kind: NamedNode) -> str:
        if kind in _OF_MEMBERS:
            members = (self._axioms.one(subject, name) for name in ("members", "distinctMembers"))
            listed = ", ".join(self._listed(head) for head in members if head is not None)
            return f"{_OF_MEMBERS[kind]} {listed}"
        name = kind.value.rpartition("#")[2].removesuffix("Property")
        return f"{self.expression(subject)} Characteristics {name}"

    def _listed(self, head: Term) -> str:
        return ", ".join(map(self.expression, self._axioms.members(head)))

    def expression(self, term: Term) -> str:
        """The class or property, in brackets where it has parts."""
        if isinstance(term, NamedNode | Literal):
            return self._named(term)
        for name, word in (("intersectionOf", " and "), ("unionOf", " or ")):
            if (parts := self._axioms.one(term, name)) is not None:
                return f"({word.join(map(self.expression, self._axioms.members(parts)))})"
        if (excluded := self._axioms.one(term, "complementOf")) is not None:
            return f"(not {self.expression(excluded)})"
        if (choices := self._axioms.one(term, "oneOf")) is not None:
            return f"{{{self._listed(choices)}}}"
        if (inverse := self._axioms.one(term, "inverseOf")) is not None:
            return f"(inverse {self.expression(inverse)})"
        return self._restriction(term)

    def _restriction(self, term: Term) -> str:
        role = self._axioms.one(term, "onProperty")
        for name, word in _RESTRICTIONS.items():
            value = self._axioms.one(term, name)
            if role is not None and value is not None:
                counted = self._axioms.one(term, "onClass")
                of = "" if counted is None else f" {self.expression(counted)}"
                return f"({self.expression(role)} {word} {self.expression(value)}{of})"
        return self._named(term)
