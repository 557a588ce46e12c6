"""Whether two sets of quads are equal, whatever the labels of their blank nodes.

Blank nodes of both sides are distinguished together, by their statements and those of their
neighbours (partition refinement); those that stay alike are paired tentatively. That takes a list
of thousands of equal items in a fraction of a second, where canonical labels take minutes.

Spec: https://www.w3.org/TR/rdf11-concepts/#graph-isomorphism
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, final

from pyoxigraph import BlankNode, Quad, Triple

Shape = tuple[object, ...]
"""A quad with None in the place of each blank node."""

_NO_MORE: Final = object()
MAX_PAIRINGS: Final = 10_000
"""The most pairs that are tried. Real graphs need few; graphs that are constructed to need more
than anyone can wait for are taken to differ, which costs a revision at most."""


def isomorphic(one: Iterable[Quad], other: Iterable[Quad]) -> bool:
    """Whether a renaming of blank nodes makes one set of the other.

    False too where more than `MAX_PAIRINGS` would have to be tried.
    """
    first, second = _parted(set(one)), _parted(set(other))
    if first[0] != second[0] or len(first[1]) != len(second[1]):
        return False
    return not first[1] or _matched(_Pair(first[1], second[1]))


def blank_nodes(quads: Iterable[Quad]) -> Iterator[BlankNode]:
    """The blank nodes of the quads, each as often as it occurs."""
    for quad in quads:
        nodes: list[BlankNode] = []
        for term in quad:
            _shape(term, nodes)
        yield from nodes


def _parted(quads: set[Quad]) -> tuple[set[Quad], list[tuple[Shape, tuple[BlankNode, ...]]]]:
    """The quads without blank nodes, and the shapes of the others with their blank nodes."""
    ground: set[Quad] = set()
    having = []
    for quad in quads:
        nodes: list[BlankNode] = []
        shape = tuple(_shape(term, nodes) for term in quad)
        if nodes:
            having.append((shape, tuple(nodes)))
        else:
            ground.add(quad)
    return ground, having


def _shape(term: object, nodes: list[BlankNode]) -> object:
    match term:
        case BlankNode():
            nodes.append(term)
            return None
        case Triple():
            return tuple(_shape(each, nodes) for each in term)
        case _:
            return term


@final
class _Pair:
    """The quads of both sides that have blank nodes, as edges between numbered nodes: `edges` are a
    shape's number and the nodes, `of` the edges of each node. The first `half` nodes are those of
    the first side."""

    def __init__(
        self,
        first: list[tuple[Shape, tuple[BlankNode, ...]]],
        second: list[tuple[Shape, tuple[BlankNode, ...]]],
    ) -> None:
        shapes: dict[Shape, int] = {}
        numbers: dict[tuple[int, BlankNode], int] = {}
        self.edges: list[tuple[int, tuple[int, ...]]] = []
        self.half = 0
        for side, quads in enumerate((first, second)):
            for shape, nodes in quads:
                places = tuple(numbers.setdefault((side, node), len(numbers)) for node in nodes)
                self.edges.append((shapes.setdefault(shape, len(shapes)), places))
            self.half = self.half if side else len(numbers)
        self.count = len(numbers)
        self.first_edges = len(first)
        self.of: list[list[int]] = [[] for _ in range(self.count)]
        for number, (_, nodes_) in enumerate(self.edges):
            for node in set(nodes_):
                self.of[node].append(number)

    def maps(self, to: dict[int, int]) -> bool:
        """Whether the renaming turns the first side into the second."""
        renamed = {
            (shape, tuple(to[node] for node in nodes))
            for shape, nodes in self.edges[: self.first_edges]
        }
        return renamed == set(self.edges[self.first_edges :])


@final
class _Partition:
    """The nodes in cells; nodes of different cells cannot be mapped to each other."""

    def __init__(self, pair: _Pair) -> None:
        self._pair = pair
        self._cell_of = [0] * pair.count
        self._cells: list[set[int]] = [set(range(pair.count))]
        self._old: list[int] = []
        self._alike = {0} if pair.count > 2 else set()

    @property
    def mark(self) -> int:
        """The state for `undo` to return to."""
        return len(self._cells)

    def undo(self, mark: int) -> None:
        """Undo the splits that were made since the mark."""
        while len(self._cells) > mark:
            nodes, old = self._cells.pop(), self._old.pop()
            for node in nodes:
                self._cell_of[node] = old
            self._cells[old] |= nodes
            self._note(old)
            self._alike.discard(len(self._cells))

    def apart(self, nodes: Iterable[int]) -> int:
        """Split nodes off a larger cell; return the number of the new cell."""
        new, part = len(self._cells), set(nodes)
        old = self._cell_of[next(iter(part))]
        self._cells.append(part)
        self._old.append(old)
        self._cells[old] -= part
        for node in part:
            self._cell_of[node] = new
        self._note(old)
        self._note(new)
        return new

    def _note(self, cell: int) -> None:
        if len(self._cells[cell]) > 2:
            self._alike.add(cell)
        else:
            self._alike.discard(cell)

    def refine(self, first: int) -> bool:
        """Split cells until the nodes of each have equal neighbours, beginning with those of the
        first cell; return whether each cell has as many nodes of both sides.

        Of the parts of a cell that is not queued itself, the largest need not be (Hopcroft): the
        others distinguish the same neighbours.
        """
        waiting = {first}
        while waiting:
            splitter = self._cells[waiting.pop()]
            for signatures in self._signatures(splitter).values():
                parts = self._split(signatures)
                if not all(map(self._is_even, parts[1:])):  # then what is left is even too
                    return False
                old = parts[0]
                if old not in waiting:
                    parts.remove(max(parts, key=lambda part: len(self._cells[part])))
                waiting.update(parts)
        return True

    def _signatures(self, splitter: set[int]) -> dict[int, dict[int, Counter[Shape]]]:
        """How the nodes adjacent to those of the splitter are linked to them, by cell and node."""
        pair = self._pair
        found: dict[int, dict[int, Counter[Shape]]] = defaultdict(lambda: defaultdict(Counter))
        for number in {edge for node in splitter for edge in pair.of[node]}:
            shape, nodes = pair.edges[number]
            within = tuple(node in splitter for node in nodes)
            for place, node in enumerate(nodes):
                found[self._cell_of[node]][node][(shape, place, within)] += 1
        return found

    def _split(self, signatures: dict[int, Counter[Shape]]) -> list[int]:
        """Split a cell by the signatures of its nodes; return its number, and those of the new
        cells."""
        groups: dict[frozenset[tuple[Shape, int]], list[int]] = defaultdict(list)
        for node, signature in signatures.items():
            groups[frozenset(signature.items())].append(node)
        parts = sorted(groups.values(), key=len)
        old = self._cell_of[parts[0][0]]
        if len(self._cells[old]) == len(signatures):
            parts.pop()
        return [old, *map(self.apart, parts)]

    def _is_even(self, cell: int) -> bool:
        nodes = self._cells[cell]
        return 2 * sum(node < self._pair.half for node in nodes) == len(nodes)

    def pairs(self) -> dict[int, int]:
        """The nodes of cells of two, the first side's to the second's."""
        return {min(cell): max(cell) for cell in self._cells if len(cell) == 2}

    def alike(self) -> list[int]:
        """The nodes of a cell of more than two; none where there is no such cell."""
        return sorted(self._cells[min(self._alike)]) if self._alike else []


def _matched(pair: _Pair) -> bool:
    """Whether there is a renaming: a depth-first search over pairs of nodes that are alike."""
    partition = _Partition(pair)
    if pair.half * 2 != pair.count or not partition.refine(0):
        return False
    search = [iter([None])]
    for _ in range(MAX_PAIRINGS):
        while search and next(search[-1], _NO_MORE) is _NO_MORE:
            search.pop()
        if not search:
            return False
        cell = partition.alike()
        if not cell and pair.maps(partition.pairs()):
            return True
        search.append(_tried(partition, cell))
    return False


def _tried(partition: _Partition, cell: list[int]) -> Iterator[None]:
    """Refine the partition with a node of the first side paired with each of the second; it is
    restored in between."""
    if not cell:
        return
    node, mark = cell[0], partition.mark
    for image in cell[len(cell) // 2 :]:
        if partition.refine(partition.apart((node, image))):
            yield
        partition.undo(mark)
