"""Rules compiled from an ontology's own axioms: what follows from which statements, and why.

Each axiom becomes rules over statements about individuals, named as the table of OWL 2 RL names
them. A rule without a conclusion finds a clash.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Triple, Variable

from spacepolicy.dataset.expressions import (
    DOMAIN,
    NOTHING,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    Axioms,
    Body,
    Pattern,
    Term,
    bodies,
    heads,
    is_datatype,
    links,
    owl,
    variables,
)


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """The conclusion follows where all premises hold; a rule without one finds a clash.

    `axiom` is the statement that the rule was compiled from (None: it holds in any ontology).
    """

    name: str
    axiom: Triple | None
    premises: tuple[Pattern, ...]
    conclusion: Pattern | None

    @property
    def sound(self) -> bool:
        """Whether the rule says only what its premises bind, and names no blank node."""
        patterns = (*self.premises, *([self.conclusion] if self.conclusion else []))
        if any(isinstance(part, BlankNode) for pattern in patterns for part in pattern.parts):
            return False
        bound = frozenset().union(*(premise.variables for premise in self.premises))
        return bool(self.premises) and (
            self.conclusion is None or self.conclusion.variables <= bound
        )


_X, _Y, _Z = Variable("x"), Variable("y"), Variable("z")

GENERAL_RULES: Final = (
    Rule(
        "scm-sco",
        None,
        (Pattern(_X, SUBCLASS, _Y), Pattern(_Y, SUBCLASS, _Z)),
        Pattern(_X, SUBCLASS, _Z),
    ),
    Rule(
        "scm-spo",
        None,
        (Pattern(_X, SUBPROPERTY, _Y), Pattern(_Y, SUBPROPERTY, _Z)),
        Pattern(_X, SUBPROPERTY, _Z),
    ),
    Rule("cls-nothing2", None, (Pattern(_X, TYPE, NOTHING),), None),
)
"""What holds in any ontology."""


_Ends = tuple[Variable, Variable]
_KINDS: Final[dict[NamedNode, tuple[str, tuple[_Ends, ...], _Ends | None]]] = {
    owl("SymmetricProperty"): ("prp-symp", ((_X, _Y),), (_Y, _X)),
    owl("TransitiveProperty"): ("prp-trp", ((_X, _Y), (_Y, _Z)), (_X, _Z)),
    owl("AsymmetricProperty"): ("prp-asyp", ((_X, _Y), (_Y, _X)), None),
    owl("IrreflexiveProperty"): ("prp-irp", ((_X, _X),), None),
}
"""For each kind of property: the rule's name, what the property must link, and what it links then
(nothing: that is a clash)."""


def compile_rules(axioms: Iterable[Triple]) -> tuple[Rule, ...]:
    """The rules that the axioms among these statements make, in a stable order."""
    ontology = Axioms(axioms)
    rules = itertools.chain(
        GENERAL_RULES,
        _class_rules(ontology),
        _property_rules(ontology),
        _characteristic_rules(ontology),
        _chain_rules(ontology),
        _disjointness_rules(ontology),
    )
    return tuple(dict.fromkeys(rule for rule in rules if rule.sound))


def _class_rules(ontology: Axioms) -> Iterator[Rule]:
    for axiom in ontology.statements(SUBCLASS):
        yield from _implication(ontology, "cax-sco", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(owl("equivalentClass")):
        yield from _implication(ontology, "cax-eqc1", axiom, axiom.subject, axiom.object)
        yield from _implication(ontology, "cax-eqc2", axiom, axiom.object, axiom.subject)
    for axiom in ontology.statements(DOMAIN):
        used = (*links(ontology, axiom.subject, _X, _Y),)
        yield from _memberships(
            ontology, "prp-dom", axiom, used, member=_X, consequence=axiom.object
        )
    for axiom in ontology.statements(RANGE):
        if is_datatype(ontology, axiom.object):
            continue
        used = (*links(ontology, axiom.subject, _X, _Y),)
        yield from _memberships(
            ontology, "prp-rng", axiom, used, member=_Y, consequence=axiom.object
        )


def _implication(
    ontology: Axioms, name: str, axiom: Triple, condition: Term, consequence: Term
) -> Iterator[Rule]:
    """Whatever is of the condition's class is of the consequence's."""
    for body in bodies(ontology, condition, _X, variables()):
        yield from _memberships(ontology, name, axiom, body, member=_X, consequence=consequence)


def _memberships(
    ontology: Axioms, name: str, axiom: Triple, body: Body, *, member: Variable, consequence: Term
) -> Iterator[Rule]:
    """Where the body holds, the member is of the class."""
    if not body:
        return
    for more, conclusion in heads(ontology, consequence, member, variables("c")):
        if conclusion not in body:
            yield Rule(name, axiom, (*body, *more), conclusion)


def _property_rules(ontology: Axioms) -> Iterator[Rule]:
    for axiom in ontology.statements(SUBPROPERTY):
        yield from _inclusion(ontology, "prp-spo1", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(owl("equivalentProperty")):
        yield from _inclusion(ontology, "prp-eqp1", axiom, axiom.subject, axiom.object)
        yield from _inclusion(ontology, "prp-eqp2", axiom, axiom.object, axiom.subject)
    for axiom in ontology.statements(owl("inverseOf")):
        for rule, one, other in (
            ("prp-inv1", axiom.subject, axiom.object),
            ("prp-inv2", axiom.object, axiom.subject),
        ):
            if isinstance(axiom.subject, NamedNode):
                yield from _inclusion(ontology, rule, axiom, one, other, inverse=True)


def _inclusion(
    ontology: Axioms,
    name: str,
    axiom: Triple,
    lesser: Term,
    greater: Term,
    *,
    inverse: bool = False,
) -> Iterator[Rule]:
    """Whatever the lesser property links, the greater links too (the other way round: inverse)."""
    ends = (_Y, _X) if inverse else (_X, _Y)
    for premise in links(ontology, lesser, _X, _Y):
        for conclusion in links(ontology, greater, *ends):
            if conclusion != premise:
                yield Rule(name, axiom, (premise,), conclusion)


def _characteristic_rules(ontology: Axioms) -> Iterator[Rule]:
    """What a property's own kind says of it."""
    for axiom in ontology.statements(TYPE):
        kind, role = axiom.object, axiom.subject
        if isinstance(kind, NamedNode) and kind in _KINDS and isinstance(role, NamedNode):
            name, conditions, ends = _KINDS[kind]
            premises = tuple(Pattern(one, role, other) for one, other in conditions)
            conclusion = None if ends is None else Pattern(ends[0], role, ends[1])
            yield Rule(name, axiom, premises, conclusion)


def _chain_rules(ontology: Axioms) -> Iterator[Rule]:
    for axiom in ontology.statements(owl("propertyChainAxiom")):
        steps = ontology.members(axiom.object)
        stations = [Variable(f"u{number}") for number in range(len(steps) + 1)]
        route = [
            tuple(links(ontology, step, stations[number], stations[number + 1]))
            for number, step in enumerate(steps)
        ]
        if all(route):
            premises = tuple(itertools.chain.from_iterable(route))
            for conclusion in links(ontology, axiom.subject, stations[0], stations[-1]):
                yield Rule("prp-spo2", axiom, premises, conclusion)


def _disjointness_rules(ontology: Axioms) -> Iterator[Rule]:
    for axiom in ontology.statements(owl("disjointWith")):
        yield from _disjoint_classes(ontology, "cax-dw", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(owl("propertyDisjointWith")):
        yield from _disjoint_properties(ontology, "prp-pdw", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(TYPE):
        for one, other in itertools.combinations(_listed(ontology, axiom.subject), 2):
            if axiom.object == owl("AllDisjointClasses"):
                yield from _disjoint_classes(ontology, "cax-adc", axiom, one, other)
            elif axiom.object == owl("AllDisjointProperties"):
                yield from _disjoint_properties(ontology, "prp-adp", axiom, one, other)


def _listed(ontology: Axioms, subject: Term) -> tuple[Term, ...]:
    head = ontology.one(subject, "members")
    return () if head is None else ontology.members(head)


def _disjoint_classes(
    ontology: Axioms, name: str, axiom: Triple, one: Term, other: Term
) -> Iterator[Rule]:
    fresh = variables()
    for first in bodies(ontology, one, _X, fresh):
        for second in bodies(ontology, other, _X, fresh):
            yield Rule(name, axiom, (*first, *second), None)


def _disjoint_properties(
    ontology: Axioms, name: str, axiom: Triple, one: Term, other: Term
) -> Iterator[Rule]:
    for first in links(ontology, one, _X, _Y):
        for second in links(ontology, other, _X, _Y):
            yield Rule(name, axiom, (first, second), None)
