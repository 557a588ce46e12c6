"""Finds blank nodes in the files by their statements.

Each reading of a file gives blank nodes other labels, so that these do not lead from an inference
back to a line; the statements do.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-blank-nodes
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from spacepolicy.knowledge.loading.record import FileRecord, UnnamedNode


def unnamed(
    node: BlankNode, statements: Iterable[Quad | Triple], predicate: NamedNode | None = None
) -> UnnamedNode:
    """Return the description of the node in the statements."""
    says: set[tuple[NamedNode, NamedNode | Literal]] = set()
    held: set[tuple[NamedNode, NamedNode]] = set()
    for each in statements:
        if each.subject == node and isinstance(each.object, NamedNode | Literal):
            says.add((each.predicate, each.object))
        if each.object == node and isinstance(each.subject, NamedNode):
            held.add((each.subject, each.predicate))
    return UnnamedNode(frozenset(says), frozenset(held), predicate)


def find_unnamed(record: FileRecord, wanted: UnnamedNode) -> tuple[str, int] | None:
    """Return the file and line of the node with most of these statements and no others."""
    found = [
        (score, file.name, line)
        for file in record.files
        if any(_may_be(quad, wanted) for quad in file.quads)
        for score, line in _alike(file.lines(), wanted)
    ]
    best = min(found, key=lambda each: (-each[0], each[1], each[2]), default=None)
    return None if best is None else best[1:]


def _may_be(quad: Quad, wanted: UnnamedNode) -> bool:
    if isinstance(quad.subject, BlankNode):
        return (quad.predicate, quad.object) in wanted.says
    return isinstance(quad.object, BlankNode) and (quad.subject, quad.predicate) in wanted.held


def _alike(lines: Mapping[Quad, int], wanted: UnnamedNode) -> Iterator[tuple[int, int]]:
    """The number of matching statements of each candidate node, and its line."""
    by_node: defaultdict[BlankNode, list[Quad]] = defaultdict(list)
    for quad in lines:
        for end in {quad.subject, quad.object}:
            if isinstance(end, BlankNode):
                by_node[end].append(quad)
    for node, quads in by_node.items():
        description = unnamed(node, quads)
        if (
            description.says <= wanted.says
            and description.held <= wanted.held
            and (description.says or description.held)
        ):
            yield (
                len(description.says) + len(description.held),
                _line(node, quads, lines, wanted.predicate),
            )


def _line(
    node: BlankNode, quads: Sequence[Quad], lines: Mapping[Quad, int], predicate: NamedNode | None
) -> int:
    own = [quad for quad in quads if quad.subject == node] or list(quads)
    meant = [quad for quad in own if quad.predicate == predicate] or own
    return min(lines[quad] for quad in meant)
