"""Writes solutions in the formats of columns.

Types are those of the first `_FIRST_BYTES` of TSV. A longer answer has a column of terms beside
each of its columns, for later terms of another kind; one that ends there has one beside the columns
that need it.

Spec: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format,
https://parquet.apache.org/docs/file-format/
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyoxigraph import QueryResultsFormat, QuerySolutions

from spacepolicy.columns.blocks import LineBlocks
from spacepolicy.columns.cells import Terms, read_cells, read_terms
from spacepolicy.columns.csvw import Metadata
from spacepolicy.columns.json_lines import JsonLines
from spacepolicy.columns.schema import TERM, TERM_SUFFIX, Column, as_structs, column_of
from spacepolicy.errors import NotAcceptableError

_FIRST_BYTES: Final = 1 << 25
"""Some 150,000 rows of nine columns, whose types are determined before they are sent: reading so
much takes half a second and 150 MB, of the 2 GiB that a query may have."""
_LEAST_BYTES: Final = 1 << 18
"""Where no types are determined, the first rows are sent at once."""
_LATER_BYTES: Final = 1 << 22
_BATCH_ROWS: Final = 1 << 16
"""Rows of an Arrow batch: as many as readers of streams hold at a time."""
_PIECE_BYTES: Final = 1 << 17
"""The size of the pieces that are passed on, of which frames of the engine's port are composed."""

# Malloc: pyarrow's own allocator reserves more addresses than a worker may have. One processor: a
# worker is one of several, and its threads would have to be made after the fork.
pa.set_memory_pool(pa.system_memory_pool())
pa.set_cpu_count(1)
pa.set_io_thread_count(1)


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


class _File(Protocol):
    """A file of batches, as pyarrow has them."""

    def write_batch(self, batch: pa.RecordBatch, /) -> None: ...

    def close(self) -> None: ...


class _Writer(Protocol):
    """Receives terms by columns, and the end."""

    def take(self, columns: Sequence[Terms], rows: int, *, last: bool) -> None: ...

    def finish(self) -> None: ...


def write(
    answer: QuerySolutions,
    format: str,
    output: _Output,
    *,
    terms: bool,
    count: Callable[[int], None],
) -> None:
    """Write the solutions in `arrow`, `parquet`, `ndjson` or `csvw`; `terms`: each cell as its
    term. `count` gets the number of rows of each block, before they are written.

    Raises: what the output raises; NotAcceptableError where the format cannot carry the solutions.
    """
    variables = [variable.value for variable in answer.variables]
    places = {name: place for place, name in reversed(list(enumerate(variables)))}
    names = list(dict.fromkeys(variables))  # another endpoint may name one twice
    writer = _writer(format, names, _Pieces(output), terms=terms)

    def take(lines: bytes, *, last: bool = False) -> None:
        rows = lines.count(b"\n")
        if rows and not names and format == "parquet":
            raise NotAcceptableError(
                "Parquet cannot say how many rows there are that bind nothing."
            )
        count(rows)
        cells = read_cells(lines, len(variables)) if rows else [_NO_CELLS] * len(variables)
        writer.take([read_terms(cells[places[name]]) for name in names], rows, last=last)

    typed = format in ("arrow", "parquet") and not terms
    blocks = LineBlocks(
        take, first_bytes=_FIRST_BYTES if typed else _LEAST_BYTES, later_bytes=_LATER_BYTES
    )
    try:
        answer.serialize(cast("Any", blocks), format=QueryResultsFormat.TSV)
    except Exception:
        if blocks.error is not None:
            raise blocks.error from None
        raise
    take(blocks.finish(), last=True)
    writer.finish()


_NO_CELLS: Final = pa.array([], pa.string())


def _writer(format: str, names: Sequence[str], output: "_Pieces", *, terms: bool) -> _Writer:
    match format:
        case "ndjson":
            return JsonLines(names, output, terms=terms)
        case "csvw":
            return Metadata(names, output)
        case "parquet":
            return _Tables(names, _parquet(output), terms=terms)
        case _:
            return _Tables(names, _stream(output), terms=terms)


@final
class _Pieces:
    """A file that passes large writes on in pieces."""

    closed = False

    def __init__(self, output: _Output) -> None:
        self._output = output

    def write(self, data: bytes | pa.Buffer) -> int:
        """Pass the bytes on."""
        view = memoryview(data)
        for start in range(0, len(view), _PIECE_BYTES):
            self._output.write(bytes(view[start : start + _PIECE_BYTES]))
        return len(view)

    def flush(self) -> None:
        """Do nothing: no bytes are held back."""

    def writable(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return False."""
        return False

    def seekable(self) -> bool:
        """Return False."""
        return False

    def close(self) -> None:
        """Do nothing: the output stays open."""


def _stream(output: _Pieces) -> Callable[[pa.Schema], _File]:
    return lambda schema: pa.ipc.new_stream(output, schema)


def _parquet(output: _Pieces) -> Callable[[pa.Schema], _File]:
    return lambda schema: pq.ParquetWriter(output, schema, compression="zstd")


@final
class _Tables:
    """Batches of one schema, which is that of the first terms."""

    def __init__(
        self, names: Sequence[str], start: Callable[[pa.Schema], _File], *, terms: bool
    ) -> None:
        self._names = names
        self._start = start
        self._layout: Sequence[_Layout] | None = None
        self._terms = terms
        self._file: _File | None = None

    def take(self, columns: Sequence[Terms], rows: int, *, last: bool) -> None:
        """Write the rows."""
        if self._layout is None:
            self._layout = self._laid_out(columns, last=last)
        file = self._file = self._file or self._start(pa.schema(self._fields(self._layout)))
        if not rows:
            return
        arrays = [array for each, terms in zip(self._layout, columns, strict=True)
                  for array in each.arrays(terms)]  # fmt: skip
        for batch in _batches(arrays, self._fields(self._layout), rows):
            file.write_batch(batch)

    def finish(self) -> None:
        """Write the end of the file."""
        if self._file is not None:
            self._file.close()

    def _fields(self, layout: "Sequence[_Layout]") -> list[pa.Field]:
        return [field for each in layout for field in each.fields()]

    def _laid_out(self, columns: Sequence[Terms], *, last: bool) -> "Sequence[_Layout]":
        found = []
        for name, terms in zip(self._names, columns, strict=True):
            column = None if self._terms else column_of(name, terms)
            beside = column is not None and (not last or _is_needed(column, terms))
            found.append(_Layout(name, column, beside))
        return found


def _is_needed(column: Column, terms: Terms) -> bool:
    found: bool | None = pc.any(column.values(terms)[1]).as_py()
    return bool(found)


@final
@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns that a variable is written as: its values, and terms `beside` them; or terms
    alone, where it has no column of values."""

    name: str
    column: Column | None
    beside: bool

    def fields(self) -> list[pa.Field]:
        if self.column is None:
            return [pa.field(self.name, TERM, metadata={"rdf:kind": "term"})]
        term = pa.field(self.name + TERM_SUFFIX, TERM, metadata={"rdf:kind": "term"})
        return [self.column.field(), *([term] if self.beside else ())]

    def arrays(self, terms: Terms) -> list[pa.Array]:
        if self.column is None:
            return [as_structs(terms)]
        values, partly = self.column.values(terms)
        return [values, *([as_structs(terms, partly)] if self.beside else ())]


def _batches(
    arrays: Sequence[pa.Array], fields: Sequence[pa.Field], rows: int
) -> Iterator[pa.RecordBatch]:
    if not arrays:  # rows that bind nothing
        nothing = pa.StructArray.from_buffers(pa.struct([]), rows, [None])
        yield pa.RecordBatch.from_struct_array(nothing)
        return
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    yield from table.to_batches(max_chunksize=_BATCH_ROWS)
