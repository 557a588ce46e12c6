"""Operations of an update, rewritten to put what they remove and add into graphs of its own.

`DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE …` becomes `INSERT { GRAPH <removed> { ?s :p ?o }
GRAPH <added> { ?s :q ?o } } WHERE …`: the effect is then in these two graphs, and no graph has to
be compared with its former state, which takes 5 s for a million statements.

Spec: https://www.w3.org/TR/sparql11-update/#deleteInsert
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final, final
from uuid import uuid4

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from spacepolicy.engine.nquads import Graph
from spacepolicy.engine.prologues import UpdatePart
from spacepolicy.engine.tokens import Declared, SparqlToken, after_group, depth_after, tokens

_PROLOGUE: Final = {"PREFIX": 3, "BASE": 2, "VERSION": 2}
"""The declarations of a prologue, and how many tokens each has."""


@final
@dataclass(frozen=True, slots=True)
class RewrittenOperation:
    """An operation that only adds to graphs that are named anew: to `removed` and `added`, each
    with the graph that is meant. `needs_data`: what it adds depends on what the store has."""

    part: UpdatePart
    needs_data: bool
    removed: tuple[tuple[NamedNode, Graph], ...]
    added: tuple[tuple[NamedNode, Graph], ...]

    def taken(self, store: Store) -> tuple[set[Quad], set[Quad]]:
        """Once it was run, take what it has noted out of the store: the quads to be removed and
        those to be added, whether or not they are there."""
        return _taken(store, self.removed), _taken(store, self.added)


def _taken(store: Store, noted: Sequence[tuple[NamedNode, Graph]]) -> set[Quad]:
    """The noted quads, as quads of the graphs that are meant; the notes are removed."""
    found = {
        Quad(quad.subject, quad.predicate, quad.object, graph)
        for name, graph in noted
        for quad in store.quads_for_pattern(None, None, None, name)
    }
    for name, _ in noted:
        store.remove_graph(name)
    return found


def rewritten_operations(part: UpdatePart) -> list[RewrittenOperation] | None:
    """The operations of the part, one by one; None where one is of another kind than INSERT and
    DELETE, or writes to graphs that its text does not name."""
    try:
        return list(_operations(part))
    except _OtherwiseError:
        return None


class _OtherwiseError(Exception):
    """The text is not of the form that is rewritten."""


def _operations(part: UpdatePart) -> Iterator[RewrittenOperation]:
    """Raises: _OtherwiseError."""
    found = tokens(part.text)
    declared = Declared(part.prefixes, part.base)
    start = 0
    while start < len(found) and (size := _PROLOGUE.get(found[start].word)):
        if found[start].word != "VERSION" and not declared.declare(found, start):
            raise _OtherwiseError
        start += size
    prologue = part.text[: found[start].start] if start < len(found) else ""
    for first, last in _between_semicolons(found, start):
        writer = _Operation(part.text, found[first:last], declared)
        yield writer.rewritten(part, prologue)


def _between_semicolons(found: Sequence[SparqlToken], start: int) -> Iterator[tuple[int, int]]:
    """The first token of each operation, and the one behind its last."""
    depth = 0
    for place in range(start, len(found)):
        if found[place].text == ";" and depth == 0:
            yield start, place
            start = place + 1
        depth = depth_after(depth, found[place])
    if start < len(found):
        yield start, len(found)


@final
@dataclass(slots=True)
class _Operation:
    """The text of an operation while it is rewritten."""

    text: str
    tokens: Sequence[SparqlToken]
    declared: Declared
    names: Iterator[int] = field(default_factory=count)
    run: str = field(default_factory=lambda: f"urn:uuid:{uuid4()}")
    removed: list[tuple[NamedNode, Graph]] = field(default_factory=list)
    added: list[tuple[NamedNode, Graph]] = field(default_factory=list)

    def rewritten(self, part: UpdatePart, prologue: str) -> RewrittenOperation:
        """Raises: _OtherwiseError."""
        target: Graph = DefaultGraph()
        place, head = 0, ""
        if self._word(0) == "WITH":
            target, place = self._graph(1), 2
            head = self._slice(0, 2)
        begin, quads, data, pattern = place, "", False, ""
        while (word := self._word(place)) in ("INSERT", "DELETE"):
            kept = self.removed if word == "DELETE" else self.added
            place += 1
            after = self._word(place)
            if after in ("DATA", "WHERE"):
                if place != begin + 1 or (after == "WHERE" and word == "INSERT"):
                    raise _OtherwiseError
                data, place = after == "DATA", place + 1
            end = after_group(self.tokens, place)
            if end is None:
                raise _OtherwiseError
            quads += self._noted(place + 1, end - 1, target, kept)
            if after == "WHERE":
                pattern = f" WHERE {self._slice(place, end)}"
            place = end
        if place == begin or (data or bool(pattern)) != (place == len(self.tokens)):
            raise _OtherwiseError
        rest = self._slice(place, len(self.tokens))
        keyword = "INSERT DATA" if data else "INSERT"
        text = f"{prologue} {head} {keyword} {{ {quads} }}{pattern} {rest}"
        rewritten = UpdatePart(text, part.prefixes, part.base)
        return RewrittenOperation(rewritten, not data, tuple(self.removed), tuple(self.added))

    def _noted(
        self, place: int, end: int, target: Graph, kept: list[tuple[NamedNode, Graph]]
    ) -> str:
        """The quads between the braces, in graphs for notes.

        Raises: _OtherwiseError.
        """
        pieces, start = [], place
        while place < end:
            if self._word(place) != "GRAPH":
                token = self.tokens[place]
                if token.word.endswith("GRAPH") or (token.kind == "open" and "{" in token.text):
                    raise _OtherwiseError
                place += 1
                continue
            pieces.append(self._note(start, place, target, kept))
            graph, group = self._graph(place + 1), place + 2
            behind = after_group(self.tokens, group)
            if behind is None:
                raise _OtherwiseError
            pieces.append(self._note(group + 1, behind - 1, graph, kept))
            place = start = behind
        pieces.append(self._note(start, end, target, kept))
        return " ".join(pieces)

    def _note(self, start: int, end: int, graph: Graph, kept: list[tuple[NamedNode, Graph]]) -> str:
        """The triples of these tokens, in a graph for notes; nothing where there are none."""
        if start < end and self.tokens[start].text == ".":
            start += 1
        if start >= end:
            return ""
        name = NamedNode(f"{self.run}#{next(self.names)}")
        kept.append((name, graph))
        return f"GRAPH {name} {{ {self._slice(start, end)} }}"

    def _graph(self, place: int) -> NamedNode:
        """The graph that is named at the token.

        Raises: _OtherwiseError.
        """
        iri = self.declared.iri(self.tokens, place)
        try:
            return NamedNode(iri or "")
        except ValueError as error:
            raise _OtherwiseError from error

    def _word(self, place: int) -> str:
        return self.tokens[place].word if place < len(self.tokens) else ""

    def _slice(self, start: int, end: int) -> str:
        """The text from one token to the end of the one before the other, with its comments in
        lines of their own."""
        if start >= end:
            return ""
        return f"{self.text[self.tokens[start].start : self.tokens[end - 1].end]}\n"
