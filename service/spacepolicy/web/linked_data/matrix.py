"""What the parts of a thing deal with, as a table: a row a part, a column what it deals with, and
in each cell the passages that say so.

A saved query tagged `matrix` tells it. Its first parameter takes the thing; its columns are
the part, what it deals with, the passage, and the thing. Its rows are in the order of the parts.
"""

from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.saved_queries import MATRIX, SavedQuery, tagged
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.tagged_query_results import told

_MAX_MARKS: Final = 3
"""Passages of one cell that are marked: more make its column wider than its name. The query has
all."""
_MANY_CELLS: Final = 40
"""Of how many cells on the table is folded: more are higher or wider than a screen of a phone."""


@final
@dataclass(frozen=True, slots=True)
class MatrixCell:
    """The passages that are marked in a cell, and how many more there are."""

    passages: tuple[Link, ...]
    more: int


@final
@dataclass(frozen=True, slots=True)
class Matrix:
    """The parts with their cells, one for each column; `address` asks the query."""

    query: SavedQuery
    columns: tuple[Link, ...]
    rows: tuple[tuple[Link, tuple[MatrixCell, ...]], ...]
    address: str

    @property
    def is_large(self) -> bool:
        """Whether it is folded."""
        return len(self.columns) * len(self.rows) > _MANY_CELLS


async def matrix(app_state: AppState, thing: NamedNode) -> Matrix | None:
    """The table of the thing; None where nothing is known for one."""
    found = await told(app_state, MATRIX, thing)
    if found is None:
        return None
    cells: dict[NamedNode, dict[NamedNode, dict[NamedNode, None]]] = {}
    counts: dict[NamedNode, int] = {}
    for part, other, passage, _ in found.rows:
        if not (isinstance(part, NamedNode) and isinstance(other, NamedNode)):
            continue
        if isinstance(passage, NamedNode):
            cells.setdefault(part, {}).setdefault(other, {}).setdefault(passage)
            counts[other] = counts.get(other, 0) + 1
    if not cells:
        return None
    # What most passages deal with stands first: a phone shows the first columns.
    columns = sorted(counts, key=lambda each: (-counts[each], found.names.link(each).text))
    return Matrix(
        tagged(app_state.service.catalogue, MATRIX)[0],
        tuple(found.names.link(each) for each in columns),
        tuple(
            (
                found.names.link(part),
                tuple(
                    MatrixCell(
                        tuple(found.names.link(each) for each in list(passages)[:_MAX_MARKS]),
                        max(len(passages) - _MAX_MARKS, 0),
                    )
                    for passages in (row.get(column, {}) for column in columns)
                ),
            )
            for part, row in cells.items()
        ),
        found.address,
    )
