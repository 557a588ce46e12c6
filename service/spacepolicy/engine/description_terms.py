"""Recognises queries for what a service has, as query editors send them: for its prefixes, its
examples, and which classes and properties occur together.

Such a query names terms of VoID, or the terms of SHACL for prefixes and examples, and otherwise
only terms of other vocabularies for schemas. It has no dataset of its own and no GRAPH, since
graphs may graphs may hold shapes, which use the same terms.

Spec: https://www.w3.org/TR/void/, https://www.w3.org/TR/shacl/#sparql-prefixes,
https://www.w3.org/TR/shacl-af/#SPARQLExecutable, http://ldf.fi/void-ext
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.requests import Query
from spacepolicy.engine.tokens import Declared, tokens
from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SH, XSD

VOID: Final = "http://rdfs.org/ns/void#"
VOID_EXT: Final = "http://ldf.fi/void-ext#"
_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_BESIDE: Final = (VOID, VOID_EXT, SH, _SD, RDF, RDFS, OWL, XSD, DCTERMS)
_OF_SHACL: Final = frozenset(
    SH + name
    for name in (
        "prefix", "namespace", "declare", "prefixes", "SPARQLExecutable",
        "SPARQLSelectExecutable", "select",
    )
)  # fmt: skip
_SIGNS: Final = ("void", "sh:", "shacl#", "/service", ":service")
"""The text of every such query has one of these: in the IRI of a vocabulary or of the graph, or in
a name with the usual prefix."""
_OTHER_DATASET: Final = frozenset({"GRAPH", "FROM", "SERVICE"})


def may_ask_description(text: str) -> bool:
    """Whether the text may be such a query, or name the graph that describes the service; a few
    searches decide it for most texts, in less than a microsecond."""
    return any(sign in text for sign in _SIGNS)


def description_terms(text: str, prefixes: Mapping[str, str], base: str | None) -> frozenset[str]:
    """The terms of descriptions that the query names; empty where it asks about something else.

    >>> sorted(description_terms("SELECT * { ?x sh:prefix ?p }", {"sh": SH}, None))
    ['http://www.w3.org/ns/shacl#prefix']
    >>> description_terms("SELECT * { ?x <urn:p> ?c . ?y sh:prefix ?p }", {"sh": SH}, None)
    frozenset()
    """
    named: set[str] = set()
    for iri in _iris(text, prefixes, base):
        if iri is None or not iri.startswith(_BESIDE):
            return frozenset()
        named.add(iri)
    return frozenset(iri for iri in named if iri.startswith((VOID, VOID_EXT)) or iri in _OF_SHACL)


def _iris(text: str, prefixes: Mapping[str, str], base: str | None) -> Iterator[str | None]:
    """The IRIs that the text names outside its declarations; None for one that cannot be resolved,
    and for a keyword that leads to other data."""
    found, declared, place = tokens(text), Declared(prefixes, base), 0
    while place < len(found):
        token = found[place]
        if token.word in ("PREFIX", "BASE"):
            declared.declare(found, place)
            place += 3 if token.word == "PREFIX" else 2
            continue
        if token.word in _OTHER_DATASET:
            yield None
        elif token.kind in ("iri", "name"):
            yield declared.iri(found, place)
        place += 1


def asks_description(query: Query, graph: str) -> bool:
    """Whether the query is for the service's description, or names that graph and no other."""
    asked = (*(query.default_graphs or ()), *(query.named_graphs or ()))
    if graph not in asked and not may_ask_description(query.text):
        return False
    seen = scan(query.text, query.prefixes)
    named = {*seen.graphs, *asked}
    if named:
        return named == {graph} and not seen.service
    return bool(description_terms(query.text, query.prefixes, query.base))


def description_store(store: Store, query: Query) -> Store | None:
    """A store of the description that came with the query, as its default graph and under its name;
    None where the dataset itself has statements with the terms that the query names: then it is
    queried."""
    if query.description is None:
        return None
    terms = description_terms(query.text, query.prefixes, query.base)
    if any(_says(store, NamedNode(term)) for term in terms):
        return None
    graph, statements = query.description
    described = Store()
    for quad in parse(statements, RdfFormat.N_TRIPLES):
        described.add(quad)
        described.add(Quad(quad.subject, quad.predicate, quad.object, NamedNode(graph)))
    return described


def _says(store: Store, term: NamedNode) -> bool:
    """Whether the default graph has a statement with the property, or of the class."""
    whole = DefaultGraph()
    patterns = (
        store.quads_for_pattern(None, term, None, whole),
        store.quads_for_pattern(None, NamedNode(f"{RDF}type"), term, whole),
    )
    return any(next(each, None) is not None for each in patterns)
