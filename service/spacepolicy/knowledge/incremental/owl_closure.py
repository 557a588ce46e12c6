"""What holds in a store by assertion and by OWL: its default graph without the conclusions of rules
beyond OWL.
"""

from collections.abc import Iterator, Sequence
from typing import Final, final

from pyoxigraph import DefaultGraph, NamedNode, Store, Triple

from spacepolicy.knowledge.reasoning.construct_rules import ConstructRule
from spacepolicy.knowledge.reasoning.expressions import TYPE, Term
from spacepolicy.knowledge.reasoning.rule import AXIOM_KINDS, AXIOM_PREDICATES

_HOLDS: Final = DefaultGraph()


@final
class OwlClosure:
    """The statements of a store whose default graph has all that holds, and whose graph `inferred`
    has what is inferred of it and not asserted.

    `concluded` are the conclusions of the rules: at first all statements that may be one. Whoever
    finds out which of them follow by OWL as well, or changes the conclusions, changes this set.
    """

    def __init__(self, dataset: Store, inferred: NamedNode, rules: Sequence[ConstructRule]) -> None:
        self._dataset = dataset
        self._inferred = inferred
        self._concluding = frozenset(rule.predicate for rule in rules)
        self.concluded: set[Triple] = {
            quad.triple
            for predicate in self._concluding
            for quad in dataset.quads_for_pattern(None, predicate, None, inferred)
        }

    def holding(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that hold and have the given parts."""
        return self._found(subject, predicate, value, _HOLDS)

    def inferred(self, subject: Term | None) -> Iterator[Triple]:
        """Those that are inferred and not asserted, about the subject where one is given."""
        return self._found(subject, None, None, self._inferred)

    def _found(
        self,
        subject: Term | None,
        predicate: NamedNode | None,
        value: Term | None,
        graph: NamedNode | DefaultGraph,
    ) -> Iterator[Triple]:
        found = self._dataset.quads_for_pattern(subject, predicate, value, graph)  # type: ignore[arg-type] # no literal has statements
        for quad in found:
            triple = quad.triple
            if triple.predicate not in self._concluding or triple not in self.concluded:
                yield triple

    def axioms(self) -> Iterator[Triple]:
        """The asserted statements that may be part of an axiom."""
        patterns = (
            *((predicate, None) for predicate in AXIOM_PREDICATES),
            *((TYPE, kind) for kind in AXIOM_KINDS),
        )
        for predicate, value in patterns:
            inferred = {
                quad.triple
                for quad in self._dataset.quads_for_pattern(None, predicate, value, self._inferred)
            }
            for triple in self.holding(None, predicate, value):
                if triple not in inferred:
                    yield triple
