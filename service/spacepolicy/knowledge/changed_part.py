"""Gates that check only a change: the files that differ, the targets of shapes that it affects."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pyoxigraph import Triple

from spacepolicy.knowledge.changes import ChangeKind, Changes, is_small
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import RULES, layout_of
from spacepolicy.knowledge.checks.result import Gate, GateResult, count, located_all
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.validation.affected_targets import AffectedTargets
from spacepolicy.knowledge.validation.prefilter import Prefilter
from spacepolicy.knowledge.validation.suspects import suspect_faults
from spacepolicy.knowledge.validation.validator import graph_of


def part_of(gate: Gate, changes: Changes) -> Gate:
    """Return the gate that checks only the change."""
    if gate.name == "layout":
        return replace(gate, judge=partial(_layout, changes))
    if not is_small(changes):
        return gate
    if gate.name == "rules":
        return RULES
    if gate.name == "shapes":
        return replace(gate, judge=partial(_shapes, changes))
    return gate


def _layout(changes: Changes, material: CheckContext) -> GateResult:
    return layout_of(material, frozenset(changes.files))


def _shapes(changes: Changes, material: CheckContext) -> GateResult:
    """The affected targets that do not conform: they are prefiltered as those of a write are, and
    the validator checks the rest over all knowledge."""
    shapes = graph_of(material.shapes)
    reasoner, statements = _followed(material, changes)
    aims = AffectedTargets(reasoner, shapes).aims(reasoner.terms.delta(statements))
    suspects = tuple(Prefilter(reasoner, shapes, material.dataset).suspects(aims))
    report = (f"{count(sum(map(len, aims.values())), 'target')} reached",)
    if not suspects:
        return GateResult((), report)
    whole = Reasoner(material.default, ())
    faults = suspect_faults(whole, shapes, suspects, material.prefixes)
    return GateResult(located_all(material, faults), report)


def _followed(material: CheckContext, changes: Changes) -> tuple[Reasoner, Iterable[Triple]]:
    """A reasoner over the current statements, and the statements that were added or removed, with
    their inferences."""
    now = material.knowledge
    added, removed = changes.added & now, changes.removed - now
    if ChangeKind.STATEMENTS not in changes.kinds:  # words have no inferences
        return material.reasoner, added | removed
    reasoner = Reasoner((now - added) | removed)
    found = reasoner.change(added=added, withdrawn=removed)
    return reasoner, {*added, *removed, *found.appeared, *found.gone}
