"""Makes tables from statements: a column for each property, language and datatype.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.errors import FindingsError
from spacepolicy.namespaces import XSD
from spacepolicy.turtle_format.document import TurtleDocument, changed_data, names_of
from spacepolicy.turtle_format.names import PrefixNames, iri_name, literal_form
from spacepolicy.turtle_format.order import natural_key, predicate_key
from spacepolicy.turtle_format.quotes_layout import implied_prefixes
from spacepolicy.turtle_format.tables import SIGNS, Cell, TableColumn, ThingTable, read_table
from spacepolicy.turtle_format.tables_layout import (
    COMMON,
    GRAPH,
    format_table,
    print_table,
    table_quads,
    table_trig,
)

_BARE: Final = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "double", "boolean"))
_SHORT: Final = {prefixed: short for short, prefixed in COMMON.items()}

_Key = tuple[NamedNode, str, str]
"""A column: its property, and the language or the datatype of its values."""


def changed_table(
    text: str,
    change: Callable[[Iterable[Quad]], Iterable[Quad]],
    *,
    path: str,
    prefixes: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The table after a change of its statements, in the one layout, with its prefixes.

    Raises: as `format_table`.
    """
    format_table(text, path=path, prefixes=prefixes)
    table, implied = read_table(text), implied_prefixes(prefixes)
    after = tuple(change(table_quads(table_trig(table, GRAPH, implied))))
    names = names_of(TurtleDocument(frozenset(after), None, table.prefixes), prefixes)
    printed = print_table(table_of(after, GRAPH, names, prefixes))
    if set(table_quads(table_trig(read_table(printed), GRAPH, implied))) != set(after):
        raise FindingsError([changed_data(path)])
    return printed


def table_of(
    quads: Sequence[Quad], graph: str, names: PrefixNames, project: Mapping[str, str]
) -> ThingTable:
    """Make the table with these statements about the graph and named things.

    `project` are the prefixes that need no declaration, with those of public vocabularies.
    """
    by_column: defaultdict[_Key, defaultdict[str, list[str]]] = defaultdict(
        lambda: defaultdict(list)
    )
    about: list[tuple[TableColumn, Cell]] = []
    for quad in quads:
        key, text = _cell(quad, names)
        if isinstance(quad.subject, NamedNode) and quad.subject.value == graph:
            about.append((_column(key, (), names), Cell(text, 0, 0)))
        elif isinstance(quad.subject, NamedNode):
            by_column[key][iri_name(quad.subject, names)].append(text)
    keys = sorted(by_column, key=lambda key: (predicate_key(key[0], _named(key, names)), key[1:]))
    columns = [_column(key, by_column[key].values(), names) for key in keys]
    things = sorted({name for key in keys for name in by_column[key]}, key=natural_key)
    rows = [
        (
            Cell(name, 0, 0),
            [_row_cell(by_column[key][name], col) for key, col in zip(keys, columns, strict=True)],
        )
        for name in things
    ]
    implied = implied_prefixes(project).items()
    declared = {each: iri for each, iri in names.prefixes.items() if (each, iri) not in implied}
    return ThingTable(declared, about, columns, rows)


def _row_cell(values: Iterable[str], column: TableColumn) -> Cell:
    return Cell(f" {column.sign} ".join(values), 0, 0)


def _cell(quad: Quad, names: PrefixNames) -> tuple[_Key, str]:
    term = quad.object
    if isinstance(term, NamedNode):
        return (quad.predicate, "", ""), iri_name(term, names)
    if not isinstance(term, Literal):
        raise TypeError(f"{term} is no term of a table")
    if term.language:
        return (quad.predicate, term.language, ""), term.value
    if term.datatype.value in _BARE and not literal_form(term, names).startswith('"'):
        return (quad.predicate, "", ""), term.value
    return (quad.predicate, "", iri_name(term.datatype, names)), term.value


def _named(key: _Key, names: PrefixNames) -> str:
    return iri_name(key[0], names)


def _column(key: _Key, cells: Iterable[Sequence[str]], names: PrefixNames) -> TableColumn:
    name = _named(key, names)
    short = _SHORT.get(name, name)
    several = [cell for cell in cells if len(cell) > 1]
    return TableColumn(short, key[1], key[2], _sign(several, cells) if several else "")


def _sign(several: Iterable[Sequence[str]], cells: Iterable[Sequence[str]]) -> str:
    values = [value for cell in (*several, *cells) for value in cell]
    return next((sign for sign in SIGNS if not any(sign in each for each in values)), SIGNS[0])
