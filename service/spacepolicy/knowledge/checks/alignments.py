"""Alignments: each term of another vocabulary that ours is related to exists there.

The terms of a vocabulary are those that rdflib ships, or those that `ontology/vocabularies/*.txt`
list: its namespace in the first line, then one name a line, with notes after `#`. A list is
committed, so that a typing error is found where no other copy of the vocabulary is available.
"""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode

from spacepolicy.knowledge.checks.vocabularies import vocabularies
from spacepolicy.knowledge.loading.record import (
    FileRecord,
    StatementFault,
    StatementPlace,
    graph_iri,
)
from spacepolicy.namespaces import OWL, RDF, RDFS, SKOS
from spacepolicy.text_files import read_text

FOLDER: Final = "ontology/vocabularies"


def pinned(content: Path) -> dict[str, frozenset[str]]:
    """Return the IRIs of the listed terms, by their vocabulary's namespace."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted((content / FOLDER).glob("*.txt")):
        namespace, *lines = read_text(path).splitlines()
        names = (line.partition("#")[0].strip() for line in lines)
        found[namespace] = frozenset(namespace + name for name in names if name)
    return found


def alignment_faults(record: FileRecord, content: Path) -> Iterator[StatementFault]:
    """Return the terms in alignments that their vocabulary lacks, with the nearest one it has."""
    known = {**vocabularies(), **pinned(content)}
    graph = record.base.alignments
    named: dict[NamedNode, StatementPlace] = {}
    for quad in record.quads():
        if graph_iri(quad) == graph.value and _relates(quad.predicate):
            for term in (quad.subject, quad.object):
                if isinstance(term, NamedNode) and _is_foreign(term.value, record.base.iri):
                    place = StatementPlace(predicate=quad.predicate, object=term, graph=graph)
                    named.setdefault(term, place)
    for term, place in named.items():
        if (message := _lacking(term.value, known)) is not None:
            remedy = _remedy(term.value, known)
            yield StatementFault(
                "alignment", message, (place, StatementPlace(term, graph=graph)), remedy
            )


def _relates(predicate: NamedNode) -> bool:
    """Whether the predicate relates terms, or declares the kind of a term."""
    return predicate.value.startswith((RDFS, RDF, SKOS))


def _is_foreign(iri: str, base: str) -> bool:
    return not iri.startswith((base, OWL, RDF, RDFS))


def _namespace(iri: str, known: Mapping[str, frozenset[str]]) -> str | None:
    return next((each for each in known if iri.startswith(each)), None)


def _lacking(iri: str, known: Mapping[str, frozenset[str]]) -> str | None:
    namespace = _namespace(iri, known)
    if namespace is None:
        return f"<{iri}> is of a vocabulary of which no list of terms is at hand."
    return None if iri in known[namespace] else f"<{iri}> is no term of its vocabulary."


def _remedy(iri: str, known: Mapping[str, frozenset[str]]) -> str:
    namespace = _namespace(iri, known)
    if namespace is None:
        return f"List the vocabulary's terms in {FOLDER}/<name>.txt, its namespace first."
    near = difflib.get_close_matches(iri, known[namespace], 1)
    return f"Did you mean <{near[0]}>?" if near else "Look it up in the vocabulary."
