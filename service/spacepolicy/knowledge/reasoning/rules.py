"""Rules compiled from an ontology's own axioms: which statements follow from which, and why.

Each axiom becomes rules over statements about individuals, named as in the table of OWL 2 RL. A
rule without a conclusion finds a clash.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import NamedNode, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SAME,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    AxiomIndex,
    Body,
    DifferentLiterals,
    OutsideDatatype,
    Pattern,
    Term,
    bodies,
    heads,
    is_datatype,
    links,
    owl,
    variables,
)
from spacepolicy.knowledge.reasoning.rule import GENERAL_RULES, InferenceRule, is_axiomatic

_X, _Y, _Z = Variable("x"), Variable("y"), Variable("z")

_Ends = tuple[Variable, Variable]
_KINDS: Final[dict[NamedNode, tuple[str, tuple[_Ends, ...], _Ends | None]]] = {
    owl("SymmetricProperty"): ("prp-symp", ((_X, _Y),), (_Y, _X)),
    owl("TransitiveProperty"): ("prp-trp", ((_X, _Y), (_Y, _Z)), (_X, _Z)),
    owl("AsymmetricProperty"): ("prp-asyp", ((_X, _Y), (_Y, _X)), None),
    owl("IrreflexiveProperty"): ("prp-irp", ((_X, _X),), None),
}
"""For each kind of property: the rule's name, the links in its premises, and the link in its
conclusion (None: a clash)."""


def compile_rules(axioms: Iterable[Triple]) -> tuple[InferenceRule, ...]:
    """The rules of the axioms among these statements, in a stable order."""
    ontology = AxiomIndex(filter(is_axiomatic, axioms))
    rules = itertools.chain(
        GENERAL_RULES,
        _class_rules(ontology),
        _property_rules(ontology),
        _characteristic_rules(ontology),
        _chain_rules(ontology),
        _identity_rules(ontology),
        _disjointness_rules(ontology),
        _value_rules(ontology),
    )
    return tuple(dict.fromkeys(rule for rule in rules if rule.sound))


def _class_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
    for axiom in ontology.statements(SUBCLASS):
        yield from _implication(ontology, "cax-sco", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(owl("oneOf")):
        if isinstance(axiom.subject, NamedNode):
            for value in ontology.members(axiom.object):
                yield InferenceRule("cls-oo", axiom, (), Pattern(value, TYPE, axiom.subject))
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
            yield from _datatype_rules(ontology, axiom)
            continue
        used = (*links(ontology, axiom.subject, _X, _Y),)
        yield from _memberships(
            ontology, "prp-rng", axiom, used, member=_Y, consequence=axiom.object
        )


def _datatype_rules(ontology: AxiomIndex, axiom: Triple) -> Iterator[InferenceRule]:
    """A literal that is not of the range's datatype clashes with it."""
    if isinstance(axiom.object, NamedNode):
        for link in links(ontology, axiom.subject, _X, _Y):
            yield InferenceRule(
                "dt-not-type", axiom, (link,), None, OutsideDatatype(_Y, axiom.object)
            )


def _implication(
    ontology: AxiomIndex, name: str, axiom: Triple, condition: Term, consequence: Term
) -> Iterator[InferenceRule]:
    """Every member of the condition's class is in the consequence's."""
    for value in _enumerated(ontology, condition):
        for head in heads(ontology, consequence, value, variables("c")):
            yield InferenceRule("cls-oo", axiom, head.more, head.conclusion, head.test)
    for body in bodies(ontology, condition, _X, variables()):
        yield from _memberships(ontology, name, axiom, body, member=_X, consequence=consequence)


def _enumerated(ontology: AxiomIndex, expression: Term) -> tuple[Term, ...]:
    choices = ontology.one(expression, "oneOf")
    return () if choices is None else ontology.members(choices)


def _memberships(
    ontology: AxiomIndex,
    name: str,
    axiom: Triple,
    body: Body,
    *,
    member: Variable,
    consequence: Term,
) -> Iterator[InferenceRule]:
    """Where the body holds, the member is in the class."""
    if not body:
        return
    for head in heads(ontology, consequence, member, variables("c")):
        if head.conclusion not in body:
            yield InferenceRule(name, axiom, (*body, *head.more), head.conclusion, head.test)


def _property_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
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
    ontology: AxiomIndex,
    name: str,
    axiom: Triple,
    lesser: Term,
    greater: Term,
    *,
    inverse: bool = False,
) -> Iterator[InferenceRule]:
    """What the lesser property links, the greater links too (`inverse`: the other way round)."""
    ends = (_Y, _X) if inverse else (_X, _Y)
    for premise in links(ontology, lesser, _X, _Y):
        for conclusion in links(ontology, greater, *ends):
            if conclusion != premise:
                yield InferenceRule(name, axiom, (premise,), conclusion)


def _characteristic_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
    """The rules of a property's own characteristics."""
    for axiom in ontology.statements(TYPE):
        kind, role = axiom.object, axiom.subject
        if isinstance(kind, NamedNode) and kind in _KINDS and isinstance(role, NamedNode):
            name, conditions, ends = _KINDS[kind]
            premises = tuple(Pattern(one, role, other) for one, other in conditions)
            conclusion = None if ends is None else Pattern(ends[0], role, ends[1])
            yield InferenceRule(name, axiom, premises, conclusion)


def _chain_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
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
                yield InferenceRule("prp-spo2", axiom, premises, conclusion)


def _identity_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
    """The rules that make two names the same, and find too many values."""
    for axiom in ontology.statements(TYPE):
        if axiom.object == owl("FunctionalProperty"):
            yield from _single_valued(ontology, axiom)
        elif axiom.object == owl("InverseFunctionalProperty"):
            for one in links(ontology, axiom.subject, _X, _Z):
                for other in links(ontology, axiom.subject, _Y, _Z):
                    yield InferenceRule("prp-ifp", axiom, (one, other), Pattern(_X, SAME, _Y))
    for axiom in ontology.statements(owl("hasKey")):
        yield from _key_rules(ontology, axiom)


def _single_valued(ontology: AxiomIndex, axiom: Triple) -> Iterator[InferenceRule]:
    for one in links(ontology, axiom.subject, _X, _Y):
        for other in links(ontology, axiom.subject, _X, _Z):
            yield InferenceRule("prp-fp", axiom, (one, other), Pattern(_Y, SAME, _Z))
            yield InferenceRule("prp-fp", axiom, (one, other), None, DifferentLiterals(_Y, _Z))


def _key_rules(ontology: AxiomIndex, axiom: Triple) -> Iterator[InferenceRule]:
    """Members of the class that agree in every property of the key are the same."""
    roles = ontology.members(axiom.object)
    values = [Variable(f"k{number}") for number in range(len(roles))]
    agreements = [
        tuple(links(ontology, role, member, value))
        for member in (_X, _Y)
        for role, value in zip(roles, values, strict=True)
    ]
    if not agreements or not all(agreements):
        return
    fresh = variables()
    linked = tuple(itertools.chain.from_iterable(agreements))
    for one in bodies(ontology, axiom.subject, _X, fresh):
        for other in bodies(ontology, axiom.subject, _Y, fresh):
            yield InferenceRule("prp-key", axiom, (*one, *linked, *other), Pattern(_X, SAME, _Y))


def _value_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
    """Individuals stated to be different, and negative property assertions."""
    for axiom in ontology.statements(TYPE):
        if axiom.object == owl("AllDifferent"):
            different = _listed(ontology, axiom.subject, "members", "distinctMembers")
            for one, other in itertools.combinations(different, 2):
                yield InferenceRule("eq-diff2", axiom, (Pattern(one, SAME, other),), None)
    for axiom in ontology.statements(owl("sourceIndividual")):
        role = ontology.one(axiom.subject, "assertionProperty")
        for rule, name in (("prp-npa1", "targetIndividual"), ("prp-npa2", "targetValue")):
            value = ontology.one(axiom.subject, name)
            if role is not None and value is not None:
                for link in links(ontology, role, axiom.object, value):
                    yield InferenceRule(rule, axiom, (link,), None)


def _disjointness_rules(ontology: AxiomIndex) -> Iterator[InferenceRule]:
    for axiom in ontology.statements(owl("disjointWith")):
        yield from _disjoint_classes(ontology, "cax-dw", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(owl("propertyDisjointWith")):
        yield from _disjoint_properties(ontology, "prp-pdw", axiom, axiom.subject, axiom.object)
    for axiom in ontology.statements(TYPE):
        for one, other in itertools.combinations(_listed(ontology, axiom.subject, "members"), 2):
            if axiom.object == owl("AllDisjointClasses"):
                yield from _disjoint_classes(ontology, "cax-adc", axiom, one, other)
            elif axiom.object == owl("AllDisjointProperties"):
                yield from _disjoint_properties(ontology, "prp-adp", axiom, one, other)


def _listed(ontology: AxiomIndex, subject: Term, *names: str) -> tuple[Term, ...]:
    heads_of_lists = (ontology.one(subject, name) for name in names)
    return tuple(
        member for head in heads_of_lists if head is not None for member in ontology.members(head)
    )


def _disjoint_classes(
    ontology: AxiomIndex, name: str, axiom: Triple, one: Term, other: Term
) -> Iterator[InferenceRule]:
    fresh = variables()
    for first in bodies(ontology, one, _X, fresh):
        for second in bodies(ontology, other, _X, fresh):
            yield InferenceRule(name, axiom, (*first, *second), None)


def _disjoint_properties(
    ontology: AxiomIndex, name: str, axiom: Triple, one: Term, other: Term
) -> Iterator[InferenceRule]:
    for first in links(ontology, one, _X, _Y):
        for second in links(ontology, other, _X, _Y):
            yield InferenceRule(name, axiom, (first, second), None)
