"""The conclusions of rules beyond OWL, updated as what holds by OWL changes.

What a change may affect are the conclusions about the things that it touches, and about all that
lead to them. For these the rules are run anew, over all that they can read from there.

Spec: https://www.w3.org/TR/shacl-af/#rules
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.construct_rules import ConstructRule
from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.expressions import TYPE, Term
from spacepolicy.knowledge.reasoning.facts import NONE, Delta, Nodes
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.knowledge.validation.paths import Paths, united


@final
@dataclass(frozen=True, slots=True)
class Turnover:
    """The conclusions that are new, and those that are gone."""

    appeared: frozenset[Triple]
    gone: frozenset[Triple]


@final
class Conclusions:
    """The conclusions of the rules from what a reasoner has; `concluded` has those that neither are
    asserted nor follow by OWL, and is changed in place."""

    def __init__(
        self, rules: Sequence[ConstructRule], reasoner: Reasoner, concluded: set[Triple]
    ) -> None:
        self._rules = tuple(rules)
        self._reasoner = reasoner
        self.concluded = concluded
        self.entailments = Entailments(reasoner, concluded)
        """All that is entailed, the conclusions included."""
        self._watched: Final = frozenset[NamedNode]().union(*(rule.watched for rule in rules))
        self._relevant: Final = self._watched.union(rule.predicate for rule in rules)
        self._links: Final = frozenset[NamedNode]().union(*(rule.links for rule in rules))
        self._constants: Final = frozenset[Term]().union(*(rule.constants for rule in rules))
        self._of_subject: dict[Term, set[Triple]] = {}
        for triple in concluded:
            self._of_subject.setdefault(triple.subject, set()).add(triple)

    def change(self, changed: Delta) -> Turnover:
        """Draw the conclusions anew that are affected by statements which the reasoner has now and
        had not, or the other way round, or of which the same is true of whether they are
        asserted."""
        self.entailments.number(self.concluded)
        terms = self._reasoner.terms
        relevant = terms.of_predicates(changed, self._relevant).values()
        subjects = {row[0] for rows in relevant for row in rows}
        if not subjects:
            return Turnover(frozenset(), frozenset())
        touched = self._leading_to(subjects)
        self._reasoner.facts.see(touched)  # a store still has the conclusions that go
        about = {terms.term(node) for node in touched}
        before = frozenset[Triple]().union(*(self._of_subject.get(e, ()) for e in about))
        after = frozenset(each for each in self._drawn(touched) if each.subject in about)
        turnover = Turnover(after - before, before - after)
        self._take_in(turnover)
        return turnover

    def _take_in(self, turnover: Turnover) -> None:
        self.concluded.difference_update(turnover.gone)
        self.concluded.update(turnover.appeared)
        for triple in turnover.gone:
            about = self._of_subject[triple.subject]
            about.discard(triple)
            if not about:
                del self._of_subject[triple.subject]
        for triple in turnover.appeared:
            self._of_subject.setdefault(triple.subject, set()).add(triple)
        self.entailments.change(appeared=turnover.appeared, gone=turnover.gone)

    def _leading_to(self, subjects: set[int]) -> set[int]:
        """The subjects, and all whose conclusions may rest on statements about them: those that
        lead to them, or all where a rule names one of them."""
        number, paths = self._reasoner.terms.number, Paths(self.entailments)
        if not subjects.isdisjoint(map(number, self._constants)):
            subjects |= self._every_subject()
        touched, new = set(subjects), subjects
        while new:
            found = [united(paths.subjects(link, new), new) for link in self._links]
            new = set[int]().union(*found) - touched
            touched |= new
        return touched

    def _every_subject(self) -> set[int]:
        entailed, number = self.entailments, self._reasoner.terms.number
        classes = entailed.classes() if TYPE in self._watched else ()
        return set[int]().union(
            *(entailed.objects(number(each)) for each in self._watched),
            *(members for _, members in classes),
        )

    def _drawn(self, touched: Nodes) -> Iterable[Triple]:
        """The conclusions about these things and all that they lead to."""
        number = self._reasoner.terms.number
        starts = {*touched, *map(number, self._constants)}
        while True:
            asserted, inferred, reached = self._read(starts)
            concluded = Stratum(self._rules, asserted, inferred).concluded
            ends = {number(each.object) for each in concluded} - reached
            if not any(end >= 0 for end in ends):
                return concluded
            starts = reached | ends  # a rule may have computed the name of something

    def _read(self, starts: set[int]) -> tuple[list[Triple], list[Triple], set[int]]:
        """The statements that rules can read about these things and all that they lead to, the
        asserted and the inferred ones; and these things."""
        terms, paths = self._reasoner.terms, Paths(Entailments(self._reasoner))
        asserted: list[Triple] = []
        inferred: list[Triple] = []
        reached, new = set(starts), starts
        while new:
            found: set[int] = set()
            for predicate in self._watched:
                values = paths.objects(predicate, new)
                rows = {(one, other) for one in new for other in values.get(one, NONE)}
                if predicate in self._links:
                    found.update(other for _, other in rows)
                for one, other in rows:
                    triple = Triple(terms.term(one), predicate, terms.term(other))  # type: ignore[arg-type] # as it is stated
                    (asserted if self._reasoner.is_asserted(triple) else inferred).append(triple)
            new = found - reached
            reached |= new
        return asserted, inferred, reached
