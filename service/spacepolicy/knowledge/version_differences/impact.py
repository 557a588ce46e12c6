"""The effects of a difference: on saved queries, data of the old state, and inferences.

Others have copied the old state's queries, and their data are like its data: both are tried with
the new ontology.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Quad, QuerySolutions, Triple

from spacepolicy.errors import BadParameterError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.knowledge.checks.result import count
from spacepolicy.knowledge.loading.ontology import knowledge_graphs
from spacepolicy.knowledge.loading.record import StatementFault, graph_iri
from spacepolicy.knowledge.migrations import Step, migrated
from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.knowledge.validation.suspects import shape_faults
from spacepolicy.knowledge.version_differences.compared_state import Side
from spacepolicy.saved_queries import SavedQuery, bind, read_catalogue
from spacepolicy.turtle_format.order import Term

_FAILURES: Final = (BadParameterError, SyntaxError, RuntimeError, OSError, ValueError)
_SHOWN: Final = 12
"""The most kinds of inferences, or violations, that are listed one by one."""
Rows = Counter[str]


@final
@dataclass(frozen=True, slots=True)
class Impact:
    """An effect: on what (query, data, inferences), the difference, its meaning for users, and
    whether it is a breaking change."""

    of: str
    name: str
    what: str
    effect: str
    breaks: bool


def impacts(old: Side, new: Side, steps: Sequence[Step] = ()) -> tuple[Impact, ...]:
    """All effects of the difference; empty where one side is a single file. The old state's data
    are migrated with the steps."""
    if old.material is None or new.material is None:
        return ()
    found = [*_of_queries(old.material, new.material), *_of_data(old.material, new.material)]
    if old.statements != new.statements or old.shapes != new.shapes:
        found += _of_older_data(old, new, steps)
    return (*found, *_of_inferences(old, new))


def _of_queries(old: CheckContext, new: CheckContext) -> Iterator[Impact]:
    then, now = _catalogue(old), _catalogue(new)
    for name in sorted(then.keys() | now.keys()):
        if name not in now:
            effect = f"/queries/{name} does not answer any more"
            yield Impact("query", name, "the saved query is gone", effect, breaks=True)
        elif name not in then:
            yield Impact(
                "query", name, "a new saved query", "can be asked from now on", breaks=False
            )
        else:
            yield from _of_header(then[name], now[name])
            yield from _of_answer(then[name], old, new)


def _catalogue(material: CheckContext) -> Mapping[str, SavedQuery]:
    return {each.name: each for each in read_catalogue(material.content / "queries")}


def _of_header(then: SavedQuery, now: SavedQuery) -> Iterator[Impact]:
    for kind, before, after in (
        ("column", then.columns, now.columns),
        (
            "parameter",
            tuple(each.name for each in then.parameters),
            tuple(each.name for each in now.parameters),
        ),
    ):
        if gone := [each for each in before if each not in after]:
            effect = f"who reads or gives {', '.join(gone)} finds nothing there"
            yield Impact("query", then.name, f"{kind} gone: {', '.join(gone)}", effect, breaks=True)
        if come := [each for each in after if each not in before]:
            effect = "clients that take columns by their place must look again"
            what = f"new {kind}: {', '.join(come)}"
            yield Impact(
                "query",
                then.name,
                what,
                effect if kind == "column" else "may be left out",
                breaks=False,
            )


def _of_answer(query: SavedQuery, old: CheckContext, new: CheckContext) -> Iterator[Impact]:
    """The answers of the old state's query over both states."""
    before, after = _rows(query, old), _rows(query, new)
    if isinstance(after, str):
        if not isinstance(before, str):
            effect = "clients that have a copy of it get an error"
            yield Impact("query", query.name, f"does not run: {after}", effect, breaks=True)
        return
    if isinstance(before, str) or before == after:
        return
    gone, come = before - after, after - before
    what = f"{count(before.total(), 'row')} → {count(after.total(), 'row')}"
    if gone:
        what += f"; {gone.total()} gone, as {min(gone)}"
    if come:
        what += f"; {come.total()} new, as {min(come)}"
    empty = bool(before) and not after
    effect = "it finds nothing any more" if empty else "its answer is another one"
    yield Impact("query", query.name, what, effect, breaks=empty)


def _rows(query: SavedQuery, material: CheckContext) -> Rows | str:
    """The rows of the answer with the parameters' defaults; the error where it fails."""
    dataset = DefaultDataset(material.dataset, material.base.inferred.value)
    try:
        answer = dataset.query(bind(query, {}))
        if not isinstance(answer, QuerySolutions):
            return Counter()
        return Counter(" | ".join(map(_value, row)) for row in answer)
    except _FAILURES as error:
        return str(error)


def _value(term: Term | None) -> str:
    return (
        "" if term is None else "_" if isinstance(term, BlankNode) else getattr(term, "value", "")
    )


def _of_data(old: CheckContext, new: CheckContext) -> Iterator[Impact]:
    """Statements of the data that were added and removed, by file."""
    then, now = _by_file(old), _by_file(new)
    for name in sorted(then.keys() | now.keys()):
        before, after = then.get(name, frozenset()), now.get(name, frozenset())
        if before != after:
            gone, come = len(before - after), len(after - before)
            what = f"{count(come, 'statement')} more, {gone} fewer"
            effect = "answers over it may differ: the queries of this list show it"
            yield Impact("files of data", name, what, effect, breaks=False)


def _by_file(material: CheckContext) -> Mapping[str, frozenset[str]]:
    """The statements of each file of data, without those about blank nodes, whose labels differ."""
    return {
        file.name: frozenset(
            str(quad.triple)
            for quad in file.quads
            if not isinstance(quad.subject, BlankNode) and not isinstance(quad.object, BlankNode)
        )
        for file in material.record.files
        if file.name.startswith("data/")
    }


def _of_older_data(old: Side, new: Side, steps: Sequence[Step]) -> Iterator[Impact]:
    """The effects on data like the old state's, migrated with the steps, under the new ontology and
    its shapes."""
    then, now = old.material, new.material
    if then is None or now is None:
        return
    kept = _data(then, old)
    if steps:
        after, effects = migrated(kept, steps)
        kept = tuple(after)
        for each in effects:
            what = f"{each.found} found, {each.removed} fewer, {each.added} more"
            yield Impact("migration", each.step.name, what, each.step.changes, breaks=False)
    data = (_apart(quad.triple) for quad in kept)
    asserted = frozenset((*data, *new.statements))
    reasoner = Reasoner(asserted)
    for clash in reasoner.clashes()[:_SHOWN]:
        sentence = " and ".join(dict.fromkeys(map(old.words.statement, clash.statements)))
        effect = "data like these are refused from now on: a migration is needed"
        yield Impact(
            "data",
            clash.rule.name,
            f"cannot hold together any more: {sentence}",
            effect,
            breaks=True,
        )
    by_owl = reasoner.inferences()
    rules = Stratum(now.construct_rules, asserted, by_owl).concluded
    yield from _not_conforming(old, new, [*asserted, *by_owl, *rules])


def _data(material: CheckContext, side: Side) -> tuple[Quad, ...]:
    """The quads of the knowledge that are not in the ontology."""
    merged = knowledge_graphs(material.record)
    return tuple(
        quad
        for quad in material.quads
        if graph_iri(quad) in merged and quad.triple not in side.statements
    )


def _apart(triple: Triple) -> Triple:
    """The statement with labels of blank nodes that no other state has."""
    subject, predicate, value = triple
    one = BlankNode(f"old-{subject.value}") if isinstance(subject, BlankNode) else subject
    other = BlankNode(f"old-{value.value}") if isinstance(value, BlankNode) else value
    return Triple(one, predicate, other)


def _not_conforming(old: Side, new: Side, statements: Iterable[Triple]) -> Iterator[Impact]:
    then, now = old.material, new.material
    if then is None or now is None:
        return
    faults = [*shape_faults(tuple(statements), now.shapes, now.prefixes)]
    if not faults:
        return
    known = {_fault(each) for each in shape_faults(then.default, then.shapes, then.prefixes)}
    more = [each for each in faults if _fault(each) not in known]
    for each in more[:_SHOWN]:
        breaks = each.severity == "error"
        effect = (
            "such data are refused: a migration is needed" if breaks else "such data get a remark"
        )
        yield Impact("data", each.rule, each.message, effect, breaks)
    if len(more) > _SHOWN:
        rest = count(len(more) - _SHOWN, "more thing")
        yield Impact("data", "shapes", f"{rest} that do not conform", "the same", breaks=False)


def _fault(fault: StatementFault) -> tuple[str, str]:
    return fault.rule, fault.message


def _of_inferences(old: Side, new: Side) -> Iterator[Impact]:
    """The inferences in only one state, counted by predicate or class."""
    if old.material is None or new.material is None:
        return
    then, now = _named(old.material.inferred), _named(new.material.inferred)
    for side, found, what, effect in (
        (new, now - then, "more", "answers have more"),
        (old, then - now, "fewer", "answers have less"),
    ):
        kinds = Counter(_kind(each, side) for each in found)
        for kind, number in sorted(kinds.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]:
            yield Impact("inferences", kind, f"{number} {what}", effect, breaks=False)


def _named(triples: Iterable[Triple]) -> frozenset[Triple]:
    return frozenset(
        each
        for each in triples
        if not isinstance(each.subject, BlankNode) and not isinstance(each.object, BlankNode)
    )


def _kind(triple: Triple, side: Side) -> str:
    if triple.predicate == TYPE and isinstance(triple.object, NamedNode):
        return f"is a {side.words.named(triple.object)}"
    return side.words.named(triple.predicate)
