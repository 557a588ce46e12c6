"""Property paths over all that is entailed: their values, their inverse, and what they read.

Paths are followed from many nodes at once, and nodes are the reasoner's numbers for terms: so most
of the work is done by operations on sets.

Spec: https://www.w3.org/TR/sparql11-query/#propertypaths, https://www.w3.org/TR/shacl/#property-paths
"""

from collections.abc import Callable, Iterator
from typing import Literal as Choice
from typing import final

from pyoxigraph import NamedNode
from rdflib import URIRef
from rdflib.paths import AlternativePath, InvPath, MulPath, Path, SequencePath

from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.reasoning.facts import NONE, Index, Nodes

AnyPath = Path | URIRef
Side = Choice["subject", "object"]
Way = Callable[[Nodes], Nodes]
"""A function from nodes to all nodes that they lead to."""
Read = tuple[NamedNode, Side, Way]
"""A predicate that a path reads, the side of it where the way back begins, and that way to the
start of the path."""


@final
class Paths:
    """Follows paths."""

    def __init__(self, entailed: Entailments) -> None:
        self._entailed = entailed

    def forward(self, path: AnyPath) -> Way:
        """The way from the start of the path to its values.

        Raises: TypeError for a path that SHACL does not have.
        """
        return self._way(path, inverse=False)

    def backward(self, path: AnyPath) -> Way:
        """The way from the values of the path to its start."""
        return self._way(path, inverse=True)

    def values(self, path: AnyPath) -> Callable[[Nodes], Index]:
        """The values of the path for each of the nodes; the result may have other nodes too.

        Raises: as `forward`.
        """
        if isinstance(path, URIRef):
            return lambda nodes: self.objects(NamedNode(str(path)), nodes)
        if isinstance(path, InvPath) and isinstance(path.arg, URIRef):
            return lambda nodes: self.subjects(NamedNode(str(path.arg)), nodes)
        way = self.forward(path)
        return lambda nodes: {node: way({node}) for node in nodes}

    def each(self, path: AnyPath) -> Callable[[int], Iterator[int]]:
        """The values of the path from a node, one after the other; one may come several times. No
        more is read than is taken, but for paths of any length.

        Raises: as `forward`.
        """
        return self._each(path, inverse=False)

    def _each(self, path: AnyPath, *, inverse: bool) -> Callable[[int], Iterator[int]]:
        match path:
            case URIRef():
                predicate = NamedNode(str(path))
                follow = self.subjects if inverse else self.objects
                return lambda node: iter(follow(predicate, {node}).get(node, NONE))
            case InvPath():
                return self._each(path.arg, inverse=not inverse)
            case AlternativePath():
                parts = [self._each(each, inverse=inverse) for each in path.args]
                return lambda node: (value for part in parts for value in part(node))
            case _:
                way = self._way(path, inverse=inverse)
                return lambda node: iter(way({node}))

    def objects(self, predicate: NamedNode, nodes: Nodes) -> Index:
        """The objects of each of the nodes, and perhaps of others."""
        objects = self._entailed.objects(self._entailed.terms.number(predicate))
        if predicate != TYPE:
            return objects
        classes = self._entailed.classes_of(nodes)  # and what is no class, but a literal
        return {node: classes[node] | objects.get(node, NONE) for node in nodes}

    def subjects(self, predicate: NamedNode, nodes: Nodes) -> Index:
        """The subjects of each of the nodes, and perhaps of others."""
        subjects = self._entailed.subjects(self._entailed.terms.number(predicate))
        if predicate != TYPE:
            return subjects
        members = self._entailed.members
        return {node: members(~node) if node >= 0 else subjects.get(node, NONE) for node in nodes}

    def _way(self, path: AnyPath, *, inverse: bool) -> Way:
        match path:
            case URIRef():
                predicate = NamedNode(str(path))
                follow = self.subjects if inverse else self.objects
                return lambda nodes: united(follow(predicate, nodes), nodes)
            case InvPath():
                return self._way(path.arg, inverse=not inverse)
            case SequencePath():
                way: Way = itself
                for each in reversed(path.args) if inverse else path.args:
                    way = then(way, self._way(each, inverse=inverse))
                return way
            case AlternativePath():
                ways = [self._way(each, inverse=inverse) for each in path.args]
                return lambda nodes: NONE.union(*(each(nodes) for each in ways))
            case MulPath():
                return _repeated(
                    self._way(path.path, inverse=inverse), zero=path.zero, more=path.more
                )
            case _:
                raise TypeError(f"{path!r} is no path of SHACL")

    def reads(self, path: AnyPath) -> Iterator[Read]:
        """Every predicate that the path reads."""
        match path:
            case URIRef():
                yield NamedNode(str(path)), "subject", itself
            case InvPath():
                yield from self._turned(path.arg)
            case SequencePath():
                yield from self._sequence_reads(path)
            case AlternativePath():
                for each in path.args:
                    yield from self.reads(each)
            case MulPath():
                back = _repeated(self.backward(path.path), zero=True, more=True)
                for predicate, side, way in self.reads(path.path):
                    yield predicate, side, then(way, back)
            case _:
                raise TypeError(f"{path!r} is no path of SHACL")

    def _sequence_reads(self, path: SequencePath) -> Iterator[Read]:
        before: Way = itself
        for each in path.args:
            for predicate, side, way in self.reads(each):
                yield predicate, side, then(way, before)
            before = then(self.backward(each), before)

    def _turned(self, path: AnyPath) -> Iterator[Read]:
        """The predicates that the inverse of the path reads."""
        if isinstance(path, URIRef):
            yield NamedNode(str(path)), "object", itself
        elif isinstance(path, SequencePath):
            yield from self.reads(SequencePath(*(InvPath(each) for each in reversed(path.args))))
        elif isinstance(path, AlternativePath):
            for each in path.args:
                yield from self._turned(each)
        elif isinstance(path, InvPath):
            yield from self.reads(path.arg)
        elif isinstance(path, MulPath):
            yield from self.reads(MulPath(InvPath(path.path), path.mod))
        else:
            raise TypeError(f"{path!r} is no path of SHACL")


def united(values: Index, nodes: Nodes) -> Nodes:
    """The union of the values of the nodes."""
    return NONE.union(*(values.get(node, NONE) for node in nodes))


def itself(nodes: Nodes) -> Nodes:
    """The way without a step."""
    return nodes


def then(first: Way, second: Way) -> Way:
    """The composition of two ways."""
    if second is itself:
        return first
    if first is itself:
        return second
    return lambda nodes: second(first(nodes))


def _repeated(step: Way, *, zero: bool, more: bool) -> Way:
    """The step repeated none, one or more times, as allowed."""

    def way(nodes: Nodes) -> Nodes:
        found = set(step(nodes))
        new: Nodes = found if more else NONE
        while new:
            new = step(new) - found
            found |= new
        return found | nodes if zero else found

    return way
