"""Links to a thing: grouped by property and counted, in parts where there are many."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlencode

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import graph, rows
from spacepolicy.web.linked_data.comparison import named
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.request_context import current_locale

FIRST: Final = 10
"""How many of each property are shown on the thing's page."""
PART: Final = 100
"""How many of one property are shown at a time."""
_MAX_PROPERTIES: Final = 60
"""By how many properties a page groups the links; nobody reads a longer list."""


@final
@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that leads to another, and the whole that it is a part of; None where it is a part of
    nothing, or of the other thing."""

    link: Link
    whole: Link | None = None


@final
@dataclass(frozen=True, slots=True)
class Incoming:
    """The links to a thing by one property: their number, the first of them, and the address of
    the full list."""

    property: Link
    count: int
    subjects: tuple[Subject, ...]
    href: str


async def incoming(app_state: AppState, thing: NamedNode) -> list[Incoming]:
    """Return the links to the thing, sorted by the properties' names."""
    counted = await rows(
        app_state, f"SELECT ?p (COUNT(*) AS ?n) {{ {_to(thing)} }} GROUP BY ?p ORDER BY ?p"
    )
    counts = {row["p"]: int(row["n"].value) for row in counted[:_MAX_PROPERTIES]}
    properties = [each for each in counts if isinstance(each, NamedNode)]
    if not properties:
        return []
    found = await graph(app_state, _first(thing, properties))
    subjects = await _subjects(app_state, thing, found)
    names = await named(app_state, properties)
    by_property: dict[NamedNode, list[Subject]] = {}
    for triple in found:
        if isinstance(triple.subject, NamedNode):
            by_property.setdefault(triple.predicate, []).append(subjects[triple.subject])
    shown = [
        Incoming(
            names.link(each),
            counts[each],
            tuple(sorted(by_property.get(each, ()), key=_place)),
            address(app_state.service.root, thing, each),
        )
        for each in properties
    ]
    return sorted(shown, key=lambda each: each.property.text)


async def part(
    app_state: AppState, thing: NamedNode, by: NamedNode, start: int
) -> tuple[Link, Link, list[Subject]]:
    """Return the thing, the property, and `PART` subjects of links by it, from the index `start` in
    the order of their IRIs."""
    found = await graph(
        app_state,
        f"CONSTRUCT {{ ?s {by} {thing} }} {{ SELECT ?s {{ {_by(thing, by)} }} ORDER BY ?s "
        f"LIMIT {PART} OFFSET {start} }}",
    )
    names = await named(app_state, (thing, by))
    subjects = await _subjects(app_state, thing, found)
    return names.link(thing), names.link(by), [subjects[each] for each in sorted(subjects, key=str)]


async def _subjects(
    app_state: AppState, thing: NamedNode, found: Iterable[Triple]
) -> dict[NamedNode, Subject]:
    """The subjects of the statements by their names, with the wholes that they are parts of."""
    subjects = {triple.subject for triple in found if isinstance(triple.subject, NamedNode)}
    wholes = await _wholes(app_state, subjects)
    names = await named(app_state, {*subjects, *wholes.values()})
    return {
        each: Subject(
            names.link(each),
            names.link(wholes[each]) if wholes.get(each, thing) != thing else None,
        )
        for each in subjects
    }


async def _wholes(app_state: AppState, subjects: Iterable[NamedNode]) -> dict[NamedNode, NamedNode]:
    """What the things are parts of that is itself a part of nothing; of several the first."""
    base, listed = app_state.service.revision.base, " ".join(sorted(map(str, subjects)))
    if base is None or not listed:
        return {}
    part_of = Base(base).term("isPartOf")
    found = await rows(
        app_state,
        f"SELECT ?s ?whole {{ VALUES ?s {{ {listed} }} ?s {part_of} ?whole FILTER (isIRI(?whole)) "
        f"FILTER NOT EXISTS {{ ?whole {part_of} ?above }} }} ORDER BY DESC(?whole)",
    )
    return {
        row["s"]: whole
        for row in found
        if isinstance(row["s"], NamedNode) and isinstance(whole := row["whole"], NamedNode)
    }


def listing(thing: NamedNode, by: NamedNode) -> str:
    """Return the query for all subjects of links to the thing by the property."""
    return f"SELECT ?thing {{ ?thing {by} {thing} }} ORDER BY ?thing"


def _to(thing: NamedNode) -> str:
    return f"?s ?p {thing} FILTER (isIRI(?s) && ?s != {thing})"


def _by(thing: NamedNode, by: NamedNode) -> str:
    return f"?s {by} {thing} FILTER (isIRI(?s) && ?s != {thing})"


def _first(thing: NamedNode, properties: Iterable[NamedNode]) -> str:
    """A query for the first links by each property."""
    each = (
        f"{{ SELECT ?s ({by} AS ?p) {{ {_by(thing, by)} }} ORDER BY ?s LIMIT {FIRST} }}"
        for by in properties
    )
    return f"CONSTRUCT {{ ?s ?p {thing} }} {{ {' UNION '.join(each)} }}"


def address(root: str, thing: NamedNode, by: NamedNode, page: int = 1) -> str:
    """Return the address of the list of all links to the thing by the property."""
    asked = {"to": thing.value, "by": by.value, **({"page": str(page)} if page > 1 else {})}
    return current_locale().kept(f"{root}/links?{urlencode(asked)}")


def _place(subject: Subject) -> tuple[str, str]:
    """Wholes first, by their names, each followed by its parts."""
    whole = subject.whole or subject.link
    return whole.text, "" if subject.whole is None else subject.link.text
