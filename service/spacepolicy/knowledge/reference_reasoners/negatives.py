"""Negative tests: cases constructed from axioms that exclude something, for HermiT to refuse.

Disjoint classes give a class that is below both, and so is unsatisfiable; all can be tested in one
run. A key gives two things that agree in it and are stated to differ; beside each is the same case
with one value changed, which must be possible, or the refusal would prove nothing.

Spec: https://www.w3.org/TR/owl2-direct-semantics/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import (
    RANGE,
    SUBCLASS,
    TYPE,
    Pattern,
    PatternTerm,
    Term,
    owl,
)
from spacepolicy.knowledge.reasoning.rule import InferenceRule
from spacepolicy.knowledge.reasoning.values import is_of

_MADE_UP: Final = "urn:x-made-up:"
_CLASS: Final = owl("Class")
_INDIVIDUAL: Final = owl("NamedIndividual")
_LITERAL: Final = owl("DatatypeProperty")
_DIFFERENT: Final = owl("differentFrom")
_SAMPLES: Final = (
    (Literal("made up"), Literal("made up too")),
    (Literal("made up", language="en"), Literal("made up too", language="en")),
    (Literal(1), Literal(2)),
    (Literal(1.5), Literal(2.5)),
    (Literal(value=True), Literal(value=False)),
)


@final
@dataclass(frozen=True, slots=True)
class Exclusion:
    """Two classes that an axiom makes disjoint, and the constructed class below both."""

    axiom: Triple
    kinds: tuple[NamedNode, NamedNode]
    below: NamedNode

    @property
    def statements(self) -> tuple[Triple, ...]:
        """The statements that the class is below both."""
        declared = Triple(self.below, TYPE, _CLASS)
        return (declared, *(Triple(self.below, SUBCLASS, kind) for kind in self.kinds))


def exclusions(rules: Iterable[InferenceRule]) -> tuple[Exclusion, ...]:
    """One for each pair of named classes that a rule makes disjoint."""
    found: dict[tuple[NamedNode, NamedNode], Triple] = {}
    for rule in rules:
        kinds = [each.object for each in rule.premises if each.predicate == TYPE]
        if rule.conclusion is None and rule.axiom is not None and len(rule.premises) == 2:
            match kinds:
                case [NamedNode() as one, NamedNode() as other]:
                    found.setdefault((one, other), rule.axiom)
    return tuple(
        Exclusion(axiom, kinds, NamedNode(f"{_MADE_UP}{number}"))
        for number, (kinds, axiom) in enumerate(found.items())
    )


@final
@dataclass(frozen=True, slots=True)
class KeyCase:
    """Two things that agree in a key and are different, and two that do not agree."""

    axiom: Triple
    refused: tuple[Triple, ...]
    possible: tuple[Triple, ...]


def key_cases(rules: Iterable[InferenceRule], triples: Iterable[Triple]) -> Iterator[KeyCase]:
    """A case for each key; `triples` declare which properties have literals, and of which
    datatype."""
    held = frozenset(triples)
    literal = {each.subject for each in held if each == Triple(each.subject, TYPE, _LITERAL)}
    ranges: dict[object, Term] = {
        each.subject: each.object for each in held if each.predicate == RANGE
    }
    for rule in rules:
        conclusion = rule.conclusion
        if rule.name != "prp-key" or rule.axiom is None or conclusion is None:
            continue
        samples = {
            premise.object: _literals(ranges.get(premise.predicate))
            for premise in rule.premises
            if isinstance(premise.object, Variable) and premise.predicate in literal
        }
        refused, possible = (
            (
                *(_made(premise, conclusion, samples, agree=agree) for premise in rule.premises),
                *_apart(conclusion),
            )
            for agree in (True, False)
        )
        yield KeyCase(rule.axiom, refused, possible)


def _literals(datatype: Term | None) -> tuple[Literal, Literal]:
    """Two literals of the datatype, or of any."""
    if isinstance(datatype, NamedNode):
        for pair in _SAMPLES:
            if all(is_of(each, datatype) for each in pair):
                return pair
    return _SAMPLES[0]


def _made(
    premise: Pattern,
    conclusion: Pattern,
    samples: Mapping[Variable, tuple[Literal, Literal]],
    *,
    agree: bool,
) -> Triple:
    """The premise with things and literals in the place of variables; the second thing has other
    values where the two are not to agree."""
    own = not agree and conclusion.object in premise.parts
    ends = (conclusion.subject, conclusion.object)

    def value(part: PatternTerm) -> Term:
        if not isinstance(part, Variable):
            return part
        if part in samples:
            return samples[part][own]
        return _thing(f"{part.value}-of-its-own" if own and part not in ends else part.value)

    return Triple(*map(value, premise.parts))  # type: ignore[arg-type]


def _apart(conclusion: Pattern) -> Iterator[Triple]:
    """The statement that the two things are different."""
    names = [
        part.value for part in (conclusion.subject, conclusion.object) if isinstance(part, Variable)
    ]
    one, other = map(_thing, names)
    yield from (Triple(each, TYPE, _INDIVIDUAL) for each in (one, other))
    yield Triple(one, _DIFFERENT, other)


def _thing(name: str) -> NamedNode:
    return NamedNode(f"{_MADE_UP}{name}")
