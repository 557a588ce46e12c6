"""Reasoning: all inferences of rules from statements, updated as statements come and go.

Each round joins only with statements that the round before found (semi-naive evaluation). A
withdrawn statement removes all inferences that rest on it; those that also follow from other
statements are then inferred again (delete and rederive).

Spec: Gupta, Mumick, Subrahmanian, Maintaining Views Incrementally, SIGMOD 1993,
https://doi.org/10.1145/170035.170066
"""

import gc
import itertools
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import Term
from spacepolicy.knowledge.reasoning.facts import Delta, Facts, Key, Row, add, joined, less
from spacepolicy.knowledge.reasoning.program import Program
from spacepolicy.knowledge.reasoning.rule import InferenceRule, is_axiomatic
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.knowledge.reasoning.terms import TermNumbers

_PORTION: Final = 50_000
"""How many statements are reasoned over at once at the start: statements that are joined with one
another then mostly stay in the processor's cache."""

_NEAR_BITS: Final = 11
"""Terms whose numbers differ only in the last 11 bits: 2,048 of them fit into the second cache of a
processor."""


@final
@dataclass(frozen=True, slots=True)
class Clash:
    """Contradictory statements, by a rule without a conclusion."""

    rule: InferenceRule
    statements: tuple[Triple, ...]


@final
@dataclass(frozen=True, slots=True)
class Reasoning:
    """The inferences from asserted statements that are not asserted, and all clashes."""

    inferred: frozenset[Triple]
    clashes: tuple[Clash, ...]
    rounds: int


@final
@dataclass(frozen=True, slots=True)
class InferredChange:
    """The inferences that are new, and those that are gone."""

    appeared: frozenset[Triple]
    gone: frozenset[Triple]


@final
@dataclass(frozen=True, slots=True)
class ClosureChange:
    """The effects of a change on the statements that hold and on the inferences, as rows of the
    numbers of `terms`: what now holds and did not, what no longer holds, what is now only inferred,
    and what no longer is."""

    terms: TermNumbers
    come: Delta
    gone: Delta
    inferred: Delta
    no_longer_inferred: Delta


def reason(rules: Sequence[InferenceRule], asserted: Iterable[Triple]) -> Reasoning:
    """Run the rules over the statements until nothing new follows."""
    reasoner = Reasoner(asserted, rules)
    return Reasoning(reasoner.inferred(), reasoner.clashes(), reasoner.rounds)


@final
class Reasoner:
    """The asserted statements, and the inferences by the rules of their own axioms.

    `rules`, where given, replace those of the axioms and stay the same. `rounds` counts those of
    the last change.
    """

    def __init__(
        self, asserted: Iterable[Triple], rules: Sequence[InferenceRule] | None = None
    ) -> None:
        self._fixed = rules is not None
        self.rounds = 0
        with _without_collection():
            asserted = tuple(asserted)
            self._start(asserted, compile_rules(asserted) if rules is None else tuple(rules))

    def _start(self, asserted: Sequence[Triple], rules: tuple[InferenceRule, ...]) -> None:
        self.rules = rules
        self._terms = TermNumbers()
        self._facts = Facts()
        self._derived: Delta = {}
        self._clashes: dict[tuple[int, Row], Clash] = {}
        self._program = Program(self._terms, self._facts, rules)
        self._saturate(self._new(asserted[:_PORTION]), self._derived, first=True)
        for start in range(_PORTION, len(asserted), _PORTION):
            self._saturate(self._new(asserted[start : start + _PORTION]), self._derived)
        self._find_clashes(None)

    def _new(self, asserted: Iterable[Triple]) -> Delta:
        """Assert the statements; return those that did not hold yet."""
        new: Delta = {}
        for key, rows in self._terms.delta(asserted).items():
            derived = self._derived.get(key)
            if derived:
                derived -= rows
            new[key] = {row for row in rows if not self._facts.holds(key, row)}
            self._facts.add(key, new[key])
        return new

    @property
    def terms(self) -> TermNumbers:
        """The numbers of terms, until the axioms change."""
        return self._terms

    @property
    def facts(self) -> Facts:
        """All statements that hold, until the axioms change; read-only."""
        return self._facts

    def asserted(self) -> Iterator[Triple]:
        """Every statement that is asserted."""
        for key in tuple(self._facts.keys()):
            derived = self._derived.get(key, frozenset[Row]())
            rows = (row for row in self._facts.rows(key) if row not in derived)
            yield from self._terms.triples(key, rows)

    def inferences(self, predicates: Container[Term] | None = None) -> list[Triple]:
        """Every inference that is not asserted, each once; those with the given predicates, where
        some are given."""
        with _without_collection():
            if predicates is None:
                return _stated(self._terms, self._derived)
            return _stated(self._terms, self._terms.of_predicates(self._derived, predicates))

    def inferred(self) -> frozenset[Triple]:
        """The same as a set."""
        with _without_collection():
            return _triples(self._terms, self._derived)

    def clashes(self) -> tuple[Clash, ...]:
        """The contradictions, in a stable order."""
        found = sorted(
            self._clashes.items(), key=lambda each: (each[0][0], str(each[1].statements))
        )
        return tuple(clash for _, clash in found)

    def change(
        self, *, added: Iterable[Triple] = (), withdrawn: Iterable[Triple] = ()
    ) -> InferredChange:
        """Assert statements and withdraw others; one that is in both is asserted afterwards.

        After a change of the axioms, everything is inferred anew.
        """
        added, withdrawn = tuple(added), tuple(withdrawn)
        with _without_collection():
            if not self._fixed and any(map(is_axiomatic, itertools.chain(added, withdrawn))):
                return self._anew(added, withdrawn)
            self.rounds = 0
            after = self._withdraw(self._terms.delta(withdrawn))
            then = self._assert(self._terms.delta(added))
            appeared, gone = (joined(pair) for pair in zip(after, then, strict=True))
            return InferredChange(
                _triples(self._terms, less(appeared, gone)),
                _triples(self._terms, less(gone, appeared)),
            )

    def shift(
        self, *, added: Iterable[Triple] = (), withdrawn: Iterable[Triple] = ()
    ) -> ClosureChange:
        """Assert statements and withdraw others, as `change` does; return the effects as rows."""
        added, withdrawn = tuple(added), tuple(withdrawn)
        with _without_collection():
            if not self._fixed and any(map(is_axiomatic, itertools.chain(added, withdrawn))):
                return self._shift_anew(added, withdrawn)
            self.rounds = 0
            old, new = self._terms.delta(withdrawn), self._terms.delta(added)
            touched = joined([old, new])
            held, derived = self._standing(touched)
            after, then = self._withdraw(old), self._assert(new)
            appeared, gone = (joined(pair) for pair in zip(after, then, strict=True))
            appeared, gone = (
                less(less(appeared, gone), touched),
                less(less(gone, appeared), touched),
            )
            now_held, now_derived = self._standing(touched)
            return ClosureChange(
                self._terms,
                come=joined([less(now_held, held), appeared]),
                gone=joined([less(held, now_held), gone]),
                inferred=joined([less(now_derived, derived), appeared]),
                no_longer_inferred=joined([less(derived, now_derived), gone]),
            )

    def _standing(self, delta: Delta) -> tuple[Delta, Delta]:
        """Those of the statements that hold, and those that are only inferred."""
        none = frozenset[Row]()
        held = {
            key: {row for row in rows if self._facts.holds(key, row)} for key, rows in delta.items()
        }
        return held, {key: rows & self._derived.get(key, none) for key, rows in held.items()}

    def _shift_anew(self, added: Sequence[Triple], withdrawn: Sequence[Triple]) -> ClosureChange:
        before = {*self.asserted()}, _triples(self._terms, self._derived)
        self._anew(added, withdrawn)
        after = {*self.asserted()}, _triples(self._terms, self._derived)
        (held, derived), (now_held, now_derived) = (
            (asserted | inferred, inferred) for asserted, inferred in (before, after)
        )
        pairs = (now_held, held), (held, now_held), (now_derived, derived), (derived, now_derived)
        return ClosureChange(self._terms, *(self._terms.delta(one - other) for one, other in pairs))

    def _anew(self, added: Sequence[Triple], withdrawn: Sequence[Triple]) -> InferredChange:
        before = _triples(self._terms, self._derived)
        asserted = tuple({*self.asserted()}.difference(withdrawn).union(added))
        self._start(asserted, compile_rules(asserted))
        after = _triples(self._terms, self._derived)
        return InferredChange(after - before, before - after)

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that hold and have the given parts."""
        return self._terms.matching(self._facts, subject, predicate, value)

    def classes_of(self, thing: Term) -> Iterator[Term]:
        """The classes of the thing."""
        number = self._terms.number(thing)
        for key, members in self._facts.classes.items():
            if number in members:
                yield self._terms.term(~key)

    def holds(self, statement: Triple) -> bool:
        """Whether the statement is asserted or inferred."""
        ((key, rows),) = self._terms.delta([statement]).items()
        return all(self._facts.holds(key, row) for row in rows)

    def is_asserted(self, statement: Triple) -> bool:
        """Whether the statement is asserted, and not only inferred or unknown."""
        ((key, rows),) = self._terms.delta([statement]).items()
        derived = self._derived.get(key, frozenset[Row]())
        return all(self._facts.holds(key, row) and row not in derived for row in rows)

    def _assert(self, delta: Delta) -> tuple[Delta, Delta]:
        """Add asserted statements; return the inferences that are new, and those that are gone."""
        new: Delta = {}
        gone: Delta = {}
        for key, rows in delta.items():
            derived = self._derived.get(key)
            if derived:
                gone[key] = rows & derived
                derived -= rows
            new[key] = {row for row in rows if not self._facts.holds(key, row)}
            self._facts.add(key, new[key])
        found = self._saturate(new, {})
        self._find_clashes(joined([new, found]))
        return found, gone

    def _saturate(self, new: Delta, whole: Delta, *, first: bool = False) -> Delta:
        """Add the consequences of the new statements, to `whole` too; `first`: all statements are
        new."""
        while first or any(new.values()):
            self.rounds += 1
            found = self._program.consequences(new, first=first)
            new, first = {}, False
            for key, rows in found.items():
                missing = self._worth_stating(key, self._facts.missing(key, rows))
                if missing:
                    new[key] = missing
                    self._facts.add(key, missing)
            add(self._derived, new)
            if whole is not self._derived:
                add(whole, new)
        return whole

    def _worth_stating(self, key: Key, rows: set[Row]) -> set[Row]:
        """Those of the rows that are stated as inferences at all."""
        if key not in self._program.schema:
            return rows
        return {row for row in rows if self._is_worth_stating(key, row)}

    def _is_worth_stating(self, key: Key, row: Row) -> bool:
        """Whether it is useful: not a nameless class below or above another, not a term below or
        equal to itself, not a literal equal to anything."""
        one, other = row
        if one == other or other < 0:
            return False
        kinds = (type(self._terms.term(one)), type(self._terms.term(other)))
        return key == self._program.same or BlankNode not in kinds

    def _withdraw(self, delta: Delta) -> tuple[Delta, Delta]:
        """Withdraw asserted statements; return the inferences that are new, and those that are
        gone."""
        left: Delta = {}
        for key, rows in delta.items():
            derived = self._derived.get(key, frozenset[Row]())
            left[key] = {row for row in rows if row not in derived and self._facts.holds(key, row)}
        resting = self._resting_on(left)
        for key, rows in joined([left, resting]).items():
            self._facts.remove(key, rows)
        for key, rows in resting.items():
            self._derived[key] -= rows
        found = self._program.rederivable(joined([left, resting]))
        again = {key: self._worth_stating(key, rows) for key, rows in found.items()}
        for key, rows in again.items():
            self._facts.add(key, rows)
        add(self._derived, again)
        back = joined([again, self._saturate(again, {})])
        self._forget_clashes()
        return less(back, resting), less(resting, back)

    def _resting_on(self, withdrawn: Delta) -> Delta:
        """The inferences that rest on the statements, directly or through other inferences."""
        resting: Delta = {}
        delta = withdrawn
        while any(delta.values()):
            found = self._program.consequences(delta)
            delta = {}
            for key, rows in found.items():
                derived = self._derived.get(key)
                if derived:
                    delta[key] = derived.intersection(rows) - resting.get(key, frozenset[Row]())
            add(resting, delta)
        return resting

    def _find_clashes(self, new: Delta | None) -> None:
        for number, row in self._program.clashing(new):
            rule = self.rules[number]
            statements = self._program.statements(number, row)
            self._clashes.setdefault((number, row), Clash(rule, statements))

    def _forget_clashes(self) -> None:
        for found, clash in tuple(self._clashes.items()):
            parts = self._terms.delta(clash.statements)
            if not all(self._facts.holds(key, row) for key, rows in parts.items() for row in rows):
                del self._clashes[found]


def _triples(terms: TermNumbers, delta: Delta) -> frozenset[Triple]:
    return frozenset(_stated(terms, delta))


def _stated(terms: TermNumbers, delta: Delta) -> list[Triple]:
    """The statements; those of subjects with near numbers are made one after the other, so that
    their terms are still in the processor's cache."""
    parts: dict[int, list[tuple[Key, list[Row]]]] = {}
    for key, rows in delta.items():
        near: dict[int, list[Row]] = {}
        for row in rows:
            near.setdefault(row[0] >> _NEAR_BITS, []).append(row)
        for place, part in near.items():
            parts.setdefault(place, []).append((key, part))
    return [
        triple
        for place in sorted(parts)
        for key, part in parts[place]
        for triple in terms.triples(key, part)
    ]


@contextmanager
def _without_collection() -> Iterator[None]:
    """Disable the cyclic collector: many small sets form no cycles, and a search takes most of the
    time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
