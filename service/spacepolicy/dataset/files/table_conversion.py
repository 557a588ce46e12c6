"""Background graphs carried from TriG into tables of things and back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from spacepolicy.dataset.files.notations import Context
from spacepolicy.dataset.files.record import GraphFile, graph_iri
from spacepolicy.dataset.files.tables import read_table_file
from spacepolicy.dataset.layout.document import Document, changed_data, format_text, names_of
from spacepolicy.dataset.layout.names import Names, iri_name, literal_form
from spacepolicy.dataset.layout.order import natural_key, predicate_key
from spacepolicy.dataset.layout.quotes_layout import implied_prefixes
from spacepolicy.dataset.layout.tables import SIGNS, Cell, Column, Table, read_table
from spacepolicy.dataset.layout.tables_layout import COMMON, print_table
from spacepolicy.errors import Finding, FindingsError
from spacepolicy.namespaces import XSD

_BARE: Final = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "double", "boolean"))
_SHORT: Final = {prefixed: short for short, prefixed in COMMON.items()}

_Key = tuple[NamedNode, str, str]
"""A column: its property, and the language or the datatype of its values."""


def to_table(file: GraphFile, context: Context) -> str:
    """A background graph of things with names as a table.

    Raises: FindingsError where it states other graphs, or says something of nodes without a name.
    """
    graph = f"{context.base.iri}graph/background/{file.path.stem}"
    for quad in file.quads:
        unnamed = any(isinstance(each, BlankNode | Triple) for each in (quad.subject, quad.object))
        if graph_iri(quad) != graph or unnamed:
            what = "a node without a name" if unnamed else f"<{graph_iri(quad)}>"
            message = f"a table is the graph <{graph}> alone, of things with names: {what} is not."
            raise FindingsError([Finding(file.name, None, "conversion", message, "Keep the TriG.")])
    document = Document(frozenset(file.quads), None, _declared(file))
    names = names_of(document, context.prefixes)
    printed = print_table(_table(file.quads, graph, names, context.prefixes))
    again = read_table_file(
        file.path, file.name, printed, base=context.base, prefixes=context.prefixes
    )
    if set(again.quads) != set(file.quads):
        raise FindingsError([changed_data(file.name)])
    return printed


def _table(quads: Sequence[Quad], graph: str, names: Names, project: Mapping[str, str]) -> Table:
    by_column: defaultdict[_Key, defaultdict[str, list[str]]] = defaultdict(
        lambda: defaultdict(list)
    )
    about: list[tuple[Column, Cell]] = []
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
    return Table(declared, about, columns, rows)


def _row_cell(values: Iterable[str], column: Column) -> Cell:
    return Cell(f" {column.sign} ".join(values), 0, 0)


def _cell(quad: Quad, names: Names) -> tuple[_Key, str]:
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


def _named(key: _Key, names: Names) -> str:
    return iri_name(key[0], names)


def _column(key: _Key, cells: Iterable[Sequence[str]], names: Names) -> Column:
    name = _named(key, names)
    short = _SHORT.get(name, name)
    several = [cell for cell in cells if len(cell) > 1]
    return Column(short, key[1], key[2], _sign(several, cells) if several else "")


def _sign(several: Iterable[Sequence[str]], cells: Iterable[Sequence[str]]) -> str:
    values = [value for cell in (*several, *cells) for value in cell]
    return next((sign for sign in SIGNS if not any(sign in each for each in values)), SIGNS[0])


def table_to_trig(file: GraphFile, context: Context) -> str:
    """A table of things as TriG in the one layout."""
    table = read_table(file.path.read_text(encoding="utf-8"))
    prefixes = {**table.prefixes, "graph": f"{context.base.iri}graph/background/"}
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in prefixes.items())
    body = serialize(file.quads, format=RdfFormat.TRIG) or b""
    name = f"{file.path.stem}.trig"
    return format_text(head + body.decode(), path=name, prefixes=context.prefixes)


def _declared(file: GraphFile) -> Mapping[str, str]:
    parser = parse(file.text, RdfFormat.TRIG)
    for _ in parser:
        pass
    return parser.prefixes
