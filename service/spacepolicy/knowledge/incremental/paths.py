"""Property paths over what a reasoner knows: where they lead, whence, and what they read.

Spec: https://www.w3.org/TR/sparql11-query/#propertypaths, https://www.w3.org/TR/shacl/#property-paths
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal as Choice
from typing import final

from pyoxigraph import BlankNode, NamedNode, Triple
from rdflib import URIRef
from rdflib.paths import AlternativePath, InvPath, MulPath, Path, SequencePath

from spacepolicy.knowledge.incremental.terms import Term
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner

AnyPath = Path | URIRef
Side = Choice["subject", "object"]
Way = Callable[[Term], Iterable[Term]]
Read = tuple[NamedNode, Side, Way]
"""A predicate that a path reads, the side of it where the way back begins, and that way to where
the path starts."""


@final
class Paths:
    """Follows paths."""

    def __init__(self, reasoner: Reasoner) -> None:
        self._reasoner = reasoner

    def forward(self, path: AnyPath) -> Way:
        """From where the path starts, to what it leads to.

        Raises: TypeError for a path that is no path of SHACL.
        """
        return self._way(path, inverse=False)

    def backward(self, path: AnyPath) -> Way:
        """From what the path leads to, to where it starts."""
        return self._way(path, inverse=True)

    def _way(self, path: AnyPath, *, inverse: bool) -> Way:
        match path:
            case URIRef():
                predicate = NamedNode(str(path))
                follow = self._subjects if inverse else self._objects
                return lambda thing: follow(thing, predicate)
            case InvPath():
                return self._way(path.arg, inverse=not inverse)
            case SequencePath():
                way: Way = itself
                for each in reversed(path.args) if inverse else path.args:
                    way = then(way, self._way(each, inverse=inverse))
                return way
            case AlternativePath():
                ways = [self._way(each, inverse=inverse) for each in path.args]
                return lambda thing: (end for each in ways for end in each(thing))
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
        """What the inverse of the path reads."""
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

    def _subjects(self, thing: Term, predicate: NamedNode) -> Iterator[Term]:
        for each in self._reasoner.matching(None, predicate, thing):
            if not isinstance(each.subject, Triple):
                yield each.subject

    def _objects(self, thing: Term, predicate: NamedNode) -> Iterator[Term]:
        if isinstance(thing, NamedNode | BlankNode):
            for each in self._reasoner.matching(thing, predicate, None):
                if not isinstance(each.object, Triple):
                    yield each.object


def itself(thing: Term) -> Iterable[Term]:
    """No step at all."""
    return (thing,)


def then(first: Way, second: Way) -> Way:
    """One way after the other."""
    if second is itself:
        return first
    if first is itself:
        return second
    return lambda thing: {end for middle in first(thing) for end in second(middle)}


def _repeated(step: Way, *, zero: bool, more: bool) -> Way:
    """The step none, one or more times, as it may be."""

    def ways(thing: Term) -> set[Term]:
        found = set(step(thing))
        waiting = list(found) if more else []
        while waiting:
            new = set(step(waiting.pop())) - found
            found |= new
            waiting += new
        return found | {thing} if zero else found

    return ways
