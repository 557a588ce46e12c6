"""The notation of `.csv` files: one thing a row, under a header that defines the columns.

    @prefix,tree:,<https://example.org/id/tree/>
    #,label@en,trees
    #,dcterms:source@en,a walk in the park
    iri,type,label@en,label@zh,altLabel@en |,:growsIn |
    tree:oak,:Tree,oak,橡树,English oak | common oak,region:north | region:west

A column is named by its property, with the language (`@en`) or the datatype (`^^xsd:date`) of its
values where they are texts; without one, values are names, IRIs in angle brackets or numbers, as in
Turtle. A sign after the name, of | ; and /, separates several values. A row that begins with `#`
describes the table itself, one with `@prefix` declares a prefix.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.turtle_format.quotes import NotationError

SIGNS: Final = ("|", ";", "/")
"""The signs that may separate values, in the order in which they are tried."""
_CELL: Final = re.compile(r'"((?:[^"]|"")*)"|([^",\n]*)')
_COLUMN: Final = re.compile(
    r"(?P<name><[^<>\s]+>|[^\s@^|;/<>]+)(?:@(?P<language>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"|\^\^(?P<datatype><[^<>\s]+>|[^\s@^|;/<>]+))?(?:\s*(?P<sign>[|;/]))?"
)


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with the place where it begins in the file."""

    text: str
    line: int
    column: int

    def error(self, reason: str) -> NotationError:
        """The error for the cell, at its place."""
        return NotationError(reason, self.line, self.column)


Row = Sequence[Cell]


@final
@dataclass(frozen=True, slots=True)
class TableColumn:
    """The property of the values of a column, and their language or datatype.

    `head` is the header cell, where the column was read.
    """

    name: str
    language: str = ""
    datatype: str = ""
    sign: str = ""
    head: Cell = Cell("", 0, 0)

    def __str__(self) -> str:
        """The head of the column, as it is written."""
        tag = f"@{self.language}" if self.language else ""
        datatype = f"^^{self.datatype}" if self.datatype else ""
        return f"{self.name}{tag}{datatype}" + (f" {self.sign}" if self.sign else "")

    def values(self, cell: Cell) -> Iterator[Cell]:
        """The values in the cell, each with its place as far as that is known."""
        for each in cell.text.split(self.sign) if self.sign else [cell.text]:
            if each.strip():
                yield Cell(each.strip(), cell.line, cell.column)


@final
@dataclass(frozen=True, slots=True)
class ThingTable:
    """A file: prefixes, the statements about the table itself, its columns and its things.

    A thing is its name and the other cells of its row.
    """

    prefixes: Mapping[str, str]
    about: Sequence[tuple[TableColumn, Cell]]
    columns: Sequence[TableColumn]
    things: Sequence[tuple[Cell, Row]]


def read_rows(text: str) -> Iterator[Row]:
    """The rows of the file; those without any text are left out.

    Raises: NotationError where a quoted cell goes on behind its end, or has none.
    """
    row: list[Cell] = []
    for cell, ends in _cells(text):
        row.append(cell)
        if ends:
            if any(each.text for each in row):
                yield tuple(row)
            row = []


def _cells(text: str) -> Iterator[tuple[Cell, bool]]:
    """The cells, each with whether it is the last of its row."""
    at, line, start = 0, 1, 0
    while at <= len(text):
        found = _CELL.match(text, at)
        raw, quoted = (found[0], found[1]) if found else ("", None)
        cell = Cell(_unquoted(raw, quoted), line, at - start + 1)
        at += len(raw)
        if at < len(text) and text[at] not in ",\n":
            reason = (
                "a cell with quotation marks begins and ends with one, and doubles those within"
            )
            raise cell.error(reason)
        ends = at >= len(text) or text[at] == "\n"
        yield cell, ends
        line += raw.count("\n") + ends
        if ends or "\n" in raw:
            start = at + 1 if ends else text.rindex("\n", 0, at) + 1
        at += 1


def _unquoted(raw: str, quoted: str | None) -> str:
    return raw.strip() if quoted is None else quoted.replace('""', '"').strip()


def read_table(text: str) -> ThingTable:
    """The table of a file.

    Raises: NotationError at the cell that is none of the notation.
    """
    prefixes: dict[str, str] = {}
    about: list[tuple[TableColumn, Cell]] = []
    columns: list[TableColumn] | None = None
    things: dict[str, tuple[Cell, Row]] = {}
    for row in read_rows(text):
        first = row[0]
        if first.text == "@prefix":
            prefix, iri = _filled(row, "a prefix and its IRI: `@prefix,tree:,<https://…>`")
            prefixes[prefix.text.removesuffix(":")] = iri.text.strip("<>")
        elif first.text == "#":
            name, value = _filled(row, "a property and its value: `#,label@en,trees`")
            about.append((_column(name), value))
        elif columns is None:
            columns = _columns(row)
        else:
            _check(row, columns, things)
            things[first.text] = (first, row[1:])
    if columns is None:
        raise NotationError("the table has no header, which begins with `iri`", 1, 1)
    return ThingTable(prefixes, about, columns, tuple(things.values()))


def _filled(row: Row, form: str) -> tuple[Cell, Cell]:
    filled = [cell for cell in row[1:] if cell.text]
    if len(filled) != 2:
        raise row[0].error(f"such a row has {form}")
    return filled[0], filled[1]


def _columns(row: Row) -> list[TableColumn]:
    if row[0].text != "iri":
        raise row[0].error("the first column of the header is `iri`, the name of the thing")
    named = list(row[1:])
    while named and not named[-1].text:
        named.pop()
    return [_column(cell) for cell in named]


def _column(cell: Cell) -> TableColumn:
    found = _COLUMN.fullmatch(cell.text)
    if found is None:
        reason = (
            f"{cell.text!r} names no column: write a property, then @en or ^^xsd:date for texts, "
            "then | where a cell may have several values"
        )
        raise cell.error(reason)
    name, language, datatype, sign = (each or "" for each in found.groups())
    return TableColumn(name, language, datatype, sign, cell)


def _check(row: Row, columns: Sequence[TableColumn], things: Mapping[str, object]) -> None:
    first, rest = row[0], row[1:]
    for cell in rest[len(columns) :]:
        if cell.text:
            raise cell.error("the header has no column for this cell")
    if not first.text:
        raise first.error("the row does not name its thing in the first cell")
    if first.text in things:
        raise first.error(f"{first.text} has a row already")
    if not any(cell.text for cell in rest):
        raise first.error(f"the row says nothing of {first.text}")


def written(cell: str) -> str:
    """The text as a cell, quoted where it has to be.

    >>> written('say "oak", please')
    '"say ""oak"", please"'
    """
    if re.search(r'[",\n]', cell) or cell != cell.strip():
        return '"' + cell.replace('"', '""') + '"'
    return cell


def print_rows(rows: Sequence[Sequence[str]]) -> str:
    """The rows as the text of a file."""
    return "".join(",".join(map(written, row)) + "\n" for row in rows)
