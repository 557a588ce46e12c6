"""The header of the core ontology: its base, its prefixes, its imports.

Spec: https://www.w3.org/TR/owl2-syntax/#Imports, https://www.w3.org/TR/shacl/#sparql-prefixes,
https://vocab.org/vann/
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from difflib import get_close_matches
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.graph_files import Note
from spacepolicy.knowledge.loading.record import (
    FileRecord,
    GraphFile,
    StatementPlace,
    graph_iri,
    line_in,
    place_of,
)
from spacepolicy.namespaces import OWL, RDF, SH, Base

_TYPE: Final = NamedNode(f"{RDF}type")
_NODE_SHAPE: Final = NamedNode(f"{SH}NodeShape")
_ONTOLOGY: Final = NamedNode(f"{OWL}Ontology")
_IMPORTS: Final = NamedNode(f"{OWL}imports")
_NAMESPACE_URI: Final = NamedNode("http://purl.org/vocab/vann/preferredNamespaceUri")
_DECLARE: Final = NamedNode(f"{SH}declare")
_PREFIX: Final = NamedNode(f"{SH}prefix")
_NAMESPACE: Final = NamedNode(f"{SH}namespace")


def find_base(files: Iterable[GraphFile], note: Note) -> Base | None:
    """The base that the core ontology declares, with its name and namespace; else None, noted."""
    files = tuple(files)
    bases = [
        Base(iri.removesuffix("ontology"))
        for file in files
        for iri in sorted(file.graphs)
        if iri.endswith("/ontology") and _declares(file, iri)
    ]
    if len(bases) == 1:
        return bases[0]
    message = (
        f"{len(bases)} ontologies are named <base>ontology and give vann:preferredNamespaceUri "
        "as <base>def/; there must be one."
    )
    note(Finding("ontology", None, "base", message))
    return None


def _declares(file: GraphFile, ontology: str) -> bool:
    """Whether the file states that the ontology's terms are in <base>def/."""
    wanted = f"{ontology.removesuffix('ontology')}def/"
    return any(
        quad.subject == NamedNode(ontology)
        and quad.predicate == _NAMESPACE_URI
        and isinstance(quad.object, NamedNode | Literal)
        and quad.object.value == wanted
        for quad in file.quads
    )


def import_findings(record: FileRecord) -> tuple[Finding, ...]:
    """Find imports that do not connect the ontologies under the base.

    An import of a missing ontology often is what disconnects another file: that one is reported
    only when every import is found.
    """
    return (*_unanswered(record),) or (*_unconnected(record),)


def _unanswered(record: FileRecord) -> Iterator[Finding]:
    """Imports of ontologies under the base that no file declares; others are never fetched."""
    known = record.graphs.keys()
    for file in record.files:
        for quad in file.quads:
            if quad.predicate == _IMPORTS and isinstance(quad.object, NamedNode):
                imported = quad.object.value
                if imported.startswith(record.base.iri) and imported not in known:
                    message = f"<{imported}> is imported, but no file in ontology/ declares it."
                    (nearest,) = get_close_matches(
                        imported, (graph for graph in known if "#" not in graph), n=1, cutoff=0
                    )
                    line = line_in(file, place_of(quad.triple))
                    yield Finding(
                        file.name, line, "import", message, f"The nearest is <{nearest}>."
                    )


def _unconnected(record: FileRecord) -> Iterator[Finding]:
    """Ontologies that no imports connect to the core: they would be left out without a message.

    Those that another such ontology imports are left out with it, and reported where they stand
    alone.
    """
    core = record.base.ontology.value
    left_out = _ontologies(record) - knowledge_graphs(record) - _aside(record)
    imports = _imports(record)
    below = _closure({each for one in left_out for each in imports.get(one, ())}, imports)
    for file in record.files:
        for ontology in sorted(file.graphs & ((left_out - below) or left_out)):
            message = (
                f"<{ontology}> is no part of the knowledge: the core <{core}> does not import it, "
                "directly or through others, and it does not import the core. What it states "
                "would be left out."
            )
            remedy = f"Write `owl:imports <{core}> ;` in its header, or import it where it is used."
            line = line_in(file, StatementPlace(NamedNode(ontology), _TYPE, _ONTOLOGY))
            yield Finding(file.name, line, "import", message, remedy)


def _imports(record: FileRecord) -> Mapping[str, set[str]]:
    """The imports of each ontology."""
    imports: dict[str, set[str]] = {}
    for quad in record.quads():
        if quad.predicate == _IMPORTS and isinstance(quad.object, NamedNode):
            imports.setdefault(graph_iri(quad), set()).add(quad.object.value)
    return imports


def knowledge_graphs(record: FileRecord) -> frozenset[str]:
    """The graphs of the knowledge: the data, and the ontologies connected to the core.

    These are the core, those that import it, directly or through others, and all that one of them
    imports. Shapes and alignments import the core too, and are part of it only when imported.
    """
    return frozenset(record.graphs) - (_ontologies(record) - _tied_to_core(record))


def _ontologies(record: FileRecord) -> frozenset[str]:
    return frozenset(
        graph for file in record.files if file.path.suffix == ".ttl" for graph in file.graphs
    )


def _aside(record: FileRecord) -> frozenset[str]:
    """The ontologies that import the core without being part of it: shapes and alignments."""
    return _graphs_with_shapes(record) | {record.base.alignments.value}


def core_ontologies(record: FileRecord) -> set[str]:
    """The core and what it imports, directly or through others."""
    return with_imports(record, {record.base.ontology.value})


def with_imports(record: FileRecord, ontologies: Set[str]) -> set[str]:
    """The ontologies and what they import, directly or through others."""
    return _closure(ontologies, _imports(record))


def _tied_to_core(record: FileRecord) -> set[str]:
    imports = _imports(record)
    core = record.base.ontology.value
    importing = {
        ontology
        for ontology in imports.keys() - _aside(record)
        if core in _closure({ontology}, imports)
    }
    return _closure({core, *importing}, imports)


def _closure(ontologies: Set[str], imports: Mapping[str, set[str]]) -> set[str]:
    """The ontologies and all that they import, directly or through others."""
    closure: set[str] = set()
    waiting = [*ontologies]
    while waiting:
        ontology = waiting.pop()
        if ontology not in closure:
            closure.add(ontology)
            waiting += imports.get(ontology, ())
    return closure


def shape_graphs(record: FileRecord) -> frozenset[str]:
    """The graphs of shapes, which are not merged."""
    return _graphs_with_shapes(record) - knowledge_graphs(record)


def _graphs_with_shapes(record: FileRecord) -> frozenset[str]:
    return frozenset(
        graph_iri(quad)
        for quad in record.quads()
        if quad.predicate == _TYPE and quad.object == _NODE_SHAPE
    )


def declared_prefixes(record: FileRecord) -> dict[str, str]:
    """The prefixes that the core ontology declares with sh:declare, sorted.

    Spec: https://www.w3.org/TR/shacl/#sparql-prefixes
    """
    core = record.graphs.get(record.base.ontology.value, [])
    declarations = {
        triple.object
        for triple in core
        if triple.subject == record.base.ontology and triple.predicate == _DECLARE
    }
    names = _literals(core, _PREFIX)
    namespaces = _literals(core, _NAMESPACE)
    return dict(
        sorted((names[d], namespaces[d]) for d in declarations if d in names and d in namespaces)
    )


def _literals(triples: Iterable[Triple], predicate: NamedNode) -> dict[object, str]:
    return {
        triple.subject: triple.object.value
        for triple in triples
        if triple.predicate == predicate and isinstance(triple.object, Literal)
    }
