"""Class and property expressions as patterns of statements about their members.

A class in the condition may be an intersection, a union, a some-values or has-value restriction; in
the consequence an intersection, an all-values or has-value restriction, a cardinality of at most
one or zero, or a complement. Other expressions are in no rule.

Spec: https://www.w3.org/TR/owl2-profiles/#Class_Expressions_3,
https://www.w3.org/TR/owl2-mapping-to-rdf/
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple, Variable

from spacepolicy.namespaces import OWL, RDF, RDFS, XSD

Term = NamedNode | BlankNode | Literal | Triple
PatternTerm = Term | Variable

TYPE: Final = NamedNode(f"{RDF}type")
SUBCLASS: Final = NamedNode(f"{RDFS}subClassOf")
SUBPROPERTY: Final = NamedNode(f"{RDFS}subPropertyOf")
SAME: Final = NamedNode(f"{OWL}sameAs")
THING: Final = NamedNode(f"{OWL}Thing")
NOTHING: Final = NamedNode(f"{OWL}Nothing")
DOMAIN: Final = NamedNode(f"{RDFS}domain")
RANGE: Final = NamedNode(f"{RDFS}range")
_DATATYPE: Final = NamedNode(f"{RDFS}Datatype")
_LITERAL: Final = NamedNode(f"{RDFS}Literal")
_LANG_STRING: Final = NamedNode(f"{RDF}langString")
_PLAIN_LITERAL: Final = NamedNode(f"{RDF}PlainLiteral")
_FIRST: Final = NamedNode(f"{RDF}first")
_REST: Final = NamedNode(f"{RDF}rest")
_NIL: Final = NamedNode(f"{RDF}nil")


def owl(name: str) -> NamedNode:
    """The OWL term with that name."""
    return NamedNode(f"{OWL}{name}")


@final
@dataclass(frozen=True, slots=True)
class Pattern:
    """A statement whose parts may be variables."""

    subject: PatternTerm
    predicate: PatternTerm
    object: PatternTerm

    @property
    def parts(self) -> tuple[PatternTerm, PatternTerm, PatternTerm]:
        """Subject, predicate and object."""
        return (self.subject, self.predicate, self.object)

    @property
    def variables(self) -> frozenset[Variable]:
        """The parts that are variables."""
        return frozenset(part for part in self.parts if isinstance(part, Variable))

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))


Body = tuple[Pattern, ...]


@final
@dataclass(frozen=True, slots=True)
class DifferentLiterals:
    """Two values are literals that stand for different things."""

    one: Variable
    other: Variable


@final
@dataclass(frozen=True, slots=True)
class OutsideDatatype:
    """A value is a literal that is not of the datatype."""

    value: Variable
    datatype: NamedNode


Test = DifferentLiterals | OutsideDatatype
"""The condition on values, besides the premises, for a clash."""


@final
@dataclass(frozen=True, slots=True)
class RuleHead:
    """The consequence of a membership where more premises hold too; no conclusion is a clash."""

    more: Body
    conclusion: Pattern | None
    test: Test | None = None


@final
class AxiomIndex:
    """The statements of the axioms, indexed, in a stable order."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self._objects: dict[tuple[object, NamedNode], list[Term]] = {}
        self._statements: dict[NamedNode, list[Triple]] = {}
        for triple in sorted(triples, key=str):
            self._objects.setdefault((triple.subject, triple.predicate), []).append(triple.object)
            self._statements.setdefault(triple.predicate, []).append(triple)

    def statements(self, predicate: NamedNode) -> Sequence[Triple]:
        """The statements with this predicate."""
        return self._statements.get(predicate, ())

    def objects(self, subject: Term, predicate: NamedNode) -> Sequence[Term]:
        """The objects of the subject's statements with this predicate."""
        return self._objects.get((subject, predicate), ())

    def one(self, subject: Term, name: str) -> Term | None:
        """The first object of a property of OWL."""
        return next(iter(self.objects(subject, owl(name))), None)

    def members(self, head: Term) -> tuple[Term, ...]:
        """The members of a list; an incomplete or circular list ends there."""
        members: list[Term] = []
        seen: set[Term] = set()
        while head != _NIL and head not in seen and self.objects(head, _FIRST):
            seen.add(head)
            members += self.objects(head, _FIRST)[:1]
            head = next(iter(self.objects(head, _REST)), _NIL)
        return tuple(members)


def is_datatype(ontology: AxiomIndex, values: Term) -> bool:
    """Whether values of the range are literals, which cannot be subjects."""
    if not isinstance(values, NamedNode):
        return _DATATYPE in ontology.objects(values, TYPE)
    return (
        values.value.startswith(XSD)
        or values in (_LITERAL, _LANG_STRING, _PLAIN_LITERAL)
        or _DATATYPE in ontology.objects(values, TYPE)
    )


def variables(letter: str = "v") -> Iterator[Variable]:
    """An endless series of different variables."""
    return (Variable(f"{letter}{number}") for number in itertools.count())


def links(
    ontology: AxiomIndex, role: Term, subject: PatternTerm, value: PatternTerm
) -> Iterator[Pattern]:
    """The statement that the property links the two; none where the property cannot be a
    predicate."""
    inverse = ontology.one(role, "inverseOf")
    if isinstance(role, NamedNode):
        yield Pattern(subject, role, value)
    elif isinstance(inverse, NamedNode):
        yield Pattern(value, inverse, subject)


def bodies(
    ontology: AxiomIndex, expression: Term, member: PatternTerm, fresh: Iterator[Variable]
) -> Iterator[Body]:
    """The conditions for the member to be in the class; none where no rule can express them."""
    if isinstance(expression, NamedNode):
        yield () if expression == THING else (Pattern(member, TYPE, expression),)
        return
    if (parts := ontology.one(expression, "intersectionOf")) is not None:
        yield from _all_of(ontology, ontology.members(parts), member, fresh)
    if (choices := ontology.one(expression, "unionOf")) is not None:
        for choice in ontology.members(choices):
            yield from bodies(ontology, choice, member, fresh)
    if (role := ontology.one(expression, "onProperty")) is not None:
        yield from _restricted(ontology, expression, role, member, fresh)


def _all_of(
    ontology: AxiomIndex, parts: Sequence[Term], member: PatternTerm, fresh: Iterator[Variable]
) -> Iterator[Body]:
    ways = [tuple(bodies(ontology, part, member, fresh)) for part in parts]
    for choice in itertools.product(*ways):
        yield tuple(itertools.chain.from_iterable(choice))


def _restricted(
    ontology: AxiomIndex,
    restriction: Term,
    role: Term,
    member: PatternTerm,
    fresh: Iterator[Variable],
) -> Iterator[Body]:
    if (value := ontology.one(restriction, "hasValue")) is not None:
        yield (*links(ontology, role, member, value),)
    if (filler := ontology.one(restriction, "someValuesFrom")) is not None:
        other = next(fresh)
        for link in links(ontology, role, member, other):
            for body in bodies(ontology, filler, other, fresh):
                yield (link, *body)


def heads(
    ontology: AxiomIndex, expression: Term, member: PatternTerm, fresh: Iterator[Variable]
) -> Iterator[RuleHead]:
    """The consequences of the member's being in the class."""
    if isinstance(expression, NamedNode):
        if expression != THING:
            is_nothing = expression == NOTHING
            yield RuleHead((), None if is_nothing else Pattern(member, TYPE, expression))
        return
    if (parts := ontology.one(expression, "intersectionOf")) is not None:
        for part in ontology.members(parts):
            yield from heads(ontology, part, member, fresh)
    if (excluded := ontology.one(expression, "complementOf")) is not None:
        for body in bodies(ontology, excluded, member, fresh):
            yield RuleHead(body, None)
    if (role := ontology.one(expression, "onProperty")) is not None:
        yield from _restricting(ontology, expression, role, member, fresh)


def _restricting(
    ontology: AxiomIndex,
    restriction: Term,
    role: Term,
    member: PatternTerm,
    fresh: Iterator[Variable],
) -> Iterator[RuleHead]:
    if (value := ontology.one(restriction, "hasValue")) is not None:
        for link in links(ontology, role, member, value):
            yield RuleHead((), link)
    if (filler := ontology.one(restriction, "allValuesFrom")) is not None:
        yield from _all_values(ontology, role, filler, member, fresh)
    counted = ontology.one(restriction, "onClass") or THING
    for name in ("maxCardinality", "cardinality", "maxQualifiedCardinality"):
        most = ontology.one(restriction, name)
        if isinstance(most, Literal) and most.value in ("0", "1"):
            counts = counted if name == "maxQualifiedCardinality" else THING
            yield from _at_most(ontology, int(most.value), (role, counts), member, fresh)


def _all_values(
    ontology: AxiomIndex, role: Term, filler: Term, member: PatternTerm, fresh: Iterator[Variable]
) -> Iterator[RuleHead]:
    other = next(fresh)
    for link in links(ontology, role, member, other):
        if is_datatype(ontology, filler):
            if isinstance(filler, NamedNode):
                yield RuleHead((link,), None, OutsideDatatype(other, filler))
            continue
        for head in heads(ontology, filler, other, fresh):
            yield RuleHead((link, *head.more), head.conclusion, head.test)


def _at_most(
    ontology: AxiomIndex,
    most: int,
    counted: tuple[Term, Term],
    member: PatternTerm,
    fresh: Iterator[Variable],
) -> Iterator[RuleHead]:
    """At most one value, or none, in the counted class: two values are then the same."""
    role, values = counted
    met: list[Body] = [()]
    others = [next(fresh) for _ in range(most + 1)]
    for other in others:
        ways = [
            (link, *body)
            for link in links(ontology, role, member, other)
            for body in bodies(ontology, values, other, fresh)
        ]
        met = [(*before, *way) for before in met for way in ways]
    for body in met:
        if most == 0:
            yield RuleHead(body, None)
        else:
            yield RuleHead(body, Pattern(others[0], SAME, others[1]))
            yield RuleHead(body, None, DifferentLiterals(others[0], others[1]))
