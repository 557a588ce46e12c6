"""Quads as lines of N-Quads, and back; blank nodes keep their labels.

Spec: https://www.w3.org/TR/n-quads/
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

Graph = NamedNode | BlankNode | DefaultGraph


@final
@dataclass(frozen=True, slots=True, eq=False)
class QuadLines:
    """Very many different quads as lines of N-Quads, in no order: a tenth of the memory of single
    quads. `counts` are the numbers of quads by graph."""

    text: bytes
    counts: Mapping[Graph, int]

    def __iter__(self) -> Iterator[Quad]:
        return quads(self.text)

    def __len__(self) -> int:
        return sum(self.counts.values())

    def lines(self) -> list[bytes]:
        """A line for each quad, its end included."""
        return self.text.splitlines(keepends=True)


Quads = tuple[Quad, ...] | QuadLines


def lines(quads: Iterable[Quad]) -> list[bytes]:
    """A line for each quad, in their order, its end included.

    >>> from pyoxigraph import Literal, NamedNode
    >>> lines([Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal("two\\nlines"))])
    [b'<urn:s> <urn:p> "two\\\\nlines" .\\n']
    """
    if isinstance(quads, QuadLines):
        return quads.lines()
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)


def quads(text: bytes) -> Iterator[Quad]:
    """Parse the lines.

    Raises: SyntaxError where one is not valid.
    """
    return parse(text, RdfFormat.N_QUADS, rename_blank_nodes=False)


def graph_lines(store: Store, graph: Graph, name: Graph | None = None) -> list[bytes]:
    """A line for each quad of a graph of the store, in no order; with the graph's name replaced by
    `name`, where that is given."""
    text = store.dump(format=RdfFormat.N_TRIPLES, from_graph=graph) or b""
    named = graph if name is None else name
    if not isinstance(named, DefaultGraph):
        text = text.replace(b" .\n", b" %b .\n" % str(named).encode())  # no term has a line's end
    return text.splitlines(keepends=True)


def dataset_lines(store: Store, but: Container[Graph] = ()) -> QuadLines:
    """The quads of the graphs of the store, except those in `but`."""
    graphs = [graph for graph in (DefaultGraph(), *store.named_graphs()) if graph not in but]
    found = {graph: graph_lines(store, graph) for graph in graphs}
    text = b"".join(line for each in found.values() for line in each)
    return QuadLines(text, {graph: len(each) for graph, each in found.items() if each})


def joined(*parts: Quads) -> Quads:
    """All of the quads, which are different ones; as lines where some of them are lines."""
    if not any(isinstance(part, QuadLines) for part in parts):
        return tuple(quad for part in parts for quad in part)
    counts: dict[Graph, int] = {}
    for part in parts:
        for graph, count in counted(part).items():
            counts[graph] = counts.get(graph, 0) + count
    return QuadLines(b"".join(map(_text, parts)), counts)


def _text(quads: Quads) -> bytes:
    return quads.text if isinstance(quads, QuadLines) else b"".join(lines(quads))


def counted(quads: Quads) -> Mapping[Graph, int]:
    """The number of quads in each graph."""
    if isinstance(quads, QuadLines):
        return quads.counts
    counts: dict[Graph, int] = {}
    for quad in quads:
        counts[quad.graph_name] = counts.get(quad.graph_name, 0) + 1
    return counts
