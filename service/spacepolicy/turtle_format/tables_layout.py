"""Tables as TriG, and their canonical layout: things sorted by name, values in a cell in order."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pyoxigraph import Literal, Quad, RdfFormat, parse

from spacepolicy.errors import FindingsError
from spacepolicy.turtle_format.document import changed_data
from spacepolicy.turtle_format.order import natural_key
from spacepolicy.turtle_format.quotes import NotationError
from spacepolicy.turtle_format.quotes_layout import implied_prefixes, notation_finding
from spacepolicy.turtle_format.tables import (
    Cell,
    TableColumn,
    ThingTable,
    print_rows,
    read_table,
)
from spacepolicy.turtle_format.tokens import TurtleToken, tokens

COMMON: Final[Mapping[str, str]] = {
    "type": "rdf:type",
    "label": "rdfs:label",
    "altLabel": "skos:altLabel",
    "definition": "skos:definition",
    "scopeNote": "skos:scopeNote",
    "editorialNote": "skos:editorialNote",
    "title": "dcterms:title",
    "description": "dcterms:description",
}
"""Properties that are written without their prefix, since most tables have them."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?|true|false")
GRAPH: Final = "urn:x-layout:table"
"""The placeholder for the graph, whose IRI is not needed to print its statements."""


def table_trig(table: ThingTable, graph: str, prefixes: Mapping[str, str]) -> str:
    """The table as TriG about the graph, each thing on the line that it has in the file.

    `prefixes` need no declaration.

    Raises: NotationError at the cell that is no name or value.
    """
    known = {**prefixes, **table.prefixes}
    lines: dict[int, list[str]] = {}
    for column in table.columns:
        _property(column, known)
    for column, cell in table.about:
        lines.setdefault(cell.line, []).append(f"<{graph}> {_said(column, cell, known)} .")
    for name, row in table.things:
        subject = _name(name, known)
        pairs = zip(table.columns, row, strict=False)
        said = [_said(column, cell, known) for column, cell in pairs if cell.text]
        lines.setdefault(name.line, []).append(f"{subject} {' ; '.join(said)} .")
    declared = "".join(f"@prefix {prefix}: <{iri}> . " for prefix, iri in known.items())
    last = max(lines, default=1)
    texts = (" ".join(lines.get(number, ())) for number in range(1, last + 1))
    body = "\n".join(texts)
    return f"{declared}<{graph}> {{ {body} }}" if lines else declared


def _said(column: TableColumn, cell: Cell, prefixes: Mapping[str, str]) -> str:
    values = [_value(column, each, prefixes) for each in column.values(cell)]
    if not values:
        raise cell.error("the cell has a sign that parts values, and no value")
    return f"{_property(column, prefixes)} {' , '.join(values)}"


def _property(column: TableColumn, prefixes: Mapping[str, str]) -> str:
    head, name = column.head, COMMON.get(column.name, column.name)
    if ":" not in name:
        known = ", ".join(COMMON)
        raise head.error(f"{name!r} is no property: without a prefix there are {known}")
    return _name(Cell(name, head.line, head.column), prefixes)


def _value(column: TableColumn, cell: Cell, prefixes: Mapping[str, str]) -> str:
    if column.language:
        return str(Literal(cell.text, language=column.language))
    if column.datatype:
        datatype = _name(Cell(column.datatype, column.head.line, column.head.column), prefixes)
        return f"{Literal(cell.text)}^^{datatype}"
    if _NUMBER.fullmatch(cell.text):
        return cell.text
    return _name(cell, prefixes)


def _name(cell: Cell, prefixes: Mapping[str, str]) -> str:
    """The name of a term: an IRI in angle brackets, or one with a prefix that is known."""
    found = [*tokens(cell.text)]
    token = found[0] if len(found) == 1 else TurtleToken("mark", "", 0, 0)
    prefix, colon, _ = token.text.partition(":")
    if token.kind == "word" and colon and prefix in prefixes:
        return token.text
    if token.kind == "iri":
        return token.text
    if token.kind == "word" and colon:
        raise cell.error(f"the prefix of {cell.text} is not declared")
    reason = (
        f"{cell.text!r} is no name: write one with a prefix, an IRI in <>, or a number; texts need "
        "a language or a datatype in the head of their column"
    )
    raise cell.error(reason)


def table_quads(trig: str) -> tuple[Quad, ...]:
    """The statements of a table as TriG. Raises: NotationError with the line."""
    try:
        return tuple(parse(trig, RdfFormat.TRIG))
    except SyntaxError as error:
        reason = error.msg.partition(": ")[2] or error.msg
        raise NotationError(reason, error.lineno or 1, 1) from error


def format_table(
    text: str, *, path: str, prefixes: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text of a table in the one layout; `prefixes` are those of the project.

    Raises:
        FindingsError: there is an error of syntax, or printing would lose something.
    """
    implied = implied_prefixes(prefixes)
    try:
        table = read_table(text)
        before = set(table_quads(table_trig(table, GRAPH, implied)))
        printed = print_table(table)
        after = set(table_quads(table_trig(read_table(printed), GRAPH, implied)))
    except NotationError as error:
        raise FindingsError([notation_finding(path, error)]) from error
    if before != after:
        raise FindingsError([changed_data(path)])
    return printed


def print_table(table: ThingTable) -> str:
    """The text of the table's file."""
    used = set(_prefixes_used(table))
    declared = [
        ("@prefix", f"{prefix}:", f"<{iri}>")
        for prefix, iri in sorted(table.prefixes.items(), key=lambda each: natural_key(each[0]))
        if prefix in used
    ]
    about = sorted(
        (("#", str(column), _joined(column, cell)) for column, cell in table.about),
        key=lambda row: (row[1].partition("@")[0] not in COMMON, row),
    )
    things = sorted(table.things, key=lambda each: natural_key(each[0].text))
    header = ("iri", *map(str, table.columns))
    return print_rows([*declared, *about, header, *(_row(table, *each) for each in things)])


def _row(table: ThingTable, name: Cell, cells: Sequence[Cell]) -> tuple[str, ...]:
    filled = [_joined(column, cell) for column, cell in zip(table.columns, cells, strict=False)]
    return (name.text, *filled, *[""] * (len(table.columns) - len(filled)))


def _joined(column: TableColumn, cell: Cell) -> str:
    values = sorted({each.text for each in column.values(cell)}, key=natural_key)
    return f" {column.sign} ".join(values)


def _prefixes_used(table: ThingTable) -> Iterator[str]:
    texts: list[Iterable[str]] = [[column.name, column.datatype] for column in table.columns]
    texts += [[column.name, column.datatype, cell.text] for column, cell in table.about]
    texts += [[name.text, *(cell.text for cell in row)] for name, row in table.things]
    for text in (each for group in texts for each in group):
        for word in re.split(r"[\s|;/]+", text):
            yield word.partition(":")[0]
