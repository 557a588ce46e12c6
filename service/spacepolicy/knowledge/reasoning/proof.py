"""Proofs: why a statement holds, by which rules and axioms, from asserted statements.

The search goes backwards from the statement, one level of rules at a time, until some derivation
rests on asserted statements alone. So a proof has the fewest levels, and is the smallest among
those that were searched (Knuth's generalisation of Dijkstra's algorithm); it is never circular.

Spec: Knuth, A Generalization of Dijkstra's Algorithm, Information Processing Letters 6(1), 1977
"""

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import TYPE, Pattern, PatternTerm, Term
from spacepolicy.knowledge.reasoning.rule import InferenceRule
from spacepolicy.knowledge.reasoning.stratum import Stratum


class Closure(Protocol):
    """All statements that hold, and which of them are asserted."""

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None, /
    ) -> Iterator[Triple]:
        """The statements that hold and have the given parts."""

    def is_asserted(self, statement: Triple, /) -> bool:
        """Whether the statement is asserted, and not only inferred or unknown."""


@final
@dataclass(frozen=True, slots=True)
class StoredClosure:
    """A closure in a store: the default graph has everything, and one graph the inferences."""

    store: Store
    inferred: NamedNode

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None, /
    ) -> Iterator[Triple]:
        """The statements of the default graph with the given parts."""
        if isinstance(subject, Literal | Triple):
            return iter(())
        quads = self.store.quads_for_pattern(subject, predicate, value, DefaultGraph())
        return (quad.triple for quad in quads)

    def is_asserted(self, statement: Triple, /) -> bool:
        """Whether the default graph has the statement, and the graph of inferences does not."""
        subject, predicate, value = statement
        return (
            Quad(subject, predicate, value) in self.store
            and Quad(subject, predicate, value, self.inferred) not in self.store
        )


@final
@dataclass(frozen=True, slots=True)
class ProofStep:
    """A statement, and the rule and premises from which it follows; without a rule it is asserted.

    Each premise is the statement of an earlier step.
    """

    statement: Triple
    rule: InferenceRule | None = None
    premises: tuple[Triple, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """Steps, each after those it rests on; the last is the proved statement."""

    steps: tuple[ProofStep, ...]

    @property
    def statement(self) -> Triple:
        """The proved statement."""
        return self.steps[-1].statement

    @property
    def grounds(self) -> tuple[Triple, ...]:
        """The asserted statements that the proof rests on."""
        return tuple(step.statement for step in self.steps if step.rule is None)


@final
@dataclass(frozen=True, slots=True)
class _Way:
    """A derivation of a statement by one rule; `rank` distinguishes rules."""

    statement: Triple
    rank: int
    rule: InferenceRule
    premises: tuple[Triple, ...]


@final
class Prover:
    """Finds proofs in a closure under the rules, and those of a stratum after them."""

    def __init__(
        self, closure: Closure, rules: Sequence[InferenceRule], stratum: Stratum | None = None
    ) -> None:
        self._closure = closure
        self._stratum = stratum
        self._rank = len(rules)
        self._concluding: dict[object, list[tuple[int, InferenceRule, Pattern]]] = {}
        for rank, rule in enumerate(rules):
            if rule.conclusion is not None:
                entry = (rank, rule, rule.conclusion)
                self._concluding.setdefault(_key(rule.conclusion), []).append(entry)

    def prove(self, statement: Triple) -> Proof | None:
        """The proof of the statement; None where it does not hold."""
        ways: list[_Way] = []
        asserted: set[Triple] = set()
        seen = {statement}
        frontier = [statement]
        while frontier:
            reached: dict[Triple, None] = {}
            for each in frontier:
                if self._closure.is_asserted(each):
                    asserted.add(each)
                    continue
                for way in self._ways(each):
                    ways.append(way)
                    reached |= dict.fromkeys(way.premises)
            if (found := _cheapest(statement, asserted, ways)) is not None:
                return Proof(found)
            frontier = [each for each in reached if each not in seen]
            seen.update(frontier)
        return None

    def _ways(self, statement: Triple) -> Iterator[_Way]:
        """Every derivation of the statement by one rule from others that hold."""
        for key in _keys(statement):
            for rank, rule, conclusion in self._concluding.get(key, ()):
                bound = _matched(conclusion, statement, {})
                if bound is not None:
                    for met in self._met(rule.premises, bound):
                        if statement not in met:
                            yield _Way(statement, rank, rule, met)
        if self._stratum is not None:
            for beyond, premises in self._stratum.ways(statement):
                yield _Way(statement, self._rank, beyond.rule, premises)

    def _met(
        self, premises: Sequence[Pattern], bound: Mapping[Variable, Term]
    ) -> Iterator[tuple[Triple, ...]]:
        """The statements that meet the premises, for each solution."""
        if not premises:
            yield ()
            return
        place = max(range(len(premises)), key=lambda at: _known(premises[at], bound))
        chosen = premises[place]
        rest = (*premises[:place], *premises[place + 1 :])
        for statement in self._closure.matching(*_lookup(chosen, bound)):
            more = _matched(chosen, statement, bound)
            if more is not None:
                for met in self._met(rest, more):
                    yield (*met[:place], statement, *met[place:])


def _key(pattern: Pattern) -> object:
    """The index key that a conclusion shares with the statements it may be; None: any statement."""
    if isinstance(pattern.predicate, Variable):
        return None
    if pattern.predicate == TYPE and not isinstance(pattern.object, Variable):
        return pattern.object
    return pattern.predicate


def _keys(statement: Triple) -> tuple[object, ...]:
    kind = (statement.object,) if statement.predicate == TYPE else ()
    return (*kind, statement.predicate, None)


def _matched(
    pattern: Pattern, statement: Triple, bound: Mapping[Variable, Term]
) -> dict[Variable, Term] | None:
    """The bindings of the pattern's variables where the statement matches it."""
    found = dict(bound)
    for part, term in zip(pattern.parts, statement, strict=True):
        if isinstance(part, Variable):
            if found.setdefault(part, term) != term:
                return None
        elif part != term:
            return None
    return found


def _lookup(
    pattern: Pattern, bound: Mapping[Variable, Term]
) -> tuple[Term | None, NamedNode | None, Term | None]:
    subject, predicate, value = (_term(part, bound) for part in pattern.parts)
    return subject, predicate if isinstance(predicate, NamedNode) else None, value


def _term(part: PatternTerm, bound: Mapping[Variable, Term]) -> Term | None:
    return bound.get(part) if isinstance(part, Variable) else part


def _known(pattern: Pattern, bound: Mapping[Variable, Term]) -> int:
    return sum(_term(part, bound) is not None for part in pattern.parts)


def _cheapest(
    statement: Triple, asserted: Iterable[Triple], ways: Sequence[_Way]
) -> tuple[ProofStep, ...] | None:
    """The steps of the smallest tree of derivations from asserted statements to the statement."""
    resting = _by_premise(ways)
    lacking = {id(way): len(set(way.premises)) for way in ways}
    costs: dict[Triple, int] = {}
    steps: dict[Triple, ProofStep] = {}
    order = itertools.count()
    waiting = [(1, -1, str(each), next(order), ProofStep(each)) for each in asserted]
    waiting += [
        (1, way.rank, str(way.statement), next(order), ProofStep(way.statement, way.rule))
        for way in ways
        if not way.premises
    ]
    heapq.heapify(waiting)
    while waiting and statement not in costs:
        cost, _, _, _, step = heapq.heappop(waiting)
        if step.statement in costs:
            continue
        costs[step.statement] = cost
        steps[step.statement] = step
        for way in resting.get(step.statement, ()):
            lacking[id(way)] -= 1
            if not lacking[id(way)]:
                cost = 1 + sum(costs[premise] for premise in way.premises)
                premises = " ".join(map(str, way.premises))
                after = ProofStep(way.statement, way.rule, way.premises)
                heapq.heappush(waiting, (cost, way.rank, premises, next(order), after))
    return _in_order(statement, steps) if statement in costs else None


def _by_premise(ways: Iterable[_Way]) -> dict[Triple, list[_Way]]:
    resting: dict[Triple, list[_Way]] = {}
    for way in ways:
        for premise in dict.fromkeys(way.premises):
            resting.setdefault(premise, []).append(way)
    return resting


def _in_order(statement: Triple, steps: Mapping[Triple, ProofStep]) -> tuple[ProofStep, ...]:
    """The steps that the statement rests on, in an order where each comes after its premises."""
    ordered: dict[Triple, ProofStep] = {}
    waiting = [(statement, False)]
    while waiting:
        each, met = waiting.pop()
        if each in ordered:
            continue
        if met:
            ordered[each] = steps[each]
        else:
            waiting.append((each, True))
            waiting += ((premise, False) for premise in reversed(steps[each].premises))
    return tuple(ordered.values())
