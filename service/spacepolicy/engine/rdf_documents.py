"""A client's document in any format of graphs, read into quads.

Spec: https://www.w3.org/TR/turtle/, https://www.w3.org/TR/trig/, https://www.w3.org/TR/n-quads/,
https://www.w3.org/TR/json-ld11/, https://www.w3.org/TR/rdf-syntax-grammar/
"""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from spacepolicy.engine.rdfxml import NO_LANGUAGE, normalised
from spacepolicy.errors import BadParameterError, EgressRefusedError
from spacepolicy.formats import Format

Term = NamedNode | BlankNode | Literal | Triple
_FETCHES: Final = "No LoadDocumentCallback"
"""The parser's message for JSON-LD whose context it would have to fetch."""


def read(body: bytes, format: Format, base: str, *, graphs: bool) -> list[Quad]:
    """The quads of a document; without `graphs`, it may have no named graph.

    Labels of blank nodes are local to a document: each node has a name that no other has, of the
    store or of another document (Turtle 2.6, JSON-LD 1.1 4.5.1).

    Raises: BadParameterError where it cannot be read, EgressRefusedError where it names a context
    that would have to be fetched.
    """
    with reading(format):
        return list(quads_in(BytesIO(body), format, base, graphs=graphs))


def quads_in(file: IO[bytes], format: Format, base: str, *, graphs: bool) -> Iterator[Quad]:
    """The same, one after the other as they are read, inside `reading`."""
    assert format.rdf is not None  # noqa: S101 # a format of graphs
    if format.rdf == RdfFormat.RDF_XML:
        text = normalised(file.read())
        found = _parsed(BytesIO(text.encode()), format, base, graphs=graphs)
        return _mended(found) if NO_LANGUAGE in text else found
    _skip_mark(file, format)
    return _parsed(file, format, base, graphs=graphs)


def _skip_mark(file: IO[bytes], format: Format) -> None:
    """Skip the byte order mark that some editors write.

    Raises: BadParameterError where the mark says that it is not in UTF-8.
    """
    start = file.read(len(codecs.BOM_UTF8))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadParameterError(
            f"The {format.label} begins with the byte order mark of UTF-16: send it in UTF-8."
        )
    if start != codecs.BOM_UTF8:
        file.seek(0)


def _parsed(file: IO[bytes], format: Format, base: str, *, graphs: bool) -> Iterator[Quad]:
    return parse(
        file,
        format.rdf,
        base_iri=base or None,
        without_named_graphs=not graphs,
        rename_blank_nodes=True,
    )


@contextmanager
def reading(format: Format) -> Iterator[None]:
    """Translate the parser's errors into problems of this service.

    Raises: as `read`.
    """
    try:
        yield
    except SyntaxError as error:
        if _FETCHES in str(error):
            raise EgressRefusedError(
                "The JSON-LD names a context elsewhere; it is not fetched. Put it into the "
                "document."
            ) from error
        place = {"line": error.lineno, "column": error.offset} if error.lineno else {}
        reason = f"The {format.label} cannot be read: {error}"
        raise BadParameterError(reason, extras=place) from error
    except (ValueError, OSError) as error:
        raise BadParameterError(f"The {format.label} cannot be read: {error}") from error


def _mended(quads: Iterable[Quad]) -> Iterator[Quad]:
    """The quads, in which literals with the tag `NO_LANGUAGE` have no language."""
    for quad in quads:
        yield Quad(quad.subject, quad.predicate, _without_mark(quad.object), quad.graph_name)


def _without_mark(term: Term) -> Term:
    match term:
        case Literal() if term.language == NO_LANGUAGE:
            return Literal(term.value)
        case Triple():
            return Triple(term.subject, term.predicate, _without_mark(term.object))
        case _:
            return term
