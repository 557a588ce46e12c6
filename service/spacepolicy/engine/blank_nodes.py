"""Statements with blank nodes, compared regardless of labels, one connected component at a time.

Statements that share a blank node are of one component. Each component is canonicalised by itself
(RDFC-1.0), so that a change costs no more than the components that it touches. Canonicalisation may
take time that is exponential in the nodes which look alike: a component that would is beyond the
bound, and is represented by its statements with the labels that its nodes have.

Where no nodes of a component look alike, which is the rule, their canonical labels are in the order
of their hashes (section 4.4.3, steps 4 and 5); the engine canonicalises the others.

Spec: https://www.w3.org/TR/rdf-canon/
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, final

from pyoxigraph import CanonicalizationAlgorithm, Dataset

from spacepolicy.engine.nquads import lines, quads

MAX_QUADS: Final = 10_000
"""The limit of a component; so many take a tenth of a second where no nodes look alike."""
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
_MARK: Final = ord("_")
_LITERAL_OR_NODE: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|(?<![^ ])_:[^ ]+')

Statement = tuple[bytes, ...]
"""A line of N-Quads in pieces, of which every second is the label of a blank node."""


def statement(line: bytes) -> Statement:
    """The statement of a line.

    >>> statement(b'_:a <urn:p> "is _:b " _:c .\\n')
    (b'', b'_:a', b' <urn:p> "is _:b " ', b'_:c', b' .\\n')
    """
    if b"_:" not in line:
        return (line,)
    pieces: list[bytes] = []
    end = 0
    for found in _LITERAL_OR_NODE.finditer(line):
        label = found[0]
        if label[0] == _MARK:
            pieces += (line[end : found.start()], label)
            end = found.end()
    pieces.append(line[end:])
    return tuple(pieces)


def _renamed(said: Statement, names: Mapping[bytes, bytes]) -> bytes:
    """The line with other labels of blank nodes."""
    pieces = list(said)
    pieces[1::2] = [names[label] for label in said[1::2]]
    return b"".join(pieces)


@final
class Components:
    """Statements with blank nodes, by component; each component has entries: a digest, equal for
    components that state the same, or its lines where it is beyond the bound."""

    def __init__(self) -> None:
        self._component: dict[bytes, int] = {}
        self._said: dict[int, set[Statement]] = {}
        self._entries: dict[int, list[bytes]] = {}
        self._next = 0
        self.labelled = 0
        """How many components are beyond the bound, and have their labels."""

    def change(
        self, added: Iterable[Statement], removed: Iterable[Statement]
    ) -> tuple[Counter[bytes], Counter[bytes]]:
        """Add and remove statements; return the entries that are new, and those that are gone."""
        new, old = set(added), set(removed)
        labels = {label for said in new | old for label in said[1::2]}
        touched = {self._component[label] for label in labels if label in self._component}
        before: set[Statement] = set()
        gone: Counter[bytes] = Counter()
        for component in touched:
            before |= self._said.pop(component)
            gone.update(self._forget(component))
        for label in {label for said in before for label in said[1::2]}:
            del self._component[label]
        came: Counter[bytes] = Counter()
        for part in parts((before - old) | new):
            came.update(self._remember(part))
        return came - gone, gone - came

    def said(self) -> Iterator[Statement]:
        """All statements."""
        for part in self._said.values():
            yield from part

    def _forget(self, component: int) -> list[bytes]:
        entries = self._entries.pop(component)
        self.labelled -= _is_labelled(entries)
        return entries

    def _remember(self, part: set[Statement]) -> list[bytes]:
        self._next += 1
        self._said[self._next] = part
        for said in part:
            for label in said[1::2]:
                self._component[label] = self._next
        digest = canonical_sha256(part)
        entries = [b"".join(said) for said in part] if digest is None else [digest]
        self._entries[self._next] = entries
        self.labelled += _is_labelled(entries)
        return entries


def _is_labelled(entries: list[bytes]) -> bool:
    return len(entries[0]) != hashlib.sha256().digest_size * 2


def parts(said: Iterable[Statement]) -> Iterator[set[Statement]]:
    """Split the statements into components."""
    at = _by_label(said)
    seen: set[bytes] = set()
    for start in at:
        if start in seen:
            continue
        seen.add(start)
        waiting, found = [start], set[Statement]()
        while waiting:
            for each in at[waiting.pop()]:
                found.add(each)
                for label in each[1::2]:
                    if label not in seen:
                        seen.add(label)
                        waiting.append(label)
        yield found


def _by_label(said: Iterable[Statement]) -> dict[bytes, list[Statement]]:
    """The statements of each blank node."""
    at: dict[bytes, list[Statement]] = {}
    for each in said:
        for label in each[1::2] if len(each) <= 3 else set(each[1::2]):  # of one node
            at.setdefault(label, []).append(each)
    return at


def canonical_sha256(part: Collection[Statement]) -> bytes | None:
    """The SHA-256 of a component's canonical N-Quads, sorted, in hexadecimal digits; None where it
    is beyond the bound, which depends on what the component states and on nothing else."""
    if len(part) > MAX_QUADS or any(map(_has_triple, part)):
        return None  # the algorithm is not defined over triple terms
    at = _by_label(part)
    looks = {label: _look(label, found) for label, found in at.items()} if len(at) > 1 else {}
    if len(set(looks.values())) == len(looks):
        ordered = sorted(at, key=looks.__getitem__) if looks else list(at)
        names = {label: b"_:c14n%d" % number for number, label in enumerate(ordered)}
        return _sha256(_renamed(said, names) for said in part)
    if not _is_bounded(at, looks):
        return None
    dataset = Dataset(quads(b"".join(b"".join(said) for said in part)))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return _sha256(lines(dataset))


def _sha256(canonical: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(sorted(canonical))).hexdigest().encode()


def _has_triple(said: Statement) -> bool:
    """Whether the object is a triple."""
    if b"<<(" not in said[0] and (len(said) == 1 or b"<<(" not in said[2]):
        return False
    return b"".join(said).split(b" ", 2)[2].startswith(b"<<(")


def _look(label: bytes, found: Iterable[Statement]) -> bytes:
    """The hash of the node's statements, other nodes unnamed, as section 4.6 defines it: nodes with
    the same hash look alike."""
    said = sorted(_unnamed(each, label) for each in found)
    return hashlib.sha256(b"".join(said)).hexdigest().encode()


def _unnamed(said: Statement, label: bytes) -> bytes:
    """The line with _:a for the node and _:z for others."""
    if len(said) == 3:  # of one node
        return b"%b_:a%b" % (said[0], said[2])
    pieces = list(said)
    pieces[1::2] = [b"_:a" if each == label else b"_:z" for each in said[1::2]]
    return b"".join(pieces)


def _is_bounded(at: Mapping[bytes, list[Statement]], looks: Mapping[bytes, bytes]) -> bool:
    """Whether the nodes that look alike are few enough to be distinguished by trying."""
    counts = Counter(looks.values())
    alike = {label for label, look in looks.items() if counts[look] > 1}
    for part in _linked(alike, at):
        if len(part) > _MAX_ALIKE:
            return False
        if not _is_tried_soon([_links(label, at[label], looks) for label in part]):
            return False
    return True


def _links(
    label: bytes, found: Iterable[Statement], looks: Mapping[bytes, bytes]
) -> Counter[tuple[int, bytes, bytes]]:
    """How often the node is linked to others in the same way: the position of these, the predicate,
    and how they look."""
    links: Counter[tuple[int, bytes, bytes]] = Counter()
    for each in found:
        for place, predicate, other in _places(each):
            if other != label:
                links[place, predicate, looks[other]] += 1
    return links


def _places(said: Statement) -> Iterator[tuple[int, bytes, bytes]]:
    """The nodes of the statement: the place of each, the predicate, its label."""
    subject, predicate, rest = b"".join(said).split(b" ", 2)
    value, *others = rest.rsplit(b" ", 2)
    if not said[0]:
        yield 0, predicate, subject
    if said[-1] == b" .\n" and len(others) > 1 and others[0] == said[-2]:
        yield 2, predicate, others[0]
    if value.startswith(b"_:"):
        yield 1, predicate, value


def _linked(alike: set[bytes], at: Mapping[bytes, list[Statement]]) -> Iterator[set[bytes]]:
    """Those that look like some other node, in groups that are linked to each other."""
    left = set(alike)
    while left:
        waiting, found = [left.pop()], set[bytes]()
        while waiting:
            label = waiting.pop()
            found.add(label)
            new = {other for each in at[label] for other in each[1::2]} & left
            left -= new
            waiting += new
        yield found


def _is_tried_soon(links: Sequence[Counter[tuple[int, bytes, bytes]]]) -> bool:
    total = sum(each.total() for each in links)
    most = max((count for each in links for count in each.values()), default=1)
    if most == 1:
        return total <= _MAX_LINKS
    return max(len(links), most) <= _MAX_TWINS and total <= _MAX_TWIN_LINKS
