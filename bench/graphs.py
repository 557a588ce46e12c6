"""Policy graphs without end, shaped like those that the ontology is for, as N-Quads.

    python -m bench.graphs 1000000 graphs.nq [--layout merged] [--seed 1]

One document has a source and its passages (offsets, words, what is before and after), and a policy
with a goal, a target, tasks and measures, their names in English and Chinese, dates and numbers:
about 300 statements. All documents share technologies, actors, regions and deadlines. The same size
and seed make the same bytes.

Layout *stored*, for a plain store: passages stand in the named graph of their source, everything
else in the default graph. Layout *merged*, for a store that derives its default graph: everything
else stands in a named graph of its document. Layout *triples*, for one graph of a client's: no
graph is named.
"""

import argparse
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, final

from bench.vocabulary import (
    ADJECTIVES,
    BASE,
    CHINESE,
    COMPARATORS,
    DOMAINS,
    KINDS_OF_DOCUMENT,
    KINDS_OF_GOAL,
    LABEL,
    NOUNS,
    RDF_TYPE,
    SEGMENTS,
    THEMES,
    TITLE,
    UNITS,
    VERBS,
    XSD,
    concept,
    term,
)

Layout = Literal["stored", "merged", "triples"]
TECHNOLOGIES: Final = 240
ACTORS: Final = 60
REGIONS: Final = 30
FIRST_YEAR: Final = 2025
YEARS: Final = 15
_UNNAMED_SHARE: Final = 0.1
"""How many of the quantities are blank nodes: people's files have some."""


class Statement(NamedTuple):
    """A statement in N-Triples' words; `graph` is empty for what is known, else a source."""

    subject: str
    predicate: str
    object: str
    graph: str = ""


@final
@dataclass(frozen=True, slots=True)
class Things:
    """What a generated dataset speaks of: the IRIs that queries are made with, in angle brackets.

    `tasks` and `measures` have the policy and the task that each belongs to.
    """

    policies: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)

    def add(self, others: "Things") -> None:
        """Take in what others have."""
        self.policies.extend(others.policies)
        self.tasks.extend(others.tasks)
        self.measures.extend(others.measures)
        self.passages.extend(others.passages)


@final
@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: its statements by where they stand, and what they speak of."""

    path: Path
    statements: int
    default: int
    things: Things


def technology(number: int) -> str:
    """The technology of the number, of `TECHNOLOGIES`."""
    return f"<{BASE}id/technology/generated-{number}>"


def actor(number: int) -> str:
    """The actor of the number, of `ACTORS`."""
    return f"<{BASE}id/actor/generated-{number}>"


def region(number: int) -> str:
    """The region of the number, of `REGIONS`."""
    return f"<{BASE}id/region/generated-{number}>"


def deadline(year: int) -> str:
    """The deadline at the end of the year."""
    return f"<{BASE}id/period/generated-by-{year}>"


def shared(seed: int = 1) -> Iterator[Statement]:
    """What all documents speak of: technologies below each other, actors, regions, deadlines."""
    chance = random.Random(seed)  # noqa: S311 # data, no secret
    for number in range(TECHNOLOGIES):
        thing = technology(number)
        yield from _named(thing, "Technology", _words(chance), _syllables(chance))
        yield Statement(
            thing, term("inDomain"), concept("technology-domain", chance.choice(DOMAINS))
        )
        yield Statement(
            thing, term("inChainSegment"), concept("chain-segment", chance.choice(SEGMENTS))
        )
        if number:
            yield Statement(thing, term("isKindOf"), technology((number - 1) // 4))
    for number in range(ACTORS):
        yield from _named(actor(number), "Enterprise", f"enterprise {number}", _syllables(chance))
    for number in range(REGIONS):
        thing = region(number)
        yield from _named(thing, "EconomicRegion", f"economic region {number}", _syllables(chance))
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
        yield from _named(deadline(year), "Deadline", f"by {year}", f"到{year}年")
        yield Statement(deadline(year), term("deadlineYear"), _number(year))


def document(number: int, seed: int = 1, things: Things | None = None) -> Iterator[Statement]:
    """The statements of the document of that number; what it speaks of is added to `things`."""
    chance = random.Random((seed << 32) + number)  # noqa: S311 # data, no secret
    text = _Text(f"{BASE}source/generated-{number}", things or Things())
    policy = f"{BASE}id/policy/generated-{number}"
    tasks = chance.randint(3, 8)
    yield from _source(text, policy, chance)
    yield from _policy(policy, number, tasks, chance)
    yield from _aims(policy, chance)
    text.things.policies.append(f"<{policy}>")
    for ordinal in range(1, tasks + 1):
        yield from _task(policy, ordinal, text, chance)


@final
class _Text:
    """The words of a source so far, of which each passage is a part."""

    def __init__(self, source: str, things: Things) -> None:
        self.source = source
        self.things = things
        self.length = 0

    def sentence(self, clauses: Sequence[str]) -> Iterator[Statement]:
        """Describe the passages of a sentence that comes next, and of each of its clauses."""
        words = f"{', '.join(clauses)}."
        sentence, start = self._iri(self.length, len(words)), self.length
        yield from self._passage(sentence, start, words, "", "")
        for number, clause in enumerate(clauses):
            passage, graph = self._iri(start, len(clause)), f"<{self.source}>"
            before = clauses[number - 1] if number else ""
            after = clauses[number + 1] if number + 1 < len(clauses) else "."
            yield from self._passage(passage, start, clause, before, after)
            yield Statement(passage, term("isWithin"), sentence, graph)
            start += len(clause) + 2
        self.length += len(words) + 1

    def _iri(self, start: int, length: int) -> str:
        return f"<{self.source}#char={start},{start + length}>"

    def _passage(
        self, passage: str, start: int, words: str, before: str, after: str
    ) -> Iterator[Statement]:
        graph = f"<{self.source}>"
        yield Statement(passage, RDF_TYPE, term("Passage"), graph)
        yield Statement(passage, term("source"), graph, graph)
        yield Statement(passage, term("start"), _number(start), graph)
        yield Statement(passage, term("end"), _number(start + len(words)), graph)
        yield Statement(passage, term("exactText"), _english(words), graph)
        if before:
            yield Statement(passage, term("prefixText"), _english(f"{before[-30:]}, "), graph)
        if after:
            yield Statement(passage, term("suffixText"), _english(f", {after[:30]}"), graph)
        self.things.passages.append(passage)


def _source(text: _Text, policy: str, chance: random.Random) -> Iterator[Statement]:
    thing = f"<{text.source}>"
    words = f"report on {_words(chance)}"
    for each in _named(thing, "SourceDocument", words, _syllables(chance)):
        yield each._replace(graph=thing)
    kind = concept("document-kind", "news-item")
    yield Statement(thing, TITLE, _english(words), thing)
    yield Statement(thing, term("hasDocumentKind"), kind, thing)
    yield Statement(thing, term("publishedOn"), _day(chance), thing)
    yield Statement(thing, term("reportsOn"), f"<{policy}>", thing)


def _policy(policy: str, number: int, tasks: int, chance: random.Random) -> Iterator[Statement]:
    thing, words = f"<{policy}>", f"opinions on {_words(chance)}"
    yield from _named(thing, "PolicyDocument", words, _syllables(chance))
    kind = concept("document-kind", chance.choice(KINDS_OF_DOCUMENT))
    yield Statement(thing, TITLE, _english(words))
    yield Statement(thing, term("hasDocumentKind"), kind)
    yield Statement(thing, term("issuedBy"), actor(_skewed(chance, ACTORS)))
    yield Statement(thing, term("issuedOn"), _day(chance))
    yield Statement(thing, term("officialNumber"), f'"G [{number % 40 + 1990}] {number}"')
    yield Statement(thing, term("statedTaskCount"), _number(tasks))
    yield Statement(thing, term("appliesIn"), region(_skewed(chance, REGIONS)))


def _aims(policy: str, chance: random.Random) -> Iterator[Statement]:
    goal, target = f"<{policy}/goal/1>", f"<{policy}/target/1>"
    unnamed = chance.random() < _UNNAMED_SHARE
    label = policy.rpartition("/")[2]
    quantity = f"_:quantity-{label}" if unnamed else f"<{policy}/target/1/quantity>"
    yield from _named(goal, "Goal", _words(chance), _syllables(chance))
    yield Statement(f"<{policy}>", term("hasGoal"), goal)
    yield Statement(goal, term("hasGoalKind"), concept("goal-kind", chance.choice(KINDS_OF_GOAL)))
    yield Statement(goal, term("concerns"), technology(_skewed(chance, TECHNOLOGIES)))
    yield from _named(target, "Target", _words(chance), _syllables(chance))
    yield Statement(f"<{policy}>", term("hasTarget"), target)
    yield Statement(target, term("hasQuantity"), quantity)
    yield Statement(target, term("isDueBy"), deadline(FIRST_YEAR + chance.randrange(YEARS)))
    value = f'"{chance.randrange(1, 10_000)}.{chance.randrange(1, 10)}"^^<{XSD}decimal>'
    yield Statement(quantity, RDF_TYPE, term("Quantity"))
    yield Statement(quantity, term("numericValue"), value)
    yield Statement(quantity, term("unitCode"), f'"{chance.choice(UNITS)}"')
    comparator = concept("comparator", chance.choice(COMPARATORS))
    yield Statement(quantity, term("hasComparator"), comparator)


def _task(policy: str, ordinal: int, text: _Text, chance: random.Random) -> Iterator[Statement]:
    thing, words = f"{policy}/task/{ordinal}", _words(chance)
    measures = [f"{_words(chance)} for {_words(chance)}" for _ in range(chance.randint(1, 4))]
    iri = f"<{thing}>"
    text.things.tasks.append(iri)
    yield from _named(iri, "Task", words, _syllables(chance))
    yield Statement(iri, term("heading"), _english(words))
    yield Statement(iri, term("ordinal"), _number(ordinal))
    yield Statement(iri, term("isTaskOf"), f"<{policy}>")
    yield Statement(
        iri, term("hasTheme"), concept("task-theme", THEMES[_skewed(chance, len(THEMES))])
    )
    yield Statement(iri, term("addresses"), f"<{policy}/goal/1>")
    if chance.random() < 0.6:
        yield Statement(iri, term("isDueBy"), deadline(FIRST_YEAR + chance.randrange(YEARS)))
    for number, measure in enumerate(measures, 1):
        yield from _measure(thing, number, measure, text.things, chance)
    yield from text.sentence([words, *measures])


def _measure(
    task: str, ordinal: int, words: str, things: Things, chance: random.Random
) -> Iterator[Statement]:
    thing = f"<{task}/measure/{ordinal}>"
    verb, kind = chance.choice(VERBS)
    things.measures.append(thing)
    yield from _named(thing, "Measure", words, _syllables(chance))
    yield Statement(thing, term("isMeasureOf"), f"<{task}>")
    yield Statement(thing, term("ordinal"), _number(ordinal))
    yield Statement(thing, term(verb), technology(_skewed(chance, TECHNOLOGIES)))
    yield Statement(thing, term("hasActionKind"), concept("action-kind", kind))
    if chance.random() < 0.4:
        yield Statement(thing, term("engages"), actor(_skewed(chance, ACTORS)))
    if chance.random() < 0.3:
        yield Statement(thing, term("targetsRegion"), region(_skewed(chance, REGIONS)))


def _named(thing: str, kind: str, english: str, chinese: str) -> Iterator[Statement]:
    yield Statement(thing, RDF_TYPE, term(kind))
    yield Statement(thing, LABEL, _english(english))
    yield Statement(thing, LABEL, f'"{chinese}"@zh')


def _skewed(chance: random.Random, count: int) -> int:
    """One of so many, the first more often than the last: few things are in many documents."""
    return int(count * chance.random() ** 2)


def _words(chance: random.Random) -> str:
    return f"{chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}"


def _syllables(chance: random.Random) -> str:
    return "".join(chance.choices(CHINESE, k=6))


def _english(words: str) -> str:
    return f'"{words}"@en'


def _number(value: int) -> str:
    return f'"{value}"^^<{XSD}integer>'


def _day(chance: random.Random) -> str:
    day = (
        f"{chance.randrange(1990, 2030)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    )
    return f'"{day}"^^<{XSD}date>'


def lines(statements: Iterable[Statement], layout: Layout, graph: str) -> Iterator[str]:
    """The statements as lines of N-Quads; `graph` is where the merged layout has what is known."""
    beside = f" {graph}" if layout == "merged" else ""
    for subject, predicate, value, source in statements:
        where = f" {source}" if source and layout != "triples" else beside
        yield f"{subject} {predicate} {value}{where} .\n"


def write(path: Path, size: int, layout: Layout = "stored", seed: int = 1) -> Written:
    """Write as many whole documents as that many statements hold, one at least."""
    things, count, default = Things(), 0, 0
    with path.open("w", encoding="utf-8") as file:
        for number in itertools.count():
            own = Things()
            statements = list(document(number, seed, own) if number else shared(seed))
            if number > 1 and count + len(statements) > size:
                break
            file.writelines(lines(statements, layout, f"<{BASE}graph/generated/{number}>"))
            count += len(statements)
            default += sum(in_default(each, layout) for each in statements)
            things.add(own)
    return Written(path, count, default, things)


def in_default(statement: Statement, layout: Layout) -> bool:
    """Whether the statement stands in the default graph."""
    return layout == "triples" or (layout == "stored" and not statement.graph)


def main() -> None:
    """Write a file and say how much is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("size", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--layout", choices=("stored", "merged", "triples"), default="stored")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    written = write(given.file, given.size, given.layout, given.seed)
    print(f"{written.statements:,} statements, {len(written.things.policies):,} documents")


if __name__ == "__main__":
    main()
