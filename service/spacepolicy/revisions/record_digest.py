"""The SHA-256 of a record's canonical N-Quads, kept as statements come and go.

RDFC-1.0 looks only at the quads that have blank nodes: the others are lines that are sorted in.

Spec: https://www.w3.org/TR/rdf-canon/
"""

import hashlib
from collections.abc import Iterable
from typing import Final, final

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, serialize

_ALGORITHM: Final = CanonicalizationAlgorithm.RDFC_1_0


@final
class RecordDigest:
    """The digest of quads."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._lines: list[bytes] = []
        self._blank: set[Quad] = set()
        self._blank_lines: list[bytes] | None = None
        self.change(quads, ())

    def change(self, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
        """Take quads in and others out."""
        gone, gone_blank = _parted(removed)
        new, new_blank = _parted(added)
        if gone:
            lines = set(_lines(gone))
            self._lines = [line for line in self._lines if line not in lines]
        if new:
            self._lines += _lines(new)
            self._lines.sort()
        if gone_blank or new_blank:
            self._blank = (self._blank - gone_blank) | new_blank
            self._blank_lines = None

    def hexdigest(self) -> str:
        """The digest, in hexadecimal digits."""
        if self._blank_lines is None:
            dataset = Dataset(self._blank)
            dataset.canonicalize(_ALGORITHM)
            self._blank_lines = _lines(dataset)
        lines = sorted(self._lines + self._blank_lines) if self._blank_lines else self._lines
        return hashlib.sha256(b"".join(lines)).hexdigest()


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


def _lines(quads: Iterable[Quad]) -> list[bytes]:
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
