"""What clients ask: kinds of queries, each with the ratio to the peer that it is held to.

A kind with fresh constants never asks the same bytes twice; one with fresh shapes never the same
tokens. Numbers that make a query differ are of the constants that a form would fill in.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from bench import variations
from bench.graphs import Things
from bench.vocabulary import ADJECTIVES, DEF, LABEL, NOUNS, RDF_TYPE, THEMES, concept, term
from bench.wrk import RESULTS, TRIPLES

Queries = Callable[[Things, int], Iterator[str]]
"""Makes queries without end, of what is there and a seed."""

_ENOUGH_ROWS: Final = 1000
"""A LIMIT above what any look-up finds, so that it changes the text and not the answer."""
MANY_ROWS: Final = 100_000


@final
@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of query; `floor` is the least ratio of rates at 1M statements and eight clients, and
    `p99` the most that the slowest of a hundred may take as a ratio; 0: not held to any."""

    name: str
    queries: Queries
    floor: float = 0.0
    p99: float = 0.0
    accept: str = RESULTS
    again: bool = False
    rows: int = 0
    """How many rows each answer has, where only they can be compared."""
    seconds: float = 0.0
    """The least time to ask for, where few are answered in a second."""
    most_clients: int = 32


def _cycled(subjects: Sequence[str], seed: int, query: Callable[[str], str]) -> Iterator[str]:
    """The query of each subject in an order of the seed; round after round with another LIMIT."""
    order = list(subjects)
    random.Random(seed).shuffle(order)  # noqa: S311 # queries, no secret
    for limit in itertools.count(_ENOUGH_ROWS):
        for subject in order:
            yield f"{query(subject)} LIMIT {limit}"


def _numbered(seed: int, query: Callable[[int], str]) -> Iterator[str]:
    """The query of each number, from one that the seed leads to."""
    return map(query, itertools.count(seed * 1_000_000 + 10_000))


def look_ups(things: Things, seed: int) -> Iterator[str]:
    """All that is said of one thing."""
    subjects = things.policies + things.tasks + things.measures
    return _cycled(subjects, seed, lambda subject: f"SELECT ?p ?o {{ {subject} ?p ?o }}")


def stars(things: Things, seed: int) -> Iterator[str]:
    """Four properties of one measure."""
    return _cycled(
        things.measures,
        seed,
        lambda subject: (
            f"SELECT ?label ?task ?number ?kind {{ {subject} {LABEL} ?label ; "
            f"{term('isMeasureOf')} ?task ; {term('ordinal')} ?number ; "
            f"{term('hasActionKind')} ?kind }}"
        ),
    )


def paths(things: Things, seed: int) -> Iterator[str]:
    """All parts of a policy, and all kinds of the technologies that they speak of."""
    return _cycled(
        things.policies,
        seed,
        lambda subject: (
            f"SELECT ?part ?kind {{ ?part ({term('isMeasureOf')}|{term('isTaskOf')})+ {subject} "
            f"OPTIONAL {{ ?part ({term('develops')}|{term('promotes')})/{term('isKindOf')}* ?kind "
            f"}} }}"
        ),
    )


def joins(_: Things, seed: int) -> Iterator[str]:
    """How many measures of a theme are in policies of many tasks, and what they count."""
    return _numbered(seed, _join)


def _join(number: int) -> str:
    theme = concept("task-theme", THEMES[number % len(THEMES)])
    return (
        f"SELECT (COUNT(*) AS ?n) (SUM(?count) AS ?tasks) {{ ?task {term('hasTheme')} {theme} . "
        f"?measure {term('isMeasureOf')} ?task ; {term('hasActionKind')} ?kind . "
        f"?task {term('isTaskOf')} ?policy . ?policy {term('statedTaskCount')} ?count "
        f"FILTER(?count != {number}) }}"
    )


def optionals(_: Things, seed: int) -> Iterator[str]:
    """Tasks of a theme and number with their deadlines and the actors of their measures."""
    return _numbered(
        seed,
        lambda number: (
            f"SELECT ?task ?by ?actor {{ ?task {term('hasTheme')} "
            f"{concept('task-theme', THEMES[number % len(THEMES)])} ; {term('ordinal')} ?ordinal "
            f"OPTIONAL {{ ?task {term('hasDeadline')} ?by }} "
            f"OPTIONAL {{ ?measure {term('isMeasureOf')} ?task ; {term('engages')} ?actor }} "
            f"FILTER(?ordinal > 6 && ?ordinal != {number}) }}"
        ),
    )


def groups(_: Things, seed: int) -> Iterator[str]:
    """Tasks of each theme, counted, with the mean of their numbers."""
    return _numbered(
        seed,
        lambda number: (
            f"SELECT ?theme (COUNT(?task) AS ?n) (AVG(?ordinal) AS ?mean) {{ ?task "
            f"{term('hasTheme')} ?theme ; {term('ordinal')} ?ordinal FILTER(?ordinal != {number}) "
            f"}} GROUP BY ?theme"
        ),
    )


def tops(_: Things, seed: int) -> Iterator[str]:
    """The ten policies that were issued last."""
    return _numbered(
        seed,
        lambda number: (
            f"SELECT ?policy ?day {{ ?policy {RDF_TYPE} {term('PolicyDocument')} ; "
            f"{term('issuedOn')} ?day FILTER(YEAR(?day) != {number}) }} "
            f"ORDER BY DESC(?day) ?policy LIMIT 10"
        ),
    )


def texts(_: Things, seed: int) -> Iterator[str]:
    """Passages with certain words; the words of two measures, so that few have them."""
    words = [f"{one} {two}" for one in ADJECTIVES for two in NOUNS]
    return _cycled(
        words,
        seed,
        lambda text: (
            f"SELECT ?passage ?words {{ GRAPH ?source {{ ?passage {term('exactText')} ?words "
            f'FILTER(CONTAINS(LCASE(STR(?words)), "{text}")) }} }}'
        ),
    )


def constructs(things: Things, seed: int) -> Iterator[str]:
    """A policy's tasks and measures as a graph."""
    return _cycled(
        things.policies,
        seed,
        lambda subject: (
            f"CONSTRUCT {{ {subject} <{DEF}hasTask> ?task . ?task {LABEL} ?name ; "
            f"<{DEF}hasMeasure> ?measure . ?measure {LABEL} ?label }} WHERE {{ "
            f"?task {term('isTaskOf')} {subject} ; {LABEL} ?name . "
            f"?measure {term('isMeasureOf')} ?task ; {LABEL} ?label }}"
        ),
    )


def many_rows(_: Things, seed: int) -> Iterator[str]:
    """As many statements as `MANY_ROWS`."""
    return _numbered(
        seed,
        lambda number: (
            f"SELECT ?s ?p ?o {{ {{ ?s ?p ?o }} UNION {{ GRAPH ?g {{ ?s ?p ?o }} }} "
            f"FILTER(?o != {number}) }} LIMIT {MANY_ROWS}"
        ),
    )


def cross_product(number: int) -> str:
    """A query that no time suffices for."""
    return f"SELECT (COUNT(*) AS ?n{number}) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }}"


def _one(queries: Queries) -> Queries:
    """The first of the queries, again and again."""
    return lambda things, seed: itertools.repeat(next(queries(things, seed)))


def _of_subjects(things: Things) -> list[str]:
    return things.policies + things.tasks + things.measures


WORKLOADS: Final = (
    Workload("lookup", look_ups, 0.35),
    Workload("star", stars, 0.5),
    Workload(
        "lookup-shapes", lambda things, seed: variations.look_ups(_of_subjects(things), seed), 0.3
    ),
    Workload("star-shapes", lambda things, seed: variations.stars(things.measures, seed), 0.4),
    Workload("path", paths),
    Workload("join", joins, 0.9, 2.0),
    Workload("optional", optionals, 0.9, 2.0),
    Workload("group-by", groups, 0.9, 2.0),
    Workload("top-k", tops, 0.9, 2.0),
    Workload("text", texts),
    Workload("construct", constructs, accept=TRIPLES),
    Workload("rows", many_rows, rows=MANY_ROWS, seconds=10, most_clients=8),
    Workload("lookup-again", _one(look_ups), 2.0, again=True),
    Workload("join-again", _one(joins), 60.0, again=True),
)
"""Every kind, in the order of the table."""
