"""Tables of statements: one partition for each property, written as the statements are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, final

from spacepolicy.columns.cells import BLANK_NODE, IRI, TRIPLE
from spacepolicy.columns.parquet_files import Statement, StatementFile, TermCell, with_zone
from spacepolicy.table_export.dataset import TabularDataset

MERGED: Final = "statements"
"""The table of the statements in the default graph."""
APART: Final = "apart"
"""The table of the statements in named graphs alone."""
PART: Final = "part-0.parquet"
_BATCH: Final = 1 << 16
"""Statements of a row group: some 60 MB in Python, and a second's work."""
_CHARACTERS: Final = 1 << 26
"""Characters of values of a row group: long texts, of which Arrow holds 2 GiB in a column."""
_Item = TypeVar("_Item")


@final
@dataclass(slots=True)
class PropertyProfile:
    """The values of a property in the default graph: their kinds, and whether times have zones."""

    predicate: str
    kinds: set[str] = field(default_factory=set)
    zones: bool = False

    def add(self, statements: Iterable[Statement]) -> None:
        """Take the values of statements into account."""
        for each in statements:
            found = _cell(each)
            if found.kind not in self.kinds or not self.zones:
                self.kinds.add(found.kind)
                self.zones = self.zones or with_zone(found)


@final
@dataclass(frozen=True, slots=True)
class Partition:
    """A file of the statements of a property, by its path in the folder; `rows` counts statements,
    `quads` counts each as often as a graph contains it."""

    path: str
    predicate: str
    name: str
    rows: int
    quads: int


def write_statements(
    dataset: TabularDataset, folder: Path, names: Mapping[str, str]
) -> tuple[list[Partition], list[Partition], list[PropertyProfile]]:
    """Write the statements of each property; return the files of the default graph, those of the
    other graphs, and the profiles of the properties in the default graph."""
    merged: list[Partition] = []
    apart: list[Partition] = []
    profiles: list[PropertyProfile] = []
    for predicate in dataset.properties():
        profile = PropertyProfile(predicate)
        for table, found, partitions in (
            (MERGED, dataset.statements(predicate), merged),
            (APART, dataset.apart(predicate), apart),
        ):
            path = f"{table}/property={names[predicate]}/{PART}"
            written = _write(found, folder / path, profile if table == MERGED else None)
            if written is not None:
                partitions.append(Partition(path, predicate, names[predicate], *written))
        profiles.append(profile)
    return merged, apart, profiles


def _write(
    statements: Iterator[Statement], path: Path, profile: PropertyProfile | None
) -> tuple[int, int] | None:
    """Write the statements; return how many statements and quads there were. No file is written for
    none."""
    file, quads = None, 0
    for batch in batches(statements, _BATCH, _characters):
        file = file or StatementFile(path)
        file.write(batch)
        quads += sum(len(each.graphs) for each in batch)
        if profile is not None:
            profile.add(batch)
    return (file.close(), quads) if file else None


def _characters(statement: Statement) -> int:
    return len(statement.value or "")


def _cell(statement: Statement) -> TermCell:
    """The value of a statement; its kind is as in `Terms`."""
    if statement.value is not None:
        tag, datatype = statement.language, statement.datatype
        return TermCell(f"@{tag}" if tag else str(datatype), statement.value)
    node = str(statement.object)
    if node.startswith("_:"):
        return TermCell(BLANK_NODE, node)
    return TermCell(TRIPLE if node.startswith("<<") else IRI, node)


def batches(
    items: Iterable[_Item], size: int, weigh: Callable[[_Item], int]
) -> Iterator[Sequence[_Item]]:
    """Group the items into batches of `size`, or fewer where these reach the characters of a batch.

    >>> list(batches(["a", "b", "c"], 2, len))
    [['a', 'b'], ['c']]
    """
    batch: list[_Item] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += weigh(item)
        if len(batch) >= size or weight >= _CHARACTERS:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
