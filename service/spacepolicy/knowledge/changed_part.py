"""Gates that check only a change: the files that differ, the targets of shapes that it affects."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pyoxigraph import Triple

from spacepolicy.knowledge.changes import ChangeKind, Changes, is_small
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import RULES, layout_of
from spacepolicy.knowledge.checks.result import Gate, GateResult, count, located_all
from spacepolicy.knowledge.reasoning.construct_rules import (
    ConstructRule,
    RuleError,
    read_construct_rules,
)
from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
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
    entailed, statements = _entailed(material, changes)
    aims = AffectedTargets(entailed, shapes).aims(entailed.terms.delta(statements))
    suspects = tuple(Prefilter(entailed, shapes, material.dataset).suspects(aims))
    faults = suspect_faults(entailed, shapes, suspects, material.prefixes)
    report = (f"{count(sum(map(len, aims.values())), 'target')} reached",)
    return GateResult(located_all(material, faults), report)


def _entailed(material: CheckContext, changes: Changes) -> tuple[Entailments, Iterable[Triple]]:
    """All that is entailed now, and what was added or removed of it."""
    now = material.knowledge
    added, removed = changes.added & now, changes.removed - now
    if ChangeKind.STATEMENTS not in changes.kinds:  # nothing follows from words
        return Entailments(material.reasoner, material.concluded), added | removed
    before = (now - added) | removed
    reasoner = Reasoner(before)
    earlier = Stratum(_earlier_rules(material, changes), before, reasoner.inferences()).concluded
    found = reasoner.change(added=added, withdrawn=removed)
    differing = earlier ^ material.concluded
    entailed = Entailments(reasoner, material.concluded)
    return entailed, {*added, *removed, *found.appeared, *found.gone, *differing}


def _earlier_rules(material: CheckContext, changes: Changes) -> tuple[ConstructRule, ...]:
    """The rules beyond OWL as they were; none where they could not be read, so that all that they
    conclude now counts as new."""
    stated = frozenset(material.graphs.get(material.base.rules.value, ()))
    try:
        return read_construct_rules((stated - changes.added) | changes.removed, material.prefixes)
    except RuleError:
        return ()
