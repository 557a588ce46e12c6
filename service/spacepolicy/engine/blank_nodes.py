"""What is said of blank nodes, whatever they are called, one connected component at a time.

Statements that share a blank node are of one component. Each component is canonicalised by itself
(RDFC-1.0), so that a change costs no more than the components that it touches. Canonicalisation may
take time that is exponential in the nodes which look alike: a component that would is beyond the
bound, and is told by the labels that its nodes have.

Spec: https://www.w3.org/TR/rdf-canon/
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, final

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, Triple

from spacepolicy.engine.nquads import lines

MAX_QUADS: Final = 10_000
"""Of a component; so many take a tenth of a second where no nodes look alike."""
_MAX_ALIKE: Final = 16
"""Nodes that look alike and are linked, each at most once in the same way: the time grows with
their square, a millisecond for so many in a list."""
_MAX_LINKS: Final = 128
"""Links of such nodes, each of which is followed from each node."""
_MAX_TWINS: Final = 4
"""Nodes that look alike and are linked several times in the same way: all orders are tried, half a
millisecond for four that are all linked; five take thirty times as long."""
_MAX_TWIN_LINKS: Final = 24
"""The links of four nodes that are all linked to each other."""

_Key = tuple[str, ...]


def has_blank(quad: Quad) -> bool:
    """Whether there is a blank node in the statement."""
    if BlankNode in (type(quad.subject), type(quad.object), type(quad.graph_name)):
        return True
    return type(quad.object) is Triple and any(True for _ in _nodes_of(quad.object))


def nodes(quad: Quad) -> set[BlankNode]:
    """The blank nodes of the statement."""
    terms = (quad.subject, quad.object, quad.graph_name)
    return {node for term in terms for node in _nodes_of(term)}


def _nodes_of(term: object) -> Iterator[BlankNode]:
    if isinstance(term, BlankNode):
        yield term
    elif isinstance(term, Triple):
        yield from _nodes_of(term.subject)
        yield from _nodes_of(term.object)


@final
class Components:
    """Statements with blank nodes, by component; each component has entries: a digest, the same for
    any that says the same, or its statements where it is beyond the bound."""

    def __init__(self) -> None:
        self._component: dict[BlankNode, int] = {}
        self._quads: dict[int, set[Quad]] = {}
        self._entries: dict[int, list[bytes]] = {}
        self._next = 0
        self.labelled = 0
        """How many components are told by labels."""

    def change(
        self, added: Iterable[Quad], removed: Iterable[Quad]
    ) -> tuple[Counter[bytes], Counter[bytes]]:
        """Take statements in and others out; the entries that come with it, and those that go."""
        new, old = set(added), set(removed)
        touched = {
            self._component[node]
            for quad in new | old
            for node in nodes(quad)
            if node in self._component
        }
        quads: set[Quad] = set()
        gone: Counter[bytes] = Counter()
        for component in touched:
            quads |= self._quads.pop(component)
            gone.update(self._forget(component))
        for node in {node for quad in quads for node in nodes(quad)}:
            del self._component[node]
        came: Counter[bytes] = Counter()
        for part in parts((quads - old) | new):
            came.update(self._remember(part))
        return came - gone, gone - came

    def _forget(self, component: int) -> list[bytes]:
        entries = self._entries.pop(component)
        self.labelled -= _is_labelled(entries)
        return entries

    def _remember(self, quads: set[Quad]) -> list[bytes]:
        self._next += 1
        self._quads[self._next] = quads
        for quad in quads:
            for node in nodes(quad):
                self._component[node] = self._next
        digest = canonical_sha256(quads)
        entries = list(lines(quads)) if digest is None else [digest]
        self._entries[self._next] = entries
        self.labelled += _is_labelled(entries)
        return entries


def _is_labelled(entries: list[bytes]) -> bool:
    return len(entries[0]) != hashlib.sha256().digest_size * 2


def parts(quads: set[Quad]) -> Iterator[set[Quad]]:
    """The components of the statements."""
    at: dict[BlankNode, list[Quad]] = {}
    for quad in quads:
        for node in nodes(quad):
            at.setdefault(node, []).append(quad)
    seen: set[BlankNode] = set()
    for start in at:
        if start in seen:
            continue
        seen.add(start)
        waiting, found = [start], set[Quad]()
        while waiting:
            for quad in at[waiting.pop()]:
                if quad not in found:
                    found.add(quad)
                    new = nodes(quad) - seen
                    seen |= new
                    waiting += new
        yield found


def canonical_sha256(quads: set[Quad]) -> bytes | None:
    """The SHA-256 of a component's canonical N-Quads, sorted, in hexadecimal digits; None where it
    is beyond the bound, which depends on what the component says and on nothing else."""
    if len(quads) > MAX_QUADS or not _is_bounded(quads):
        return None
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return hashlib.sha256(b"".join(sorted(lines(dataset)))).hexdigest().encode()


def _is_bounded(quads: set[Quad]) -> bool:
    """Whether the nodes that look alike are few enough to be told apart by trying."""
    if any(isinstance(quad.object, Triple) for quad in quads):
        return False  # the algorithm is not defined over triple terms
    at: dict[BlankNode, list[Quad]] = {}
    for quad in quads:
        for node in nodes(quad):
            at.setdefault(node, []).append(quad)
    if len(at) == 1:
        return True
    keys = {node: _look(node, found) for node, found in at.items()}
    counts = Counter(keys.values())
    alike = {node for node, key in keys.items() if counts[key] > 1}
    links = {node: _links(node, at[node], keys) for node in alike}
    return all(_is_tried_soon(part, links) for part in _linked(alike, at))


def _look(node: BlankNode, quads: Iterable[Quad]) -> _Key:
    """What is said of the node, others unnamed: nodes that agree in this look alike."""
    return tuple(sorted(_said(quad, node) for quad in quads))


def _said(quad: Quad, node: BlankNode) -> str:
    def name(term: object) -> str:
        if isinstance(term, BlankNode):
            return "_:a" if term == node else "_:z"
        return str(term)

    return " ".join(map(name, (quad.subject, quad.predicate, quad.object, quad.graph_name)))


def _links(
    node: BlankNode, quads: Iterable[Quad], keys: dict[BlankNode, _Key]
) -> Counter[tuple[str, str, _Key]]:
    """How often the node is linked to others in the same way: in which place these stand, by which
    predicate, and how they look."""
    found: Counter[tuple[str, str, _Key]] = Counter()
    for quad in quads:
        places = (("s", quad.subject), ("o", quad.object), ("g", quad.graph_name))
        for place, other in places:
            if isinstance(other, BlankNode) and other != node:
                found[place, str(quad.predicate), keys[other]] += 1
    return found


def _linked(alike: set[BlankNode], at: dict[BlankNode, list[Quad]]) -> Iterator[set[BlankNode]]:
    """Those that look alike to some other, by which of them are linked to each other."""
    left = set(alike)
    while left:
        waiting, found = [left.pop()], set[BlankNode]()
        while waiting:
            node = waiting.pop()
            found.add(node)
            new = {other for quad in at[node] for other in nodes(quad)} & left
            left -= new
            waiting += new
        yield found


def _is_tried_soon(
    part: set[BlankNode], links: dict[BlankNode, Counter[tuple[str, str, _Key]]]
) -> bool:
    total = sum(links[node].total() for node in part)
    most = max((count for node in part for count in links[node].values()), default=1)
    if most == 1:
        return len(part) <= _MAX_ALIKE and total <= _MAX_LINKS
    return max(len(part), most) <= _MAX_TWINS and total <= _MAX_TWIN_LINKS
