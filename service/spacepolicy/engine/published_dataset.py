"""The dataset of a query over a store into which a revision was published.

Where the default graph of the store is the union of its named graphs, the revision's default graph
is one of them, and the query has to name it. The protocol's `default-graph-uri` alone leaves no
named graphs (SPARQL 1.1 Protocol, section 2.1.4), so those that the text uses are named as well.

Spec: https://www.w3.org/TR/sparql11-protocol/#dataset
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, final

from spacepolicy.engine.lexer import Scan, scan, without_escapes
from spacepolicy.engine.named_graphs import query_without
from spacepolicy.engine.publication_description import GRAPH, PublicationDescription
from spacepolicy.engine.requests import Query
from spacepolicy.engine.tokens import tokens

NAMED_GRAPHS: Final = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
"""Selects the named graphs of a store; with DISTINCT, Virtuoso takes long."""
_IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^<>"{}|^`\\\x00-\x20]*')
"""An absolute IRI; what is between `<` and `>` in a text may be relative, or something else once
its escapes are decoded."""
VIRTUOSO_GRAPHS: Final = frozenset(
    {
        "http://localuriqaserver/sparql",
        "http://www.openlinksw.com/schemas/virtrdf#",
        "http://www.w3.org/ns/ldp#",
    }
)
"""Virtuoso's own graphs."""


@final
@dataclass(frozen=True, slots=True)
class AskedDataset:
    """The graphs of a query's dataset."""

    default: tuple[str, ...]
    named: tuple[str, ...]

    def as_parameters(self, query: Query) -> Query:
        """Return the query with the dataset as the protocol's parameters."""
        return replace(query, default_graphs=self.default, named_graphs=self.named)

    def as_pragmas(self) -> str:
        """Return the dataset as the pragmas that Virtuoso reads before a query, in one line.

        >>> AskedDataset(("urn:d",), ("urn:g",)).as_pragmas()
        'define input:default-graph-uri <urn:d> define input:named-graph-uri <urn:g>\\n'
        """
        pairs = [("default", graph) for graph in self.default]
        pairs += [("named", graph) for graph in self.named]
        return " ".join(f"define input:{kind}-graph-uri <{iri}>" for kind, iri in pairs) + "\n"


@final
class PublishedDataset:
    """The dataset of the queries of one publication; `named_graphs` reads those that the store has,
    which is done once, where a query needs them."""

    def __init__(
        self, description: PublicationDescription, named_graphs: Callable[[], Iterable[str]]
    ) -> None:
        self.description = description
        self._read = named_graphs
        self._named: tuple[str, ...] | None = None

    def of(self, query: Query) -> AskedDataset | None:
        """Return the dataset of the query; None where the store's own is right.

        Raises: ProblemError where the named graphs are needed, and cannot be read.
        """
        default_graph = self.description.default_graph
        if not default_graph or query.default_graphs is not None or query.named_graphs is not None:
            return None
        scanned = scan(query.text, query.prefixes)
        if scanned.default_graphs or scanned.named_graphs:
            return _of_clauses(scanned)
        hidden = {GRAPH, default_graph, query.unlisted}
        named: Iterable[str] = filter(_is_iri, scanned.graphs)
        if any_graph(query.text):
            named = self._all()
        shown = tuple(graph for graph in named if graph not in hidden)
        return AskedDataset((default_graph,), shown)

    def narrowed(self, query: Query) -> Query:
        """Return the query whose `GRAPH ?g` matches neither the description nor the graph of what
        is only inferred; one that names a dataset of its own stays as it is."""
        if query.default_graphs is not None or query.named_graphs is not None:
            return query
        scanned = scan(query.text, query.prefixes)
        if scanned.default_graphs or scanned.named_graphs:
            return query
        text = query.text
        for graph in (GRAPH, query.unlisted):
            if graph is not None:
                text = query_without(text, query.prefixes, query.base, graph).text
        return replace(query, text=text)

    def _all(self) -> tuple[str, ...]:
        if self._named is None:
            found = filter(_is_iri, self._read())
            self._named = tuple(graph for graph in found if graph not in VIRTUOSO_GRAPHS)
        return self._named


def _of_clauses(scanned: Scan) -> AskedDataset | None:
    """The dataset of the FROM clauses, to be repeated as parameters: `oxigraph serve` with a union
    as its default graph adds them to that, unless the protocol has them too."""
    if not all(map(_is_iri, (*scanned.default_graphs, *scanned.named_graphs))):
        return None
    return AskedDataset(scanned.default_graphs, scanned.named_graphs)


def _is_iri(text: str) -> bool:
    return _IRI.fullmatch(text) is not None


def any_graph(text: str) -> bool:
    """Return whether the text has a GRAPH whose name is a variable.

    >>> any_graph("ASK { GRAPH # any\\n ?g {} }"), any_graph("ASK { GRAPH <urn:g> { ?s ?p ?o } }")
    (True, False)
    """
    found = tokens(without_escapes(text))
    return any(
        one.word.endswith("GRAPH") and other.kind == "variable" for one, other in pairwise(found)
    )
