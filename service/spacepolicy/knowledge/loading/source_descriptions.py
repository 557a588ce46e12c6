"""The description of a source in its table of metadata, as statements in the source's own graph.

Each known key makes statements of one property, at its line; statements in the data take
precedence. IRIs may be relative to the project's base: `kind = "concept/document-kind/news-item"`.

Spec: https://toml.io/en/v1.0.0, https://www.rfc-editor.org/rfc/rfc3986#section-5
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar, final
from urllib.parse import urljoin

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.record import (
    GraphFile,
    StatementFault,
    StatementPlace,
    graph_iri,
)
from spacepolicy.knowledge.loading.sources import FOLDER, SourceDocument, line_of_key
from spacepolicy.namespaces import DCTERMS, RDF, XSD, Base

_TYPE: Final = NamedNode(f"{RDF}type")
_Values = Iterator[NamedNode | Literal]
_Kind = TypeVar("_Kind")


@final
@dataclass(frozen=True, slots=True)
class _Key:
    """A key of the metadata: the property of its statements, and the function that reads its
    value."""

    predicate: NamedNode
    read: Callable[[object, SourceDocument, Base], _Values]


def _words(value: object, source: SourceDocument, _: Base) -> _Values:
    """A text in the source's own language, or texts by their languages."""
    if isinstance(value, str):
        yield source.literal(value)
    elif isinstance(value, dict):
        for language, text in value.items():
            yield Literal(_of(str, text), language=_of(str, language))
    else:
        raise ValueError("write a text, or a table of texts by language")


def _plain(value: object, _: SourceDocument, __: Base) -> _Values:
    yield Literal(_of(str, value))


def _day(value: object, _: SourceDocument, __: Base) -> _Values:
    yield Literal(_of(date, value).isoformat(), datatype=NamedNode(f"{XSD}date"))


def _iris(value: object, _: SourceDocument, base: Base) -> _Values:
    for each in value if isinstance(value, list) else [value]:
        yield NamedNode(urljoin(base.iri, _of(str, each)))


def _address(value: object, source: SourceDocument, base: Base) -> _Values:
    """An IRI; a note in words is of no use to programs."""
    if _of(str, value).startswith(("http://", "https://")):
        yield from _iris(value, source, base)


def _of(kind: type[_Kind], value: object) -> _Kind:
    if not isinstance(value, kind):
        raise ValueError(f"write {_KINDS[kind]}")
    return value


_KINDS: Final[Mapping[type, str]] = {str: "a text", date: "a day (2026-11-28)"}


def _keys(base: Base) -> Mapping[str, _Key]:
    return {
        "title": _Key(NamedNode(f"{DCTERMS}title"), _words),
        "description": _Key(NamedNode(f"{DCTERMS}description"), _words),
        "language": _Key(NamedNode(f"{DCTERMS}language"), _plain),
        "licence": _Key(NamedNode(f"{DCTERMS}license"), _address),
        "kind": _Key(base.term("hasDocumentKind"), _iris),
        "reports_on": _Key(base.term("reportsOn"), _iris),
        "published": _Key(base.term("publishedOn"), _day),
        "sha256": _Key(base.term("sha256"), _plain),
    }


def source_files(
    content: Path,
    base: Base,
    sources: Iterable[SourceDocument],
    files: Iterable[GraphFile],
    note: Callable[[Finding], None],
) -> tuple[GraphFile, ...]:
    """The tables of metadata as files of graphs, without the statements that `files` have."""
    written = {
        (graph_iri(quad), quad.predicate)
        for file in files
        for quad in file.quads
        if isinstance(quad.subject, NamedNode) and graph_iri(quad) == quad.subject.value
    }
    found = (_file(content, base, source, written, note) for source in sources)
    return tuple(file for file in found if file.quads)


def _file(
    content: Path,
    base: Base,
    source: SourceDocument,
    written: set[tuple[str, NamedNode]],
    note: Callable[[Finding], None],
) -> GraphFile:
    name = f"{FOLDER}/{source.name}.toml"
    path = content / name
    lines: dict[int, list[str]] = {}
    if (source.iri, _TYPE) not in written:
        lines[1] = [_statement(source, _TYPE, base.term("SourceDocument"))]
    for key, meant in _keys(base).items():
        if key not in source.metadata or (source.iri, meant.predicate) in written:
            continue
        line = line_of_key(path, key) or 1
        try:
            values = [*meant.read(source.metadata[key], source, base)]
        except ValueError as error:
            note(Finding(name, line, "source", f"the value of {key} is not usable: {error}."))
            continue
        lines.setdefault(line, []).extend(_statement(source, meant.predicate, v) for v in values)
    trig = "\n".join(" ".join(lines.get(n, ())) for n in range(1, max(lines, default=0) + 1))
    quads = tuple(parse(trig, RdfFormat.TRIG))
    return GraphFile(path, name, quads, frozenset(quads), trig)


def _statement(source: SourceDocument, predicate: NamedNode, value: NamedNode | Literal) -> str:
    graph = NamedNode(source.iri)
    quad = Quad(graph, predicate, value, graph)
    return f"{graph} {{ {quad.triple} }}"


def description_faults(
    base: Base, source: SourceDocument, stated: Iterable[Triple]
) -> Iterator[StatementFault]:
    """Find where the source's own graph contradicts its metadata."""
    iri = NamedNode(source.iri)
    values_of: dict[NamedNode, set[object]] = {}
    for triple in stated:
        if triple.subject == iri:
            values_of.setdefault(triple.predicate, set()).add(triple.object)
    for key, meant in _keys(base).items():
        try:
            values = set(meant.read(source.metadata[key], source, base))
        except (KeyError, ValueError):
            continue
        for value in sorted(values - values_of.get(meant.predicate, values), key=str):
            message = (
                f"the graph <{source.iri}> says something else of its source than the metadata: "
                f"{key} is {value} in {FOLDER}/{source.name}.toml."
            )
            place = StatementPlace(iri, meant.predicate, graph=iri)
            yield StatementFault(
                "source", message, (place,), "Remove the statement: it is derived."
            )
