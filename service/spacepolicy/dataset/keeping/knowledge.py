"""The knowledge of a store that is written: what its default graph says after a change.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, Triple

from spacepolicy.dataset.reasoning.fixpoint import Clash, Reasoner
from spacepolicy.revisions.revision import Change

_DEFAULT = DefaultGraph()
_ABSENT = (False, False)
_INFERRED = (True, True)


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
class Merge:
    """The RDF merge of named graphs as the record changes: what they state, a set.

    `apart` are graphs that are not merged.
    """

    def __init__(self, dataset: Store, apart: frozenset[NamedNode] = frozenset()) -> None:
        self._dataset = dataset
        self._apart = apart

    def stated(self) -> frozenset[Triple]:
        """All that the merged graphs state."""
        return frozenset(quad.triple for quad in self._dataset if self._is_merged(quad))

    def _is_merged(self, quad: Quad) -> bool:
        return quad.graph_name != _DEFAULT and quad.graph_name not in self._apart

    def difference(self, change: Change) -> tuple[list[Triple], list[Triple]]:
        """What no merged graph states any longer, and what one states now; the dataset must not
        have the change yet."""
        removed = frozenset(filter(self._is_merged, change.removed))
        added = {quad.triple for quad in change.added if self._is_merged(quad)}
        gone = {quad.triple for quad in removed} - added
        return [triple for triple in gone if not self.holds(triple, removed)], list(added)

    def holds(self, triple: Triple, but: frozenset[Quad] = frozenset()) -> bool:
        """Whether a merged graph of the dataset states it elsewhere than in those quads."""
        return any(
            self._is_merged(quad) and quad not in but
            for quad in self._dataset.quads_for_pattern(
                triple.subject, triple.predicate, triple.object, None
            )
        )

    def change(self, change: Change) -> Derived:
        """How the default graph changes where nothing is inferred."""
        gone, added = self.difference(change)
        come = [triple for triple in added if not self.holds(triple)]
        quads = Change(_in_default(gone), _in_default(come))
        return Derived(quads, (), frozenset(come), frozenset(gone))

    def undo(self, change: Change) -> None:
        """Take back a change that the dataset has not got: nothing is kept of it here."""


def _in_default(triples: Iterable[Triple]) -> tuple[Quad, ...]:
    return tuple(Quad(each.subject, each.predicate, each.object) for each in triples)


@final
class Knowledge:
    """What the merged graphs of a dataset assert, and what follows; kept as the record changes.

    `apart` are graphs that are not merged, `inferred` is the graph of what only follows.
    """

    def __init__(self, dataset: Store, apart: frozenset[str], inferred: NamedNode) -> None:
        self._merge = Merge(dataset, frozenset(NamedNode(iri) for iri in apart) | {inferred})
        self._inferred = inferred
        self.reasoner = Reasoner(set(self._merge.stated()))

    def change(self, change: Change) -> Derived:
        """Take the change of the record in; the dataset must not have it yet."""
        return self._change(*self._merge.difference(change))

    def undo(self, change: Change) -> None:
        """Take back a change that the dataset has not got."""
        withdrawn, added = self._merge.difference(change)
        before = [triple for triple in added if not self._merge.holds(triple)]
        self.reasoner.change(added=withdrawn, withdrawn=before)

    def _change(self, withdrawn: Sequence[Triple], added: Sequence[Triple]) -> Derived:
        clashing = set(self.reasoner.clashes())
        before = {triple: self._standing(triple) for triple in (*withdrawn, *added)}
        found = self.reasoner.change(added=added, withdrawn=withdrawn)
        clashes = tuple(each for each in self.reasoner.clashes() if each not in clashing)
        graphs: tuple[DefaultGraph | NamedNode, NamedNode] = (_DEFAULT, self._inferred)
        gone: list[Quad] = []
        come: list[Quad] = []
        for triple in {*before, *found.appeared, *found.gone}:
            if triple in before:
                was, now = before[triple], self._standing(triple)
            else:
                was, now = (_INFERRED, _ABSENT) if triple in found.gone else (_ABSENT, _INFERRED)
            for graph, there, here in zip(graphs, was, now, strict=True):
                if there != here:
                    quad = Quad(triple.subject, triple.predicate, triple.object, graph)
                    (come if here else gone).append(quad)
        quads = Change(removed=tuple(gone), added=tuple(come))
        return Derived(quads, clashes, _knowledge(come), _knowledge(gone))

    def _standing(self, triple: Triple) -> tuple[bool, bool]:
        """Whether the statement is in the default graph, and in that of inferences."""
        holds = self.reasoner.holds(triple)
        return holds, holds and not self.reasoner.is_asserted(triple)


def _knowledge(quads: Iterable[Quad]) -> frozenset[Triple]:
    """The statements of those that are of the default graph."""
    return frozenset(quad.triple for quad in quads if quad.graph_name == _DEFAULT)
