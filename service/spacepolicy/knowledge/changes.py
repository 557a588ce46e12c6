"""The changes in files since an earlier state, and the gates that they concern."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    Triple,
)

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.earlier_files import is_of_graphs, read_earlier
from spacepolicy.knowledge.loading.ontology import shape_graphs
from spacepolicy.knowledge.loading.record import graph_iri
from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.reference_reasoners.comparison import annotation_properties
from spacepolicy.namespaces import OWL


class ChangeKind(StrEnum):
    """A kind of change: the part of the project in which it is."""

    AXIOMS = "axioms"
    SHAPES = "shapes"
    STATEMENTS = "statements"
    WORDS = "words"
    RULES = "rules of the checks"
    SOURCES = "texts of sources"
    QUERIES = "queries"
    OTHER = "other files"


@final
@dataclass(frozen=True, slots=True)
class Changes:
    """The files that differ, the kinds of change in them, and the added and removed statements."""

    files: frozenset[str]
    kinds: frozenset[ChangeKind]
    added: frozenset[Triple] = frozenset()
    removed: frozenset[Triple] = frozenset()


def read_changes(material: CheckContext, before: Mapping[str, bytes | None]) -> Changes:
    """Return the changes; `before` has the earlier content of each file that differs, None for
    none.

    A file of graphs that could not be read then counts as changed in its axioms.

    Raises: FindingsError where the files cannot be read now.
    """
    kinds: set[ChangeKind] = set()
    added: set[Triple] = set()
    removed: set[Triple] = set()
    now = {file.name: file.quads for file in material.record.files}
    sorts = _Sorts(shape_graphs(material.record), annotation_properties(material.knowledge))
    kinds.update(_kind_of_file(name) for name in before if not is_of_graphs(name))
    earlier = read_earlier(material.content, material.record, material.sources, before)
    kinds.update(ChangeKind.AXIOMS for _ in earlier.unread)
    for name in earlier.compared - earlier.unread:
        then, here = _canonical(earlier.quads(name)), _canonical(now.get(name, ()))
        kinds.update(sorts.kind(quad) for quad in then ^ here)
        added |= {quad.triple for quad in here - then}
        removed |= {quad.triple for quad in then - here}
    return Changes(frozenset(before), frozenset(kinds), frozenset(added), frozenset(removed))


def _kind_of_file(name: str) -> ChangeKind:
    if name.startswith("ontology/checks/"):
        return ChangeKind.RULES
    if name.startswith("seeds/"):
        return ChangeKind.SOURCES
    if name.startswith("queries/") or name.endswith(".expect.yaml"):
        return ChangeKind.QUERIES
    return ChangeKind.OTHER


def _canonical(quads: Iterable[Quad]) -> frozenset[Quad]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(dataset)


@final
@dataclass(frozen=True, slots=True)
class _Sorts:
    """Distinguishes kinds of statements, by the graphs of shapes and the annotation properties."""

    shapes: frozenset[str]
    annotating: Set[object]

    def kind(self, quad: Quad) -> ChangeKind:
        """The kind of change that adding or removing the statement is."""
        if graph_iri(quad) in self.shapes:
            return ChangeKind.SHAPES
        if _has_no_name(quad) or is_axiomatic(quad.triple) or _declares_term(quad):
            return ChangeKind.AXIOMS
        if quad.predicate in self.annotating and isinstance(quad.object, Literal):
            return ChangeKind.WORDS
        return ChangeKind.STATEMENTS


def _has_no_name(quad: Quad) -> bool:
    """Whether a node has no name and is part of an expression, as those of class expressions
    are."""
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)


def _declares_term(quad: Quad) -> bool:
    kind = quad.object
    return quad.predicate == TYPE and isinstance(kind, NamedNode) and kind.value.startswith(OWL)


_REASONERS: Final = frozenset({"profiles", "consistency", "rules"})
_LEFT_OUT: Final[Mapping[ChangeKind, frozenset[str]]] = {
    ChangeKind.AXIOMS: frozenset(),
    ChangeKind.SHAPES: frozenset({*_REASONERS, "queries"}),
    ChangeKind.STATEMENTS: frozenset({"profiles", "consistency", "queries"}),
    ChangeKind.WORDS: frozenset({*_REASONERS, "queries"}),
    ChangeKind.RULES: frozenset({*_REASONERS, "shapes", "queries"}),
    ChangeKind.SOURCES: frozenset({*_REASONERS, "shapes", "queries"}),
    ChangeKind.QUERIES: frozenset({*_REASONERS, "shapes", "evidence"}),
    ChangeKind.OTHER: frozenset({*_REASONERS, "shapes", "evidence", "queries"}),
}
"""The gates that a change of that kind does not concern, or that take longer than two seconds and
find little there. For statements, only a part of `rules` runs: clashes. Gates that are not named
run for any change."""


def concerned(names: Sequence[str], changes: Changes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the gates to run, and of those to skip, in their order."""
    out = frozenset(names)
    for kind in changes.kinds:
        out &= _LEFT_OUT[kind]
    return tuple(n for n in names if n not in out), tuple(n for n in names if n in out)


def is_small(changes: Changes) -> bool:
    """Whether no axiom, shape or rule changed, so that gates can check only the affected part."""
    return not changes.kinds & {ChangeKind.AXIOMS, ChangeKind.SHAPES, ChangeKind.RULES}
