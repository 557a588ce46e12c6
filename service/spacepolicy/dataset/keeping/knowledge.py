"""The knowledge of a store that is written: what its default graph says after a change.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, Triple

from spacepolicy.dataset.reasoning.fixpoint import Clash, Reasoner
from spacepolicy.revisions.revision import Change

_DEFAULT = DefaultGraph()


@final
@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a change of the record: how the derived graphs change, the clashes that
    were not there before, and the statements of the default graph that come and go."""

    quads: Change
    clashes: tuple[Clash, ...]
    appeared: frozenset[Triple]
    gone: frozenset[Triple]


@final
class Knowledge:
    """What the merged graphs of a dataset assert, and what follows; kept as the record changes.

    `apart` are graphs that are not merged, `inferred` is the graph of what only follows.
    """

    def __init__(self, dataset: Store, apart: frozenset[str], inferred: NamedNode) -> None:
        self._dataset = dataset
        self._apart = frozenset(NamedNode(iri) for iri in apart) | {inferred}
        self._inferred = inferred
        asserted = {quad.triple for quad in dataset if self._is_merged(quad)}
        self.reasoner = Reasoner(asserted)

    def _is_merged(self, quad: Quad) -> bool:
        return quad.graph_name != _DEFAULT and quad.graph_name not in self._apart

    def change(self, change: Change) -> Derived:
        """Take the change of the record in; the dataset must not have it yet."""
        return self._change(*self._stated(change))

    def undo(self, change: Change) -> None:
        """Take back a change that the dataset has not got."""
        withdrawn, added = self._stated(change)
        before = [triple for triple in added if not self._holds_in(triple, frozenset())]
        self.reasoner.change(added=withdrawn, withdrawn=before)

    def _stated(self, change: Change) -> tuple[list[Triple], list[Triple]]:
        """What no merged graph states any longer, and what one states now."""
        removed = frozenset(filter(self._is_merged, change.removed))
        added = {quad.triple for quad in change.added if self._is_merged(quad)}
        gone = {quad.triple for quad in removed} - added
        return [triple for triple in gone if not self._holds_in(triple, removed)], list(added)

    def _holds_in(self, triple: Triple, but: frozenset[Quad]) -> bool:
        """Whether a merged graph of the dataset states it elsewhere than in those quads."""
        return any(
            self._is_merged(quad) and quad not in but
            for quad in self._dataset.quads_for_pattern(
                triple.subject, triple.predicate, triple.object, None
            )
        )

    def _change(self, withdrawn: Iterable[Triple], added: Iterable[Triple]) -> Derived:
        withdrawn, added = tuple(withdrawn), tuple(added)
        before = set(self.reasoner.clashes())
        found = self.reasoner.change(added=added, withdrawn=withdrawn)
        clashes = tuple(each for each in self.reasoner.clashes() if each not in before)
        met = {*withdrawn, *added, *found.appeared, *found.gone}
        gone: list[Quad] = []
        come: list[Quad] = []
        for quad, was in self._derived(met):
            (gone if was else come).append(quad)
        quads = Change(removed=tuple(gone), added=tuple(come))
        return Derived(quads, clashes, _knowledge(come), _knowledge(gone))

    def _derived(self, statements: Iterable[Triple]) -> Iterator[tuple[Quad, bool]]:
        """The quads of derived graphs that are to change, of those of the statements, and whether
        they are there."""
        for triple in statements:
            holds = self.reasoner.holds(triple)
            inferred = holds and not self.reasoner.is_asserted(triple)
            for graph, now in ((_DEFAULT, holds), (self._inferred, inferred)):
                quad = Quad(triple.subject, triple.predicate, triple.object, graph)
                was = quad in self._dataset
                if was != now:
                    yield quad, was


def _knowledge(quads: Iterable[Quad]) -> frozenset[Triple]:
    """The statements of those that are of the default graph."""
    return frozenset(quad.triple for quad in quads if quad.graph_name == _DEFAULT)
