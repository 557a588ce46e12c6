"""The dataset of a query of a store into which a revision was published.

Where the default graph of the store is the union of its named graphs, the revision's default graph
is one of them, and a query has to say so. The protocol's `default-graph-uri` alone leaves no named
graphs (SPARQL 1.1 Protocol, section 2.1.4), so those that the text asks for are named as well.

Spec: https://www.w3.org/TR/sparql11-protocol/#dataset
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, final

from spacepolicy.engine.lexer import Scan, scan, without_escapes
from spacepolicy.engine.publication_description import GRAPH, PublicationDescription
from spacepolicy.engine.requests import Query
from spacepolicy.engine.tokens import tokens

NAMED_GRAPHS: Final = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
"""Asks for the named graphs of a store; with DISTINCT, Virtuoso takes long."""
_IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^<>"{}|^`\\\x00-\x20]*')
"""An absolute IRI; what stands between `<` and `>` in a text may be relative, or be something else
once its escapes are decoded."""
VIRTUOSO_GRAPHS: Final = frozenset(
    {
        "http://localuriqaserver/sparql",
        "http://www.openlinksw.com/schemas/virtrdf#",
        "http://www.w3.org/ns/ldp#",
    }
)
"""The graphs that Virtuoso has of its own."""


@final
@dataclass(frozen=True, slots=True)
class AskedDataset:
    """The graphs that a query is asked with."""

    default: tuple[str, ...]
    named: tuple[str, ...]

    def as_parameters(self, query: Query) -> Query:
        """Return the query with the dataset as the protocol has it."""
        return replace(query, default_graphs=self.default, named_graphs=self.named)

    def as_pragmas(self) -> str:
        """Return the dataset as Virtuoso reads it before a query, in one line.

        >>> AskedDataset(("urn:d",), ("urn:g",)).as_pragmas()
        'define input:default-graph-uri <urn:d> define input:named-graph-uri <urn:g>\\n'
        """
        pairs = [("default", graph) for graph in self.default]
        pairs += [("named", graph) for graph in self.named]
        return " ".join(f"define input:{kind}-graph-uri <{iri}>" for kind, iri in pairs) + "\n"


@final
class PublishedDataset:
    """What queries of one publication are asked with; `named_graphs` reads those that the store
    has, which is done once, where a text asks for any."""

    def __init__(
        self, description: PublicationDescription, named_graphs: Callable[[], Iterable[str]]
    ) -> None:
        self.description = description
        self._read = named_graphs
        self._named: tuple[str, ...] | None = None

    def of(self, query: Query) -> AskedDataset | None:
        """Return the dataset of the query; None where it is the one that the store gives it.

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

    def _all(self) -> tuple[str, ...]:
        if self._named is None:
            found = filter(_is_iri, self._read())
            self._named = tuple(graph for graph in found if graph not in VIRTUOSO_GRAPHS)
        return self._named


def _of_clauses(scanned: Scan) -> AskedDataset | None:
    """The dataset of the FROM clauses, to be said once more: `oxigraph serve` with a union for a
    default graph adds them to that, unless the protocol says the same."""
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
