"""The result of a SELECT, requested when it is used: as rows, data frames, or a chart."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Any, Final, Protocol, cast, final

from spacepolicy_client import charts, json_columns
from spacepolicy_client.errors import BrokenTransferError
from spacepolicy_client.optional import installed, library
from spacepolicy_client.terms import BlankNode, Value, value_of
from spacepolicy_client.transport import Reply

Row = dict[str, Value | None]
ARROW: Final = "application/vnd.apache.arrow.stream"
JSON: Final = "application/sparql-results+json"
NDJSON: Final = "application/x-ndjson"
_PARTS: Final = ("type", "value", "language", "datatype")
_SHOWN_ROWS: Final = 50


class Ask(Protocol):
    """Requests a selection in a format."""

    def __call__(self, accept: str, *, terms: bool = False) -> Reply:
        """Request the answer in one of the media types; `terms`: with a term in each cell of
        columns."""
        ...


@final
class Selection:
    """The solutions of a query. Each method requests them; `rows` are kept.

    `address` is where they can be requested, for citations.
    """

    def __init__(self, ask: Ask, text: str, address: str) -> None:
        self._ask = ask
        self._rows: list[Row] | None = None
        self._names: list[str] = []
        self.text = text
        self.address = address
        self.revision: int | None = None
        """The revision of the answer, once one was received."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def __len__(self) -> int:
        return len(self.rows())

    @property
    def columns(self) -> Sequence[str]:
        """The names of the variables, in their order."""
        self.rows()
        return tuple(self._names)

    def rows(self) -> list[Row]:
        """The rows, each with a value for every variable, None where it is unbound.

        Raises: ClientError.
        """
        if self._rows is None:
            self._names, bindings = self._bindings()
            self._rows = [_row(self._names, each) for each in bindings]
        return self._rows

    def stream(self) -> Iterator[Row]:
        """Yield the rows as they arrive, where the service streams lines of JSON; else once all are
        there.

        Raises: ClientError; BrokenTransferError where they are incomplete.
        """
        reply = self._asked(f"{NDJSON}, {JSON};q=0.5", terms=True)
        if reply.media_type != NDJSON:
            names, bindings = _json(reply)
            yield from (_row(names, each) for each in bindings)
            return
        for line in _lines(reply):
            said = json.loads(line)
            if said.get("@last") is True:
                return
            yield _row(list(said), {name: term for name, term in said.items() if term is not None})
        raise BrokenTransferError("The rows broke off before the last.")

    def arrow(self) -> Any:
        """A `pyarrow.Table`, with metadata of each field (`rdf:kind`, `rdf:datatype` …).

        Raises: ClientError.
        """
        pyarrow = library("pyarrow", "arrow")
        reply = self._asked(f"{ARROW}, {JSON};q=0.5")
        if reply.media_type == ARROW:
            return pyarrow.ipc.open_stream(reply.body()).read_all()
        return self._typed_table(pyarrow, *_json(reply))

    def _typed_table(
        self,
        pyarrow: Any,
        names: Sequence[str],
        bindings: Sequence[json_columns.Row],
    ) -> Any:
        types = _arrow_types(pyarrow)
        found = json_columns.columns(names, bindings)
        return pyarrow.table(
            {name: pyarrow.array(each.values, types[each.held_as]) for name, each in found.items()}
        )

    def polars(self) -> Any:
        """A `polars.DataFrame`; pyarrow is not needed.

        Raises: ClientError.
        """
        polars = library("polars")
        reply = self._asked(f"{ARROW}, {JSON};q=0.5")
        if reply.media_type == ARROW:
            frame = polars.read_ipc_stream(BytesIO(reply.body()))
            unused = [name for name in frame.columns if name.endswith(".term")
                      and frame[name].null_count() == len(frame)]  # fmt: skip
            return frame.drop(unused)
        found = json_columns.columns(*_json(reply))
        types = _polars_types(polars)
        return polars.DataFrame(
            {name: each.values for name, each in found.items()},
            schema={name: types[each.held_as] for name, each in found.items()},
        )

    def pandas(self) -> Any:
        """A `pandas.DataFrame`. With pyarrow its columns have Arrow's types, so that integers with
        nulls stay integers.

        Raises: ClientError.
        """
        pandas = library("pandas")
        if installed("pyarrow"):
            return self.arrow().to_pandas(types_mapper=pandas.ArrowDtype)
        names, bindings = self._bindings()
        found = json_columns.columns(names, bindings)
        return pandas.DataFrame({name: each.values for name, each in found.items()})

    def chart(self, x: str, y: str) -> charts.BarChart:
        """A bar chart: the numbers of `y` by the labels in `x`."""
        bars = [(_text(row[x]), float(cast("Any", row[y]))) for row in self.rows()
                if row[y] is not None]  # fmt: skip
        return charts.BarChart(tuple(bars), y)

    def citation(self) -> str:
        """A citation of these solutions, with the address that returns them from the same
        revision."""
        self.rows()
        if self.revision is None:
            return f"{self.address}"
        return f"{self.address}&revision={self.revision} (revision {self.revision})"

    def _bindings(self) -> tuple[list[str], list[json_columns.Row]]:
        return _json(self._asked(JSON))

    def _asked(self, accept: str, *, terms: bool = False) -> Reply:
        reply = self._ask(accept, terms=terms)
        self.revision = reply.revision
        return reply

    def _repr_html_(self) -> str:
        rows = self.rows()
        head = "".join(f"<th>{escape(name)}</th>" for name in self._names)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_text(row[n]))}</td>" for n in self._names) + "</tr>"
            for row in rows[:_SHOWN_ROWS]
        )
        more = f"<caption>{_SHOWN_ROWS} of {len(rows)} rows</caption>" * (len(rows) > _SHOWN_ROWS)
        return f"<table>{more}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(names: Sequence[str], binding: json_columns.Row) -> Row:
    return {name: value_of(binding[name]) if name in binding else None for name in names}


def _json(reply: Reply) -> tuple[list[str], list[json_columns.Row]]:
    try:
        said = json.loads(reply.body())
        names = list(dict.fromkeys(said["head"].get("vars", ())))
        return names, said["results"]["bindings"]
    except (ValueError, KeyError) as error:
        raise BrokenTransferError(f"The answer is no SPARQL results in JSON: {error!r}.") from error


def _lines(reply: Reply) -> Iterator[bytes]:
    rest = b""
    for piece in reply.pieces():
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _text(value: Value | None) -> str:
    if value is None:
        return ""
    return f"_:{value}" if isinstance(value, BlankNode) else str(value)


def _arrow_types(pyarrow: Any) -> Mapping[str, Any]:
    """The types of columns, as a service with Arrow has them."""
    text = pyarrow.string()
    return {
        "Decimal": pyarrow.decimal128(38, 18),
        "int": pyarrow.int64(),
        "float": pyarrow.float64(),
        "single": pyarrow.float32(),
        "bool": pyarrow.bool_(),
        "date": pyarrow.date32(),
        "zoned": pyarrow.timestamp("us", "UTC"),
        "datetime": pyarrow.timestamp("us"),
        "text": text,
        "term": pyarrow.struct([(part, text) for part in _PARTS]),
    }


def _polars_types(polars: Any) -> Mapping[str, Any]:
    return {
        "Decimal": polars.Decimal(38, 18),
        "int": polars.Int64,
        "float": polars.Float64,
        "single": polars.Float32,
        "bool": polars.Boolean,
        "date": polars.Date,
        "zoned": polars.Datetime("us", "UTC"),
        "datetime": polars.Datetime("us"),
        "text": polars.String,
        "term": polars.Struct(dict.fromkeys(_PARTS, polars.String)),
    }
