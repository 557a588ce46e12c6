"""The contents of a remote store: counts by graph, and the statements of graphs."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, cast

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from spacepolicy.engine.publication_description import GRAPH
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import StoreError
from spacepolicy.publishing.statements import canonical

_ROWS: Final = 5_000
"""Statements per query, unless a graph has more: half of Virtuoso's default limit of rows."""
_AT_ONCE: Final = 50_000
"""Statements that are brought into canonical form together: 50,000 take 70 MB, 500,000 take 610,
six times as much as their lines."""
_COUNTS: Final = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_STATEMENTS: Final = "SELECT ?s ?p ?o { ?s ?p ?o }"


def counts(
    store: RemoteEndpoints, own_graphs: Collection[str] = (), *, default: bool
) -> dict[str, int]:
    """Return how many statements each graph has, without the description, empty graphs, and the
    engine's `own_graphs`.

    `default`: also count the default graph, under the empty string; not where it is the union of
    the named graphs.

    Raises: StoreError.
    """
    found = {_iri(graph): _number(number) for graph, number in store.select(_COUNTS)}
    if default:
        [(number,)] = store.select(_COUNT)
        found[""] = _number(number)
    left_out = {GRAPH, *own_graphs}
    return {graph: number for graph, number in found.items() if number and graph not in left_out}


def is_union(store: RemoteEndpoints) -> bool:
    """Return whether the store's default graph is the union of its named graphs. The store must
    have a description.

    Raises: StoreError.
    """
    return bool(store.select(f"SELECT ?o {{ <{GRAPH}> <{GRAPH}#state> ?o }}"))


def statements(
    store: RemoteEndpoints, counted: Mapping[str, int]
) -> Iterator[tuple[str, set[bytes]]]:
    """Return the counted graphs, each with its statements in canonical value form.

    Raises: StoreError, also where the store limits its answers.
    """
    for part in _parts(counted):
        found: dict[str, set[bytes]] = {graph: set() for graph in part}
        quads, number = _quads(store, part), 0
        while some := list(islice(quads, _AT_ONCE)):
            number += len(some)
            for graph, lines in canonical(some).items():
                found.setdefault(graph, set()).update(lines)
        if number < sum(counted[graph] for graph in part):
            raise StoreError(
                f"{store.query_url} has answered with {number:,} rows of "
                f"{sum(counted[graph] for graph in part):,}: it limits its answers, or is changed "
                "by others meanwhile. Raise its limit of rows."
            )
        while part:
            graph = part.pop()
            yield graph, found.pop(graph)


def _parts(counted: Mapping[str, int]) -> Iterator[list[str]]:
    """The graphs in batches of one query each; the default graph by itself."""
    part: list[str] = []
    size = 0
    for graph, number in sorted(counted.items()):
        if part and (size + number > _ROWS or "" in part):
            yield part
            part, size = [], 0
        part.append(graph)
        size += number
    if part:
        yield part


def _quads(store: RemoteEndpoints, graphs: Iterable[str]) -> Iterator[Quad]:
    if list(graphs) == [""]:
        for row in store.rows(_STATEMENTS):
            yield Quad(*cast("tuple[NamedNode, NamedNode, Literal]", row), DefaultGraph())
        return
    values = " ".join(f"<{graph}>" for graph in graphs)
    query = f"SELECT ?s ?p ?o ?g {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }}"
    for row in store.rows(query):
        yield Quad(*cast("tuple[NamedNode, NamedNode, Literal, NamedNode]", row))


def _iri(term: object) -> str:
    if not isinstance(term, NamedNode):
        raise StoreError(f"The store has a graph that is named by no IRI: {term}.")
    return term.value


def _number(term: object) -> int:
    if not isinstance(term, Literal) or not term.value.isdigit():
        raise StoreError(f"The store counts {term}, which is no number.")
    return int(term.value)
