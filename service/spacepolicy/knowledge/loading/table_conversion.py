"""Converts background graphs from TriG to tables of things and back."""

from collections.abc import Mapping

from pyoxigraph import BlankNode, RdfFormat, Triple, parse, serialize

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.notations import NotationContext
from spacepolicy.knowledge.loading.record import GraphFile, graph_iri
from spacepolicy.knowledge.loading.tables import read_table_file
from spacepolicy.turtle_format.document import (
    TurtleDocument,
    changed_data,
    format_text,
    names_of,
)
from spacepolicy.turtle_format.table_making import table_of
from spacepolicy.turtle_format.tables import read_table
from spacepolicy.turtle_format.tables_layout import print_table


def to_table(file: GraphFile, context: NotationContext) -> str:
    """Convert a background graph of named things to a table.

    Raises: FindingsError where it has other graphs, or statements about blank nodes.
    """
    graph = f"{context.base.iri}graph/background/{file.path.stem}"
    for quad in file.quads:
        unnamed = any(isinstance(each, BlankNode | Triple) for each in (quad.subject, quad.object))
        if graph_iri(quad) != graph or unnamed:
            what = "a node without a name" if unnamed else f"<{graph_iri(quad)}>"
            message = f"a table is the graph <{graph}> alone, of things with names: {what} is not."
            raise FindingsError([Finding(file.name, None, "conversion", message, "Keep the TriG.")])
    document = TurtleDocument(frozenset(file.quads), None, _declared(file))
    names = names_of(document, context.prefixes)
    printed = print_table(table_of(file.quads, graph, names, context.prefixes))
    again = read_table_file(
        file.path, file.name, printed, base=context.base, prefixes=context.prefixes
    )
    if set(again.quads) != set(file.quads):
        raise FindingsError([changed_data(file.name)])
    return printed


def table_to_trig(file: GraphFile, context: NotationContext) -> str:
    """Convert a table of things to TriG in the canonical layout."""
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
