"""The form of a rule, and the rules that hold in any ontology."""

from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    NOTHING,
    RANGE,
    SAME,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    Body,
    Pattern,
    Test,
    owl,
)
from spacepolicy.namespaces import RDF, RDFS


@final
@dataclass(frozen=True, slots=True)
class InferenceRule:
    """The conclusion follows where all premises hold; a rule without one finds a clash.

    `axiom` is the statement that the rule was compiled from (None: it holds in any ontology). A
    clash is found only where the test, if there is one, succeeds.
    """

    name: str
    axiom: Triple | None
    premises: tuple[Pattern, ...]
    conclusion: Pattern | None
    test: Test | None = None

    @property
    def sound(self) -> bool:
        """Whether the conclusion only has variables of the premises, and no blank node."""
        patterns = (*self.premises, *([self.conclusion] if self.conclusion else []))
        if any(isinstance(part, BlankNode) for pattern in patterns for part in pattern.parts):
            return False
        bound = frozenset().union(*(premise.variables for premise in self.premises))
        if self.conclusion is None:
            return bool(self.premises)
        return self.conclusion.variables <= bound


_X, _Y, _Z, _P = Variable("x"), Variable("y"), Variable("z"), Variable("p")
_DIFFERENT: Final = owl("differentFrom")
_EQUIVALENT_CLASS: Final = owl("equivalentClass")
_EQUIVALENT_PROPERTY: Final = owl("equivalentProperty")


def _general(name: str, premises: Body, conclusion: Pattern | None) -> InferenceRule:
    return InferenceRule(name, None, premises, conclusion)


GENERAL_RULES: Final = (
    _general(
        "scm-sco", (Pattern(_X, SUBCLASS, _Y), Pattern(_Y, SUBCLASS, _Z)), Pattern(_X, SUBCLASS, _Z)
    ),
    _general("scm-eqc1", (Pattern(_X, _EQUIVALENT_CLASS, _Y),), Pattern(_X, SUBCLASS, _Y)),
    _general("scm-eqc1", (Pattern(_X, _EQUIVALENT_CLASS, _Y),), Pattern(_Y, SUBCLASS, _X)),
    _general(
        "scm-spo",
        (Pattern(_X, SUBPROPERTY, _Y), Pattern(_Y, SUBPROPERTY, _Z)),
        Pattern(_X, SUBPROPERTY, _Z),
    ),
    _general("scm-eqp1", (Pattern(_X, _EQUIVALENT_PROPERTY, _Y),), Pattern(_X, SUBPROPERTY, _Y)),
    _general("scm-eqp1", (Pattern(_X, _EQUIVALENT_PROPERTY, _Y),), Pattern(_Y, SUBPROPERTY, _X)),
    _general("eq-sym", (Pattern(_X, SAME, _Y),), Pattern(_Y, SAME, _X)),
    _general("eq-trans", (Pattern(_X, SAME, _Y), Pattern(_Y, SAME, _Z)), Pattern(_X, SAME, _Z)),
    _general("eq-rep-s", (Pattern(_X, SAME, _Y), Pattern(_X, _P, _Z)), Pattern(_Y, _P, _Z)),
    _general("eq-rep-o", (Pattern(_X, SAME, _Y), Pattern(_Z, _P, _X)), Pattern(_Z, _P, _Y)),
    _general("eq-diff1", (Pattern(_X, SAME, _Y), Pattern(_X, _DIFFERENT, _Y)), None),
    _general("cls-nothing2", (Pattern(_X, TYPE, NOTHING),), None),
)
"""The rules that hold in any ontology."""

AXIOM_PREDICATES: Final = frozenset(
    {
        SUBCLASS,
        SUBPROPERTY,
        DOMAIN,
        RANGE,
        NamedNode(f"{RDF}first"),
        NamedNode(f"{RDF}rest"),
        *map(
            owl,
            (
                "allValuesFrom",
                "assertionProperty",
                "cardinality",
                "complementOf",
                "disjointWith",
                "distinctMembers",
                "equivalentClass",
                "equivalentProperty",
                "hasKey",
                "hasValue",
                "intersectionOf",
                "inverseOf",
                "maxCardinality",
                "maxQualifiedCardinality",
                "members",
                "onClass",
                "onProperty",
                "oneOf",
                "propertyChainAxiom",
                "propertyDisjointWith",
                "someValuesFrom",
                "sourceIndividual",
                "targetIndividual",
                "targetValue",
                "unionOf",
            ),
        ),
    }
)
"""The predicates of statements that are parts of axioms."""
AXIOM_KINDS: Final = frozenset(
    {
        NamedNode(f"{RDFS}Datatype"),
        *map(
            owl,
            (
                "AllDifferent",
                "AllDisjointClasses",
                "AllDisjointProperties",
                "AsymmetricProperty",
                "FunctionalProperty",
                "InverseFunctionalProperty",
                "IrreflexiveProperty",
                "SymmetricProperty",
                "TransitiveProperty",
            ),
        ),
    }
)
"""The classes of things that axioms declare."""


def is_axiomatic(triple: Triple) -> bool:
    """Whether the statement may be part of an axiom; all others leave the rules unchanged."""
    if triple.predicate == TYPE:
        return triple.object in AXIOM_KINDS
    return triple.predicate in AXIOM_PREDICATES
