"""The stratum after OWL's: the conclusions of rules beyond OWL from all that holds by its axioms.

Its conclusions are not premises of OWL's rules, so that one pass of each stratum is enough (what a
rule negates is never concluded by another in the same stratum). A store of its own has the
statements that the rules read: in the default graph all that hold, in a named graph the asserted
ones.

Spec: https://www.w3.org/TR/shacl-af/#rules, https://www.w3.org/TR/sparql11-query/#construct
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_MANY: Final = 2_000
"""With so many subjects affected, all conclusions are drawn anew: the engine then reads each
relation once, instead of looking up each subject."""


@final
@dataclass(frozen=True, slots=True)
class Turnover:
    """The conclusions that are new, and those that are gone."""

    appeared: frozenset[Triple]
    gone: frozenset[Triple]


def watched_by(rules: Iterable[ConstructRule]) -> frozenset[NamedNode]:
    """The predicates that the rules read or conclude."""
    return frozenset().union(*({*rule.watched, rule.predicate} for rule in rules))


@final
class Stratum:
    """The conclusions of the rules from asserted statements and OWL's inferences.

    `concluded` has those that neither are asserted nor follow by OWL; `watched` are the predicates
    that the rules read or conclude.
    """

    def __init__(
        self, rules: Sequence[ConstructRule], asserted: Iterable[Triple], inferred: Iterable[Triple]
    ) -> None:
        self._rules = tuple(rules)
        self.watched = watched_by(rules)
        self._store = Store()
        for graphs, stated in (((_HOLDS, _ASSERTED), asserted), ((_HOLDS,), inferred)):
            wanted = [each for each in stated if each.predicate in self.watched]
            for graph in graphs:
                self._store.extend(_quad(each, graph) for each in wanted)
        self.concluded: set[Triple] = set()
        self._of_subject: dict[Term, set[Triple]] = {}
        self._conclude(None)

    def _conclude(self, subjects: Iterable[Term] | None) -> None:
        """Add conclusions, about those subjects or all, until there are no new ones."""
        only = "" if subjects is None else " ".join(map(str, subjects))
        new = True
        while new:
            new = False
            for rule in self._rules:
                for triple in self._answers(rule, only):
                    quad = _quad(triple, _HOLDS)
                    if quad not in self._store:
                        self._store.add(quad)
                        self.concluded.add(triple)
                        self._of_subject.setdefault(triple.subject, set()).add(triple)
                        new = True

    def _drop(self, triple: Triple) -> None:
        """Take a conclusion back."""
        self.concluded.discard(triple)
        about = self._of_subject[triple.subject]
        about.discard(triple)
        if not about:
            del self._of_subject[triple.subject]

    def _answers(self, rule: ConstructRule, only: str) -> list[Triple]:
        subject = rule.conclusion.subject
        restricted = f"VALUES {subject} {{ {only} }} " if only else ""
        head = " ".join(map(str, rule.conclusion.parts))
        query = f"{rule.prologue}CONSTRUCT {{ {head} }} WHERE {{ {restricted}{rule.body} }}"
        return list(cast("QueryTriples", self._store.query(query)))

    def change(
        self, *, come: Iterable[Triple], gone: Iterable[Triple], asserted: frozenset[Triple]
    ) -> Turnover:
        """Take in the statements that now hold by assertion or OWL, and those that no longer do.

        `asserted` are those in `come` that are asserted. A statement that stays and is no longer
        asserted, or is asserted now, is in both `gone` and `come`.
        """
        arrived = [each for each in come if each.predicate in self.watched]
        left = [each for each in gone if each.predicate in self.watched]
        if not arrived and not left:
            return Turnover(frozenset(), frozenset())
        stated = {each for each in arrived if each in self.concluded}
        touched = self._touched(left)
        for triple in left:
            self._store.remove(_quad(triple, _HOLDS))
            self._store.remove(_quad(triple, _ASSERTED))
        for triple in stated:
            self._drop(triple)
        for triple in arrived:
            self._store.add(_quad(triple, _HOLDS))
            if triple in asserted:
                self._store.add(_quad(triple, _ASSERTED))
        touched |= self._touched(arrived)
        before, after = self._redo(touched)
        return Turnover(after - before, (before | stated) - after)

    def _redo(self, touched: set[Term]) -> tuple[frozenset[Triple], frozenset[Triple]]:
        """Draw the conclusions about the subjects anew; return those before and those after."""
        everything = len(touched) > _MANY or any(not isinstance(t, NamedNode) for t in touched)
        subjects = self._of_subject.keys() if everything else touched
        before = self._about(subjects)
        for triple in before:
            self._drop(triple)
            self._store.remove(_quad(triple, _HOLDS))
        self._conclude(None if everything else touched)
        return before, self._about(self._of_subject.keys() if everything else touched)

    def _about(self, subjects: Iterable[Term]) -> frozenset[Triple]:
        """The conclusions about the subjects."""
        none = set[Triple]()
        return frozenset().union(*(self._of_subject.get(each, none) for each in subjects))

    def _touched(self, changed: Iterable[Triple]) -> set[Term]:
        """The subjects whose conclusions may rest on these: their own, and all that lead to
        them."""
        links = frozenset().union(*(rule.links for rule in self._rules))
        touched: set[Term] = set()
        waiting: list[Term] = [each.subject for each in changed]
        while waiting:
            thing = waiting.pop()
            if thing not in touched:
                touched.add(thing)
                waiting += self._leading_to(thing, links)
        return touched

    def _leading_to(self, thing: Term, links: Iterable[NamedNode]) -> Iterator[Term]:
        for link in links:
            for quad in self._store.quads_for_pattern(None, link, thing, _HOLDS):
                yield quad.subject

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
