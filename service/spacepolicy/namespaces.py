"""The namespaces that the software itself reads and writes; the project's own base is data."""

from dataclasses import dataclass
from typing import final

from pyoxigraph import NamedNode

DCTERMS = "http://purl.org/dc/terms/"
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"


@final
@dataclass(frozen=True, slots=True)
class Base:
    """The IRI that everything the project names begins with, ending in a slash.

    >>> Base("https://example.org/").term("Passage").value
    'https://example.org/def/Passage'
    """

    iri: str

    def term(self, name: str) -> NamedNode:
        """The class or property with that local name."""
        return NamedNode(f"{self.iri}def/{name}")

    @property
    def ontology(self) -> NamedNode:
        """The core ontology, and the graph that holds it."""
        return NamedNode(f"{self.iri}ontology")

    @property
    def alignments(self) -> NamedNode:
        """The ontology that relates terms to those of other vocabularies; it is not merged."""
        return NamedNode(f"{self.iri}ontology/alignments")

    @property
    def rules(self) -> NamedNode:
        """The ontology of the rules beyond OWL, and the graph that holds it."""
        return NamedNode(f"{self.iri}ontology/rules")

    @property
    def inferred(self) -> NamedNode:
        """The graph of the statements that are only inferred."""
        return NamedNode(f"{self.iri}graph/inferred")

    @property
    def service(self) -> NamedNode:
        """The graph in which a service describes itself; it is no part of the dataset."""
        return NamedNode(f"{self.iri}graph/service")

    @property
    def sources(self) -> str:
        """The prefix of the IRIs of sources and of their passages."""
        return f"{self.iri}source/"
