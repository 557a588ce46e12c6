"""All that is entailed: a reasoner's statements, and beside them the conclusions of further rules.

Conclusions of rules beyond OWL are no premises of OWL's rules, so that the reasoner does not have
them; what reads all that is entailed, such as validation, reads both here as one.

Spec: https://www.w3.org/TR/shacl-af/#rules
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import Term
from spacepolicy.knowledge.reasoning.facts import NONE, Facts, Key
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.terms import TermNumbers

Nodes = AbstractSet[int]
"""Terms by their numbers: literals have negative ones."""
Values = Mapping[int, Nodes]
"""The nodes that each node leads to; empty where a node is missing."""


@final
class Entailments:
    """The statements that a reasoner has, and those that are concluded from them; by the reasoner's
    numbers for terms, and read-only but for `change`."""

    def __init__(self, reasoner: Reasoner, concluded: Iterable[Triple] = ()) -> None:
        self._reasoner = reasoner
        self._number(concluded)

    def _number(self, concluded: Iterable[Triple]) -> None:
        self._terms = self._reasoner.terms
        self._concluded = Facts()
        self._add(concluded)

    def _add(self, concluded: Iterable[Triple]) -> None:
        for key, rows in self._terms.delta(concluded).items():
            self._concluded.add(key, rows)

    def change(
        self, concluded: Iterable[Triple], *, appeared: Iterable[Triple], gone: Iterable[Triple]
    ) -> None:
        """Take in the conclusions that are new and those that are gone; `concluded` are all there
        are now, which are numbered anew where the reasoner has other numbers."""
        if self._terms is not self._reasoner.terms:
            self._number(concluded)
            return
        for key, rows in self._terms.delta(gone).items():
            self._concluded.remove(key, rows)
        self._add(appeared)

    @property
    def terms(self) -> TermNumbers:
        """The numbers of terms, until the axioms change."""
        return self._reasoner.terms

    def members(self, key: Key) -> Nodes:
        """The members of the class."""
        found, more = self._reasoner.facts.members(key), self._concluded.classes.get(key)
        return found | more if more else found

    def classes(self) -> Iterator[tuple[Key, Nodes]]:
        """Each class with its members."""
        keys = {*self._reasoner.facts.classes, *self._concluded.classes}
        return ((key, self.members(key)) for key in keys)

    def objects(self, key: Key) -> Values:
        """The objects of each subject of the predicate."""
        found, more = self._reasoner.facts.relation(key), self._concluded.relations.get(key)
        return found.objects if more is None else _Joined(found.objects, more.objects)

    def subjects(self, key: Key) -> Values:
        """The subjects of each object of the predicate."""
        found, more = self._reasoner.facts.relation(key), self._concluded.relations.get(key)
        return found.subjects if more is None else _Joined(found.subjects, more.subjects)

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that have the given parts."""
        return itertools.chain(
            self._reasoner.matching(subject, predicate, value),
            self.terms.matching(self._concluded, subject, predicate, value),
        )


@final
class _Joined(Mapping[int, Nodes]):
    """Two indexes as one."""

    def __init__(self, one: Values, other: Values) -> None:
        self._both = one, other

    def __getitem__(self, node: int) -> Nodes:
        found = NONE.union(*(each.get(node, NONE) for each in self._both))
        if not found:
            raise KeyError(node)
        return found

    def __iter__(self) -> Iterator[int]:
        one, other = self._both
        return itertools.chain(one, (node for node in other if node not in one))

    def __len__(self) -> int:
        return sum(1 for _ in self)
