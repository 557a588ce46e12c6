"""The statements about the parts of a thing: their wholes, their numbers, and the passages that
state them.

The ontology defines which properties relate parts and wholes: the base's `isPartOf`, its inverse,
and the subproperties of either. `isPartOf` is transitive by inference, so the default graph has a
part's wholes at every depth.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import OWL, RDFS, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.solution_rows import Row

_DIGITS: Final = re.compile(r"(\d+)")
MAX_STATEMENTS: Final = 20_000
"""How many statements about parts are read: enough for a document of some thousand parts. A larger
page takes a browser seconds."""


@final
@dataclass(frozen=True, slots=True)
class TextSpan:
    """A passage: its words, and their offsets in code points. A passage by reference has a locator
    and an address, the words in a copy, and as offsets its rank among the locators."""

    iri: str
    words: str | None
    language: str | None
    start: int
    end: int
    locator: str | None = None
    address: str | None = None

    @property
    def source(self) -> str:
        """The IRI of the source."""
        return self.iri.partition("#")[0]


@final
@dataclass(frozen=True, slots=True)
class PartStatement:
    """A statement about a part in a passage."""

    passage: TextSpan
    property: str
    value: NamedNode | Literal


@final
@dataclass(frozen=True, slots=True)
class PartStatements:
    """The statements about the parts of the thing.

    `wholes` has for every part the parts that contain it at any depth, and the thing. `stating` has
    the passages that state a part of a whole, by (whole, part). `said` has the statements in
    passages with the part as subject, in the order of the texts. `relations` are the properties
    between parts and wholes. `kinds` has the stated class of a part, the first of several. `cut`:
    there is more.
    """

    thing: str
    wholes: Mapping[str, frozenset[str]]
    ordinals: Mapping[str, str]
    stating: Mapping[tuple[str, str], tuple[TextSpan, ...]]
    said: Mapping[str, tuple[PartStatement, ...]]
    relations: frozenset[str]
    kinds: Mapping[str, str]
    cut: bool = False


async def part_statements(app_state: AppState, thing: NamedNode) -> PartStatements | None:
    """Read the statements about the parts of the thing; None where it has no parts."""
    iri = app_state.service.revision.base
    if iri is None:
        return None
    own = Base(iri)
    belonging = await rows(app_state, _belonging(thing, own))
    wholes = _wholes(belonging, thing.value)
    if not wholes:
        return None
    relations = {row["relation"].value for row in await rows(app_state, _relations(own))}
    statements, containing, kinds = await asyncio.gather(
        rows(app_state, _saying(thing, own)),
        rows(app_state, _containing(thing, own, sorted(relations))),
        rows(app_state, _stated_kinds(thing, own)),
    )
    passages = _passages((*statements, *containing), await words_of_copies(app_state))
    return PartStatements(
        thing.value,
        wholes,
        {row["part"].value: row["ordinal"].value for row in belonging if "ordinal" in row},
        _stating(statements, containing, relations, passages),
        _by_part(statements, passages),
        frozenset(relations),
        {row["part"].value: row["kind"].value for row in reversed(kinds)},
        MAX_STATEMENTS in map(len, (belonging, statements, containing)),
    )


def _belonging(thing: NamedNode, own: Base) -> str:
    """A query for the parts of the thing at any depth, each with all its wholes."""
    part_of, ordinal = own.term("isPartOf"), own.term("ordinal")
    return (
        f"SELECT DISTINCT ?part ?whole ?ordinal {{ ?part {part_of} {thing} ; {part_of} ?whole "
        f"OPTIONAL {{ ?part {ordinal} ?ordinal }} FILTER (isIRI(?part) && isIRI(?whole)) }} "
        f"ORDER BY ?part ?whole DESC(?ordinal) LIMIT {MAX_STATEMENTS}"
    )


def _stated_kinds(thing: NamedNode, own: Base) -> str:
    """A query for the stated, not inferred, classes of the parts."""
    return (
        f"SELECT DISTINCT ?part ?kind {{ ?part {own.term('isPartOf')} {thing} . "
        f"GRAPH ?g {{ ?part a ?kind }} FILTER (isIRI(?part) && isIRI(?kind)) }} "
        f"ORDER BY ?part ?kind LIMIT {MAX_STATEMENTS}"
    )


def _relations(own: Base) -> str:
    """A query for the properties between parts and wholes, in either direction."""
    inverse = f"<{OWL}inverseOf>"
    return (
        f"SELECT DISTINCT ?relation {{ ?relation (<{RDFS}subPropertyOf>|{inverse}|^{inverse})* "
        f"{own.term('isPartOf')} }}"
    )


def _saying(thing: NamedNode, own: Base) -> str:
    """A query for the statements in passages with a part as subject."""
    return (
        f"SELECT DISTINCT ?part ?property ?value {_PASSAGE} "
        f"{{ ?part {own.term('isPartOf')} {thing} . GRAPH ?passage {{ ?part ?property ?value }} "
        f"{_in_passage(own)} FILTER (isIRI(?part) && !isBlank(?value)) }} "
        f"ORDER BY ?start ?end ?passage ?part ?property ?value LIMIT {MAX_STATEMENTS}"
    )


def _containing(thing: NamedNode, own: Base, relations: Iterable[str]) -> str:
    """A query for the passages that state of a whole that it has one of the parts."""
    listed = ", ".join(f"<{each}>" for each in relations)
    return (
        f"SELECT DISTINCT ?part ?whole {_PASSAGE} "
        f"{{ ?part {own.term('isPartOf')} {thing} . GRAPH ?passage {{ ?whole ?property ?part }} "
        f"{_in_passage(own)} FILTER (isIRI(?whole) && ?property IN ({listed})) }} "
        f"ORDER BY ?start ?end ?passage ?part ?whole LIMIT {MAX_STATEMENTS}"
    )


_DESCRIBED: Final = {
    "words": "exactText",
    "start": "start",
    "end": "end",
    "locator": "locator",
    "address": "officialAddress",
}
"""The variables that a query selects for a passage, and their properties."""
_PASSAGE: Final = f"?passage {' '.join(f'?{name}' for name in _DESCRIBED)}"


def _in_passage(own: Base) -> str:
    """The pattern of a passage; an OPTIONAL for each property, so that it is looked up row by
    row."""
    described = (
        f"OPTIONAL {{ ?passage {own.term(term)} ?{name} }}" for name, term in _DESCRIBED.items()
    )
    return f"?passage a {own.term('Passage')} {' '.join(described)}"


def _wholes(belonging: Iterable[Row], thing: str) -> dict[str, frozenset[str]]:
    """The wholes of each part within the thing; the thing is no part of itself."""
    found: dict[str, set[str]] = {}
    for row in belonging:
        found.setdefault(row["part"].value, set()).add(row["whole"].value)
    found.pop(thing, None)
    inside = found.keys() | {thing}
    return _closed({part: wholes & inside for part, wholes in found.items()})


def _closed(wholes: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """The transitive closure of the wholes, for data without inference or not read completely;
    a part of itself is removed."""
    grew = True
    while grew:
        grew = False
        for above in wholes.values():
            further = {one for each in above for one in wholes.get(each, ())} - above
            above.update(further)
            grew = grew or bool(further)
    return {part: frozenset(above - {part}) for part, above in wholes.items()}


def _stating(
    statements: Iterable[Row],
    containing: Iterable[Row],
    relations: set[str],
    described: Mapping[str, TextSpan],
) -> dict[tuple[str, str], tuple[TextSpan, ...]]:
    """The passages by (whole, part), whichever of them is the subject."""
    found: dict[tuple[str, str], list[TextSpan]] = {}
    for row in statements:
        if row["property"].value in relations:
            pair = row["value"].value, row["part"].value
            found.setdefault(pair, []).append(described[row["passage"].value])
    for row in containing:
        pair = row["whole"].value, row["part"].value
        found.setdefault(pair, []).append(described[row["passage"].value])
    return {pair: tuple(passages) for pair, passages in found.items()}


def _by_part(
    statements: Iterable[Row], passages: Mapping[str, TextSpan]
) -> dict[str, tuple[PartStatement, ...]]:
    found: dict[str, list[PartStatement]] = {}
    for row in statements:
        value = row["value"]
        if isinstance(value, NamedNode | Literal):
            each = PartStatement(passages[row["passage"].value], row["property"].value, value)
            found.setdefault(row["part"].value, []).append(each)
    return {part: tuple(each) for part, each in found.items()}


def _passages(found: Iterable[Row], of_copies: Mapping[str, str]) -> dict[str, TextSpan]:
    """The passages of the rows, by their IRIs."""
    rows = {row["passage"].value: row for row in found}
    locators = {row["locator"].value for row in rows.values() if "locator" in row}
    ranks = {locator: n for n, locator in enumerate(sorted(locators, key=natural))}
    return {iri: _passage(row, ranks, of_copies.get(iri)) for iri, row in rows.items()}


def _passage(row: Row, ranks: Mapping[str, int], of_copy: str | None) -> TextSpan:
    iri, words = row["passage"].value, row.get("words")
    if isinstance(words, Literal) and "start" in row and "end" in row:
        start, end = int(row["start"].value), int(row["end"].value)
        return TextSpan(iri, words.value, words.language, start, end)
    locator, address = (row[name].value if name in row else None for name in ("locator", "address"))
    rank = ranks.get(locator or "", 0)
    return TextSpan(iri, of_copy, None, rank, rank, locator, address)


def natural(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which the numbers in the text are compared as numbers.

    >>> sorted(["10", "9", "2.b", "2.a"], key=natural)
    ['2.a', '2.b', '9', '10']
    """
    pieces = _DIGITS.split(text)
    return [(int(each), "") if n % 2 else (-1, each) for n, each in enumerate(pieces) if each]
