"""All that is entailed: a reasoner's statements, and beside them the conclusions of further rules.

Conclusions of rules beyond OWL are no premises of OWL's rules, so that the reasoner does not have
them; what reads all that is entailed, such as validation, reads both here as one.

Spec: https://www.w3.org/TR/shacl-af/#rules
"""

import itertools
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import Term
from spacepolicy.knowledge.reasoning.facts import NONE, Facts, Index, Key, LazyIndex, Nodes
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.terms import TermNumbers


@final
class Entailments:
    """The statements that a reasoner has, and those that are concluded from them; by the reasoner's
    numbers for terms, and read-only but for `change` and `number`."""

    def __init__(self, reasoner: Reasoner, concluded: Iterable[Triple] = ()) -> None:
        self._reasoner = reasoner
        self._terms: TermNumbers | None = None
        self.number(concluded)

    def number(self, concluded: Iterable[Triple]) -> None:
        """Number the conclusions, which are these, anew where the reasoner has other numbers now;
        it has them after a change of the axioms."""
        if self._terms is not self.terms:
            self._terms = self.terms
            self._concluded = Facts()
            self._add(concluded)

    def _add(self, concluded: Iterable[Triple]) -> None:
        for key, rows in self.terms.delta(concluded).items():
            self._concluded.add(key, rows)

    def change(self, *, appeared: Iterable[Triple], gone: Iterable[Triple]) -> None:
        """Take in the conclusions that are new, and those that are gone."""
        for key, rows in self.terms.delta(gone).items():
            self._concluded.remove(key, rows)
        self._add(appeared)

    @property
    def terms(self) -> TermNumbers:
        """The numbers of terms, until the axioms change."""
        return self._reasoner.terms

    @property
    def _both(self) -> tuple[Facts, Facts]:
        return self._reasoner.facts, self._concluded

    def members(self, key: Key) -> Nodes:
        """The members of the class."""
        found, more = (facts.members(key) for facts in self._both)
        return _JoinedNodes(found, more) if more else found

    def classes(self) -> Iterator[tuple[Key, Nodes]]:
        """Each class with its members."""
        keys = {key for facts in self._both for key in facts.all_keys() if key < 0}
        return ((key, self.members(key)) for key in keys)

    def classes_of(self, nodes: Nodes) -> dict[int, set[int]]:
        """The numbers of the classes of each of the nodes."""
        found, more = (facts.classes_of(nodes) for facts in self._both)
        return {node: found[node] | more[node] for node in nodes}

    def objects(self, key: Key) -> Index:
        """The objects of each subject of the predicate."""
        found, more = (facts.relation(key).objects for facts in self._both)
        return _JoinedIndex(found, more) if more else found

    def subjects(self, key: Key) -> Index:
        """The subjects of each object of the predicate."""
        found, more = (facts.relation(key).subjects for facts in self._both)
        return _JoinedIndex(found, more) if more else found

    def matching(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that have the given parts."""
        return itertools.chain(
            self._reasoner.matching(subject, predicate, value),
            self.terms.matching(self._concluded, subject, predicate, value),
        )


@final
class _JoinedIndex(LazyIndex):
    """Two indexes as one."""

    def __init__(self, one: Index, other: Index) -> None:
        self._one, self._other = one, other

    def get(self, node: int, default: Nodes = NONE) -> Nodes:  # type: ignore[override] # of nodes
        found, more = self._one.get(node, default), self._other.get(node, NONE)
        return _JoinedNodes(found, more) if more else found

    def __iter__(self) -> Iterator[int]:
        return itertools.chain(self._one, (node for node in self._other if node not in self._one))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@final
class _JoinedNodes(AbstractSet[int]):
    """Two sets as one."""

    def __init__(self, one: Nodes, other: Nodes) -> None:
        self._one, self._other = one, other

    def __contains__(self, node: object) -> bool:
        return node in self._one or node in self._other

    def __iter__(self) -> Iterator[int]:
        return itertools.chain(self._one, (node for node in self._other if node not in self._one))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __and__(self, nodes: AbstractSet[object]) -> set[int]:
        """Those of the nodes that are in either; no others are read."""
        return {node for node in nodes if node in self}  # type: ignore[misc] # nodes are numbers

    __rand__ = __and__
