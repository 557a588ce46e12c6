"""The named graphs of the default dataset: all of a store's but one, which a query still reaches
when it names a dataset of its own. Where that one holds the inferences of a project, `GRAPH ?g`
does not match the earlier versions of its ontology either: they are found where they are named.

The engine takes the named graphs of a store as they are, and listing all others with each query
costs more than most queries. So a condition is added at the end of the group that contains a
pattern `GRAPH ?g { … }`: the pattern always binds `?g` there, so that a condition on the group is
one on the pattern. In the group of an OPTIONAL it is part of the left join's condition, in EXISTS
and MINUS it stays inside. `GRAPH <that graph> { … }` has no solution, nor has its group.

Spec: https://www.w3.org/TR/sparql11-query/#rdfDataset, #sparqlAlgebra (translate group)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from spacepolicy.engine.lexer import without_escapes
from spacepolicy.engine.tokens import Declared, SparqlToken, after_group, tokens

_GRAPH: Final = "GRAPH"
_INFERRED: Final = "/graph/inferred"
_VERSION: Final = "/[0-9]+[.][0-9]+[.][0-9]+$"
"""How the IRI of a version of an ontology ends."""
_NAMING: Final = frozenset({"variable", "iri", "name"})
_OPENING: Final = frozenset({"{", "{|"})
_CLOSING: Final = frozenset({"}", "|}"})


@final
@dataclass(frozen=True, slots=True)
class Narrowed:
    """A text whose patterns do not match the graph; whether one of them `names` it."""

    text: str
    names: bool = False


def query_without(text: str, prefixes: Mapping[str, str], base: str | None, graph: str) -> Narrowed:
    """Narrow the query to a dataset whose named graphs are all but that one. A query that names its
    dataset must not be given.

    >>> query_without("SELECT * { GRAPH ?g { ?s ?p ?o } }", {}, None, "urn:i").text
    'SELECT * { GRAPH ?g { ?s ?p ?o } FILTER(?g != <urn:i>)}'
    """
    if _GRAPH not in text.upper():
        return Narrowed(text)
    reader = _Reader(Declared(prefixes, base), graph, tokens(text))
    place = 0
    while place < len(reader.tokens):
        place = reader.pattern(place) if reader.opens(place) else reader.declared_at(place)
    return Narrowed(reader.spliced(text), reader.names)


def update_without(text: str, prefixes: Mapping[str, str], base: str | None, graph: str) -> str:
    """Narrow each operation of the update that has no USING to such a dataset in its WHERE.

    >>> update_without("DELETE WHERE { GRAPH ?g { ?s ?p ?o } }", {}, None, "urn:i")
    'DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?g != <urn:i>)}'
    """
    if _GRAPH not in text.upper():
        return text
    reader = _Reader(Declared(prefixes, base), graph, tokens(text))
    place, using = 0, False
    while place < len(reader.tokens):
        token = reader.tokens[place]
        using = token.text != ";" and (using or token.word == "USING")
        if not reader.opens(place):
            place = reader.declared_at(place)
        elif reader.word_before(place, 1) == "WHERE" and not using:
            place = reader.where(text, place)
        else:
            place = after_group(reader.tokens, place) or len(reader.tokens)
    return reader.spliced(text)


@final
@dataclass(slots=True)
class _Reader:
    """Reads a text once: what is inserted into it, and where."""

    declared: Declared
    graph: str
    tokens: Sequence[SparqlToken]
    names: bool = False
    pieces: list[tuple[int, str]] = field(default_factory=list)

    def opens(self, place: int) -> bool:
        """Whether a group opens there."""
        return self.tokens[place].text in _OPENING

    def declared_at(self, place: int) -> int:
        """Record the declaration at that token, if there is one; return the next token's number."""
        word = self.tokens[place].word
        if word not in ("PREFIX", "BASE"):
            return place + 1
        self.declared.declare(self.tokens, place)
        return place + (3 if word == "PREFIX" else 2)

    def word_before(self, place: int, back: int) -> str:
        """The word `back` tokens before, in capitals; empty where it is not a word."""
        return self.tokens[place - back].word if place >= back else ""

    def where(self, text: str, place: int) -> int:
        """Read the WHERE of an operation; return the number of the token behind it. DELETE WHERE,
        which may have no condition, becomes DELETE and WHERE, where one is needed."""
        known, end = len(self.pieces), self.pattern(place)
        if self.word_before(place, 2) == "DELETE" and len(self.pieces) > known:
            template = text[self.tokens[place].start : self.tokens[end - 1].end]
            self.pieces.append((self.tokens[place - 2].end, f" {template}"))
        return end

    def pattern(self, place: int) -> int:
        """Read the group that opens there, and note the conditions of it and of those within;
        return the number of the token behind it. A group that does not close is left to the
        engine's error."""
        open_groups: list[dict[str, None]] = []
        for at in range(place, len(self.tokens)):
            token = self.tokens[at]
            if token.text in _OPENING:
                open_groups.append({})
            elif token.text in _CLOSING:
                conditions = open_groups.pop()
                self.pieces += [(token.start, "".join(conditions))] if conditions else []
                if not open_groups:
                    return at + 1
            elif condition := self._condition(at):
                open_groups[-1][condition] = None
        return len(self.tokens)

    def _condition(self, place: int) -> str:
        """The condition for the pattern GRAPH whose name, or whose keyword run together with its
        name, is at that token; empty where there is none."""
        token, last = self.tokens[place], len(self.tokens) - 1
        if token.kind not in _NAMING or place == last or self.tokens[place + 1].text != "{":
            return ""
        if self.tokens[place - 1].word.endswith(_GRAPH):
            if token.kind == "variable":
                return (
                    f"FILTER({token.text} != <{self.graph}>{_no_version(token.text, self.graph)})"
                )
            return self._of_name(token)
        before, _, rest = token.text.partition(":")
        start = before.upper().rfind(_GRAPH) + len(_GRAPH)
        together = token.kind == "name" and before.upper().find(_GRAPH) >= 0
        return (
            self._of_name(SparqlToken("name", f"{before[start:]}:{rest}", 0, 0)) if together else ""
        )

    def _of_name(self, token: SparqlToken) -> str:
        plain = SparqlToken(token.kind, without_escapes(token.text), token.start, token.end)
        if self.declared.iri([plain], 0) != self.graph:
            return ""
        self.names = True
        return "FILTER(false)"

    def spliced(self, text: str) -> str:
        """The text with the conditions inserted."""
        for place, piece in sorted(self.pieces, reverse=True):
            text = text[:place] + piece + text[place:]
        return text


def _no_version(variable: str, graph: str) -> str:
    """The condition that a graph is no earlier version of an ontology of the project whose
    inferences are in that graph: none has an IRI that ends in a version. The beginning is compared
    first, since nearly all graphs are others."""
    base = graph.removesuffix(_INFERRED)
    if base == graph:
        return ""
    name = f"STR({variable})"
    return f' && !(STRSTARTS({name}, "{base}/ontology/") && REGEX({name}, "{_VERSION}"))'
