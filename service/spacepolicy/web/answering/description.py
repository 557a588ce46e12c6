"""The service description: languages, formats and features of the endpoint, and its dataset.

Spec: https://www.w3.org/TR/sparql11-service-description/, https://www.w3.org/TR/void/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple, serialize

from spacepolicy import formats
from spacepolicy.formats import Format
from spacepolicy.namespaces import RDFS
from spacepolicy.settings import Mode
from spacepolicy.web.answering.graph_statistics import GraphCounts

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_VOID: Final = "http://rdfs.org/ns/void#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_PREFIXES: Final[Mapping[str, str]] = {
    "dcterms": _DCTERMS,
    "ent": "http://www.w3.org/ns/entailment/",
    "formats": "http://www.w3.org/ns/formats/",
    "rdfs": RDFS,
    "sd": _SD,
    "void": _VOID,
    "xsd": _XSD,
}
_LANGUAGES: Final = ("SPARQL10Query", "SPARQL11Query")
_UPDATE: Final = "SPARQL11Update"
_DEFAULT_GRAPH: Final[Mapping[Mode, str]] = {
    "merged": "The merge, as a set, of the record's named graphs and what follows from them.",
    "stored": "What clients put into the default graph.",
}
"""What the default graph is. It is not the union of all named graphs (it lacks shapes and has
inferences), and it need not be named; graphs without triples are not kept, and IRIs are not
dereferenced. So no sd:feature about datasets holds in either mode."""


@final
@dataclass(frozen=True, slots=True)
class Features:
    """Optional features: updates (`writable`), SERVICE (`federated`), the named graph that is only
    in a dataset that the query itself names (`unlisted`), and the graph with the service's
    description of itself (`describing`)."""

    writable: bool
    federated: bool
    unlisted: str | None = None
    describing: str | None = None


def description(
    endpoint: str, mode: Mode, contents: GraphCounts, format: Format, features: Features
) -> bytes:
    """Return the description of the service at the endpoint's address, in a format of graphs."""
    triples = (
        *_triples(endpoint, mode, contents, features),
        *_available(endpoint, features, contents),
    )
    return serialize(triples, format=format.rdf, prefixes=dict(_PREFIXES)) or b""


def _triples(
    endpoint: str, mode: Mode, contents: GraphCounts, features: Features
) -> Iterator[Triple]:
    service, dataset = NamedNode(f"{endpoint}#service"), NamedNode(f"{endpoint}#dataset")
    yield Triple(service, _type(), _sd("Service"))
    yield Triple(service, _sd("endpoint"), NamedNode(endpoint))
    for language in (*_LANGUAGES, *((_UPDATE,) if features.writable else ())):
        yield Triple(service, _sd("supportedLanguage"), _sd(language))
    if features.federated:
        yield Triple(service, _sd("feature"), _sd("BasicFederatedQuery"))
    for format in formats.offered("solutions", "graph"):
        if format.iri is not None:
            yield Triple(service, _sd("resultFormat"), NamedNode(format.iri))
    simple = NamedNode("http://www.w3.org/ns/entailment/Simple")
    yield Triple(service, _sd("defaultEntailmentRegime"), simple)
    yield Triple(service, _sd("defaultDataset"), dataset)
    yield Triple(dataset, _type(), _sd("Dataset"))
    default = NamedNode(f"{endpoint}#default-graph")
    yield Triple(dataset, _sd("defaultGraph"), default)
    yield Triple(default, NamedNode(f"{_DCTERMS}description"), Literal(_DEFAULT_GRAPH[mode]))
    yield from _graph(default, contents.default)
    for number, (name, count) in enumerate(contents.named.items()):
        if name != features.unlisted:
            yield from _named_graph(dataset, number, name, count)


def _available(endpoint: str, features: Features, contents: GraphCounts) -> Iterator[Triple]:
    """The graphs that FROM and FROM NAMED may name in addition to the default dataset. The graph
    that describes the service is generated on demand, so it is not counted here."""
    service, graph = NamedNode(f"{endpoint}#service"), features.unlisted
    if features.describing is not None:
        yield Triple(service, NamedNode(f"{RDFS}seeAlso"), NamedNode(features.describing))
    if graph is None or graph not in contents.named:
        return
    collection = NamedNode(f"{endpoint}#available-graphs")
    yield Triple(service, _sd("availableGraphs"), collection)
    yield Triple(collection, _type(), _sd("GraphCollection"))
    yield from _named_graph(collection, len(contents.named), graph, contents.named[graph])


def _named_graph(collection: NamedNode, number: int, name: str, count: int) -> Iterator[Triple]:
    named, graph = BlankNode(f"n{number}"), BlankNode(f"g{number}")
    yield Triple(collection, _sd("namedGraph"), named)
    yield Triple(named, _type(), _sd("NamedGraph"))
    yield Triple(named, _sd("name"), NamedNode(name))
    yield Triple(named, _sd("graph"), graph)
    yield from _graph(graph, count)


def _graph(graph: NamedNode | BlankNode, count: int) -> Iterator[Triple]:
    number = Literal(str(count), datatype=NamedNode(f"{_XSD}integer"))
    yield Triple(graph, _type(), _sd("Graph"))
    yield Triple(graph, NamedNode(f"{_VOID}triples"), number)


def _type() -> NamedNode:
    return NamedNode(f"{_RDF}type")


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)
