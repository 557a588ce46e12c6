"""Incremental materialisation: the default graph of a store after a change.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store, Triple

from spacepolicy.engine.nquads import Graph, QuadLines, Quads
from spacepolicy.knowledge.incremental.conclusions import Conclusions, Turnover
from spacepolicy.knowledge.incremental.owl_closure import OwlClosure
from spacepolicy.knowledge.reasoning.construct_rules import ConstructRule
from spacepolicy.knowledge.reasoning.facts import Delta, joined, less
from spacepolicy.knowledge.reasoning.fixpoint import Clash, ClosureChange, Reasoner
from spacepolicy.knowledge.reasoning.terms import TermNumbers
from spacepolicy.store.revision import Change

_DEFAULT = DefaultGraph()
MANY_QUADS: Final = 20_000
"""From this number on, quads are kept as lines."""


@final
@dataclass(frozen=True, slots=True)
class DerivedChange:
    """The derived effects of a change of the record: the change of the derived graphs, the new
    clashes, and the statements of the default graph that are added and removed."""

    quads: Change
    clashes: tuple[Clash, ...]
    appeared: Delta
    gone: Delta


@final
class GraphMerge:
    """The RDF merge of named graphs as the record changes: the set of their statements.

    `apart` are graphs that are not merged.
    """

    def __init__(self, dataset: Store, apart: frozenset[NamedNode] = frozenset()) -> None:
        self._dataset = dataset
        self._apart = apart

    def _is_merged(self, quad: Quad) -> bool:
        return quad.graph_name != _DEFAULT and quad.graph_name not in self._apart

    def difference(self, change: Change) -> tuple[list[Triple], list[Triple]]:
        """The statements that no merged graph has any longer, and those that one has now; the
        dataset must not have the change yet."""
        removed = frozenset(filter(self._is_merged, change.removed))
        added = {quad.triple for quad in change.added if self._is_merged(quad)}
        gone = {quad.triple for quad in removed} - added
        return [triple for triple in gone if not self.holds(triple, removed)], list(added)

    def holds(self, triple: Triple, but: frozenset[Quad] = frozenset()) -> bool:
        """Whether a merged graph of the dataset has it in another quad than those."""
        return any(
            self._is_merged(quad) and quad not in but
            for quad in self._dataset.quads_for_pattern(
                triple.subject, triple.predicate, triple.object, None
            )
        )

    def change(self, change: Change) -> DerivedChange:
        """The change of the default graph where nothing is inferred."""
        gone, added = self.difference(change)
        come = [triple for triple in added if not self.holds(triple)]
        quads = Change(_in_default(gone), _in_default(come))
        return DerivedChange(quads, (), {}, {})

    def undo(self, change: Change) -> None:
        """Undo a change that the dataset does not have: nothing is stored here."""


def _in_default(triples: Iterable[Triple]) -> tuple[Quad, ...]:
    return tuple(Quad(each.subject, each.predicate, each.object) for each in triples)


@final
class Materialisation:
    """What the merged graphs of a store assert, and what is inferred, as the record changes.

    The store has in its default graph all that holds, and in the graph `inferred` what is inferred
    and not asserted; it is read as it is needed. `apart` are graphs that are not merged, `rules`
    are those beyond OWL; `statements` says how many the default graph has.
    """

    def __init__(
        self,
        dataset: Store,
        apart: frozenset[str],
        inferred: NamedNode,
        rules: Sequence[ConstructRule] = (),
        statements: int = 0,
    ) -> None:
        self._merge = GraphMerge(dataset, frozenset(NamedNode(iri) for iri in apart) | {inferred})
        self._inferred = inferred
        self._statements = statements
        closure = OwlClosure(dataset, inferred, rules)
        self.reasoner = Reasoner.stored(closure, closure.axioms())
        closure.concluded.intersection_update(self.reasoner.infer_again(closure.concluded))
        self._conclusions = Conclusions(rules, self.reasoner, closure.concluded)
        self.entailments = self._conclusions.entailments

    @property
    def is_whole(self) -> bool:
        """Whether all statements are in memory."""
        return self.reasoner.facts.is_whole

    def change(self, change: Change) -> DerivedChange:
        """Take the change of the record in; the dataset must not have it yet."""
        return self._change(*self._merge.difference(change))

    def undo(self, change: Change) -> None:
        """Undo a change that the dataset does not have."""
        withdrawn, added = self._merge.difference(change)
        before = [triple for triple in added if not self._merge.holds(triple)]
        self._shift(withdrawn=before, added=withdrawn)

    def _shift(
        self, *, withdrawn: Sequence[Triple], added: Sequence[Triple]
    ) -> tuple[ClosureChange, Turnover]:
        """Withdraw statements of the record and add others, in both strata."""
        if len(withdrawn) + len(added) > self._statements:
            self.reasoner.facts.see_all()
        shift = self.reasoner.shift(added=added, withdrawn=withdrawn)
        changed = joined([shift.come, shift.gone, shift.inferred, shift.no_longer_inferred])
        return shift, self._conclusions.change(changed)

    def _change(self, withdrawn: Sequence[Triple], added: Sequence[Triple]) -> DerivedChange:
        shift, turnover = self._shift(withdrawn=withdrawn, added=added)
        terms, inferred = shift.terms, self._inferred
        concluded, dropped = terms.delta(turnover.appeared), terms.delta(turnover.gone)
        gone = joined([less(shift.gone, concluded), less(dropped, shift.come)])
        come = joined([less(shift.come, dropped), less(concluded, shift.gone)])
        no_longer = joined(
            [less(shift.no_longer_inferred, concluded), less(dropped, shift.inferred)]
        )
        now = joined([less(shift.inferred, dropped), less(concluded, shift.no_longer_inferred)])
        removed = _of_graphs(terms, {_DEFAULT: gone, inferred: no_longer})
        added_quads = _of_graphs(terms, {_DEFAULT: come, inferred: now})
        return DerivedChange(Change(removed, added_quads), shift.clashes, come, gone)


def _of_graphs(terms: TermNumbers, deltas: Mapping[Graph, Delta]) -> Quads:
    """The statements in the graphs, as lines where there are very many."""
    counts = {graph: sum(map(len, delta.values())) for graph, delta in deltas.items()}
    if sum(counts.values()) <= MANY_QUADS:
        return tuple(
            Quad(triple.subject, triple.predicate, triple.object, graph)
            for graph, delta in deltas.items()
            for key, rows in delta.items()
            for triple in terms.triples(key, rows)
        )
    known: dict[int, bytes] = {}
    parts: list[bytes] = []
    for graph, delta in deltas.items():
        end = b" .\n" if graph == _DEFAULT else b" %b .\n" % str(graph).encode()
        for key, rows in delta.items():
            parts.append(end.join((*terms.words(key, rows, known), b"")))
    return QuadLines(b"".join(parts), {graph: count for graph, count in counts.items() if count})
