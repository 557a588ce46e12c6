"""The difference between two revisions as a page: thing by thing, each removed or added statement
with the graphs that state it."""

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
from spacepolicy.web.linked_data.documents import NAMES, TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.passage_texts import PassageText, passage_texts

FOLDED_AFTER: Final = 7
"""How many statements of a thing, and things of a kind, are shown unfolded: as on other pages."""
_MAX_LETTERS: Final = 600
"""Longer values are cut; the patch has all of them. A paragraph fits, a book does not."""
Sign = Literal["removed", "added", "moved"]


@final
@dataclass(frozen=True, slots=True)
class ChangeOrigin:
    """A graph that states or stated a statement; where it is a passage, its words, or its locator
    where it is one by reference."""

    link: Link
    words: str | None
    language: str | None
    locator: str | None


@final
@dataclass(frozen=True, slots=True)
class ChangedStatement:
    """A statement that was removed or added, or moved to other graphs. `link` is None where its
    value is no IRI; `is_inferred`: it is only inferred."""

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
    """A thing, None for a blank node, and its changed statements by property."""

    link: Link | None
    statements: tuple[ChangedStatement, ...]

    def count(self, sign: Sign) -> int:
        """Return how many of the statements have the sign."""
        return sum(each.sign == sign for each in self.statements)

    @property
    def is_inferred(self) -> bool:
        """Whether all its changed statements are only inferred."""
        return all(each.is_inferred for each in self.statements)


@final
@dataclass(frozen=True, slots=True)
class KindChanges:
    """The things of a kind, None for an unknown kind, in the order of their names."""

    kind: Link | None
    things: tuple[ThingChanges, ...]


async def difference_page(app_state: AppState, older: int, newer: int) -> bytes:
    """Return the page.

    Raises: NotFoundError, RevisionGoneError, ResultLimitError, DamagedError.
    """
    history = app_state.service.history
    found = await asyncio.to_thread(difference, history, older, newer)
    kinds = await _kinds(app_state, found)
    return pages.render(
        "difference.html",
        app_state.service,
        older=older,
        newer=newer,
        step=_step(app_state, older, newer),
        is_last=max(older, newer) >= history.current.number,
        difference=found,
        kinds=[*_only(kinds, is_inferred=False)],
        following=[*_only(kinds, is_inferred=True)],
        folded_after=FOLDED_AFTER,
    ).encode()


def _step(app_state: AppState, older: int, newer: int) -> Revision | None:
    """The newer revision, where the page shows the changes of that revision alone."""
    return app_state.service.history.get(newer) if newer == older + 1 else None


def _only(kinds: Iterable[KindChanges], *, is_inferred: bool) -> Iterator[KindChanges]:
    """The kinds with only those things whose `is_inferred` has this value."""
    for each in kinds:
        if things := tuple(thing for thing in each.things if thing.is_inferred == is_inferred):
            yield KindChanges(each.kind, things)


async def _kinds(app_state: AppState, found: RevisionDifference) -> list[KindChanges]:
    """The things by kind, kinds with the fewest things first: usually the wholes of the others."""
    quads = [quad for thing in found.things for quad in (*thing.removed, *thing.added)]
    types = await _types(app_state, found.things)
    names = await _names(app_state, quads, types.values())
    reader = _Reader(app_state, names, await _passage_texts(app_state, quads))
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
    """The most specific class of each thing; for a removed thing, the class that it had."""
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
    """The current names of things, and the former names of those without a current one."""
    graphs = (quad.graph_name for quad in quads)
    named = [Triple(g, TYPE, g) for g in (*graphs, *kinds) if isinstance(g, NamedNode)]
    known = await names_of(app_state, (*(quad.triple for quad in quads), *named))
    are_known = {triple.subject for triple in known}
    had = (quad.triple for quad in quads if quad.predicate in NAMES)
    return Labels(
        app_state.service, (*known, *(each for each in had if each.subject not in are_known))
    )


async def _passage_texts(
    app_state: AppState, quads: Sequence[Quad]
) -> Mapping[NamedNode, PassageText]:
    """The texts of passages, including removed ones."""
    graphs = {quad.graph_name for quad in quads if isinstance(quad.graph_name, NamedNode)}
    found = dict(await passage_texts(app_state, graphs))
    base = app_state.service.revision.base
    exact, locator = map(Base(base).term, ("exactText", "locator")) if base else (None, None)
    for quad in quads:
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Text):
            if quad.predicate == exact:
                found.setdefault(quad.subject, PassageText(quad.object))
            elif quad.predicate == locator:
                found.setdefault(quad.subject, PassageText(None, quad.object.value))
    return found


@final
class _Reader:
    """Prepares things and statements for the page."""

    def __init__(
        self, app_state: AppState, names: Labels, texts: Mapping[NamedNode, PassageText]
    ) -> None:
        self._names = names
        self._texts = texts
        base = app_state.service.revision.base
        self._inferred = Base(base).inferred if base else None

    def thing(self, thing: ChangedThing) -> ThingChanges:
        """Return the thing with its statements, sorted by property name; within a property, removed
        ones first."""
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
                text = self._texts.get(graph, PassageText())
                yield ChangeOrigin(
                    self._names.link(graph),
                    text.words.value if text.words else None,
                    text.words.language if text.words else None,
                    text.locator,
                )


def _graphs(quads: Iterable[Quad]) -> dict[Triple, list[Quad]]:
    """The quads by their triples."""
    found: dict[Triple, list[Quad]] = {}
    for quad in quads:
        found.setdefault(quad.triple, []).append(quad)
    return found
