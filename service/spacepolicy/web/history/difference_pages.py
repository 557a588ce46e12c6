"""What changed between two revisions as a page: thing by thing, each statement that went or came
with where it stands."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Triple
from pyoxigraph import Literal as Text

from spacepolicy.namespaces import Base
from spacepolicy.store.changed_things import ChangedThing, RevisionDifference, difference
from spacepolicy.store.revision import Revision
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.comparison import words_of
from spacepolicy.web.linked_data.documents import NAMES, TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link

FOLDED_AFTER: Final = 7
"""Statements of a thing, and things of a kind, that are shown unfolded: as on other pages."""
_MAX_LETTERS: Final = 600
"""Of a longer value, the rest is in the patch: a paragraph is whole, a book is not."""
Sign = Literal["removed", "added", "moved"]


@final
@dataclass(frozen=True, slots=True)
class ChangeOrigin:
    """A graph in which a statement stands or stood, and its words where it is a passage."""

    link: Link
    words: str | None
    language: str | None


@final
@dataclass(frozen=True, slots=True)
class ChangedStatement:
    """A statement that went or came, or stands in other graphs than before. `link` is None where
    its value is no thing; `is_inferred`: it only follows from others."""

    sign: Sign
    property: Link
    link: Link | None
    text: str
    language: str | None
    origins: tuple[ChangeOrigin, ...]
    is_inferred: bool


@final
@dataclass(frozen=True, slots=True)
class ThingChanges:
    """A thing, None where it has no name, and its statements by property."""

    link: Link | None
    statements: tuple[ChangedStatement, ...]

    def count(self, sign: Sign) -> int:
        """How many of the statements have the sign."""
        return sum(each.sign == sign for each in self.statements)

    @property
    def is_inferred(self) -> bool:
        """Whether all that changed only follows from other statements."""
        return all(each.is_inferred for each in self.statements)


@final
@dataclass(frozen=True, slots=True)
class KindChanges:
    """The things of a kind, None where it is not known, in the order of their names."""

    kind: Link | None
    things: tuple[ThingChanges, ...]


async def difference_page(app_state: AppState, older: int, newer: int) -> bytes:
    """Return the page.

    Raises: NotFoundError, RevisionGoneError, ResultLimitError, DamagedError.
    """
    history = app_state.service.history
    found = await asyncio.to_thread(difference, history, older, newer)
    told = await _kinds(app_state, found)
    return pages.render(
        "difference.html",
        app_state.service,
        older=older,
        newer=newer,
        step=_step(app_state, older, newer),
        is_last=max(older, newer) >= history.current.number,
        difference=found,
        kinds=[*_only(told, is_inferred=False)],
        following=[*_only(told, is_inferred=True)],
        folded_after=FOLDED_AFTER,
    ).encode()


def _step(app_state: AppState, older: int, newer: int) -> Revision | None:
    """The revision, where the page is of what one alone changed."""
    return app_state.service.history.get(newer) if newer == older + 1 else None


def _only(kinds: Iterable[KindChanges], *, is_inferred: bool) -> Iterator[KindChanges]:
    """The kinds with those of their things of which only what follows changed, or the others."""
    for each in kinds:
        if things := tuple(thing for thing in each.things if thing.is_inferred == is_inferred):
            yield KindChanges(each.kind, things)


async def _kinds(app_state: AppState, found: RevisionDifference) -> list[KindChanges]:
    """The things by kind: those with the fewest things first, which are what others are part of."""
    quads = [quad for thing in found.things for quad in (*thing.removed, *thing.added)]
    types = await _types(app_state, found.things)
    names = await _names(app_state, quads, types.values())
    reader = _Reader(app_state, names, await _words(app_state, quads))
    by_kind: dict[NamedNode | None, list[ThingChanges]] = {}
    for thing in found.things:
        by_kind.setdefault(types.get(thing.subject), []).append(reader.thing(thing))
    shown = (
        KindChanges(kind and names.link(kind), tuple(sorted(things, key=_by_name)))
        for kind, things in by_kind.items()
    )
    return sorted(
        shown, key=lambda each: (each.kind is None, len(each.things), each.kind and each.kind.text)
    )


def _by_name(thing: ThingChanges) -> tuple[bool, str]:
    return thing.link is None, thing.link.text.casefold() if thing.link else ""


async def _types(
    app_state: AppState, things: Iterable[ChangedThing]
) -> Mapping[NamedNode | BlankNode, NamedNode]:
    """The most specific class of each thing; of one that is gone, the class that it had."""
    types: dict[NamedNode | BlankNode, NamedNode] = {}
    for thing in things:
        for quad in thing.removed:
            if quad.predicate == TYPE and isinstance(quad.object, NamedNode):
                types.setdefault(thing.subject, quad.object)
    listed = " ".join(str(each.subject) for each in things if isinstance(each.subject, NamedNode))
    found = await rows(
        app_state,
        f"SELECT ?thing (MIN(?type) AS ?kind) {{ VALUES ?thing {{ {listed} }} ?thing a ?type "
        "FILTER isIRI(?type) FILTER NOT EXISTS { ?thing a ?other . ?other "
        "<http://www.w3.org/2000/01/rdf-schema#subClassOf> ?type FILTER (?other != ?type) } } "
        "GROUP BY ?thing",
    )
    for row in found:
        thing_, kind = row["thing"], row.get("kind")
        if isinstance(thing_, NamedNode) and isinstance(kind, NamedNode):
            types[thing_] = kind
    return types


async def _names(app_state: AppState, quads: Sequence[Quad], kinds: Iterable[NamedNode]) -> Labels:
    """The names that things have, and of those that have none any more, the names that they had."""
    graphs = (quad.graph_name for quad in quads)
    named = [Triple(g, TYPE, g) for g in (*graphs, *kinds) if isinstance(g, NamedNode)]
    known = await names_of(app_state, (*(quad.triple for quad in quads), *named))
    are_known = {triple.subject for triple in known}
    had = (quad.triple for quad in quads if quad.predicate in NAMES)
    return Labels(
        app_state.service, (*known, *(each for each in had if each.subject not in are_known))
    )


async def _words(app_state: AppState, quads: Sequence[Quad]) -> Mapping[NamedNode, Text]:
    """The words of passages, of those that are gone too."""
    graphs = {quad.graph_name for quad in quads if isinstance(quad.graph_name, NamedNode)}
    found = dict(await words_of(app_state, graphs))
    base = app_state.service.revision.base
    exact = Base(base).term("exactText") if base else None
    for quad in quads:
        if quad.predicate == exact and isinstance(quad.object, Text):
            found.setdefault(quad.subject, quad.object)  # type: ignore[arg-type] # no blank node
    return found


@final
class _Reader:
    """Things and statements as a reader sees them."""

    def __init__(self, app_state: AppState, names: Labels, words: Mapping[NamedNode, Text]) -> None:
        self._names = names
        self._words = words
        base = app_state.service.revision.base
        self._inferred = Base(base).inferred if base else None

    def thing(self, thing: ChangedThing) -> ThingChanges:
        """The thing with its statements, in the order of the names of their properties; of one
        property those that went first."""
        gone, come = _graphs(thing.removed), _graphs(thing.added)
        statements = [self._statement(each, gone, come) for each in {**gone, **come}]
        order = ("removed", "moved", "added")
        statements.sort(
            key=lambda each: (each.is_inferred, each.property.text, order.index(each.sign))
        )
        subject = thing.subject
        link = self._names.link(subject) if isinstance(subject, NamedNode) else None
        return ThingChanges(link, tuple(statements))

    def _statement(
        self, triple: Triple, gone: Mapping[Triple, list[Quad]], come: Mapping[Triple, list[Quad]]
    ) -> ChangedStatement:
        sign: Sign = "removed" if triple not in come else "added" if triple not in gone else "moved"
        stands = [
            quad.graph_name
            for quad in come.get(triple) or gone[triple]
            if not isinstance(quad.graph_name, DefaultGraph)
        ]
        value = triple.object
        text = value.value if isinstance(value, Text | NamedNode) else str(value)
        return ChangedStatement(
            sign,
            self._names.link(triple.predicate),
            self._names.link(value) if isinstance(value, NamedNode) else None,
            text if len(text) <= _MAX_LETTERS else f"{text[:_MAX_LETTERS]}…",
            value.language if isinstance(value, Text) else None,
            tuple(self._origins(stands)),
            bool(stands) and all(each == self._inferred for each in stands),
        )

    def _origins(self, graphs: Iterable[NamedNode | BlankNode]) -> Iterator[ChangeOrigin]:
        for graph in graphs:
            if isinstance(graph, NamedNode) and graph != self._inferred:
                words = self._words.get(graph)
                yield ChangeOrigin(
                    self._names.link(graph),
                    words.value if words else None,
                    words.language if words else None,
                )


def _graphs(quads: Iterable[Quad]) -> dict[Triple, list[Quad]]:
    """The quads by what they state."""
    found: dict[Triple, list[Quad]] = {}
    for quad in quads:
        found.setdefault(quad.triple, []).append(quad)
    return found
