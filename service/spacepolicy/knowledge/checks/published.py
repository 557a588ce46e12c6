"""Terms that an earlier version published: each still exists, in use or deprecated.

`ontology/versions/<version>.txt` lists the IRIs that a version had, one a line, without the base:
`spacepolicy terms` prints them. The list is committed, so that a shallow clone and an installed
package know what was published, which git's history would not show them.

Spec: https://www.w3.org/TR/cooluris/
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.ontology import knowledge_graphs
from spacepolicy.knowledge.loading.record import (
    FileRecord,
    StatementFault,
    StatementPlace,
    graph_iri,
)
from spacepolicy.namespaces import OWL, RDF, SKOS
from spacepolicy.text_files import read_text

FOLDER: Final = "ontology/versions"
_TYPE: Final = NamedNode(f"{RDF}type")
_KINDS: Final = frozenset(
    {
        *(
            NamedNode(f"{OWL}{name}")
            for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
        ),
        NamedNode(f"{SKOS}Concept"),
        NamedNode(f"{SKOS}ConceptScheme"),
    }
)


@final
@dataclass(frozen=True, slots=True)
class PublishedTerm:
    """A term as a version lists it."""

    iri: str
    version: str
    path: str
    line: int


def declared_terms(record: FileRecord) -> frozenset[str]:
    """Return the IRIs of the terms and concepts of the ontologies that are merged."""
    graphs = knowledge_graphs(record)
    return frozenset(
        quad.subject.value
        for quad in record.quads()
        if quad.predicate == _TYPE
        and quad.object in _KINDS
        and isinstance(quad.subject, NamedNode)
        and quad.subject.value.startswith(record.base.iri)
        and graph_iri(quad) in graphs
    )


def read_published(content: Path, base: str) -> Iterator[PublishedTerm]:
    """Return the terms in the lists of the versions."""
    for path in sorted((content / FOLDER).glob("*.txt")):
        name = path.relative_to(content).as_posix()
        for number, line in enumerate(read_text(path).splitlines(), 1):
            if line.strip():
                yield PublishedTerm(base + line.strip(), path.stem, name, number)


def gone_terms(content: Path, record: FileRecord) -> Iterator[StatementFault | Finding]:
    """Return the published terms that no longer exist, at the new name where one is likely."""
    declared = declared_terms(record)
    published = {each.iri: each for each in read_published(content, record.base.iri)}
    new = sorted(declared - published.keys())
    for iri in sorted(published.keys() - declared):
        each = published[iri]
        short = iri.removeprefix(record.base.iri)
        message = f"{short}, which version {each.version} has, is declared no more."
        stem = iri[: iri.rfind("/") + 1]
        near = difflib.get_close_matches(iri, [one for one in new if one.startswith(stem)], 1)
        if near:
            renamed = near[0].removeprefix(record.base.iri)
            remedy = (
                f"If {renamed} is its new name, keep the old one too, with owl:deprecated true "
                f"and dcterms:isReplacedBy the new one: others use it."
            )
            yield StatementFault(
                "published-term", message, (StatementPlace(NamedNode(near[0])),), remedy
            )
        else:
            remedy = "Declare it again, with owl:deprecated true: others may use it."
            yield Finding(each.path, each.line, "published-term", message, remedy)
