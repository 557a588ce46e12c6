"""The targets of a SPARQL update, as far as its text shows them: the graphs that its operations
name.

One linear reader, as for queries. A construct that it does not recognise makes `anything` true: the
effect is then found by comparing every graph, and nothing is missed.

Spec: https://www.w3.org/TR/sparql11-update/, https://www.w3.org/TR/sparql11-protocol/#update-operation
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.engine.tokens import Declared, SparqlToken, after_group, tokens
from spacepolicy.errors import BadParameterError

_SKIPPED: Final = frozenset({"SILENT", "GRAPH"})
_WHOLES: Final = frozenset({"DEFAULT", "NAMED", "ALL"})


@final
@dataclass(frozen=True, slots=True)
class Targets:
    """The graphs that are named as targets; whether the default graph is one, whether all named
    graphs are, and whether graphs that the text does not show may be."""

    graphs: frozenset[str] = frozenset()
    default: bool = False
    named: bool = False
    anything: bool = False


@final
@dataclass(slots=True)
class _Reader:
    """Reads a text once: `wheres` are the offsets of WHERE, `shorthands` the spans of the braces
    after DELETE WHERE."""

    declared: Declared
    graphs: set[str] = field(default_factory=set)
    default: bool = False
    named: bool = False
    anything: bool = False
    uses: bool = False
    wheres: list[int] = field(default_factory=list)
    shorthands: list[tuple[int, int, int]] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Read to the end of the text."""
        found = tokens(text)
        place, graph = 0, None
        while place < len(found):
            token = found[place]
            place += 1
            match token.word:
                case "PREFIX" | "BASE":
                    self.anything |= not self.declared.declare(found, place - 1)
                    place += 2 if token.word == "PREFIX" else 1
                case "WITH":
                    graph = self.declared.iri(found, place)
                    self.uses = True
                    self._aim(graph)
                    place += 1
                case "USING":
                    self.uses = True
                    place += 2 if found[place : place + 1] and found[place].word else 1
                case "INSERT" | "DELETE":
                    place = self._templates(token, found, place, graph)
                case "WHERE":
                    self.wheres.append(token.start)
                    place, graph = self._after_group(found, place), None
                case "CLEAR" | "DROP" | "CREATE":
                    place = self._whole(found, place)
                case "ADD" | "MOVE" | "COPY":
                    place = self._transfer(token.word, found, place)
                case _:
                    self.anything |= token.text != ";"

    def _aim(self, graph: str | None) -> None:
        if graph is None:
            self.anything = True
        else:
            self.graphs.add(graph)

    def _templates(
        self, token: SparqlToken, found: Sequence[SparqlToken], place: int, graph: str | None
    ) -> int:
        """Read the quads after INSERT or DELETE, whose graphs are targets."""
        word = found[place].word if place < len(found) else ""
        if word in ("DATA", "WHERE"):
            place += 1
        if place >= len(found) or found[place].text != "{":
            self.anything = True
            return place
        start = found[place].start
        end = self._quads(found, place + 1, graph)
        if word == "WHERE":
            self.shorthands.append((token.end, start, found[end - 1].end))
        return end

    def _quads(self, found: Sequence[SparqlToken], place: int, graph: str | None) -> int:
        """Read quads up to the closing brace; return the number of the token behind it."""
        while place < len(found) and found[place].text != "}":
            token = found[place]
            place += 1
            if token.word == "GRAPH":
                self._aim(self.declared.iri(found, place))
                place = self._after_group(found, place + 1)
            elif (
                token.kind == "name" and token.text.partition(":")[0] not in self.declared.prefixes
            ):
                self.anything = True
            elif token.kind != "separator":
                if graph is None:
                    self.default = True
                self.anything |= _is_of_no_quad(token)
        return place + 1

    def _after_group(self, found: Sequence[SparqlToken], place: int) -> int:
        """The number of the token behind the group in braces that opens at this one."""
        end = after_group(found, place)
        self.anything |= end is None
        return place if end is None else end

    def _whole(self, found: Sequence[SparqlToken], place: int) -> int:
        """Read the target of CLEAR, DROP or CREATE."""
        while place < len(found) and found[place].word in _SKIPPED:
            place += 1
        word = found[place].word if place < len(found) else ""
        if word in _WHOLES:
            self.default |= word in ("DEFAULT", "ALL")
            self.named |= word in ("NAMED", "ALL")
        else:
            self._aim(self.declared.iri(found, place))
        return place + 1

    def _transfer(self, operation: str, found: Sequence[SparqlToken], place: int) -> int:
        """Read the two ends of ADD, MOVE or COPY."""
        for end in ("from", "to"):
            while place < len(found) and found[place].word in _SKIPPED | {"TO"}:
                place += 1
            if end == "to" or operation == "MOVE":
                if place < len(found) and found[place].word == "DEFAULT":
                    self.default = True
                else:
                    self._aim(self.declared.iri(found, place))
            place += 1
        return place


def _is_of_no_quad(token: SparqlToken) -> bool:
    """Whether a token between braces shows that there is more than quads of the default graph."""
    if token.kind == "word":
        return token.text not in ("a", "true", "false")
    return token.kind == "open" and "{" in token.text


def _read(text: str, prefixes: Mapping[str, str], base: str | None) -> _Reader:
    reader = _Reader(Declared(prefixes, base))
    reader.read(text)
    reader.anything |= "\\u" in text or "\\U" in text
    return reader


def targets(text: str, prefixes: Mapping[str, str], base: str | None = None) -> Targets:
    """The targets of the update.

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
    """The update over the dataset that its request names, as its own USING clauses would.

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
