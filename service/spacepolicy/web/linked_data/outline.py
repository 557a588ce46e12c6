"""The parts of a thing as a tree to read: each part's words, and what is said of it beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.namespaces import RDFS, Base
from spacepolicy.web.answering.asking import Row, rows
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.documents import names_of
from spacepolicy.web.linked_data.names import Link, Names

_MAX_STATEMENTS: Final = 5000


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A part: its number where it has one, its words, its statements to things that are not
    parts, and the parts of its own."""

    link: Link
    ordinal: str | None
    words: str | None
    words_href: str | None
    words_language: str | None
    said: tuple[tuple[Link, tuple[Link, ...]], ...]
    parts: "tuple[Part, ...]"


@final
@dataclass(slots=True)
class _Gathered:
    """What was asked about one part."""

    parent: str
    ordinal: str | None = None
    start: int = 1 << 60
    passage: str | None = None
    words: Literal | None = None
    said: dict[str, list[NamedNode]] = field(default_factory=dict)


async def outline(desk: Desk, thing: NamedNode) -> tuple[Part, ...]:
    """The parts of the thing, in the order of the text; none where it has none."""
    own = desk.service.revision.base
    if own is None:
        return ()
    structure = await rows(desk, _structure(thing, Base(own)))
    if not structure:
        return ()
    gathered = _gathered(structure, await rows(desk, _said_by_passages(thing, Base(own))))
    linked = [
        Triple(NamedNode(part), NamedNode(predicate), value)
        for part, each in gathered.items()
        for predicate, values in each.said.items()
        for value in values
    ]
    mentioned = [Triple(NamedNode(part), thing, thing) for part in gathered]
    names = Names(desk.service, await names_of(desk, (*linked, *mentioned)))
    return _parts(names, gathered, thing.value, frozenset())


def _structure(thing: NamedNode, own: Base) -> str:
    """The parts below the thing, and of each its nearest whole."""
    part_of, has_part, ordinal = map(own.term, ("isPartOf", "hasPart", "ordinal"))
    return (
        f"SELECT DISTINCT ?part ?parent ?ordinal {{ ?part {part_of} {thing} . "
        f"GRAPH ?somewhere {{ ?parent ?kind ?part }} ?kind <{RDFS}subPropertyOf> {has_part} "
        f"FILTER (?somewhere != {own.inferred}) OPTIONAL {{ ?part {ordinal} ?ordinal }} "
        f"}} ORDER BY ?part ?parent LIMIT {_MAX_STATEMENTS}"
    )


def _said_by_passages(thing: NamedNode, own: Base) -> str:
    """What passages say of the parts below the thing."""
    part_of, words, start = map(own.term, ("isPartOf", "exactText", "start"))
    return (
        f"SELECT DISTINCT ?part ?passage ?words ?start ?property ?value {{ ?part {part_of} {thing} "
        "GRAPH ?passage { ?part ?property ?value } "
        f"?passage {words} ?words ; {start} ?start FILTER isIRI(?value) "
        f"}} ORDER BY ?start ?part ?property ?value LIMIT {_MAX_STATEMENTS}"
    )


def _gathered(structure: Iterable[Row], said: Iterable[Row]) -> dict[str, _Gathered]:
    gathered: dict[str, _Gathered] = {}
    for row in structure:
        part = gathered.setdefault(row["part"].value, _Gathered(row["parent"].value))
        part.ordinal = row["ordinal"].value if "ordinal" in row else part.ordinal
    for row in said:
        found, words, value = gathered.get(row["part"].value), row["words"], row["value"]
        if found is None:
            continue
        if isinstance(words, Literal) and int(row["start"].value) < found.start:
            found.start, found.words = int(row["start"].value), words
            found.passage = row["passage"].value
        if isinstance(value, NamedNode):
            values = found.said.setdefault(row["property"].value, [])
            if value not in values:
                values.append(value)
    return gathered


def _parts(
    names: Names, gathered: Mapping[str, _Gathered], whole: str, above: frozenset[str]
) -> tuple[Part, ...]:
    """The parts whose nearest whole this is; a circle is not followed."""
    inside = above | {whole}
    own = [
        (iri, each) for iri, each in gathered.items() if each.parent == whole and iri not in inside
    ]
    own.sort(key=lambda pair: (pair[1].start, pair[0]))
    return tuple(
        Part(
            names.link(NamedNode(iri)),
            each.ordinal,
            each.words.value if each.words else None,
            names.link(NamedNode(each.passage)).href if each.passage else None,
            each.words.language if each.words else None,
            _said(names, each, gathered),
            _parts(names, gathered, iri, inside),
        )
        for iri, each in own
    )


def _said(
    names: Names, part: _Gathered, gathered: Mapping[str, _Gathered]
) -> tuple[tuple[Link, tuple[Link, ...]], ...]:
    """What the passages say of the part that is no part itself, and no class."""
    said = []
    for predicate, values in part.said.items():
        others = tuple(
            names.link(value)
            for value in values
            if value.value not in gathered and predicate not in _STRUCTURE
        )
        if others:
            said.append((names.link(NamedNode(predicate)), others))
    return tuple(sorted(said, key=lambda pair: pair[0].text))


_STRUCTURE: Final = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type",)
