"""The line at which each statement of a Turtle or TriG file stands, for findings that name it.

Parsers lose the lines: pyoxigraph has none, rdflib gives each object of a list the line of the
last. So pyoxigraph is fed one token at a time: a statement that it then yields is at the line of
that token or, when the token closes a bracket, at the line of the opening one. Only objects that
are collections are known before they close.

Spec: https://www.w3.org/TR/turtle/#sec-parsing, https://www.w3.org/TR/trig/#sec-parsing
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import IO, cast, final

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from spacepolicy.namespaces import XSD
from spacepolicy.turtle_format.document import rdf_format
from spacepolicy.turtle_format.nodes import FIRST
from spacepolicy.turtle_format.order import GraphName, Node, Term
from spacepolicy.turtle_format.tokens import TurtleToken, tokens


def statement_lines(path: Path) -> Mapping[Quad, int]:
    """The line, counted from 1, on which the object of each statement begins.

    A statement written twice stands at its first line. Labelled blank nodes keep their labels;
    those in brackets have labels of this reading only.

    Raises:
        SyntaxError: the file is not Turtle or TriG.
        UsageError: its name ends neither in .ttl nor in .trig.
    """
    return _lines(path.read_bytes().decode("utf-8-sig"), rdf_format(str(path)))


def line_of(
    path: Path,
    *,
    subject: Node | None = None,
    predicate: NamedNode | None = None,
    object: Term | None = None,  # noqa: A002  RDF's own word
    graph: GraphName | None = None,
) -> int | None:
    """The line of the first statement that has all the terms given; None when there is none."""
    return first_line(statement_lines(path), (subject, predicate, object, graph))


def first_line(lines: Mapping[Quad, int], wanted: Sequence[Term | GraphName | None]) -> int | None:
    """The same for lines that are known; `wanted` are the terms of a quad, None for any."""
    for quad, line in lines.items():
        if all(term in (None, has) for term, has in zip(wanted, quad, strict=True)):
            return line
    return None


def lines_of_text(trig: str) -> Mapping[Quad, int]:
    """The line of each statement of a TriG text, as `statement_lines` returns it for a file."""
    return _lines(trig, RdfFormat.TRIG)


@lru_cache(maxsize=16)
def _lines(text: str, format: RdfFormat) -> Mapping[Quad, int]:
    feed = _Feed([token for token in tokens(text) if token.kind != "comment"])
    lines: dict[Quad, int] = {}
    collections: dict[object, int] = {}
    for quad in parse(cast("IO[bytes]", feed), format):
        if quad.predicate == FIRST and feed.place.parenthesis:
            collections.setdefault(quad.subject, feed.place.parenthesis)
        lines.setdefault(quad, collections.get(quad.object, feed.place.line))
    return MappingProxyType(lines)


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """The line where the last object begins, and that of the innermost open collection."""

    line: int = 0
    parenthesis: int | None = None


@final
class _Feed:
    """A binary file that returns one token at each read and knows its place."""

    def __init__(self, found: Sequence[TurtleToken]) -> None:
        self._steps = zip(_places(found), _chunks(found), strict=True)
        self.place = _Place()

    def read(self, _size: int = -1) -> bytes:
        self.place, chunk = next(self._steps, (self.place, b""))
        return chunk


def _places(found: Sequence[TurtleToken]) -> Iterator[_Place]:
    opened: list[TurtleToken] = []
    line, before = 0, ""
    for token in found:
        match token.kind, token.text:
            case "mark", "[" | "(":
                opened.append(token)
            case "mark", "]" | ")" if opened:
                line = opened.pop().line
            case "iri" | "string" | "word", _ if before != "^^":
                line = token.line
        before = token.text
        parentheses = (each.line for each in reversed(opened) if each.text == "(")
        yield _Place(line, next(parentheses, None))


def _chunks(found: Sequence[TurtleToken]) -> Iterator[bytes]:
    """Each token with a separator, so that no parser waits for the next one.

    A plain string gets the datatype that it has anyway; line breaks stay where they were.
    """
    end = TurtleToken("mark", "", found[-1].line if found else 0, 0)
    for token, after in pairwise([*found, end]):
        plain = token.kind == "string" and after.kind != "tag" and after.text != "^^"
        datatype = f"^^<{XSD}string>" if plain else ""
        breaks = "\n" * (after.line - token.line - token.text.count("\n"))
        yield f"{token.text}{datatype} {breaks}".encode()
