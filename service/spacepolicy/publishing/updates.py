"""The texts of updates: changes of data, in pieces that a store accepts, under a condition.

Each is one DELETE … INSERT … WHERE operation, which is carried out entirely or not at all; its
templates have no variables, except to clear a graph.

Spec: https://www.w3.org/TR/sparql11-update/#deleteInsert
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

MAX_STATEMENTS: Final = 2_000
"""Per request: stores compile it before they carry it out, and proxies time out where the answer
takes long."""
MAX_BYTES: Final = 1 << 20
"""Per request, unless one statement is larger: proxies and stores accept at least a megabyte."""

Lines = Mapping[str, Iterable[bytes]]
"""Statements by the IRI of their graph, "" for the default graph."""


@final
@dataclass(frozen=True, slots=True)
class UpdatePiece:
    """The statements that one request deletes and inserts, each with its graph."""

    removed: list[tuple[str, bytes]] = field(default_factory=list)
    added: list[tuple[str, bytes]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.removed) + len(self.added)

    def update(self, guard: str, removed: str = "", added: str = "") -> str:
        """Return the update that is carried out where the guard matches; `removed` and `added` are
        appended to its templates."""
        gone = f"{_template(self.removed)}{removed}"
        come = f"{_template(self.added)}{added}"
        parts = [
            f"{word} {{\n{text}\n}}" for word, text in (("DELETE", gone), ("INSERT", come)) if text
        ]
        return "\n".join([*parts, f"WHERE {{ {guard} }}\n"])


def pieces(
    removed: Lines, added: Lines, max_statements: int = MAX_STATEMENTS
) -> Iterator[UpdatePiece]:
    """Return the changes in pieces of at most `max_statements` and `MAX_BYTES`; none where there
    is no change."""
    piece, size = UpdatePiece(), 0
    for mark, lines in ((0, removed), (1, added)):
        for graph in sorted(lines):
            for line in sorted(lines[graph]):
                if piece and (len(piece) == max_statements or size + len(line) > MAX_BYTES):
                    yield piece
                    piece, size = UpdatePiece(), 0
                (piece.removed, piece.added)[mark].append((graph, line))
                size += len(line)
    if piece:
        yield piece


def clearing(graph: str, guard: str) -> str:
    """Return the update that deletes all statements of a graph where the guard matches."""
    every = _of_graph(graph, "?s ?p ?o .\n")
    return f"DELETE {{\n{every}}}\nWHERE {{ {guard} {every}}}\n"


def _template(lines: Iterable[tuple[str, bytes]]) -> str:
    """The statements as a template, by graph."""
    found: dict[str, list[bytes]] = {}
    for graph, line in lines:
        found.setdefault(graph, []).append(line)
    return "".join(_of_graph(graph, b"".join(each).decode()) for graph, each in found.items())


def _of_graph(graph: str, text: str) -> str:
    return f"GRAPH <{graph}> {{\n{text}}}\n" if graph else text
