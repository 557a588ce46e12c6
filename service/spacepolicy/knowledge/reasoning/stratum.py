"""The stratum after OWL's: the conclusions of rules beyond OWL from all that holds by its axioms.

Its conclusions are not premises of OWL's rules, so that one pass of each stratum is enough (what a
rule negates is never concluded by another in the same stratum). A store of its own has the
statements that the rules read: in the default graph all that hold, in a named graph the asserted
ones.

Spec: https://www.w3.org/TR/shacl-af/#rules, https://www.w3.org/TR/sparql11-query/#construct
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast, final

from pyoxigraph import (
    DefaultGraph,
    NamedNode,
    Quad,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    Variable,
)

from spacepolicy.knowledge.reasoning.construct_rules import ConstructRule
from spacepolicy.knowledge.reasoning.expressions import Pattern, Term

_HOLDS: Final = DefaultGraph()
_ASSERTED: Final = NamedNode("urn:x-spacepolicy:asserted")


@final
class Stratum:
    """The conclusions of the rules from asserted statements and OWL's inferences.

    `concluded` has those that neither are asserted nor follow by OWL.
    """

    def __init__(
        self, rules: Sequence[ConstructRule], asserted: Iterable[Triple], inferred: Iterable[Triple]
    ) -> None:
        self._rules = tuple(rules)
        read = frozenset[NamedNode]().union(*({*each.watched, each.predicate} for each in rules))
        self._store = Store()
        for graphs, stated in (((_HOLDS, _ASSERTED), asserted), ((_HOLDS,), inferred)):
            wanted = [each for each in stated if each.predicate in read]
            for graph in graphs:
                self._store.extend(_quad(each, graph) for each in wanted)
        self.concluded: set[Triple] = set()
        self._conclude()

    def _conclude(self) -> None:
        """Add conclusions until there are no new ones."""
        new = True
        while new:
            new = False
            for rule in self._rules:
                for triple in self._answers(rule):
                    quad = _quad(triple, _HOLDS)
                    if quad not in self._store:
                        self._store.add(quad)
                        self.concluded.add(triple)
                        new = True

    def _answers(self, rule: ConstructRule) -> list[Triple]:
        head = " ".join(map(str, rule.conclusion.parts))
        query = f"{rule.prologue}CONSTRUCT {{ {head} }} WHERE {{ {rule.body} }}"
        return list(cast("QueryTriples", self._store.query(query)))

    def ways(self, statement: Triple) -> Iterator[tuple[ConstructRule, tuple[Triple, ...]]]:
        """Each derivation of the statement by one rule, with its premises."""
        for rule in self._rules:
            if rule.predicate == statement.predicate and isinstance(statement.subject, NamedNode):
                for solution in self._solutions(rule, statement):
                    yield rule, tuple(_filled(each, solution) for each in rule.positive)

    def _solutions(self, rule: ConstructRule, statement: Triple) -> Iterator[Mapping[str, Term]]:
        subject, _, value = rule.conclusion.parts
        query = (
            f"{rule.prologue}SELECT * WHERE {{ VALUES {subject} {{ {statement.subject} }} "
            f"{rule.body} }}"
        )
        answer = cast("QuerySolutions", self._store.query(query))
        names = [variable.value for variable in answer.variables]
        for row in answer:
            solution = {name: row[name] for name in names if row[name] is not None}
            bound = solution.get(value.value) if isinstance(value, Variable) else value
            if bound == statement.object:
                yield cast("Mapping[str, Term]", solution)


def _quad(triple: Triple, graph: NamedNode | DefaultGraph) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object, graph)


def _filled(pattern: Pattern, solution: Mapping[str, Term]) -> Triple:
    """The statement that matches the pattern in that solution."""
    subject, predicate, value = (
        solution[part.value] if isinstance(part, Variable) else part for part in pattern.parts
    )
    return Triple(subject, predicate, value)  # type: ignore[arg-type] # as it was matched
