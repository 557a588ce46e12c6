"""Answers of the engine and their bytes in any format of the table.

Spec: https://www.w3.org/TR/sparql11-results-json/, https://www.w3.org/TR/rdf-sparql-XMLres/,
https://www.w3.org/TR/sparql11-results-csv-tsv/
"""

from collections.abc import Iterator, Mapping
from typing import IO, Literal, Protocol, cast

from pyoxigraph import Quad, QueryBoolean, QuerySolutions, QueryTriples, serialize

from spacepolicy.formats import Format

Answer = QuerySolutions | QueryBoolean | QueryTriples | Iterator[Quad]
Form = Literal["solutions", "boolean", "graph"]
"""What a query gives: SELECT solutions, ASK a boolean, CONSTRUCT and DESCRIBE a graph."""


class Output(Protocol):
    """Where an answer's bytes go, piece by piece."""

    def write(self, data: bytes, /) -> int:
        """Take the bytes."""
        ...

    def flush(self) -> None:
        """Hear that no more bytes follow."""
        ...


def form(answer: Answer) -> Form:
    """The form of the answer."""
    match answer:
        case QuerySolutions():
            return "solutions"
        case QueryBoolean():
            return "boolean"
        case _:
            return "graph"


def write(answer: Answer, format: Format, output: Output, prefixes: Mapping[str, str]) -> None:
    """Write the answer to the output as it is computed.

    Solutions and booleans need a format of solutions, a graph a format of graphs; `prefixes`
    shorten the IRIs of Turtle, TriG and RDF/XML.
    """
    file = cast("IO[bytes]", output)  # the engine asks no more of a file
    if isinstance(answer, QuerySolutions | QueryBoolean):
        answer.serialize(file, format=format.results)
    else:
        serialize(answer, file, format.rdf, prefixes=dict(prefixes))
