"""Files of Parquet that are written in batches: statements, and instances with their values.

Spec: https://parquet.apache.org/docs/file-format/
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple, Protocol, cast, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spacepolicy.columns.arrow_types import DATE_TIME, zoned
from spacepolicy.columns.cells import Terms
from spacepolicy.columns.schema import Column

IRI_COLUMN: Final = "iri"
"""The column of a table of instances that identifies each."""
_IRIS: Final = pa.list_(pa.string())


class Statement(NamedTuple):
    """A statement: `object` is an IRI, or `_:` and a label; a literal has `value`, `datatype` and
    perhaps `language` instead. `stated` is false for a statement that is only inferred from those
    that the default graph takes in; `graphs` are the named graphs that contain it, `evidence` those
    of them that are passages of a source."""

    subject: str
    predicate: str
    object: str | None
    value: str | None
    datatype: str | None
    language: str | None
    stated: bool
    graphs: list[str]
    evidence: list[str]


STATEMENTS: Final = pa.schema(
    [
        pa.field("subject", pa.string(), nullable=False),
        pa.field("predicate", pa.string(), nullable=False),
        pa.field("object", pa.string()),
        pa.field("value", pa.string()),
        pa.field("datatype", pa.string()),
        pa.field("language", pa.string()),
        pa.field("stated", pa.bool_(), nullable=False),
        pa.field("graphs", _IRIS, nullable=False),
        pa.field("evidence", _IRIS, nullable=False),
    ]
)
"""The columns of a table of statements, in the order of `Statement`."""


class TermCell(NamedTuple):
    """A value: its kind as in `Terms`, and its lexical form, IRI or label."""

    kind: str
    form: str


@final
@dataclass(frozen=True, slots=True)
class InstanceColumn:
    """A column of a table of instances: the values of a property, those in one language where it is
    of language strings. `many`: each row has a list, else one value or null."""

    column: Column
    predicate: str
    many: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.column.name

    def field(self) -> pa.Field:
        """The field of a schema; its metadata name the property and describe the values."""
        one = self.column.field()
        metadata = {"rdf:property": self.predicate, **_texts(one.metadata or {})}
        held = pa.list_(pa.field("element", one.type)) if self.many else one.type
        return pa.field(self.name, held, nullable=not self.many, metadata=metadata)

    def array(self, rows: Sequence[Sequence[TermCell]]) -> tuple[pa.Array, int]:
        """The column of these rows, and how many of its values are not the whole term."""
        cells = [cell for row in rows for cell in row] if self.many else [
            row[0] if row else None for row in rows
        ]  # fmt: skip
        values, partly = self.column.values(_terms(cells))
        if self.many:
            offsets = pa.array(accumulate((len(row) for row in rows), initial=0), pa.int32())
            values = pa.ListArray.from_arrays(offsets, values, type=self.field().type)
        return values, pc.sum(partly).as_py() or 0


def _texts(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in metadata.items()}


def _terms(cells: Sequence[TermCell | None]) -> Terms:
    kinds = {cell.kind for cell in cells if cell}
    return Terms(
        pa.array([cell and cell.form for cell in cells], pa.string()),
        pa.array([cell and cell.kind for cell in cells], pa.string()).dictionary_encode(),
        next(iter(kinds)) if len(kinds) == 1 else None,
    )


def with_zone(cell: TermCell) -> bool:
    """Whether the value is a time with a zone.

    >>> with_zone(TermCell("http://www.w3.org/2001/XMLSchema#dateTime", "2026-01-02T03:04:05Z"))
    True
    """
    return cell.kind == DATE_TIME and zoned(pa.array([cell.form]))


class _Writer(Protocol):
    def write_table(self, table: pa.Table, /) -> None: ...

    def close(self) -> None: ...


@final
class ParquetFile:
    """A file that takes tables of one schema, each a row group; it is complete once it is
    closed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.schema = schema
        self.rows = 0
        self._writer = cast("_Writer", pq.ParquetWriter(path, schema, compression="zstd"))

    def write(self, arrays: Sequence[pa.Array]) -> None:
        """Write the rows of these columns."""
        table = pa.Table.from_arrays(list(arrays), schema=self.schema)
        self._writer.write_table(table)
        self.rows += len(table)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


@final
class StatementFile:
    """A file of statements."""

    def __init__(self, path: Path) -> None:
        self._file = ParquetFile(path, STATEMENTS)

    def write(self, statements: Sequence[Statement]) -> None:
        """Write the statements, sorted within the batch."""
        rows = sorted(statements, key=_order)
        self._file.write([pa.array(values, field.type)
                          for values, field in zip(zip(*rows, strict=True), STATEMENTS,
                                                   strict=True)])  # fmt: skip

    def close(self) -> int:
        """Write the footer; return the number of rows."""
        self._file.close()
        return self._file.rows


def _order(statement: Statement) -> tuple[str, ...]:
    return tuple(text or "" for text in statement[:6])


@final
class InstanceFile:
    """A file of instances; `partial` counts, by column, values that are not the whole term."""

    def __init__(self, path: Path, columns: Sequence[InstanceColumn]) -> None:
        self.partial = dict.fromkeys((column.name for column in columns), 0)
        self._columns = columns
        name = pa.field(IRI_COLUMN, pa.string(), nullable=False)
        self._file = ParquetFile(path, pa.schema([name, *(each.field() for each in columns)]))

    def write(self, rows: Mapping[str, Mapping[int, Sequence[TermCell]]]) -> None:
        """Write a row for each name, sorted; its values are by the index of their column."""
        names = sorted(rows)
        arrays = [pa.array(names, pa.string())]
        for place, column in enumerate(self._columns):
            cells = [sorted(rows[name].get(place, ())) for name in names]
            array, partial = column.array(cells)
            self.partial[column.name] += partial
            arrays.append(array)
        self._file.write(arrays)

    def close(self) -> int:
        """Write the footer; return the number of rows."""
        self._file.close()
        return self._file.rows


def fields(path: Path) -> list[tuple[str, str, bool]]:
    """The columns of a file: name, type of a value, and whether each row has a list of them."""
    found = []
    for field in pq.read_schema(path):
        many = pa.types.is_list(field.type)
        found.append((field.name, str(field.type.value_type if many else field.type), many))
    return found


def row_count(path: Path) -> int:
    """The number of rows, from the file's footer."""
    count: int = cast("Callable[[Path], pq.FileMetaData]", pq.read_metadata)(path).num_rows
    return count
