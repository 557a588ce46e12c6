"""Metadata of a table in CSV: the types of its columns, which CSV does not have.

Spec: https://www.w3.org/TR/tabular-metadata/, https://www.w3.org/TR/tabular-data-primer/
"""

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol, final
from urllib.parse import quote

import pyarrow.compute as pc

from spacepolicy.columns.cells import IRI, STRING, XSD, Terms
from spacepolicy.columns.schema import column_of

_BUILT_IN: Final = """
anyURI base64Binary boolean byte date dateTime dateTimeStamp dayTimeDuration decimal double duration
float gDay gMonth gMonthDay gYear gYearMonth hexBinary int integer language long negativeInteger
nonNegativeInteger nonPositiveInteger normalizedString positiveInteger short string time token
unsignedByte unsignedInt unsignedLong unsignedShort yearMonthDuration
"""
_DATATYPES: Final = frozenset(f"{XSD}{name}" for name in _BUILT_IN.split())
"""The datatypes that metadata name by their local names."""


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


@final
class Metadata:
    """Collects the kinds of the terms in each column, and writes the metadata that follows."""

    def __init__(self, names: Sequence[str], output: _Output) -> None:
        self._names = names
        self._output = output
        self._kinds: dict[str, set[str]] = {name: set() for name in names}
        self._broken: set[str] = set()
        self._rows = 0

    def take(self, columns: Sequence[Terms], rows: int, *, last: bool) -> None:  # noqa: ARG002
        """Collect the kinds of the rows' terms."""
        self._rows += rows
        for name, terms in zip(self._names, columns, strict=True):
            self._kinds[name] |= terms.present()
            column = column_of(name, terms)
            if column.native is not None:
                values, _ = column.values(terms)
                if pc.any(pc.and_(pc.is_null(values), pc.is_valid(terms.values))).as_py():
                    self._broken.add(name)

    def finish(self) -> None:
        """Write the metadata; the table's address is left to whoever knows it."""
        metadata = {
            "@context": "http://www.w3.org/ns/csvw",
            "dc:extent": f"{self._rows} rows",
            "tableSchema": {"columns": [self._column(name) for name in self._names]},
        }
        self._output.write(json.dumps(metadata, ensure_ascii=False, indent=1).encode())

    def _column(self, name: str) -> dict[str, Any]:
        description: dict[str, Any] = {"titles": name}
        if not name.startswith("_"):
            description = {"name": quote(name, safe=""), **description}
        kinds = self._kinds[name]
        kind = next(iter(kinds)) if len(kinds) == 1 else STRING
        if kind.startswith("@"):
            return {**description, "lang": kind[1:], "datatype": "string"}
        if kind == IRI:
            return {**description, "datatype": "anyURI"}
        known = kind in _DATATYPES and name not in self._broken
        return {**description, "datatype": kind.removeprefix(XSD) if known else "string"}
