"""What the core ontology's header says of the whole: its base, its prefixes, its imports.

Spec: https://www.w3.org/TR/owl2-syntax/#Imports, https://www.w3.org/TR/shacl/#sparql-prefixes,
https://vocab.org/vann/
"""

from collections.abc import Iterable, Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.dataset.files.reading import Note
from spacepolicy.dataset.files.record import GraphFile, Record, graph_iri, line_in, place_of
from spacepolicy.errors import Finding
from spacepolicy.namespaces import OWL, RDF, SH, Base

_TYPE: Final = NamedNode(f"{RDF}type")
_NODE_SHAPE: Final = NamedNode(f"{SH}NodeShape")
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
    """Whether the file says that the ontology's terms are in <base>def/."""
    wanted = f"{ontology.removesuffix('ontology')}def/"
    return any(
        quad.subject == NamedNode(ontology)
        and quad.predicate == _NAMESPACE_URI
        and isinstance(quad.object, NamedNode | Literal)
        and quad.object.value == wanted
        for quad in file.quads
    )


def import_findings(record: Record) -> Iterator[Finding]:
    """Imports of ontologies under the base that no file declares; others are never fetched."""
    known = record.graphs().keys()
    for file in record.files:
        for quad in file.quads:
            if quad.predicate == _IMPORTS and isinstance(quad.object, NamedNode):
                imported = quad.object.value
                if imported.startswith(record.base.iri) and imported not in known:
                    message = f"<{imported}> is imported, but no file in ontology/ declares it."
                    yield Finding(
                        file.name, line_in(file, place_of(quad.triple)), "import", message
                    )


def knowledge_graphs(record: Record) -> frozenset[str]:
    """The graphs that make the knowledge: all but ontologies that the core does not import."""
    ontologies = {
        graph for file in record.files if file.path.suffix == ".ttl" for graph in file.graphs
    }
    graphs = frozenset(graph_iri(quad) for quad in record.quads())
    return graphs - (ontologies - _import_closure(record))


def _import_closure(record: Record) -> set[str]:
    imports: dict[str, set[str]] = {}
    for quad in record.quads():
        if quad.predicate == _IMPORTS and isinstance(quad.object, NamedNode):
            imports.setdefault(graph_iri(quad), set()).add(quad.object.value)
    closure: set[str] = set()
    waiting = [record.base.ontology.value]
    while waiting:
        ontology = waiting.pop()
        if ontology not in closure:
            closure.add(ontology)
            waiting += imports.get(ontology, ())
    return closure


def shape_graphs(record: Record) -> frozenset[str]:
    """The graphs of shapes, which are not merged."""
    shapes = {
        graph_iri(quad)
        for quad in record.quads()
        if quad.predicate == _TYPE and quad.object == _NODE_SHAPE
    }
    return frozenset(shapes) - knowledge_graphs(record)


def declared_prefixes(record: Record) -> dict[str, str]:
    """The prefixes that the core ontology declares with sh:declare, sorted.

    Spec: https://www.w3.org/TR/shacl/#sparql-prefixes
    """
    core = record.graphs().get(record.base.ontology.value, [])
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
