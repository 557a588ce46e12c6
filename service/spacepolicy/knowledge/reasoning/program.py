"""Rules compiled to joins: consequences of new facts, rederivable facts, and clashes.

The rules of owl:sameAs that replace one name by another are implemented here directly: they apply
to statements of any predicate but those of axioms.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import Literal, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import (
    SAME,
    SUBCLASS,
    SUBPROPERTY,
    DifferentLiterals,
    Pattern,
    Term,
    Test,
)
from spacepolicy.knowledge.reasoning.facts import (
    NONE,
    Delta,
    Facts,
    Index,
    Key,
    Relation,
    Row,
    add,
)
from spacepolicy.knowledge.reasoning.joins import Atom, JoinPlan, plan
from spacepolicy.knowledge.reasoning.rule import AXIOM_PREDICATES, InferenceRule
from spacepolicy.knowledge.reasoning.terms import TermNumbers
from spacepolicy.knowledge.reasoning.values import is_of, value

_SCHEMA: Final = (SUBCLASS, SUBPROPERTY)
_REPLACING: Final = ("eq-rep-s", "eq-rep-o")


@final
@dataclass(frozen=True, slots=True)
class _Conclusive:
    """A rule in numbers with a conclusion: a plan for each premise, and one to check whether given
    rows of the conclusion follow."""

    body: tuple[Atom, ...]
    head: Atom
    plans: tuple[JoinPlan, ...]
    reverse: JoinPlan


@final
@dataclass(frozen=True, slots=True)
class _Clashing:
    """A rule in numbers that finds a clash; rows have its variables, in order."""

    number: int
    body: tuple[Atom, ...]
    plans: tuple[JoinPlan, ...]
    variables: tuple[str, ...]
    test: Callable[[Row], bool] | None


@final
@dataclass(slots=True)
class Program:
    """The rules, compiled to joins over the facts."""

    terms: TermNumbers
    facts: Facts
    rules: tuple[InferenceRule, ...]
    same: Key = field(init=False)
    schema: frozenset[Key] = field(init=False)
    _replacing: frozenset[str] = field(init=False)
    _kept: frozenset[Key] = field(init=False)
    _axiomatic: Delta = field(init=False)
    _started: dict[Key, list[tuple[Key, JoinPlan]]] = field(init=False)
    _ended: dict[Key, list[_Conclusive]] = field(init=False)
    _conclusive: list[_Conclusive] = field(init=False)
    _clashing: list[_Clashing] = field(init=False)

    def __post_init__(self) -> None:
        number = self.terms.number
        self.same = number(SAME)
        self.schema = frozenset({self.same, *map(number, _SCHEMA)})
        self._kept = frozenset({self.same, *map(number, AXIOM_PREDICATES)})
        names = {rule.name for rule in self.rules}
        self._replacing = frozenset(name for name in _REPLACING if name in names)
        self._started, self._ended, self._axiomatic = {}, {}, {}
        self._conclusive, self._clashing = [], []
        for place, rule in enumerate(self.rules):
            if rule.conclusion is None:
                self._clashing.append(self._compiled_clash(place, rule))
            elif not rule.premises:
                add(self._axiomatic, self.terms.delta([_ground(rule.conclusion)]))
            elif rule.name not in _REPLACING:
                self._add_conclusive(rule, rule.conclusion)

    def _add_conclusive(self, rule: InferenceRule, conclusion: Pattern) -> None:
        body = tuple(dict.fromkeys(map(self.terms.atom, rule.premises)))
        head = self.terms.atom(conclusion)
        plans = tuple(
            plan(self.facts, atom, body[:place] + body[place + 1 :], head.slots)
            for place, atom in enumerate(body)
        )
        reverse = plan(self.facts, head, body, head.slots)
        found = _Conclusive(body, head, plans, reverse)
        self._conclusive.append(found)
        self._ended.setdefault(head.key, []).append(found)
        for atom, each in zip(body, plans, strict=True):
            self._started.setdefault(atom.key, []).append((head.key, each))

    def _compiled_clash(self, number: int, rule: InferenceRule) -> _Clashing:
        body = tuple(dict.fromkeys(map(self.terms.atom, rule.premises)))
        slots = dict.fromkeys(slot for atom in body for slot in atom.slots)
        variables = tuple(slot for slot in slots if isinstance(slot, str))
        plans = tuple(
            plan(self.facts, atom, body[:place] + body[place + 1 :], variables)
            for place, atom in enumerate(body)
        )
        test = None if rule.test is None else _test(self.terms, rule.test, variables)
        return _Clashing(number, body, plans, variables, test)

    def consequences(self, new: Delta, *, first: bool = False) -> Delta:
        """The conclusions of the rules from `whole` with at least one premise in `new`.

        `first`: `new` is the whole.
        """
        found: Delta = {}
        if first:
            add(found, self._axiomatic)
            for rule in self._conclusive:
                place, rows = _fewest(rule.body, new)
                if rows:
                    found.setdefault(rule.head.key, set()).update(rule.plans[place].run(rows))
        else:
            for key, rows in new.items():
                for head, each in self._started.get(key, ()) if rows else ():
                    found.setdefault(head, set()).update(each.run(rows))
        self._replace(new, found)
        return found

    def _replace(self, new: Delta, found: Delta) -> None:
        """Conclude the same of things under their other names."""
        same = self.facts.relation(self.same)
        if not same.objects or not self._replacing:
            return
        for key, rows in new.items():
            if key not in self._kept and rows:
                found.setdefault(key, set()).update(self._renamed(rows, same.objects))
        links = new.get(self.same)
        met: Delta = {}
        for one, _ in links or ():
            if "eq-rep-s" in self._replacing:
                self._meet(met, one, None)
            if "eq-rep-o" in self._replacing:
                self._meet(met, None, one)
        for key, rows in met.items():
            found.setdefault(key, set()).update(self._renamed(rows, same.objects))

    def _meet(self, met: Delta, one: int | None, other: int | None) -> None:
        """Add the statements with that subject or object, in which names may be replaced; not
        memberships of a class that is the object."""
        for key in self.facts.keys_of(one, other):
            if key not in self._kept and (key >= 0 or one is not None):
                met.setdefault(key, set()).update(self.facts.matching(key, one, other))

    def _renamed(self, rows: Iterable[Row], names: Index) -> Iterator[Row]:
        """The rows with one thing at a time replaced by another of its names."""
        for row in rows:
            if "eq-rep-s" in self._replacing:
                for name in names.get(row[0], NONE):
                    yield (name, *row[1:])
            if "eq-rep-o" in self._replacing and len(row) == 2:
                for name in names.get(row[1], NONE):
                    yield (row[0], name)

    def rederivable(self, gone: Delta) -> Delta:
        """Those of the statements that follow from the statements that hold."""
        found: Delta = {}
        same = self.facts.relation(self.same)
        for key, rows in gone.items():
            again = {row for row in rows if row in self._axiomatic.get(key, ())}
            for rule in self._ended.get(key, ()):
                again.update(rule.reverse.run(rows))
            if same.objects and key not in self._kept:
                again.update(row for row in rows if self._is_renamed(key, row, same))
            if again:
                found[key] = again
        return found

    def _is_renamed(self, key: Key, row: Row, same: Relation) -> bool:
        """Whether the row holds under another name: a rule leads from the first name to the second,
        and that the second is the same as the first may not have been inferred yet."""
        return any(self.facts.holds(key, each) for each in self._renamed([row], same.subjects))

    def clashing(self, new: Delta | None) -> Iterator[tuple[int, Row]]:
        """The clashes with a premise in `new` (None: all); the rule's number and its row."""
        for rule in self._clashing:
            starts: Iterable[tuple[int, Iterable[Row]]]
            if new is None:
                place = min(range(len(rule.body)), key=lambda at: self._size(rule.body[at].key))
                starts = [(place, self.facts.rows(rule.body[place].key))]
            else:
                starts = [(place, new.get(atom.key, ())) for place, atom in enumerate(rule.body)]
            for place, rows in starts:
                met = rule.plans[place].run(rows) if rows else ()
                kept = met if rule.test is None else filter(rule.test, met)
                yield from ((rule.number, row) for row in sorted(set(kept)))

    def _size(self, key: Key) -> int:
        facts = self.facts
        return len(facts.members(key)) if key < 0 else len(facts.relation(key).objects)

    def statements(self, number: int, row: Row) -> tuple[Triple, ...]:
        """The statements that meet the premises of the rule with that number."""
        rule = next(each for each in self._clashing if each.number == number)
        bound = {
            name: self.terms.term(each) for name, each in zip(rule.variables, row, strict=True)
        }
        return tuple(_ground(premise, bound) for premise in self.rules[number].premises)


def _fewest(body: Sequence[Atom], new: Delta) -> tuple[int, set[Row]]:
    """The premise with the fewest new rows, and these."""
    sizes = [len(new.get(atom.key, ())) for atom in body]
    place = sizes.index(min(sizes))
    return place, new.get(body[place].key, set())


def _test(terms: TermNumbers, test: Test, variables: Sequence[str]) -> Callable[[Row], bool]:
    if isinstance(test, DifferentLiterals):
        one, other = variables.index(test.one.value), variables.index(test.other.value)
        return lambda row: _differ(terms.term(row[one]), terms.term(row[other]))
    place, datatype = variables.index(test.value.value), test.datatype
    seen: dict[int, bool] = {}

    def outside(row: Row) -> bool:
        number = row[place]
        if number not in seen:
            term = terms.term(number)
            seen[number] = isinstance(term, Literal) and not is_of(term, datatype)
        return seen[number]

    return outside


def _differ(one: Term, other: Term) -> bool:
    """Whether two literals have different values; in one direction only."""
    if not isinstance(one, Literal) or not isinstance(other, Literal):
        return False
    return str(one) < str(other) and value(one) != value(other)


def _ground(pattern: Pattern, bound: Mapping[str, Term] | None = None) -> Triple:
    named = bound or {}
    parts = (named[part.value] if isinstance(part, Variable) else part for part in pattern.parts)
    return Triple(*parts)  # type: ignore[arg-type] # all parts are terms
