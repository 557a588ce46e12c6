"""Comparisons of things side by side, each defined by a saved query without further code.

Such a query is tagged `side-by-side`. Its first parameter takes the things, which its `options`
list; its answer has four columns: the thing, the aspect it is compared by, the part of it that
concerns the aspect, and the passage with the words. Its rows are in the order of the comparison.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, repeat
from typing import Final, final
from urllib.parse import urlencode

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.saved_queries import AXIS, LANES, SIDE_BY_SIDE, SavedQuery, bind, tagged
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.documents import TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.lanes_svg import Lanes, lanes_of
from spacepolicy.web.linked_data.passage_texts import passage_texts
from spacepolicy.web.linked_data.value_axes import ValueComparison, named_in, value_axes
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.solution_rows import Row, Term

Compared = tuple[NamedNode, ...]
"""Two things or more."""
SharedAspects = Counter[frozenset[NamedNode]]
"""How many aspects each pair of things shares."""
MAX_COMPARED: Final = 6
"""The maximum of things side by side: a column needs some 160 pixels, and pages are 1,240 wide."""
_MAX_ALIKE: Final = 100
"""How many things are searched for the pair that shares most, and for those that refer to another:
a hundred make 5,000 pairs."""


@final
@dataclass(frozen=True, slots=True)
class ComparedPart:
    """A part of a thing, None for the thing as a whole; the words of its passage, and the passage's
    address; a passage by reference has a locator in place of words."""

    part: Link | None
    words: str | None
    href: str | None
    language: str | None
    locator: str | None


@final
@dataclass(frozen=True, slots=True)
class Aspect:
    """What things are compared by, a link or a text; and the parts of each thing for it."""

    link: Link | None
    text: str
    sides: tuple[tuple[ComparedPart, ...], ...]

    @property
    def shared(self) -> bool:
        """Whether all things have a part for it."""
        return all(self.sides)


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: its saved query, the query's text and address for these things, and the
    aspects."""

    query: SavedQuery
    text: str
    address: str
    aspects: tuple[Aspect, ...]

    @property
    def agreeing(self) -> tuple[Aspect, ...]:
        """The aspects that all things share."""
        return tuple(each for each in self.aspects if each.shared)

    @property
    def only(self) -> tuple[int, ...]:
        """For each thing, how many aspects it alone has."""
        sides = range(len(self.aspects[0].sides)) if self.aspects else ()
        alone = [each for each in self.aspects if sum(map(bool, each.sides)) == 1]
        return tuple(sum(bool(each.sides[n]) for each in alone) for n in sides)


async def comparables(app_state: AppState) -> tuple[NamedNode, ...]:
    """Return the things that can be compared, in the order in which the queries list them."""
    found: dict[NamedNode, None] = {}
    parameters = (
        query.parameters[0] for query in tagged(app_state.service.catalogue, SIDE_BY_SIDE)
    )
    for name, options in dict.fromkeys((each.name, each.options or "") for each in parameters):
        for row in await rows(app_state, options):
            if isinstance(thing := row.get(name), NamedNode):
                found.setdefault(thing)
    return tuple(found)


async def shared_aspects(app_state: AppState, things: Compared) -> SharedAspects:
    """Return how many aspects each pair of things shares, over all comparisons; only for the first
    `_MAX_ALIKE` things."""
    having: dict[tuple[str, Term], set[NamedNode]] = {}
    asked = things[:_MAX_ALIKE]
    for query, row in await _answer_rows(app_state, SIDE_BY_SIDE, asked) if asked else ():
        thing, by = (row.get(column) for column in query.columns[:2])
        if by is not None and isinstance(thing, NamedNode):
            having.setdefault((query.name, by), set()).add(thing)
    return Counter(frozenset(pair) for each in having.values() for pair in combinations(each, 2))


def most_alike(choices: Compared, given: NamedNode | None, shared: SharedAspects) -> Compared:
    """Return the given thing and the one that it shares most with, or the pair that shares most if
    none is given; the first of equal pairs; empty where there is no pair."""
    pairs: Iterable[Compared] = combinations(choices[:_MAX_ALIKE], 2)
    if given is not None:
        pairs = ((given, each) for each in choices if each != given)
    return max(pairs, key=lambda pair: shared[frozenset(pair)], default=())


async def referring(app_state: AppState, thing: NamedNode, choices: Compared) -> Compared:
    """Return the first of the choices that refer to the thing, themselves or by a part, as many as
    are compared at once; only the first `_MAX_ALIKE` are looked at."""
    base, listed = app_state.service.revision.base, " ".join(map(str, choices[:_MAX_ALIKE]))
    if base is None or not listed:
        return ()
    by_part = f"?part {Base(base).term('isPartOf')} ?whole . ?part ?by {thing}"
    found = await rows(
        app_state,
        f"SELECT ?whole {{ VALUES ?whole {{ {listed} }} FILTER (?whole != {thing}) "
        f"FILTER EXISTS {{ {{ ?whole ?by {thing} }} UNION {{ {by_part} }} }} }} "
        f"LIMIT {MAX_COMPARED}",
    )
    return tuple(whole for row in found if isinstance(whole := row["whole"], NamedNode))


async def named(app_state: AppState, things: Iterable[NamedNode]) -> Labels:
    """Return the names of the things."""
    return Labels(
        app_state.service, await names_of(app_state, [Triple(t, TYPE, t) for t in things])
    )


async def comparisons(app_state: AppState, things: Compared) -> list[Comparison]:
    """Return all comparisons of the things."""
    return [
        await _comparison(app_state, query, things)
        for query in tagged(app_state.service.catalogue, SIDE_BY_SIDE)
    ]


async def time_lanes(app_state: AppState, things: Compared) -> Lanes | None:
    """Return the things on one axis of years; None where no saved query has their times."""
    answers = await _answer_rows(app_state, LANES, things)
    return lanes_of(answers, await named(app_state, named_in(answers)))


async def values(app_state: AppState, things: Compared) -> ValueComparison | None:
    """Return the targets and results of the things in numbers; None where no saved query has
    any."""
    answers = await _answer_rows(app_state, AXIS, things)
    return value_axes(answers, things, await named(app_state, named_in(answers)))


async def _answer_rows(
    app_state: AppState, role: str, things: Compared
) -> list[tuple[SavedQuery, Row]]:
    """The answers of the queries with the tag, asked of all the things at once."""
    return [
        (query, row)
        for query in tagged(app_state.service.catalogue, role)
        if query.parameters
        for row in await rows(
            app_state, bind(query, {query.parameters[0].name: [thing.value for thing in things]})
        )
    ]


async def _comparison(app_state: AppState, query: SavedQuery, things: Compared) -> Comparison:
    name = query.parameters[0].name
    given = [thing.value for thing in things]
    text = bind(query, {name: given})
    found = [
        tuple(row.get(column) for column in query.columns) for row in await rows(app_state, text)
    ]
    asked = urlencode([(name, value) for value in given])
    return Comparison(
        query,
        text,
        f"{app_state.service.root}/queries/{query.name}?{asked}",
        tuple(await _aspects(app_state, things, found)),
    )


async def _aspects(
    app_state: AppState, things: Compared, found: Sequence[tuple[Term | None, ...]]
) -> list[Aspect]:
    """The rows of the answer, grouped by aspect."""
    names = await named(
        app_state, {t for row in found for t in row[:3] if isinstance(t, NamedNode)}
    )
    passages = {row[3] for row in found if isinstance(row[3], NamedNode)}
    texts = await passage_texts(app_state, passages)
    gathered: dict[Term, tuple[dict[ComparedPart, None], ...]] = {}
    for thing, by, part, passage in found:
        if by is None or thing not in things:
            continue
        sides = gathered.setdefault(by, tuple({} for _ in things))
        text = texts.get(passage) if isinstance(passage, NamedNode) else None
        words = text.words if text else None
        entry = ComparedPart(
            names.link(part) if isinstance(part, NamedNode) and part != thing else None,
            words.value if words else None,
            names.link(passage).href if text and isinstance(passage, NamedNode) else None,
            words.language if words else None,
            text.locator if text else None,
        )
        sides[things.index(thing)].setdefault(entry)
    return [
        Aspect(
            names.link(by) if isinstance(by, NamedNode) else None,
            by.value,
            tuple(map(tuple, sides)),
        )
        for by, sides in gathered.items()
    ]


def views(app_state: AppState, thing: NamedNode) -> list[tuple[SavedQuery, str]]:
    """Return the queries that compare things, each with its address for this thing alone."""
    return [
        (
            query,
            current_locale().kept(
                f"{app_state.service.root}/queries/{query.name}?"
                + urlencode({query.parameters[0].name: thing.value})
            ),
        )
        for query in tagged(app_state.service.catalogue, SIDE_BY_SIDE)
    ]


def compare_address(root: str, things: Compared) -> str:
    """Return the address of the page that compares the things."""
    names = chain(("a", "b"), repeat("also"))
    fields = [(next(names), each.value) for each in things]
    return current_locale().kept(f"{root}/compare?{urlencode(fields)}")
