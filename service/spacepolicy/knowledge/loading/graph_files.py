"""Reads the files of graphs, and checks the distribution of graphs over them.

`ontology/**/*.ttl` are graphs named by their owl:Ontology, those of `ontology/versions/`, which are
earlier versions, by their owl:versionIRI; `data/**/*.trig` name their own.

Spec: https://www.w3.org/TR/turtle/, https://www.w3.org/TR/trig/
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, parse

from spacepolicy.errors import Finding
from spacepolicy.formats import FORMATS
from spacepolicy.knowledge.loading.record import (
    FileRecord,
    GraphFile,
    StatementPlace,
    graph_iri,
    line_in,
    place_of,
    quads_in,
    shown,
)
from spacepolicy.knowledge.loading.sources import FOLDER
from spacepolicy.namespaces import OWL, RDF
from spacepolicy.text_files import unreadable

_TYPE: Final = NamedNode(f"{RDF}type")
_ONTOLOGY: Final = NamedNode(f"{OWL}Ontology")
_VERSION: Final = NamedNode(f"{OWL}versionIRI")
CHECKS: Final = "ontology/checks/"
"""The folder of rules and the examples that violate them; they are not part of the ontology."""
VERSIONS: Final = "ontology/versions/"
"""The folder of earlier versions of the ontology: they are served by their IRIs and are not part of
the knowledge."""
_FOLDERS: Final = {"ontology": RdfFormat.TURTLE, "data": RdfFormat.TRIG}

Note = Callable[[Finding], None]
"""Receives a finding that does not stop the current work."""


def compiled_path(folder: Path, name: str) -> Path:
    """The path of the compiled form of a source without its text."""
    return folder / f"{name}.trig"


def read_compiled(content: Path, name: str, note: Note) -> GraphFile | None:
    """Read the compiled form of the source with that name; None where there is none."""
    path = compiled_path(content / FOLDER, name)
    if not path.is_file():
        return None
    file = path.relative_to(content).as_posix()
    return next(iter(_read(path, file, RdfFormat.TRIG, note)), None)


def read_files(content: Path, note: Note) -> tuple[GraphFile, ...]:
    """Read the files of graphs in a content folder, by name; files that cannot be read are
    noted."""
    files: list[GraphFile] = []
    for folder, format in _FOLDERS.items():
        for path in sorted((content / folder).rglob("*")):
            name = path.relative_to(content).as_posix()
            if name.startswith((CHECKS, VERSIONS)):
                continue
            if path.suffix == f".{format.file_extension}":
                files += _read(path, name, format, note)
            elif path.suffix.removeprefix(".") in _extensions():
                note(_unread(name, format))
    return tuple(files)


def read_versions(content: Path, note: Note) -> tuple[GraphFile, ...]:
    """Return the files of earlier versions, each in the graph of its version's IRI."""
    paths = sorted((content / VERSIONS).rglob("*.ttl"))
    return tuple(
        _version_graph(file, note)
        for path in paths
        for file in _read(path, path.relative_to(content).as_posix(), RdfFormat.TURTLE, note)
    )


def _version_graph(file: GraphFile, note: Note) -> GraphFile:
    versions = [
        quad.object
        for quad in file.quads
        if quad.predicate == _VERSION and isinstance(quad.object, NamedNode)
    ]
    if len(versions) != 1:
        message = f"the file names {len(versions)} versions (owl:versionIRI), not one."
        note(Finding(file.name, 1, "header", message))
        return GraphFile(file.path, file.name, ())
    quads = quads_in(versions[0], (quad.triple for quad in file.quads))
    return GraphFile(file.path, file.name, tuple(quads))


def _extensions() -> frozenset[str]:
    return frozenset(format.extension for format in FORMATS if format.kind == "graph")


def _unread(name: str, format: RdfFormat) -> Finding:
    message = f"files of this folder are {format.name}, named .{format.file_extension}."
    return Finding(name, None, "format", message, "Convert the file, or move it elsewhere.")


def _read(path: Path, name: str, format: RdfFormat, note: Note) -> Iterator[GraphFile]:
    if (data := readable(path, name, note)) is None:
        return
    try:
        quads = tuple(parse(data, format, rename_blank_nodes=True))
    except SyntaxError as error:
        reason = error.msg.partition(": ")[2] or error.msg
        column = f" (column {error.offset})" if error.offset else ""
        note(Finding(name, error.lineno, "syntax", f"{reason}{column}."))
    else:
        yield GraphFile(path, name, quads)


def readable(path: Path, name: str, note: Note) -> bytes | None:
    """The bytes of a text file without a byte order mark; None, and noted, where it cannot be
    read."""
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        note(Finding(name, None, "syntax", f"the file cannot be read: {error.strerror}."))
        return None
    finding = unreadable(name, data)
    if finding is not None:
        note(finding)
    return data if finding is None else None


def name_graphs(files: Iterable[GraphFile], note: Note) -> tuple[GraphFile, ...]:
    """The files with every statement in a named graph; statements in none are noted."""
    return tuple(
        _ontology_graph(file, note) if file.path.suffix == ".ttl" else _data_graphs(file, note)
        for file in files
    )


def _ontology_graph(file: GraphFile, note: Note) -> GraphFile:
    ontologies = _ontologies(file)
    if len(ontologies) != 1:
        message = f"the file has {len(ontologies)} headers (an owl:Ontology each), not one."
        line = line_in(file, StatementPlace(ontologies[1], _TYPE)) if ontologies else 1
        note(Finding(file.name, line, "header", message))
        return GraphFile(file.path, file.name, ())
    graph = ontologies[0]
    quads = quads_in(graph, (quad.triple for quad in file.quads))
    return GraphFile(file.path, file.name, tuple(quads))


def _ontologies(file: GraphFile) -> list[NamedNode]:
    return [
        quad.subject
        for quad in file.quads
        if quad.predicate == _TYPE
        and quad.object == _ONTOLOGY
        and isinstance(quad.subject, NamedNode)
    ]


def _data_graphs(file: GraphFile, note: Note) -> GraphFile:
    named = tuple(quad for quad in file.quads if isinstance(quad.graph_name, NamedNode))
    for quad in file.quads:
        if not isinstance(quad.graph_name, NamedNode):
            note(_outside_graphs(file, quad))
    return GraphFile(file.path, file.name, named)


def _outside_graphs(file: GraphFile, quad: Quad) -> Finding:
    where = "no graph" if isinstance(quad.graph_name, DefaultGraph) else "a graph without an IRI"
    message = f"{shown(quad.triple)} is stated in {where}."
    remedy = "Put it into the graph of the passage or the background that says it."
    return Finding(file.name, line_in(file, place_of(quad.triple)), "graph", message, remedy)


def graph_findings(record: FileRecord, sources: Iterable[str]) -> Iterator[Finding]:
    """Graphs in two files, graphs that must not be written, and those of an undescribed source.

    `sources` are the IRIs of the sources that are described.
    """
    known = frozenset(sources)
    homes: dict[str, GraphFile] = {}
    for file in record.files:
        for graph in sorted({graph_iri(quad) for quad in file.written}):
            if (home := homes.setdefault(graph, file)) is not file:
                yield _graph_finding(
                    file,
                    graph,
                    f"the graph <{graph}> is stated in {home.name} too.",
                    "Keep a graph in one file.",
                )
            if graph == record.base.inferred.value:
                message = f"<{graph}> holds what is inferred and is never written."
                yield _graph_finding(file, graph, message)
            document = graph.partition("#")[0]
            if document.startswith(record.base.sources) and document not in known:
                name = document.removeprefix(record.base.sources)
                message = f"the graph <{graph}> is of a source that is not described."
                yield _graph_finding(file, graph, message, f"Describe it in seeds/{name}.toml.")


def _graph_finding(file: GraphFile, graph: str, message: str, remedy: str = "") -> Finding:
    line = line_in(file, StatementPlace(graph=NamedNode(graph)))
    return Finding(file.name, line, "graph", message, remedy)
