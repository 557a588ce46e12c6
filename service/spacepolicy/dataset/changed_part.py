"""Gates that judge a change alone: the files that differ, the targets of shapes that it reaches."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from pyoxigraph import RdfFormat, Triple, parse

from spacepolicy.dataset.changes import Changes, Kind, is_small
from spacepolicy.dataset.gates.checks import RULES, layout_of
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.shapes import graph_of, shape_faults
from spacepolicy.dataset.gates.verdict import Gate, Verdict, count, located_all
from spacepolicy.dataset.keeping.guard import shapes_for
from spacepolicy.dataset.keeping.reach import Reach
from spacepolicy.dataset.keeping.screen import Screen
from spacepolicy.dataset.keeping.statements import Listed
from spacepolicy.dataset.reasoning.fixpoint import Reasoner


def part_of(gate: Gate, changes: Changes) -> Gate:
    """Return the gate that judges of the change what this one judges of everything."""
    if gate.name == "layout":
        return replace(gate, judge=partial(_layout, changes))
    if not is_small(changes):
        return gate
    if gate.name == "rules":
        return RULES
    if gate.name == "shapes":
        return replace(gate, judge=partial(_shapes, changes))
    return gate


def _layout(changes: Changes, material: Material) -> Verdict:
    return layout_of(material, frozenset(changes.files))


def _shapes(changes: Changes, material: Material) -> Verdict:
    """What the change reaches and does not conform: targets are screened as those of a write are,
    and the validator judges the rest over everything known."""
    shapes = graph_of(material.shapes)
    reasoner, statements = _followed(material, changes)
    aims = Reach(reasoner, shapes).aims(Listed(statements))
    suspects = tuple(Screen(reasoner, shapes, material.dataset).suspects(aims))
    report = (f"{count(sum(map(len, aims.values())), 'target')} reached",)
    if not suspects:
        return Verdict((), report)
    chosen = shapes_for(shapes, suspects).serialize(format="nt", encoding="utf-8")
    triples = [quad.triple for quad in parse(chosen, RdfFormat.N_TRIPLES)]
    faults = shape_faults(material.default, triples, material.prefixes)
    return Verdict(located_all(material, faults), report)


def _followed(material: Material, changes: Changes) -> tuple[Reasoner, Iterable[Triple]]:
    """A reasoner that knows what is there now, and the statements that came or went, with those
    that follow from them."""
    now = material.knowledge
    added, removed = changes.added & now, changes.removed - now
    if Kind.STATEMENTS not in changes.kinds:  # nothing follows from words
        return material.reasoner, added | removed
    reasoner = Reasoner((now - added) | removed)
    found = reasoner.change(added=added, withdrawn=removed)
    return reasoner, {*added, *removed, *found.appeared, *found.gone}
