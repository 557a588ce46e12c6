"""A table of the topics of a thing's parts: a row for each part, a column for each topic, and in
the cells the passages that relate them.

The data come from a saved query tagged `matrix`. Its first parameter takes the thing; its columns
are the part, the topic, the passage, and the thing. Its rows are in the order of the parts.
"""

from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.saved_queries import MATRIX, SavedQuery, tagged
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.tagged_query_results import told

_MAX_MARKS: Final = 3
"""How many passages a cell marks: more would make its column wider than its name. The query has
all."""
_MANY_CELLS: Final = 40
"""A table with more cells is folded: it would be higher or wider than the screen of a phone."""


@final
@dataclass(frozen=True, slots=True)
class MatrixCell:
    """The passages marked in a cell, and how many more there are."""

    passages: tuple[Link, ...]
    more: int


@final
@dataclass(frozen=True, slots=True)
class Matrix:
    """The parts with their cells, one for each column; `address` is the query's for the thing."""

    query: SavedQuery
    columns: tuple[Link, ...]
    rows: tuple[tuple[Link, tuple[MatrixCell, ...]], ...]
    address: str

    @property
    def is_large(self) -> bool:
        """Whether the table is folded."""
        return len(self.columns) * len(self.rows) > _MANY_CELLS


async def matrix(app_state: AppState, thing: NamedNode) -> Matrix | None:
    """Return the table of the thing; None where there are no data for it."""
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
    # Topics with the most passages come first: a phone shows the first columns.
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
