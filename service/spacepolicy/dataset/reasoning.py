"""Reasoning: everything that rules make of statements, and the clashes among them.

Rules run as SPARQL over a store in memory, to fixpoint; each round looks only for what uses a
statement that the round before found (semi-naive evaluation).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final, cast, final

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
    Variable,
)

from spacepolicy.dataset.expressions import SUBCLASS, SUBPROPERTY, TYPE, Pattern, PatternTerm, Term
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
    """Statements that cannot hold together, by a rule without a conclusion.

    `grounds` are the asserted statements that they were found to rest on.
    """

    rule: Rule
    statements: tuple[Triple, ...]
    grounds: tuple[Triple, ...]


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
    found_in: dict[Triple, int] = {}
    store = Store()
    store.extend(quads_in(DefaultGraph(), known))
    new, rounds = frozenset(known), 0
    while new:
        rounds += 1
        store.clear_graph(_NEW)
        store.extend(quads_in(_NEW, new))
        found = _consequences(store, rules, new) - known - found_in.keys()
        new = frozenset(filter(_worth_stating, found))
        found_in |= dict.fromkeys(new, rounds)
        store.extend(quads_in(DefaultGraph(), new))
    whole = _Whole(store, tuple(rules), found_in)
    return Reasoning(frozenset(found_in), tuple(_clashes(whole)), rounds)


@final
@dataclass(frozen=True, slots=True)
class _Whole:
    """Everything that holds, by which rules, and the round that each inference was found in."""

    store: Store
    rules: tuple[Rule, ...]
    found_in: Mapping[Triple, int]


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


def _clashes(whole: _Whole) -> Iterator[Clash]:
    """The clashes, one for all that rest on the same grounds."""
    seen: set[frozenset[Triple]] = set()
    for rule in whole.rules:
        if rule.conclusion is None:
            for statements in _met(whole.store, rule.premises):
                found = (ground for each in statements for ground in _grounds(whole, each))
                grounds = tuple(dict.fromkeys(found))
                if frozenset(grounds) not in seen:
                    seen.add(frozenset(grounds))
                    yield Clash(rule, statements, grounds)


def _grounds(whole: _Whole, statement: Triple) -> Iterator[Triple]:
    """The asserted statements that the statement was first found to rest on."""
    if statement not in whole.found_in:
        yield statement
        return
    for premise in _premises(whole, statement):
        yield from _grounds(whole, premise)


def _premises(whole: _Whole, statement: Triple) -> tuple[Triple, ...]:
    """What the statement follows from by one rule, all of it known a round before."""
    before = whole.found_in[statement]
    for rule in whole.rules:
        bound = None if rule.conclusion is None else _matched(rule.conclusion, statement)
        if bound is not None and not any(isinstance(term, BlankNode) for term in bound.values()):
            for met in _met(whole.store, [_bound(each, bound) for each in rule.premises]):
                if all(whole.found_in.get(each, 0) < before for each in met):
                    return met
    return ()


def _matched(pattern: Pattern, statement: Triple) -> dict[Variable, Term] | None:
    """What the pattern's variables stand for where the statement meets it."""
    bound: dict[Variable, Term] = {}
    for part, term in zip(pattern.parts, statement, strict=True):
        if isinstance(part, Variable):
            if bound.setdefault(part, term) != term:
                return None
        elif part != term:
            return None
    return bound


def _bound(pattern: Pattern, bound: Mapping[Variable, Term]) -> Pattern:
    return Pattern(
        *(bound.get(part, part) if isinstance(part, Variable) else part for part in pattern.parts)
    )


def _met(store: Store, premises: Sequence[Pattern]) -> Iterator[tuple[Triple, ...]]:
    """The statements that meet the premises, for each way in which some do."""
    where = " . ".join(map(str, premises))
    variables = {part for premise in premises for part in premise.variables}
    if not variables:
        if store.query(f"ASK {{ {where} }}"):
            yield tuple(_statement(premise, {}) for premise in premises)
        return
    for solution in cast("QuerySolutions", store.query(f"SELECT * WHERE {{ {where} }}")):
        values = {variable: solution[variable] for variable in variables}
        yield tuple(_statement(premise, values) for premise in premises)


def _statement(premise: Pattern, values: Mapping[Variable, Term]) -> Triple:
    return Triple(*_bound(premise, values).parts)  # type: ignore[arg-type] # all are bound
