"""The SHA-256 of a record's canonical N-Quads, kept as statements come and go.

RDFC-1.0 looks only at the quads that have blank nodes: the others are lines that are sorted in.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from collections.abc import Iterable
from typing import Final, final

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad

from spacepolicy.engine.nquads import lines
from spacepolicy.revisions.sorted_lines import SortedLines

_ALGORITHM: Final = CanonicalizationAlgorithm.RDFC_1_0


@final
class RecordDigest:
    """The digest of quads."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._lines = SortedLines()
        self._blank: set[Quad] = set()
        self._blank_lines: frozenset[bytes] = frozenset()
        self.change(quads, ())

    def change(self, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
        """Take quads in and others out."""
        gone, gone_blank = _parted(removed)
        new, new_blank = _parted(added)
        self._lines.change(lines(new), lines(gone))
        if gone_blank or new_blank:
            self._blank = (self._blank - gone_blank) | new_blank
            self._name_blank_nodes()

    def _name_blank_nodes(self) -> None:
        dataset = Dataset(self._blank)
        dataset.canonicalize(_ALGORITHM)
        named = frozenset(lines(dataset))
        self._lines.change(named - self._blank_lines, self._blank_lines - named)
        self._blank_lines = named

    def hexdigest(self) -> str:
        """The digest, in hexadecimal digits; other threads may run meanwhile, and change nothing
        here."""
        return self._lines.sha256()


def _parted(quads: Iterable[Quad]) -> tuple[list[Quad], set[Quad]]:
    """The quads without blank nodes, and those with some."""
    without: list[Quad] = []
    having: set[Quad] = set()
    for quad in quads:
        if BlankNode in (type(quad.subject), type(quad.object), type(quad.graph_name)):
            having.add(quad)
        else:
            without.append(quad)
    return without, having
