"""Statements as a remote store can hold them: skolemised, and in canonical value form.

A statement is a line of N-Triples, a graph a set of lines. A blank node becomes an IRI made of the
label that the store of revisions keeps for it, so that it has one name in all revisions and a patch
can refer to it. Literals have the engine's canonical lexical form: `01` becomes `1`.

Spec: https://www.w3.org/TR/rdf11-concepts/#section-skolemization
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from spacepolicy.engine.blank_nodes import statement
from spacepolicy.engine.nquads import Graph, graph_lines, lines
from spacepolicy.errors import UsageError

GENID: Final = "urn:x-spacepolicy:genid:"
"""The prefix of the IRIs of blank nodes."""

Contents = Mapping[str, frozenset[bytes]]
"""The statements of each graph, by its IRI; those of the default graph by the empty string."""


def contents(store: Store) -> dict[str, frozenset[bytes]]:
    """Return the statements of a dataset by graph, without empty graphs.

    Raises: UsageError where a statement has a term that RDF 1.1 does not have.
    """
    graphs: tuple[Graph, ...] = (DefaultGraph(), *store.named_graphs())
    found = {_name(graph): frozenset(_lines(store, graph)) for graph in graphs}
    return {name: lines for name, lines in found.items() if lines}


def canonical(quads: Iterable[Quad]) -> dict[str, frozenset[bytes]]:
    """Return the statements of quads by graph, their literals in canonical value form."""
    store = Store()
    store.extend(quads)
    return contents(store)


def by_graph(quads: Iterable[Quad]) -> dict[str, list[bytes]]:
    """Return the statements of quads by graph, skolemised; the literals unchanged."""
    found: dict[Graph, list[Quad]] = {}
    for quad in quads:
        triple = Quad(quad.subject, quad.predicate, quad.object)
        found.setdefault(quad.graph_name, []).append(triple)
    return {_name(graph): list(map(skolemised, lines(each))) for graph, each in found.items()}


def skolemised(line: bytes) -> bytes:
    r"""Return a line of N-Triples or N-Quads with IRIs in place of blank nodes.

    >>> skolemised(b'_:a <urn:p> "_:b" .\n')
    b'<urn:x-spacepolicy:genid:a> <urn:p> "_:b" .\n'

    Raises: UsageError where a term is not of RDF 1.1, as SPARQL 1.1 stores need.
    """
    pieces = list(statement(line))
    pieces[1::2] = [b"<%b%b>" % (GENID.encode(), label[2:]) for label in pieces[1::2]]
    whole = b"".join(pieces)
    if b" <<( " in whole or b"--" in whole.rpartition(b'"')[2]:
        _see_rdf11(whole)
    return whole


def _see_rdf11(line: bytes) -> None:
    """Raises: UsageError where the object is a triple, or a literal with a base direction."""
    object_ = line.split(b" ", 2)[2]
    tag = object_.rpartition(b'"')[2].split(b" ", 1)[0]
    if object_.startswith(b"<<(") or (
        object_.startswith(b'"') and tag.endswith((b"--ltr", b"--rtl"))
    ):
        shown = line.decode().strip()
        raise UsageError(f"A SPARQL 1.1 store cannot hold what is only in RDF 1.2: {shown}")


def _name(graph: Graph) -> str:
    match graph:
        case DefaultGraph():
            return ""
        case NamedNode():
            return graph.value
        case _:
            return f"{GENID}{graph.value}"


def _lines(store: Store, graph: Graph) -> Iterable[bytes]:
    return map(skolemised, graph_lines(store, graph, DefaultGraph()))
