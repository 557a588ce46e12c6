"""The dataset of a query: the graphs that it or its request names, as sets.

The embedded engine counts a triple as often as the FROM graphs have it. Several default graphs are
merged here before evaluation, and a graph named twice is one.

Spec: https://www.w3.org/TR/sparql11-query/#rdfDataset
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.requests import Query
from spacepolicy.errors import BadParameterError

_MAX_WARNINGS: Final = 10
"""The most missing graphs that are listed; there may be many FROM, and a warning is for people."""


@final
@dataclass(frozen=True, slots=True)
class QueryDataset:
    """A store and the graphs of it that a query sees; None leaves them to the query."""

    store: Store
    default_graphs: list[NamedNode | BlankNode | DefaultGraph] | None = None
    named_graphs: list[NamedNode | BlankNode] | None = None
    warnings: tuple[str, ...] = ()


def dataset_of(store: Store, query: Query) -> QueryDataset:
    """The dataset that the request names, else the query's FROM clauses, else all of the store.

    Raises: BadParameterError where a graph's name is no IRI.
    """
    default, named = query.default_graphs, query.named_graphs
    if default is None and named is None:
        if "from" not in query.text.lower():
            return QueryDataset(store)
        base = f"BASE <{query.base}>\n" if query.base else ""
        seen = scan(base + query.text, query.prefixes)
        default, named = seen.default_graphs, seen.named_graphs
        if not default and not named:
            return QueryDataset(store)
    return _dataset(store, _graphs(default or ()), _graphs(named or ()))


def _graphs(iris: Iterable[str]) -> list[NamedNode]:
    return [_graph(iri) for iri in dict.fromkeys(iris)]


def _graph(iri: str) -> NamedNode:
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise BadParameterError(f"<{iri}> is no IRI of a graph: {error}") from error


def _dataset(store: Store, default: list[NamedNode], named: list[NamedNode]) -> QueryDataset:
    missing = [
        graph for graph in dict.fromkeys(default + named) if not store.contains_named_graph(graph)
    ]
    warnings = tuple(
        f"The dataset has no graph <{graph.value}>; it is taken as empty."
        for graph in missing[:_MAX_WARNINGS]
    )
    there = [graph for graph in default if graph not in missing]
    if len(there) > 1:
        return QueryDataset(_merged(store, there, named), [DefaultGraph()], [*named], warnings)
    return QueryDataset(store, [*default], [*named], warnings)


def _merged(store: Store, default: list[NamedNode], named: list[NamedNode]) -> Store:
    """A store whose default graph has each triple of the graphs once, with the named ones."""
    merged = Store()
    for graph in default:
        quads = store.quads_for_pattern(None, None, None, graph)
        merged.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    for graph in named:
        merged.extend(store.quads_for_pattern(None, None, None, graph))
    return merged
