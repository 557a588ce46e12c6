"""The manifests of the W3C test suites, read into cases.

Spec: https://www.w3.org/2001/sw/DataAccess/tests/README.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from spacepolicy.engine.lexer import scan

SUITES = Path(__file__).parents[3] / "shared" / "w3c" / "sparql"
PUBLISHED = "https://w3c.github.io/rdf-tests/sparql/"
"""Where the suites' files are published: what relative IRIs in them are resolved against."""
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"

SPARQL_10 = ("sparql10/manifest-evaluation.ttl", "sparql10/manifest-syntax.ttl")
SPARQL_11 = ("sparql11/manifest-sparql11-query.ttl", "sparql11/manifest-sparql11-results.ttl")
SPARQL_12 = ("sparql12/manifest.ttl",)


@dataclass(frozen=True)
class Data:
    """The dataset of a case: files of the default graph, and named graphs with theirs."""

    default: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    def quads(self) -> Iterator[Quad]:
        """The statements; blank nodes of different files are different."""
        for iri in self.default:
            yield from triples(iri)
        for name, iri in self.named:
            for quad in triples(iri):
                yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(name))


@dataclass(frozen=True)
class Case:
    """A test of a suite. `lax` says that duplicates need not be counted; `after` is the dataset
    that an update is to leave."""

    iri: str
    kind: str
    query: str = ""
    result: str = ""
    lax: bool = False
    data: Data = field(default_factory=Data)
    after: Data = field(default_factory=Data)

    def __str__(self) -> str:
        return self.iri.removeprefix(PUBLISHED).rpartition("/sparql/")[2]

    @property
    def text(self) -> str:
        """The text of the query."""
        return path(self.query).read_text(encoding="utf-8")


def path(iri: str) -> Path:
    """The file that is published at the IRI."""
    return SUITES / iri.removeprefix(PUBLISHED)


def triples(iri: str) -> Iterator[Quad]:
    """The statements of the file at the IRI."""
    file = path(iri)
    format = RdfFormat.from_extension(file.suffix.removeprefix("."))
    assert format is not None, file
    yield from parse(path=file, format=format, base_iri=iri, rename_blank_nodes=True)


@cache
def cases(*manifests: str) -> tuple[Case, ...]:
    """The cases of the manifests and of those they include."""
    return tuple(case for manifest in manifests for case in _cases(PUBLISHED + manifest))


def _cases(manifest: str) -> Iterator[Case]:
    graph = Graph(manifest)
    for included in graph.items(graph.subject(f"{MF}include"), f"{MF}include"):
        yield from _cases(str(included.value))
    for entry in graph.items(graph.subject(f"{MF}entries"), f"{MF}entries"):
        yield _case(graph, entry)


@dataclass(frozen=True)
class Node:
    """A term and, of a name, its string."""

    term: object
    value: str


class Graph:
    """One manifest."""

    def __init__(self, manifest: str) -> None:
        self.iri = manifest
        self.store = Store()
        self.store.extend(triples(manifest))

    def values(self, subject: Node | None, predicate: str) -> list[Node]:
        """The objects."""
        if subject is None:
            return []
        pattern = self.store.quads_for_pattern(subject.term, NamedNode(predicate), None)  # type: ignore[arg-type] # a subject
        return [Node(quad.object, _string(quad.object)) for quad in pattern]

    def value(self, subject: Node | None, predicate: str) -> Node | None:
        """The one object, None where there is none."""
        return next(iter(self.values(subject, predicate)), None)

    def subject(self, predicate: str) -> Node | None:
        """A subject that has the predicate."""
        found = self.store.quads_for_pattern(None, NamedNode(predicate), None)
        return next((Node(quad.subject, _string(quad.subject)) for quad in found), None)

    def items(self, subject: Node | None, predicate: str) -> Iterator[Node]:
        """The members of the list that the predicate leads to."""
        rest = self.value(subject, predicate)
        while rest is not None and rest.value != f"{RDF}nil":
            first = self.value(rest, f"{RDF}first")
            assert first is not None
            yield first
            rest = self.value(rest, f"{RDF}rest")


def _string(term: object) -> str:
    return str(getattr(term, "value", term))


def _case(graph: Graph, entry: Node) -> Case:
    kind = graph.value(entry, f"{RDF}type")
    action = graph.value(entry, f"{MF}action")
    result = graph.value(entry, f"{MF}result")
    cardinality = graph.value(entry, f"{MF}resultCardinality")
    query = graph.value(action, f"{QT}query") or graph.value(action, f"{UT}request") or action
    assert kind is not None
    return Case(
        iri=entry.value,
        kind=kind.value.removeprefix(MF),
        query=query.value if query and isinstance(query.term, NamedNode) else "",
        result=result.value if result and isinstance(result.term, NamedNode) else "",
        lax=cardinality is not None and cardinality.value == f"{MF}LaxCardinality",
        data=_data(graph, entry, action, query),
        after=_updated(graph, result),
    )


def _updated(graph: Graph, result: Node | None) -> Data:
    """The dataset that the result of an update describes."""
    default = tuple(node.value for node in graph.values(result, f"{UT}data"))
    named = [_named(graph, node, UT) for node in graph.values(result, f"{UT}graphData")]
    return Data(default, tuple(sorted(named)))


def _data(graph: Graph, entry: Node, action: Node | None, query: Node | None) -> Data:
    default = tuple(
        node.value for name in (f"{QT}data", f"{UT}data") for node in graph.values(action, name)
    )
    named = [_named(graph, node, UT) for node in graph.values(action, f"{UT}graphData")]
    named += [_named(graph, node, QT) for node in graph.values(action, f"{QT}graphData")]
    named += [_named(graph, node, UT) for node in graph.values(entry, f"{UT}graphData")]
    if not default and not named and query and query.value.endswith(".rq"):
        named = _of_its_own(query.value)
    return Data(default, tuple(sorted(named)))


def _named(graph: Graph, node: Node, vocabulary: str) -> tuple[str, str]:
    """The name of a named graph, and the IRI of its file."""
    file = graph.value(node, f"{vocabulary}graph") or node
    label = graph.value(node, f"{RDFS}label")
    if label is not None and isinstance(label.term, Literal):
        return label.value, file.value
    return file.value, file.value


def _of_its_own(query: str) -> list[tuple[str, str]]:
    """The files that the query itself names."""
    asked = scan(path(query).read_text(encoding="utf-8"))
    iris = {urljoin(query, iri) for iri in (*asked.default_graphs, *asked.named_graphs)}
    return [(iri, iri) for iri in iris if iri.startswith(PUBLISHED) and path(iri).is_file()]


def store(data: Data) -> Store:
    """The dataset, in the engine itself."""
    filled = Store()
    filled.extend(data.quads())
    return filled
