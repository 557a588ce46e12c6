"""Statements that are stored as numbers."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import final

from pyoxigraph import Triple

from spacepolicy.knowledge.reasoning.facts import Delta
from spacepolicy.knowledge.reasoning.terms import TermNumbers


@final
@dataclass(frozen=True, slots=True)
class NumberedStatements(Collection[Triple]):
    """Statements that are stored as numbers, and constructed on iteration."""

    terms: TermNumbers
    delta: Delta

    def __iter__(self) -> Iterator[Triple]:
        for key, rows in self.delta.items():
            yield from self.terms.triples(key, rows)

    def __len__(self) -> int:
        return sum(map(len, self.delta.values()))

    def __contains__(self, triple: object) -> bool:
        return any(triple == each for each in self)
