"""A revision's dataset as the tables read it: statements with their graphs, and declarations."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, cast, final

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    Store,
    Triple,
    Variable,
)

from spacepolicy.columns.cells import BLANK_NODE, IRI, TRIPLE
from spacepolicy.columns.parquet_files import Statement, TermCell
from spacepolicy.namespaces import OWL, RDF, SH, Base
from spacepolicy.store.revision import Revision

TYPE: Final = NamedNode(f"{RDF}type")
_DEFAULT: Final = DefaultGraph()
Graph = NamedNode | BlankNode | DefaultGraph
_QUADS_HELD: Final = 1 << 18
"""Quads of a property that are held in memory, to find the graphs of each triple: some 150 MB.
Looking each up took 47 µs a statement at 100,000 of them; reading one again takes 2 µs."""
_PASSAGES_HELD: Final = 1 << 16
"""Graphs for which it is remembered whether they are passages: some 10 MB."""
_SINGLE: Final = f"""
SELECT DISTINCT ?property ?languages
WHERE {{
  {{ ?property a <{OWL}FunctionalProperty> BIND(false AS ?languages) }}
  UNION {{ GRAPH ?g {{ ?shape <{SH}path> ?property ; <{SH}maxCount> ?n }} FILTER(?n <= 1)
           BIND(false AS ?languages) }}
  UNION {{ GRAPH ?g {{ ?shape <{SH}path> ?property ; <{SH}uniqueLang> true }}
           BIND(true AS ?languages) }}
  FILTER(isIRI(?property))
}}
"""


@final
class TabularDataset:
    """The dataset of a revision, in the mode of its store."""

    def __init__(self, store: Store, revision: Revision, mode: str) -> None:
        self.store = store
        self.revision = revision
        self.mode = mode
        self._is_passage = lru_cache(_PASSAGES_HELD)(self._see_passage)

    def rows(self, query: str, **terms: NamedNode) -> Iterator[tuple[Any, ...]]:
        """The solutions of a SELECT over the revision's default graph, with terms for some of the
        variables that it selects."""
        bound: dict[Variable, NamedNode | BlankNode | Literal | Triple] = {
            Variable(name): term for name, term in terms.items()
        }
        for solution in cast("QuerySolutions", self.store.query(query, substitutions=bound)):
            yield tuple(solution)

    def properties(self) -> list[str]:
        """The IRIs of all properties, sorted."""
        found = {row[0].value for row in self.rows("SELECT DISTINCT ?p { ?s ?p ?o }")}
        found |= {row[0].value for row in self.rows("SELECT DISTINCT ?p { GRAPH ?g { ?s ?p ?o } }")}
        return sorted(found)

    def classes(self) -> list[str]:
        """The IRIs of the classes that have instances in the default graph, sorted."""
        query = f"SELECT DISTINCT ?c {{ ?s {TYPE} ?c FILTER(isIRI(?c)) }}"
        return sorted(row[0].value for row in self.rows(query))

    def statements(self, predicate: str) -> Iterator[Statement]:
        """The statements of a property in the default graph."""
        for triple, graphs in self._grouped(NamedNode(predicate)):
            if _DEFAULT in graphs:
                yield self._statement(triple, graphs)

    def apart(self, predicate: str) -> Iterator[Statement]:
        """The statements of a property that are in named graphs alone, once each."""
        for triple, graphs in self._grouped(NamedNode(predicate)):
            if _DEFAULT not in graphs:
                yield self._statement(triple, graphs)

    def instances(self, class_: str) -> Iterator[NamedNode | BlankNode]:
        """The instances of a class."""
        for quad in self.store.quads_for_pattern(None, TYPE, NamedNode(class_), _DEFAULT):
            yield cast("NamedNode | BlankNode", quad.subject)

    def values(self, subject: NamedNode | BlankNode) -> Iterator[tuple[str, TermCell]]:
        """The properties of a thing in the default graph, each with one value."""
        for quad in self.store.quads_for_pattern(subject, None, None, _DEFAULT):
            yield quad.predicate.value, cell(quad.object)

    def used(self, class_: str) -> set[tuple[str, str]]:
        """The properties that instances of a class have, each with a language of its values, or the
        empty string."""
        query = f"SELECT DISTINCT ?class ?p (LANG(?o) AS ?l) {{ ?s {TYPE} ?class ; ?p ?o }}"
        found = self.rows(query, **{"class": NamedNode(class_)})
        return {(p.value, language.value if language else "") for _, p, language in found}

    def singles(self) -> set[tuple[str, bool]]:
        """The properties that are declared to have one value, by OWL or a shape (False), or one in
        each language (True), and that have no more in the default graph."""
        declared = [(row[0], row[1].value == "true") for row in self.rows(_SINGLE)]
        return {(p.value, by_language) for p, by_language in declared
                if not self._has_more(p, by_language=by_language)}  # fmt: skip

    def _has_more(self, predicate: NamedNode, *, by_language: bool) -> bool:
        languages = "FILTER(LANG(?a) = LANG(?b))" if by_language else ""
        query = f"SELECT ?p {{ ?s ?p ?a, ?b FILTER(!sameTerm(?a, ?b)) {languages} }} LIMIT 1"
        return next(self.rows(query, p=predicate), None) is not None

    def _grouped(self, predicate: NamedNode) -> Iterator[tuple[Triple, list[Graph]]]:
        """The triples of a property, each with the graphs that contain it.

        The quads are read several times where only a part of the subjects fits into memory.
        """
        count = sum(1 for _ in self._quads(predicate))
        parts = 1 + count // _QUADS_HELD
        for part in range(parts):
            found: dict[Triple, list[Graph]] = {}
            for quad in self._quads(predicate):
                if parts == 1 or hash(quad.subject) % parts == part:
                    found.setdefault(quad.triple, []).append(quad.graph_name)
            yield from found.items()

    def _quads(self, predicate: NamedNode) -> Iterator[Quad]:
        return self.store.quads_for_pattern(None, predicate, None, None)

    def _statement(self, triple: Triple, holding: list[Graph]) -> Statement:
        graphs = sorted(text_of(each) for each in holding if each != _DEFAULT)
        kind, form = found = cell(triple.object)
        inferred = self.revision.unlisted(self.mode)
        stating = [graph for graph in graphs if graph != inferred]
        literal = isinstance(triple.object, Literal)
        language = triple.object.language if isinstance(triple.object, Literal) else None
        return Statement(
            text_of(triple.subject),
            triple.predicate.value,
            None if literal else _node_text(found),
            form if literal else None,
            (f"{RDF}langString" if language else kind) if literal else None,
            language,
            len(stating) == len(graphs),
            stating,
            [graph for graph in stating if self._is_passage(graph)],
        )

    def _see_passage(self, graph: str) -> bool:
        if self.revision.base is None or graph.startswith("_:"):
            return False
        passage = Base(self.revision.base).term("Passage")
        return Quad(NamedNode(graph), TYPE, passage, _DEFAULT) in self.store


def cell(term: NamedNode | BlankNode | Literal | Triple) -> TermCell:
    """The kind of a term, and its lexical form, IRI or label."""
    match term:
        case NamedNode():
            return TermCell(IRI, term.value)
        case BlankNode():
            return TermCell(BLANK_NODE, term.value)
        case Literal():
            return TermCell(
                f"@{term.language}" if term.language else term.datatype.value, term.value
            )
        case _:
            return TermCell(TRIPLE, str(term))


def _node_text(found: TermCell) -> str:
    return f"_:{found.form}" if found.kind == BLANK_NODE else found.form


def text_of(node: NamedNode | BlankNode | DefaultGraph | Triple) -> str:
    """An IRI as it is, a blank node as `_:` and its label."""
    return node.value if isinstance(node, NamedNode) else str(node)
