"""Answers of the engine, serialised in any format of the table.

Spec: https://www.w3.org/TR/sparql11-results-json/, https://www.w3.org/TR/rdf-sparql-XMLres/,
https://www.w3.org/TR/sparql11-results-csv-tsv/, https://www.rfc-editor.org/rfc/rfc4180
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import IO, Final, Protocol, cast
from typing import Literal as OneOf

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    serialize,
)

from spacepolicy.formats import Format
from spacepolicy.xml_serialization import (
    XmlOutput,
    cannot_say,
    rdfxml_prefixes,
    rdfxml_triples,
)

Answer = QuerySolutions | QueryBoolean | QueryTriples | Iterator[Quad] | Iterator[Triple]
Form = OneOf["solutions", "boolean", "graph"]
"""The form of a query's answer: SELECT gives solutions, ASK a boolean, CONSTRUCT and DESCRIBE a
graph."""
_CSV_PIECE: Final = 8192
"""Characters that are collected before they are encoded and written, since both cost more by line
than by piece; the first piece of a long answer still goes out soon."""
_COLUMNS: Final = "spacepolicy.columns.writing"
"""Imported only when it is needed: pyarrow is optional, and takes 0.2 s and 40 MB."""


def load_columns() -> None:
    """Import the module that writes columns, where pyarrow is installed: a worker opens no files
    later."""
    if find_spec("pyarrow") is not None:
        import_module(_COLUMNS)


class ByteSink(Protocol):
    """Receives an answer's bytes, piece by piece."""

    def write(self, data: bytes, /) -> int:
        """Take the bytes."""
        ...

    def flush(self) -> None:
        """Called when no more bytes follow."""
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


def _uncounted(_rows: int) -> None:
    """The default of `count`: does nothing."""


def write(
    answer: Answer,
    format: Format,
    output: ByteSink,
    prefixes: Mapping[str, str],
    count: Callable[[int], None] = _uncounted,
) -> None:
    """Write the answer to the output as it is computed.

    Solutions need a format of solutions or columns, booleans one of solutions, a graph a format of
    graphs; `prefixes` shorten the IRIs of Turtle, TriG and RDF/XML. In formats of columns, `count`
    gets the number of rows of each block as it comes.

    Raises: NotAcceptableError where XML cannot carry the answer; OSError where it breaks off, or
    the format cannot carry it.
    """
    if isinstance(answer, QuerySolutions) and format.kind == "columns":
        write_columns = import_module(_COLUMNS).write
        write_columns(answer, format.name.split(" ")[0], output, terms=format.terms, count=count)
        output.flush()
    elif isinstance(answer, QuerySolutions) and format.results == QueryResultsFormat.CSV:
        _write_csv(answer, output)
    elif format.results == QueryResultsFormat.XML or format.rdf == RdfFormat.RDF_XML:
        _write_xml(answer, format, output, prefixes)
    else:
        _serialize(answer, format, output, prefixes)


def _serialize(
    answer: Answer, format: Format, output: ByteSink, prefixes: Mapping[str, str]
) -> None:
    file = cast("IO[bytes]", output)  # the engine asks no more of a file
    if isinstance(answer, (QuerySolutions, QueryBoolean)):
        answer.serialize(file, format=format.results)
    else:
        serialize(answer, file, format.rdf, prefixes=dict(prefixes))


def _write_xml(
    answer: Answer, format: Format, output: ByteSink, prefixes: Mapping[str, str]
) -> None:
    xml = XmlOutput(output, format)
    if not isinstance(answer, (QuerySolutions, QueryBoolean)):
        prefixes = rdfxml_prefixes(prefixes)
        answer = rdfxml_triples(answer, format, prefixes)
    try:
        _serialize(answer, format, xml, prefixes)
    except Exception:
        if xml.problem is not None:  # the engine may raise another in its place
            raise xml.problem from None
        raise


def whole(answer: Answer, format: Format, prefixes: Mapping[str, str]) -> bytes:
    """The bytes of a complete answer, as `write` writes it.

    Raises: NotAcceptableError where the format cannot carry it.
    """
    output = BytesIO()
    try:
        write(answer, format, output, prefixes)
    except OSError as error:
        raise cannot_say(format, str(error)) from error
    return output.getvalue()


def _write_csv(answer: QuerySolutions, output: ByteSink) -> None:
    """Write the solutions as CSV. The engine's own CSV leaves IRIs with a comma (those of passages,
    RFC 5147) unquoted, which RFC 4180 section 2 forbids.
    """
    lines = [",".join(_quoted(variable.value) for variable in answer.variables)]
    size = 0
    for solution in answer:
        line = ",".join([_csv_field(term) for term in solution])
        lines.append(line)
        size += len(line)
        if size > _CSV_PIECE:
            output.write(("\r\n".join(lines) + "\r\n").encode())
            lines, size = [], 0
    if lines:
        output.write(("\r\n".join(lines) + "\r\n").encode())
    output.flush()


def _csv_field(term: object) -> str:
    match term:
        case None:
            return ""
        case NamedNode() | Literal():
            return _quoted(term.value)
        case BlankNode():
            return f"_:{term.value}"
        case _:
            return _quoted(str(term))


def _quoted(text: str) -> str:
    if "," in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
