"""The SHA-256 of a record, updated as statements come and go; an update costs what it touches.

It is over lines: the N-Quads of statements without blank nodes, and for the others a line for each
connected component with the digest of its canonical form and how often that form occurs. A
component beyond the bound of canonicalisation has the N-Quads of its statements, with the labels
that the store has. `docs/decisions/record-digest.md` says how to compute it.

Spec: https://www.w3.org/TR/rdf-canon/
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Final, Self, final

from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad

from spacepolicy.engine.blank_nodes import Components, Statement, canonical_sha256, statement
from spacepolicy.engine.nquads import lines
from spacepolicy.engine.nquads import quads as quads_of
from spacepolicy.store.sorted_lines import SortedLines

WHOLE: Final = "rdfc-1.0"
"""Over the canonical N-Quads of the whole record, as in earlier revisions; read only."""
CANONICAL: Final = "rdfc-1.0-components"
"""The algorithm where every component is canonical."""
LABELLED: Final = "rdfc-1.0-components+labels"
"""The algorithm where some components are beyond the bound, and have their labels."""


@final
class RecordDigest:
    """The digest of a set of quads."""

    def __init__(self, quads: Iterable[Quad] = ()) -> None:
        self._lines = SortedLines()
        self._components = Components()
        self._forms: Counter[bytes] = Counter()
        self.change(quads, ())

    @classmethod
    def read(cls, lines: SortedLines, statements: bytes) -> Self:
        """Read a digest that was saved with these lines, and these statements with blank nodes."""
        found = cls()
        found._lines = lines
        blank = map(statement, statements.splitlines(keepends=True))
        found._forms.update(found._components.change(blank, ())[0])
        return found

    @property
    def lines(self) -> SortedLines:
        """The lines that the digest is over."""
        return self._lines

    def statements(self) -> bytes:
        """The lines of the statements with blank nodes."""
        return b"".join(map(b"".join, self._components.said()))

    def change(self, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
        """Add and remove quads."""
        gone, gone_blank = _parted(removed)
        new, new_blank = _parted(added)
        self._lines.change(new, gone)
        if gone_blank or new_blank:
            came, went = self._components.change(new_blank, gone_blank)
            changed = came.keys() | went.keys()
            before = {_line(entry, self._forms[entry]) for entry in changed if self._forms[entry]}
            self._forms.update(came)
            self._forms.subtract(went)
            after = {_line(entry, self._forms[entry]) for entry in changed if self._forms[entry]}
            for entry in changed:
                if not self._forms[entry]:
                    del self._forms[entry]
            self._lines.change(after - before, before - after)

    @property
    def algorithm(self) -> str:
        """The algorithm by which the digest of these quads is made."""
        return LABELLED if self._components.labelled else CANONICAL

    def hexdigest(self) -> str:
        """The digest in hexadecimal digits; other threads may run meanwhile, but must change
        nothing here."""
        return self._lines.sha256()


def _line(entry: bytes, count: int) -> bytes:
    """The line of a component's form, or the statement itself."""
    return b"_:%b %d\n" % (entry, count) if not entry.endswith(b"\n") else entry


def is_record(quads: Iterable[Quad], sha256: str, algorithm: str) -> bool | None:
    """Whether the quads have that digest; None where computing it would take too long, as with
    blank nodes that look alike in a record whose digest is over the whole."""
    if algorithm != WHOLE:
        return RecordDigest(quads).hexdigest() == sha256
    without, blank = _parted(quads)
    if blank and canonical_sha256(blank) is None:
        return None
    dataset = Dataset(quads_of(b"".join(map(b"".join, blank))))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    found = sorted({*without, *lines(dataset)})
    return hashlib.sha256(b"".join(found)).hexdigest() == sha256


def _parted(quads: Iterable[Quad]) -> tuple[list[bytes], list[Statement]]:
    """The lines of the quads without blank nodes, and the statements of the other quads."""
    without: list[bytes] = []
    having: list[Statement] = []
    for line in lines(quads):
        pieces = statement(line)
        if len(pieces) == 1:
            without.append(line)
        else:
            having.append(pieces)
    return without, having
