"""Statements that come and go, by what they are about: each end of each predicate once."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.facts import Delta
from spacepolicy.knowledge.reasoning.terms import TermNumbers

End = object
Ends = tuple[NamedNode, set[End], set[End]]
"""A predicate, its subjects and its objects."""


class ChangedStatements(Protocol):
    """Statements that come or go."""

    def ends(self, wanted: Collection[NamedNode] | None) -> Iterator[Ends]:
        """The ends of the predicates that are wanted, None for all; of each class by itself."""
        ...


@final
@dataclass(frozen=True, slots=True)
class NumberedStatements(Collection[Triple]):
    """Statements that are kept as numbers, and made when they are looked through."""

    terms: TermNumbers
    delta: Delta

    def __iter__(self) -> Iterator[Triple]:
        for key, rows in self.delta.items():
            yield from self.terms.triples(key, rows)

    def __len__(self) -> int:
        return sum(map(len, self.delta.values()))

    def __contains__(self, triple: object) -> bool:
        return any(triple == each for each in self)

    def ends(self, wanted: Collection[NamedNode] | None) -> Iterator[Ends]:
        """As `ChangedStatements`."""
        term = self.terms.term
        for key, rows in self.delta.items():
            predicate = TYPE if key < 0 else term(key)
            if not isinstance(predicate, NamedNode) or not rows:
                continue
            if wanted is None or predicate in wanted:
                subjects: set[End] = {term(number) for number in {row[0] for row in rows}}
                objects = {~key} if key < 0 else {row[1] for row in rows}
                yield predicate, subjects, {term(number) for number in objects}


@final
@dataclass(frozen=True, slots=True)
class StatementList:
    """Statements one by one."""

    statements: Iterable[Triple]

    def ends(self, wanted: Collection[NamedNode] | None) -> Iterator[Ends]:
        """As `ChangedStatements`."""
        found: dict[tuple[NamedNode, End], Ends] = {}
        for subject, predicate, value in self.statements:
            if wanted is None or predicate in wanted:
                key = predicate, value if predicate == TYPE else None
                _, subjects, objects = found.setdefault(key, (predicate, set(), set()))
                subjects.add(subject)
                objects.add(value)
        yield from found.values()
