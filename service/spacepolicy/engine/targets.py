"""What a SPARQL update aims at, as far as its text shows: the graphs that its operations name.

One linear reader, as for queries. What it does not recognise makes `anything` true: the effect is
then found by comparing every graph, and nothing is missed.

Spec: https://www.w3.org/TR/sparql11-update/, https://www.w3.org/TR/sparql11-protocol/#update-operation
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.engine.lexer import LOCAL_ESCAPE, TOKEN, resolved
from spacepolicy.errors import BadParameterError

_SKIPPED: Final = frozenset({"SILENT", "GRAPH"})
_WHOLES: Final = frozenset({"DEFAULT", "NAMED", "ALL"})


@final
@dataclass(frozen=True, slots=True)
class Targets:
    """The graphs that are named as targets; whether the default graph is one, whether all named
    graphs are, and whether any graph may be that the text does not show."""

    graphs: frozenset[str] = frozenset()
    default: bool = False
    named: bool = False
    anything: bool = False


@final
@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while (token := TOKEN.match(text, position)) is not None:
        kind = token.lastgroup or "other"
        yield _Token(kind, token[kind], token.start(kind), token.end())
        position = token.end()


@final
@dataclass(slots=True)
class _Reader:
    """One reading: `wheres` are the offsets of WHERE, `shorthands` the spans of what stands in
    braces after DELETE WHERE."""

    prefixes: dict[str, str]
    base: str
    graphs: set[str] = field(default_factory=set)
    default: bool = False
    named: bool = False
    anything: bool = False
    uses: bool = False
    wheres: list[int] = field(default_factory=list)
    shorthands: list[tuple[int, int, int]] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Read to the end of the text."""
        tokens = list(_tokens(text))
        place, graph = 0, None
        while place < len(tokens):
            token = tokens[place]
            place += 1
            match token.word:
                case "PREFIX" | "BASE":
                    place = self._declare(token.word, tokens, place)
                case "WITH":
                    graph = self._iri(tokens, place)
                    self.uses = True
                    self._aim(graph)
                    place += 1
                case "USING":
                    self.uses = True
                    place += 2 if tokens[place : place + 1] and tokens[place].word else 1
                case "INSERT" | "DELETE":
                    place = self._templates(token, tokens, place, graph)
                case "WHERE":
                    self.wheres.append(token.start)
                    place, graph = self._after_group(tokens, place), None
                case "CLEAR" | "DROP" | "CREATE":
                    place = self._whole(tokens, place)
                case "ADD" | "MOVE" | "COPY":
                    place = self._transfer(token.word, tokens, place)
                case _:
                    self.anything |= token.text != ";"

    def _declare(self, word: str, tokens: list[_Token], place: int) -> int:
        names = tokens[place].text if word == "PREFIX" and place < len(tokens) else ""
        place += word == "PREFIX"
        iri = self._iri(tokens, place)
        if iri is None:
            self.anything = True
        elif word == "BASE":
            self.base = iri
        else:
            self.prefixes[names.removesuffix(":")] = iri
        return place + 1

    def _iri(self, tokens: list[_Token], place: int) -> str | None:
        """The IRI that stands there; None where there is none that can be told."""
        if place >= len(tokens):
            return None
        token = tokens[place]
        if token.kind == "iri":
            iri = token.text[1:-1]
            return resolved(iri, self.base) if self.base else iri
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            if prefix in self.prefixes:
                return self.prefixes[prefix] + LOCAL_ESCAPE.sub(r"\1", local.rstrip("."))
        return None

    def _aim(self, graph: str | None) -> None:
        if graph is None:
            self.anything = True
        else:
            self.graphs.add(graph)

    def _templates(self, token: _Token, tokens: list[_Token], place: int, graph: str | None) -> int:
        """What stands after INSERT or DELETE: quads, whose graphs are targets."""
        word = tokens[place].word if place < len(tokens) else ""
        if word in ("DATA", "WHERE"):
            place += 1
        if place >= len(tokens) or tokens[place].text != "{":
            self.anything = True
            return place
        start = tokens[place].start
        end = self._quads(tokens, place + 1, graph)
        if word == "WHERE":
            self.shorthands.append((token.end, start, tokens[end - 1].end))
        return end

    def _quads(self, tokens: list[_Token], place: int, graph: str | None) -> int:
        """Read quads up to the closing brace; the place behind it."""
        while place < len(tokens) and tokens[place].text != "}":
            token = tokens[place]
            place += 1
            if token.word == "GRAPH":
                self._aim(self._iri(tokens, place))
                place = self._after_group(tokens, place + 1)
            elif token.kind == "name" and token.text.partition(":")[0] not in self.prefixes:
                self.anything = True
            elif token.kind != "separator":
                if graph is None:
                    self.default = True
                self.anything |= "{" in token.text or (token.kind == "word" and token.text != "a")
        return place + 1

    def _after_group(self, tokens: list[_Token], place: int) -> int:
        """The place behind the group in braces that opens at this one."""
        if place >= len(tokens) or tokens[place].text != "{":
            self.anything = True
            return place
        depth = 0
        for at in range(place, len(tokens)):
            depth += {"{": 1, "{|": 1, "}": -1, "|}": -1}.get(tokens[at].text, 0)
            if depth == 0:
                return at + 1
        return len(tokens)

    def _whole(self, tokens: list[_Token], place: int) -> int:
        """The target of CLEAR, DROP or CREATE."""
        while place < len(tokens) and tokens[place].word in _SKIPPED:
            place += 1
        word = tokens[place].word if place < len(tokens) else ""
        if word in _WHOLES:
            self.default |= word in ("DEFAULT", "ALL")
            self.named |= word in ("NAMED", "ALL")
        else:
            self._aim(self._iri(tokens, place))
        return place + 1

    def _transfer(self, operation: str, tokens: list[_Token], place: int) -> int:
        """The two ends of ADD, MOVE or COPY."""
        for end in ("from", "to"):
            while place < len(tokens) and tokens[place].word in _SKIPPED | {"TO"}:
                place += 1
            if end == "to" or operation == "MOVE":
                if place < len(tokens) and tokens[place].word == "DEFAULT":
                    self.default = True
                else:
                    self._aim(self._iri(tokens, place))
            place += 1
        return place


def _read(text: str, prefixes: Mapping[str, str], base: str | None) -> _Reader:
    reader = _Reader(dict(prefixes), base or "")
    reader.read(text)
    reader.anything |= "\\u" in text or "\\U" in text
    return reader


def targets(text: str, prefixes: Mapping[str, str], base: str | None = None) -> Targets:
    """What the update aims at.

    >>> sorted(targets("DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } }", {}).graphs)
    ['urn:g']
    >>> targets("INSERT DATA { <urn:s> <urn:p> 1 } ; CLEAR NAMED", {}).default
    True
    """
    read = _read(text, prefixes, base)
    return Targets(frozenset(read.graphs), read.default, read.named, read.anything)


def with_using(
    text: str,
    prefixes: Mapping[str, str],
    using: tuple[str, ...],
    using_named: tuple[str, ...],
) -> str:
    """The update over the dataset that its request names, as its own USING clauses would say.

    Raises: BadParameterError where the text has USING or WITH of its own, or a graph is no IRI.

    Spec: https://www.w3.org/TR/sparql11-protocol/#update-operation (section 2.2.3)
    """
    read = _read(text, prefixes, None)
    if read.uses:
        raise BadParameterError(
            "The update says USING or WITH, and the request names a dataset too: give one of both."
        )
    try:
        clauses = "".join(f"USING {NamedNode(iri)} " for iri in dict.fromkeys(using))
        clauses += "".join(f"USING NAMED {NamedNode(iri)} " for iri in dict.fromkeys(using_named))
    except ValueError as error:
        raise BadParameterError(f"A graph of the dataset is no IRI: {error}") from error
    pieces = [(at, at, clauses) for at in read.wheres]
    for after, start, end in read.shorthands:
        pieces.append((after, start, f" {text[start:end]} {clauses}WHERE "))
    for start, end, piece in sorted(pieces, reverse=True):
        text = text[:start] + piece + text[end:]
    return text
