"""Reasoning: everything that rules make of statements, and the clashes among them.

Rules run as SPARQL over a store in memory, to fixpoint; each round looks only for what uses a
statement that the round before found (semi-naive evaluation).
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final, cast, final

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QuerySolution,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    Variable,
)

from spacepolicy.dataset.expressions import SUBCLASS, SUBPROPERTY, TYPE, Pattern, PatternTerm
from spacepolicy.dataset.record import quads_in
from spacepolicy.dataset.rules import Rule
from spacepolicy.namespaces import OWL

_NEW: Final = NamedNode("urn:x-spacepolicy:new")
"""The graph of what the last round found; the default graph holds everything."""
_SCHEMA: Final = frozenset({SUBCLASS, SUBPROPERTY})
_REFLEXIVE: Final = frozenset({SUBCLASS, SUBPROPERTY, NamedNode(f"{OWL}sameAs")})


@final
@dataclass(frozen=True, slots=True)
class Clash:
    """Statements that cannot hold together, by a rule without a conclusion."""

    rule: Rule
    statements: tuple[Triple, ...]


@final
@dataclass(frozen=True, slots=True)
class Reasoning:
    """What follows from asserted statements and is not asserted, and what clashes in the whole."""

    inferred: frozenset[Triple]
    clashes: tuple[Clash, ...]
    rounds: int


def reason(rules: Sequence[Rule], asserted: Iterable[Triple]) -> Reasoning:
    """Run the rules over the statements until nothing new follows."""
    known = set(asserted)
    inferred: set[Triple] = set()
    store = Store()
    store.extend(quads_in(DefaultGraph(), known))
    new, rounds = frozenset(known), 0
    while new:
        rounds += 1
        store.clear_graph(_NEW)
        store.extend(quads_in(_NEW, new))
        found = _consequences(store, rules, new) - known - inferred
        new = frozenset(filter(_worth_stating, found))
        inferred |= new
        store.extend(quads_in(DefaultGraph(), new))
    return Reasoning(frozenset(inferred), tuple(_clashes(store, rules)), rounds)


def _consequences(store: Store, rules: Sequence[Rule], new: Set[Triple]) -> set[Triple]:
    """What the rules make of the whole with at least one premise among what is new."""
    keys = _keys(new)
    found: set[Triple] = set()
    for rule in rules:
        if rule.conclusion is None:
            continue
        for number, premise in enumerate(rule.premises):
            if _key(premise.predicate, premise.object) in keys:
                answer = store.query(_construction(rule, rule.conclusion, number))
                found.update(cast("QueryTriples", answer))
    return found


def _keys(triples: Iterable[Triple]) -> frozenset[object]:
    return frozenset(_key(triple.predicate, triple.object) for triple in triples)


def _key(predicate: PatternTerm, value: PatternTerm) -> object:
    """What a premise and a statement that may meet it have in common."""
    return (predicate, value) if predicate == TYPE else predicate


def _construction(rule: Rule, conclusion: Pattern, new: int) -> str:
    """The query for what follows where the premise of that number is met by something new."""
    others = (premise for number, premise in enumerate(rule.premises) if number != new)
    where = " . ".join(map(str, others))
    first = f"GRAPH {_NEW} {{ {rule.premises[new]} }}"
    return f"CONSTRUCT {{ {conclusion} }} WHERE {{ {first} {where} }}"


def _worth_stating(triple: Triple) -> bool:
    """Whether a consequence tells anyone anything: no class without a name below or above
    another, nothing below itself or the same as itself."""
    if triple.predicate in _SCHEMA and BlankNode in (type(triple.subject), type(triple.object)):
        return False
    return triple.predicate not in _REFLEXIVE or triple.subject != triple.object


def _clashes(store: Store, rules: Sequence[Rule]) -> Iterator[Clash]:
    for rule in rules:
        if rule.conclusion is None:
            where = " . ".join(map(str, rule.premises))
            solutions = store.query(f"SELECT * WHERE {{ {where} }}")
            for solution in cast("QuerySolutions", solutions):
                yield Clash(rule, tuple(_met(premise, solution) for premise in rule.premises))


def _met(premise: Pattern, solution: QuerySolution) -> Triple:
    """The statement that meets the premise in this solution."""
    terms = (solution[part] if isinstance(part, Variable) else part for part in premise.parts)
    return Triple(*terms)  # type: ignore[arg-type] # a solution binds parts of a statement
