"""What each axiom is for: what changes when it is taken away.

    python -m bench.axioms [--sample N --seed S] [--no-shapes]

An axiom is for an *answer* when a saved query answers otherwise without it, for a *clash* when
statements made up after it clash with it and not without it, for a *shape* when SHACL finds
something else. One that is for none of these is printed: it has no place, or a question is missing.
"""

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    Store,
    Triple,
    Variable,
)

from bench.documents import lay_out, overlays
from spacepolicy.knowledge.assembly import Assembly, assemble
from spacepolicy.knowledge.loading.record import StatementFault, short
from spacepolicy.knowledge.reasoning.expressions import (
    SAME,
    TYPE,
    DifferentLiterals,
    Pattern,
    owl,
)
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.rule import InferenceRule, is_axiomatic
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.knowledge.validation.suspects import shape_faults
from spacepolicy.saved_queries import bind, read_catalogue

CONTENT: Final = Path(__file__).parents[1]
_MADE_UP: Final = "urn:x-made-up:"


@dataclass(frozen=True)
class Shipped:
    """The dataset of all documents, what it asserts, and what the saved queries answer."""

    assembly: Assembly
    asserted: frozenset[Triple]
    inferred: frozenset[Triple]
    queries: tuple[str, ...]
    answers: tuple[object, ...]
    wording: Wording
    ontology: frozenset[Triple]
    whole: Reasoner
    """The ontology without data, reasoned."""


def shipped() -> Shipped:
    """The shipped files and those of the tests' documents, assembled and asked."""
    with TemporaryDirectory() as folder:
        lay_out(Path(folder), overlays())
        assembly = assemble(Path(folder), packaged=False, report=lambda _: None)
    store, graph = assembly.store, assembly.base.inferred
    inferred = frozenset(q.triple for q in store.quads_for_pattern(None, None, None, graph))
    known = frozenset(q.triple for q in store.quads_for_pattern(None, None, None, DefaultGraph()))
    asserted = known - inferred
    saved = read_catalogue(CONTENT / "queries")
    queries = (*(bind(each, {}) for each in saved), *(each.text for each in saved))
    answers = tuple(_answer(store, query, assembly.prefixes) for query in queries)
    prefixes = assembly.prefixes
    wording = Wording(filter(is_axiomatic, asserted), lambda term: short(term, prefixes))
    ontology = frozenset(filter(is_axiomatic, asserted))
    whole = Reasoner(ontology)
    return Shipped(assembly, asserted, inferred, queries, answers, wording, ontology, whole)


def lay_out_both(folder: Path) -> None:
    """Copy the content of the checkout to the folder, and the files of an invented policy."""
    lay_out(folder, ["marevia-2027-strategy"])


def _answer(store: Store, query: str, prefixes: object) -> object:
    found = store.query(query, prefixes=prefixes)  # type: ignore[arg-type]
    if isinstance(found, QueryBoolean):
        return bool(found)
    return sorted(str(each) for each in found)


def axioms(source: Shipped) -> list[Triple]:
    """The statements that rules are made of, in a stable order."""
    rules = Reasoner(source.asserted).rules
    found = {rule.axiom for rule in rules if rule.axiom is not None}
    return sorted(found, key=source.wording.axiom)


def purpose(source: Shipped, axiom: Triple, *, shapes: bool) -> str:
    """What the axiom is for: answer, clash, shape; or nothing."""
    without = source.asserted - {axiom}
    inferred = Reasoner(without).inferred()
    gone = {axiom, *(source.inferred - inferred)} - inferred
    if _answers_change(source, gone):
        return "answer"
    if _clashes_change(source, axiom):
        return "clash"
    if shapes and gone != {axiom} and _shapes_change(source, gone):
        return "shape"
    return "nothing"


def _answers_change(source: Shipped, gone: Iterable[Triple]) -> bool:
    store, prefixes = source.assembly.store, source.assembly.prefixes
    quads = [Quad(each.subject, each.predicate, each.object) for each in gone]
    for quad in quads:
        store.remove(quad)
    try:
        return any(
            _answer(store, query, prefixes) != answer
            for query, answer in zip(source.queries, source.answers, strict=True)
        )
    finally:
        store.extend(quads)


def _clashes_change(source: Shipped, axiom: Triple) -> bool:
    whole, without = source.whole, Reasoner(source.ontology - {axiom})
    for rule in whole.rules:
        if rule.axiom == axiom:
            for case in _cases(rule, whole):
                if _clash(whole, case) and not _clash(without, case):
                    return True
    return False


def _clash(reasoner: Reasoner, case: Sequence[Triple]) -> bool:
    reasoner.change(added=case)
    try:
        return bool(reasoner.clashes())
    finally:
        reasoner.change(withdrawn=case)


def _cases(rule: InferenceRule, whole: Reasoner) -> Iterator[list[Triple]]:
    """Statements made up that meet the rule, and so clash, alone or with one more."""
    met = [_made_up(premise, rule) for premise in rule.premises]
    if rule.conclusion is None:
        yield met
        return
    conclusion = _made_up(rule.conclusion, rule)
    if conclusion.predicate == SAME:
        yield [*met, Triple(conclusion.subject, owl("differentFrom"), conclusion.object)]
    for thing, kind in _kinds(conclusion, whole):
        for against in _disjoint(kind, whole.rules):
            yield [*met, Triple(thing, TYPE, against)]


def _kinds(statement: Triple, whole: Reasoner) -> list[tuple[NamedNode, NamedNode]]:
    """The classes that the statement makes its things be of."""
    whole.change(added=[statement])
    found = [
        (each.subject, each.object)
        for part in (statement.subject, statement.object)
        if isinstance(part, NamedNode) and part.value.startswith(_MADE_UP)
        for each in whole.matching(part, TYPE, None)
        if isinstance(each.subject, NamedNode) and isinstance(each.object, NamedNode)
    ]
    whole.change(withdrawn=[statement])
    return found


def _disjoint(kind: NamedNode, rules: Iterable[InferenceRule]) -> Iterator[NamedNode]:
    for rule in rules:
        kinds = [each.object for each in rule.premises if each.predicate == TYPE]
        if rule.conclusion is None and kind in kinds and len(kinds) == 2:
            against = kinds[1 - kinds.index(kind)]
            if isinstance(against, NamedNode):
                yield against


def _made_up(pattern: Pattern, rule: InferenceRule) -> Triple:
    parts = (_value(part, rule) if isinstance(part, Variable) else part for part in pattern.parts)
    return Triple(*parts)  # type: ignore[arg-type]


def _value(variable: Variable, rule: InferenceRule) -> NamedNode | Literal:
    test = rule.test
    if isinstance(test, DifferentLiterals) and variable in (test.one, test.other):
        return Literal(1 if variable == test.one else 2)
    if test is not None and not isinstance(test, DifferentLiterals) and variable == test.value:
        is_text = test.datatype.value.endswith(("string", "PlainLiteral"))
        return Literal(True) if is_text else Literal("made up")
    return NamedNode(f"{_MADE_UP}{variable.value}")


def _shapes_change(source: Shipped, gone: Iterable[Triple]) -> bool:
    store = source.assembly.store
    default = {q.triple for q in store.quads_for_pattern(None, None, None, DefaultGraph())}
    return _report(source, default) != _report(source, default - set(gone))


def _report(source: Shipped, data: Iterable[Triple]) -> set[StatementFault]:
    store = source.assembly.store
    name = NamedNode(f"{source.assembly.base.ontology.value}/shapes")
    shapes = [quad.triple for quad in store.quads_for_pattern(None, None, None, name)]
    return set(shape_faults(data, shapes, source.assembly.prefixes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="only so many axioms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-shapes", action="store_true", help="leave SHACL out")
    given = parser.parse_args()
    source = shipped()
    found = axioms(source)
    if given.sample:
        found = random.Random(given.seed).sample(found, given.sample)  # noqa: S311  no secret
    counts: dict[str, int] = {}
    for axiom in found:
        reason = purpose(source, axiom, shapes=not given.no_shapes)
        counts[reason] = counts.get(reason, 0) + 1
        if reason == "nothing":
            print(source.wording.axiom(axiom), flush=True)
    print(", ".join(f"{reason}: {count}" for reason, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
