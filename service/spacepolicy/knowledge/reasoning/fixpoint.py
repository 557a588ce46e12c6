"""Reasoning: all inferences of rules from statements, updated as statements come and go.

Each round joins only with statements that the round before found (semi-naive evaluation). A
withdrawn statement removes all inferences that rest on it; those that also follow from other
statements are then inferred again (delete and rederive).

Spec: Gupta, Mumick, Subrahmanian, Maintaining Views Incrementally, SIGMOD 1993,
https://doi.org/10.1145/170035.170066
"""

import gc
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self, final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import Term
from spacepolicy.knowledge.reasoning.facts import Delta, Facts, Key, Row, add, joined, less
from spacepolicy.knowledge.reasoning.program import Program
from spacepolicy.knowledge.reasoning.rule import InferenceRule, is_axiomatic
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.knowledge.reasoning.stored_facts import HoldingStatements, StoredFacts
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
    and what no longer is; and the clashes that are new."""

    terms: TermNumbers
    come: Delta
    gone: Delta
    inferred: Delta
    no_longer_inferred: Delta
    clashes: tuple[Clash, ...]


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

    @classmethod
    def stored(cls, closure: HoldingStatements, axioms: Iterable[Triple]) -> Self:
        """A reasoner over statements that stand in a store with all that is inferred from them,
        which are read as they are needed; `axioms` has the axioms among the asserted ones. Of their
        clashes it only knows those that a change brings or touches."""
        reasoner = cls(())
        terms = TermNumbers()
        facts = StoredFacts(terms, closure)
        reasoner._begin(compile_rules(axioms), terms, facts, facts.derived)
        return reasoner

    def _begin(
        self, rules: tuple[InferenceRule, ...], terms: TermNumbers, facts: Facts, derived: Delta
    ) -> None:
        self.rules = rules
        self._terms = terms
        self._facts = facts
        self._derived = derived
        self._clashes: dict[tuple[int, Row], Clash] = {}
        self._clashing_before: set[tuple[int, Row]] = set()
        """The clashes that there were before the last change, as far as they are known."""
        self._program = Program(terms, facts, rules)

    def _start(self, asserted: Sequence[Triple], rules: tuple[InferenceRule, ...]) -> None:
        self._begin(rules, TermNumbers(), Facts(), {})
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
        for key in self._facts.all_keys():
            derived = self._derived.get(key, frozenset[Row]())
            rows = (row for row in self._facts.rows(key) if row not in derived)
            yield from self._terms.triples(key, rows)

    def inferences(self) -> list[Triple]:
        """Every inference that is not asserted, each once."""
        with _without_collection():
            self._facts.see_all()
            return _stated(self._terms, self._derived)

    def inferred(self) -> frozenset[Triple]:
        """The same as a set."""
        return frozenset(self.inferences())

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
            self._clashing_before = set(self._clashes)
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
                clashes=self._new_clashes(),
            )

    def _new_clashes(self) -> tuple[Clash, ...]:
        """The clashes that there were not before the change."""
        found = self._clashes.items()
        return tuple(clash for key, clash in found if key not in self._clashing_before)

    def _standing(self, delta: Delta) -> tuple[Delta, Delta]:
        """Those of the statements that hold, and those that are only inferred."""
        none = frozenset[Row]()
        self._see(delta)
        held = {
            key: {row for row in rows if self._facts.holds(key, row)} for key, rows in delta.items()
        }
        return held, {key: rows & self._derived.get(key, none) for key, rows in held.items()}

    def _see(self, delta: Delta) -> None:
        """Have all statements about the subjects at hand."""
        for rows in delta.values():
            self._facts.see(row[0] for row in rows)

    def _shift_anew(self, added: Sequence[Triple], withdrawn: Sequence[Triple]) -> ClosureChange:
        before = {*self.asserted()}, self.inferred()
        if isinstance(self._facts, StoredFacts):
            self._find_clashes(None)  # those of the store are not known
        clashing = {each.statements for each in self.clashes()}
        self._anew(added, withdrawn)
        after = {*self.asserted()}, self.inferred()
        (held, derived), (now_held, now_derived) = (
            (asserted | inferred, inferred) for asserted, inferred in (before, after)
        )
        pairs = (now_held, held), (held, now_held), (now_derived, derived), (derived, now_derived)
        come, gone, inferred, no_longer = (self._terms.delta(one - other) for one, other in pairs)
        clashes = (each for each in self.clashes() if each.statements not in clashing)
        return ClosureChange(self._terms, come, gone, inferred, no_longer, tuple(clashes))

    def _anew(self, added: Sequence[Triple], withdrawn: Sequence[Triple]) -> InferredChange:
        before = self.inferred()
        asserted = tuple({*self.asserted()}.difference(withdrawn).union(added))
        self._start(asserted, compile_rules(asserted))
        after = self.inferred()
        return InferredChange(after - before, before - after)

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that hold and have the given parts."""
        return self._terms.matching(self._facts, subject, predicate, value)

    def classes_of(self, thing: Term) -> Iterator[Term]:
        """The classes of the thing."""
        number = self._terms.number(thing)
        return map(self._terms.term, self._facts.classes_of({number})[number])

    def holds(self, statement: Triple) -> bool:
        """Whether the statement is asserted or inferred."""
        ((key, rows),) = self._terms.delta([statement]).items()
        return all(self._facts.holds(key, row) for row in rows)

    def is_asserted(self, statement: Triple) -> bool:
        """Whether the statement is asserted, and not only inferred or unknown."""
        ((key, rows),) = self._terms.delta([statement]).items()
        self._see({key: rows})
        derived = self._derived.get(key, frozenset[Row]())
        return all(self._facts.holds(key, row) and row not in derived for row in rows)

    def infer_again(self, statements: Iterable[Triple]) -> list[Triple]:
        """Add those of the statements that follow from the ones that hold; return the others."""
        left = self._terms.delta(statements)
        while any((found := self._program.rederivable(left)).values()):
            self._see(found)
            for key, rows in found.items():
                self._facts.add(key, rows)
            add(self._derived, found)
            left = less(left, found)
        return [triple for key, rows in left.items() for triple in self._terms.triples(key, rows)]

    def _assert(self, delta: Delta) -> tuple[Delta, Delta]:
        """Add asserted statements; return the inferences that are new, and those that are gone."""
        new: Delta = {}
        gone: Delta = {}
        self._see(delta)
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
        self._see(delta)
        for key, rows in delta.items():
            derived = self._derived.get(key, frozenset[Row]())
            left[key] = {row for row in rows if row not in derived and self._facts.holds(key, row)}
        resting = self._resting_on(left)
        removed = joined([left, resting])
        if isinstance(self._facts, StoredFacts):
            self._find_clashes(removed)  # those of the store are not known
            self._clashing_before.update(self._clashes)
        for key, rows in removed.items():
            self._facts.remove(key, rows)
        for key, rows in resting.items():
            self._derived[key] -= rows
        found = self._program.rederivable(removed)
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
            self._see(found)
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
