"""One of two states that are compared: a content folder, or one file of an ontology."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.ontology import knowledge_graphs
from spacepolicy.knowledge.loading.record import graph_iri
from spacepolicy.knowledge.reasoning.expressions import TYPE, owl
from spacepolicy.knowledge.reasoning.plain_words import PlainWords, TermLabels
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.namespaces import OWL, SH, SKOS
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.order import Term

KINDS: Final[Mapping[NamedNode, str]] = {
    NamedNode(f"{OWL}Class"): "class",
    NamedNode(f"{OWL}ObjectProperty"): "property",
    NamedNode(f"{OWL}DatatypeProperty"): "property",
    NamedNode(f"{OWL}AnnotationProperty"): "property",
    NamedNode(f"{SKOS}Concept"): "concept",
    NamedNode(f"{SKOS}ConceptScheme"): "concept scheme",
}
_VERSION: Final = owl("versionInfo")
_DEPRECATED: Final = owl("deprecated")
_NODE_SHAPE: Final = NamedNode(f"{SH}NodeShape")
_TRUE: Final = "true"


@final
class Side:
    """A state of the ontology, `name` as it was requested; `material` has its data and queries,
    None where it is one file."""

    def __init__(
        self, name: str, statements: Iterable[Triple], material: CheckContext | None
    ) -> None:
        self.name = name
        self.material = material
        self.statements = frozenset(statements)

    @cached_property
    def kinds(self) -> Mapping[NamedNode, str]:
        """What each term is: class, property, concept, concept scheme."""
        return {
            each.subject: KINDS[each.object]
            for each in self.statements
            if each.predicate == TYPE
            and isinstance(each.object, NamedNode)
            and each.object in KINDS
            and isinstance(each.subject, NamedNode)
        }

    @cached_property
    def labels(self) -> TermLabels:
        """The labels of terms and things."""
        known = self.statements if self.material is None else self.material.knowledge
        return TermLabels([*known, *self.statements])

    @cached_property
    def words(self) -> PlainWords:
        """The sentences for axioms and statements."""
        return PlainWords(filter(_is_of_axioms, self.statements), self.labels, "en")

    @cached_property
    def about(self) -> Mapping[NamedNode, list[Triple]]:
        """The statements of each named thing."""
        found: dict[NamedNode, list[Triple]] = {}
        for each in self.statements:
            if isinstance(each.subject, NamedNode):
                found.setdefault(each.subject, []).append(each)
        return found

    def values(self, subject: NamedNode, predicate: NamedNode) -> list[Term]:
        """The values of that property of the term."""
        return [each.object for each in self.about.get(subject, ()) if each.predicate == predicate]

    @cached_property
    def deprecated(self) -> frozenset[NamedNode]:
        """The deprecated terms."""
        return frozenset(
            subject
            for subject in self.kinds
            if any(
                isinstance(each, Literal) and each.value == _TRUE
                for each in self.values(subject, _DEPRECATED)
            )
        )

    @cached_property
    def version(self) -> str | None:
        """The version of the core ontology; of a file, its own."""
        ontologies = [s for s in self.about if owl("Ontology") in self.values(s, TYPE)]
        if self.material is not None:
            ontologies = [self.material.base.ontology]
        found = (
            v.value for s in ontologies for v in self.values(s, _VERSION) if isinstance(v, Literal)
        )
        return next(found, None)

    @cached_property
    def shapes(self) -> frozenset[Triple]:
        """The statements of the shapes; a file may be one of shapes."""
        return self.statements if self.material is None else frozenset(self.material.shapes)


def _is_of_axioms(triple: Triple) -> bool:
    return is_axiomatic(triple) or isinstance(triple.subject, BlankNode)


def folder_side(name: str, folder: Path) -> Side:
    """The state in a content folder. Raises: FindingsError where its files cannot be read."""
    material = CheckContext(folder, packaged=False)
    graphs = knowledge_graphs(material.record)
    statements = (
        quad.triple
        for quad in material.quads
        if graph_iri(quad) in graphs and _is_of_ontology(material, graph_iri(quad))
    )
    return Side(name, statements, material)


def _is_of_ontology(material: CheckContext, graph: str) -> bool:
    return graph.startswith(material.base.ontology.value)


def file_side(name: str, path: Path) -> Side:
    """Read the state in a Turtle file. Raises: FindingsError where it cannot be read."""
    try:
        quads = [*parse(read_text(path).encode(), RdfFormat.TURTLE)]
    except SyntaxError as error:
        finding = Finding(str(path), error.lineno, "syntax", f"{error.msg}.")
        raise FindingsError([finding]) from error
    return Side(name, (quad.triple for quad in quads), None)
