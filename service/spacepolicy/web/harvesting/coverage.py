"""The spatial and temporal coverage of each document of the dataset, and of all together.

It comes from saved queries: places from those tagged `extent`, times from those tagged `lanes`.

Spec: https://www.w3.org/TR/vocab-dcat-3/#Property:dataset_spatial,
https://www.w3.org/TR/vocab-dcat-3/#Class:Period_of_Time
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import RDFS, SKOS, XSD
from spacepolicy.saved_queries import EXTENT, LANES, bind, tagged
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.solution_rows import Term

_TIME: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_DATATYPES: Final = {4: "gYear", 7: "gYearMonth", 10: "date"}
"""Datatypes by the length of the time's text; DCAT allows each of them as an end of a period."""
_FIRST_DAY: Final = "yyyy-01-01"
_LAST_DAY: Final = "yyyy-12-31"
_NAMES: Final = f"""
SELECT ?thing ?name {{{{
  VALUES ?thing {{{{ {{things}} }}}} ?thing <{RDFS}label>|<{SKOS}prefLabel> ?name
}}}} ORDER BY ?thing LANG(?name) ?name
"""


@final
@dataclass(frozen=True, slots=True)
class Extent:
    """Places, and the first and the last year, month or day; None where no time is known."""

    places: tuple[NamedNode, ...] = ()
    first: str | None = None
    last: str | None = None


@final
@dataclass(frozen=True, slots=True)
class DatasetCoverage:
    """The extents of documents, in the order of their IRIs; the names of documents and places."""

    documents: Mapping[NamedNode, Extent] = field(default_factory=dict)
    names: Mapping[NamedNode, tuple[Literal, ...]] = field(default_factory=dict)

    @property
    def whole(self) -> Extent:
        """The extent of all documents."""
        found = self.documents.values()
        times = [time for each in found for time in (each.first, each.last) if time is not None]
        return _extent((place for each in found for place in each.places), times)

    def named(self, thing: NamedNode) -> tuple[Literal, ...]:
        """Return the names of a document or place."""
        return self.names.get(thing, ())


def end_of_period(time: str) -> Literal:
    """Return the year, month or day as a literal for the end of a DCAT period.

    >>> end_of_period("2025").datatype.value
    'http://www.w3.org/2001/XMLSchema#gYear'
    """
    return Literal(time, datatype=NamedNode(XSD + _DATATYPES[len(time)]))


async def read_coverage(state: AppState) -> DatasetCoverage:
    """Read the coverage of the served revision from its saved queries.

    Raises: ProblemError where a query fails.
    """
    places: dict[NamedNode, list[NamedNode]] = {}
    for thing, place in await _answers(state, EXTENT):
        if isinstance(thing, NamedNode) and isinstance(place, NamedNode):
            places.setdefault(thing, []).append(place)
    times: dict[NamedNode, list[str]] = {}
    for thing, _, *ends in await _answers(state, LANES):
        if isinstance(thing, NamedNode):
            times.setdefault(thing, []).extend(_times(ends))
    documents = {
        thing: _extent(places.get(thing, ()), times.get(thing, ()))
        for thing in sorted({*places, *times}, key=str)
    }
    things = {*documents, *(place for each in documents.values() for place in each.places)}
    return DatasetCoverage(documents, await _named(state, things))


async def _answers(state: AppState, tag: str) -> list[tuple[Term | None, ...]]:
    return [
        tuple(row.get(column) for column in query.columns)
        for query in tagged(state.service.catalogue, tag)
        for row in await rows(state, bind(query, {}))
    ]


def _times(ends: Iterable[Term | None]) -> Iterator[str]:
    for end in ends:
        if isinstance(end, Literal) and _TIME.fullmatch(end.value):
            yield end.value


def _extent(places: Iterable[NamedNode], times: Iterable[str]) -> Extent:
    """The extent, each place once; a year counts from its first day to its last."""
    found = tuple(dict.fromkeys(sorted(places, key=str)))
    known = tuple(times)
    first = min(known, key=lambda time: time + _FIRST_DAY[len(time) :], default=None)
    last = max(known, key=lambda time: time + _LAST_DAY[len(time) :], default=None)
    return Extent(found, first, last)


async def _named(
    state: AppState, things: Iterable[NamedNode]
) -> Mapping[NamedNode, tuple[Literal, ...]]:
    found: dict[NamedNode, tuple[Literal, ...]] = {}
    query = _NAMES.format(things=" ".join(sorted(map(str, things))))
    for row in await rows(state, query):
        thing, name = row["thing"], row["name"]
        if isinstance(thing, NamedNode) and isinstance(name, Literal):
            found[thing] = (*found.get(thing, ()), name)
    return found
