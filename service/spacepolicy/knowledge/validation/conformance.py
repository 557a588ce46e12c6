"""Which nodes certainly conform, which certainly do not, and the results of combined shapes.

Spec: https://www.w3.org/TR/shacl/#core-components-logical
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.knowledge.reasoning.facts import NONE, Index, Nodes
from spacepolicy.knowledge.validation.paths import united


@final
@dataclass(frozen=True, slots=True)
class Conformance:
    """The nodes that certainly conform, and those that certainly do not; others are undecided."""

    conforming: Nodes
    violating: Nodes = NONE


Judge = Callable[[Nodes], Conformance]
"""A function that decides which of the nodes conform to a shape."""
Check = Callable[[Nodes, Index], Conformance]
"""A function that decides which of the nodes meet a constraint on their values."""
UNDECIDED: Final = Conformance(NONE)


def alone(nodes: Nodes) -> Index:
    """Each node as its own value, as in a node shape."""
    return {node: {node} for node in nodes}


def all_of(nodes: Nodes, judged: Iterable[Conformance]) -> Conformance:
    """The nodes that conform to all, and those that do not to some."""
    conforming, violating = set(nodes), set[int]()
    for each in judged:
        conforming &= each.conforming
        violating |= each.violating
    return Conformance(conforming, violating)


def conjunction(judges: Sequence[Judge]) -> Judge:
    return lambda nodes: all_of(nodes, (judge(nodes) for judge in judges))


def disjunction(judges: Sequence[Judge]) -> Judge:
    def judge(nodes: Nodes) -> Conformance:
        judged = [each(nodes) for each in judges]
        violating = set(nodes).intersection(*(each.violating for each in judged))
        return Conformance(NONE.union(*(each.conforming for each in judged)), violating)

    return judge


def exactly_one(judges: Sequence[Judge]) -> Judge:
    def judge(nodes: Nodes) -> Conformance:
        judged = [each(nodes) for each in judges]
        conforming, violating = set[int](), set[int]()
        for node in nodes:
            sure = sum(node in each.conforming for each in judged)
            possible = sum(node not in each.violating for each in judged)
            if sure == possible == 1:
                conforming.add(node)
            elif sure > 1 or not possible:
                violating.add(node)
        return Conformance(conforming, violating)

    return judge


def negation(judge: Judge) -> Judge:
    def negated(nodes: Nodes) -> Conformance:
        judged = judge(nodes)
        return Conformance(judged.violating, judged.conforming)

    return negated


def of_each(judge: Judge) -> Check:
    """The check that each value conforms."""

    def check(nodes: Nodes, values: Index) -> Conformance:
        every = united(values, nodes)
        judged = judge(every)
        violating = {n for n in nodes if not judged.violating.isdisjoint(values.get(n, NONE))}
        if len(judged.conforming) == len(every):
            return Conformance(nodes, violating)
        return Conformance(
            {n for n in nodes if values.get(n, NONE) <= judged.conforming}, violating
        )

    return check


def counted(met: Callable[[int, int], bool], limit: int) -> Check:
    """The check of the number of values."""

    def check(nodes: Nodes, values: Index) -> Conformance:
        conforming = {node for node in nodes if met(len(values.get(node, NONE)), limit)}
        return Conformance(conforming, nodes - conforming)

    return check


COUNTS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "minCount": lambda count, limit: count >= limit,
    "maxCount": lambda count, limit: count <= limit,
}
"""Constraints on the number of values."""
