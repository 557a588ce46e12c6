"""The effect of a large document, found by comparing sorted lines instead of quads one by one.

The document is read once, into a store that keeps literals as the dataset does; the statements of
the graphs before and after are compared line by line. Statements with blank nodes, whose labels
mean nothing, are compared as `update_executor` does.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from spacepolicy import formats
from spacepolicy.engine.blank_nodes import statement
from spacepolicy.engine.nquads import Graph, graph_lines, lines, quads
from spacepolicy.engine.rdf_documents import quads_in, reading
from spacepolicy.engine.update_executor import graph_node, same, see_named, sharing
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.errors import BadParameterError


@final
@dataclass(slots=True)
class LineDifference:
    """The lines that are removed and added, by graph, and graphs that are gone, or new; `existed`:
    the graph of the edit was there before."""

    removed: dict[Graph, list[bytes]] = field(default_factory=dict)
    added: dict[Graph, list[bytes]] = field(default_factory=dict)
    dropped: list[NamedNode | BlankNode] = field(default_factory=list)
    created: list[NamedNode | BlankNode] = field(default_factory=list)
    existed: bool = False

    def take(self, graph: Graph, removed: Iterable[bytes], added: Iterable[bytes]) -> None:
        """Take in the lines that are removed from the graph, and added to it."""
        for lines_by_graph, found in ((self.removed, list(removed)), (self.added, list(added))):
            if found:
                lines_by_graph.setdefault(graph, []).extend(found)


def difference(
    dataset: Store, edit: DatasetEdit, files: Sequence[Path], read: Store
) -> LineDifference:
    """The effect of the edit, a put, a post, an import or a restore, on the dataset, which stays as
    it is; `read` is an empty store for the statements of the files.

    Raises: BadParameterError, EgressRefusedError.
    """
    of_dataset = edit.kind in ("import", "restore")
    for (name, base, _), file in zip(edit.uploads, files, strict=True):
        format = formats.named(name)
        if format is None or format.rdf is None:
            raise BadParameterError(f"{name!r} is no format of graphs.")
        with file.open("rb") as opened, reading(format):
            read.bulk_extend(quads_in(opened, format, base, graphs=of_dataset))
    return _of_dataset(dataset, edit, read) if of_dataset else _of_graph(dataset, edit, read)


def _of_graph(dataset: Store, edit: DatasetEdit, read: Store) -> LineDifference:
    graph: Graph = DefaultGraph() if edit.graph is None else graph_node(edit.graph)
    found = LineDifference()
    found.existed = isinstance(graph, DefaultGraph) or dataset.contains_named_graph(graph)
    if not isinstance(graph, DefaultGraph) and not found.existed:
        found.created.append(graph)
    wanted = {graph: graph_lines(read, DefaultGraph(), graph)}
    before = {graph: graph_lines(dataset, graph)}
    if edit.kind == "post":
        found.take(graph, (), set(wanted[graph]).difference(before[graph]))
    else:
        _replace(found, before, wanted)
    return found


def _of_dataset(dataset: Store, edit: DatasetEdit, read: Store) -> LineDifference:
    there: set[Graph] = {*dataset.named_graphs(), DefaultGraph()}
    left: set[Graph] = {NamedNode(iri) for iri in edit.derived}
    if edit.merged:
        left.add(DefaultGraph())
    named = set(_graphs(read))
    see_named(named, merged=edit.merged)
    wanted = {graph: graph_lines(read, graph) for graph in named - left}
    if edit.kind == "restore":
        wanted = {graph: [] for graph in there - left} | wanted
    before = {graph: graph_lines(dataset, graph) if graph in there else [] for graph in wanted}
    found = LineDifference()
    _replace(found, before, wanted)
    for graph, statements in wanted.items():
        if isinstance(graph, DefaultGraph):
            continue
        if not statements:
            found.dropped.append(graph)
        elif graph not in there:
            found.created.append(graph)
    return found


def _graphs(store: Store) -> Iterator[Graph]:
    """The graphs that have statements."""
    yield from store.named_graphs()
    if next(store.quads_for_pattern(None, None, None, DefaultGraph()), None) is not None:
        yield DefaultGraph()


def _replace(
    found: LineDifference, before: Mapping[Graph, list[bytes]], wanted: Mapping[Graph, list[bytes]]
) -> None:
    """Take in the difference between the graphs before and after."""
    old: dict[Graph, set[Quad]] = {}
    new: dict[Graph, set[Quad]] = {}
    changed: set[Graph] = set()
    for graph in wanted:
        (ground, old[graph]), (then, new[graph]) = _parted(before[graph]), _parted(wanted[graph])
        found.take(graph, ground - then, then - ground)
        if ground != then:
            changed.add(graph)
    for together in sharing(old, new):
        one, other = ({quad for graph in together for quad in each[graph]} for each in (old, new))
        if not changed.isdisjoint(together) or not same(one, other):
            for graph in together:
                found.take(graph, lines(old[graph]), lines(new[graph]))


def _parted(every: list[bytes]) -> tuple[set[bytes], set[Quad]]:
    """The lines without a blank node, and the statements with one."""
    blank = [line for line in every if b"_:" in line and len(statement(line)) > 1]
    return set(every).difference(blank), set(quads(b"".join(blank)))
