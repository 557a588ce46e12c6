"""Wrong data is noticed: where a statement of a document is missing or changed, an expected answer
fails.

What may go unnoticed is no list but a reason: nothing is lost where another graph says the same, or
where it follows from what is left (a measure is typed as one by `isMeasureOf`'s domain).
"""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

import pytest
from bench.documents import overlays
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store, Triple

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.documents import dataset_of
from spacepolicy.knowledge.checks.expected_results import QueryScope, ask, scope_of, terms_of
from spacepolicy.knowledge.checks.expected_rows import Expected, document_path, read_document
from spacepolicy.knowledge.reasoning.fixpoint import reason
from spacepolicy.knowledge.reasoning.rule import InferenceRule
from spacepolicy.knowledge.reasoning.rules import compile_rules

from .asking import BASE, BY_NAME, DEF, ROOT

SAMPLE: Final = 12
"""How many statements are taken, of more than 400; each costs a round of reasoning."""
SAMPLE_OF_REFERENCES: Final = 4
"""How many of each document by reference: there are fourteen."""
OF_PASSAGES: Final = (
    "locator", "officialAddress", "readOn", "copyRead", "independentSourceCount", "fingerprint"
)  # fmt: skip
"""What is stated of a passage by reference itself."""
Noticed = Literal["nothing is lost", "a clash"] | None
"""What reasoning itself makes of a mutation: the statement is said elsewhere or follows from what
is left; or it contradicts others, so that no build publishes it; or neither."""
UNMERGED: Final = frozenset(
    f"{BASE}{name}" for name in ("ontology/alignments", "ontology/shapes", "graph/inferred")
)
"""The graphs that are not part of the knowledge, or only follow from it."""


DOCUMENTS: Final = sorted({path.stem for path in (ROOT / "seeds").glob("*.toml")} - {*overlays()})
"""Documents of the tests bring along only some answers."""
REFERENCES: Final = [name for name in DOCUMENTS if not (ROOT / "seeds" / f"{name}.txt").is_file()]
"""Those whose text is not shipped: passages are named by their places."""


@dataclass(frozen=True)
class Data:
    """The dataset of a document alone, in a store that mutations change and restore."""

    store: Store
    said: Counter[Triple]
    """Each statement of the knowledge, with the number of graphs that make it."""
    known: frozenset[Triple]
    """The default graph."""
    rules: tuple[InferenceRule, ...]

    def asserted(self, gone: Triple, came: Triple | None) -> frozenset[Triple]:
        """What is said after one of the graphs that say `gone` says `came` instead."""
        left = self.said.keys() - ({gone} if self.said[gone] == 1 else set())
        return frozenset(left | {came} if came else left)

    @contextmanager
    def mutated(self, quad: Quad, came: Triple | None = None) -> Iterator[Noticed]:
        """The store with another statement, or none, for this one; what reasoning makes of it."""
        asserted = self.asserted(quad.triple, came)
        if asserted == self.said.keys():
            yield "nothing is lost"
            return
        reasoning = reason(self.rules, asserted)
        known = asserted | reasoning.inferred
        off, on = self.known - known, known - self.known
        instead = in_graph([came] if came else [], quad.graph_name)
        self._replace((quad, *in_graph(off)), (*instead, *in_graph(on)))
        try:
            if not off and not on:
                yield "nothing is lost"
            elif reasoning.clashes:
                yield "a clash"
            else:
                yield None
        finally:
            self._replace((*instead, *in_graph(on)), (quad, *in_graph(off)))

    def _replace(self, gone: tuple[Quad, ...], came: tuple[Quad, ...]) -> None:
        for quad in gone:
            self.store.remove(quad)
        self.store.extend(came)


def in_graph(
    triples: Iterable[Triple], graph: NamedNode | BlankNode | DefaultGraph | None = None
) -> tuple[Quad, ...]:
    name = graph or DefaultGraph()
    return tuple(Quad(each.subject, each.predicate, each.object, name) for each in triples)


@pytest.fixture(scope="module")
def material() -> CheckContext:
    return CheckContext(ROOT, packaged=False)


@pytest.fixture(scope="module", params=DOCUMENTS)
def expected(request: pytest.FixtureRequest) -> Expected:
    """What is expected over one of the documents alone."""
    return read_document(document_path(ROOT, request.param))


@pytest.fixture(scope="module")
def data(material: CheckContext, expected: Expected) -> Data:
    store = Store()
    store.extend(dataset_of(material, frozenset(expected.documents)))
    said = Counter(
        quad.triple
        for quad in store
        if isinstance(quad.graph_name, NamedNode) and quad.graph_name.value not in UNMERGED
    )
    known = {quad.triple for quad in store.quads_for_pattern(None, None, None, DefaultGraph())}
    return Data(store, said, frozenset(known), tuple(compile_rules(frozenset(said))))


@pytest.fixture(scope="module")
def wrong(data: Data, material: CheckContext, expected: Expected) -> "Wrong":
    """Over answers that are right before anything is changed."""
    found = Wrong(expected, replace(scope_of(material, expected), dataset=data.store))
    assert found.answer() is None
    return found


class Wrong:
    """Finds a saved query whose answer is not the one expected; the last found is asked first."""

    def __init__(self, expected: Expected, scope: QueryScope) -> None:
        self.scope = scope
        self.asked = [
            (case, [terms_of(BY_NAME[case.query], row) for row in case.rows])
            for case in expected.cases
        ]

    def answer(self) -> str | None:
        """The name of such a query, None where all answers are right."""
        for place, (case, wanted) in enumerate(self.asked):
            if ask(BY_NAME[case.query], case, self.scope) != wanted:
                self.asked.insert(0, self.asked.pop(place))
                return case.query
        return None


@pytest.fixture(scope="module")
def sample(expected: Expected) -> int:
    """How many statements of the document are taken."""
    return SAMPLE_OF_REFERENCES if expected.documents[0] in REFERENCES else SAMPLE


@pytest.fixture(scope="module")
def leaves(data: Data) -> list[Quad]:
    """What the passages state that contain no other passage."""
    within = data.store.quads_for_pattern(None, NamedNode(f"{DEF}isWithin"), None, None)
    outer = {quad.object for quad in within}
    quads = [
        quad
        for quad in data.store
        if re.search("#(char|loc)=", str(quad.graph_name)) and quad.graph_name not in outer
    ]
    return sorted(quads, key=str)


def test_a_missing_statement_gives_a_wrong_answer(
    data: Data, wrong: Wrong, leaves: list[Quad], sample: int
) -> None:
    unnoticed = []
    for quad in random.Random(2022).sample(leaves, sample):  # noqa: S311 # a sample, not a secret
        with data.mutated(quad) as noticed:
            if noticed is None and wrong.answer() is None:
                unnoticed.append(str(quad))
    assert unnoticed == []


def test_a_changed_statement_gives_a_wrong_answer(
    data: Data, wrong: Wrong, leaves: list[Quad], sample: int
) -> None:
    """Changed: another object of the same property, as a curator might slip."""
    chance = random.Random(2025)  # noqa: S311 # a sample, not a secret
    unnoticed = []
    for quad in chance.sample(leaves, sample):
        came = changed(quad, leaves, chance)
        if came is None:
            continue
        with data.mutated(quad, came) as noticed:
            if noticed is None and wrong.answer() is None:
                unnoticed.append(f"{quad} became {came}")
    assert unnoticed == []


@pytest.mark.parametrize("expected", REFERENCES, indirect=True)
@pytest.mark.parametrize("name", OF_PASSAGES)
def test_a_changed_place_or_reading_of_a_passage_gives_a_wrong_answer(
    data: Data, wrong: Wrong, name: str
) -> None:
    """A passage by reference is all that leads a reader to the words."""
    chance = random.Random(2026)  # noqa: S311 # a sample, not a secret
    passages = data.store.quads_for_pattern(None, NamedNode(f"{DEF}{name}"), None, None)
    quads = sorted((each for each in passages if each.graph_name != DefaultGraph()), key=str)
    if not quads:
        assert name == "fingerprint"  # facts are read on pages, whose words may change
        return
    quad = chance.choice(quads)
    unnoticed = []
    for came in (None, changed(quad, quads, chance)):
        with data.mutated(quad, came) as noticed:
            if noticed is None and wrong.answer() is None:
                unnoticed.append(f"{quad} became {came}")
    assert unnoticed == []


def changed(quad: Quad, among: Iterable[Quad], chance: random.Random) -> Triple | None:
    """The statement with another object that its property has; None where there is no other."""
    quads = [*among]
    others = {each.object for each in quads if each.predicate == quad.predicate}
    others -= {each.object for each in quads if each.subject == quad.subject}
    if not others:
        return None
    return Triple(quad.subject, quad.predicate, chance.choice(sorted(others, key=str)))
