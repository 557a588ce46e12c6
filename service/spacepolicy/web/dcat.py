"""What the dataset is, as VoID and DCAT: live counts, where it is queried and dumped, the
prefixes it is written with, and examples of queries.

Spec: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/,
https://www.w3.org/TR/shacl/#sparql-prefixes, https://www.w3.org/TR/shacl-af/#SPARQLExecutable
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final, final

from fastapi import Request
from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.formats import FormatChoice
from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, Base
from spacepolicy.serialization import whole
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import Row, Term, rows
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.dumps import DUMPS
from spacepolicy.web.linked_data.documents import FOAF, VOID, names_of
from spacepolicy.web.linked_data.graph_documents import GraphDocument
from spacepolicy.web.linked_data.graph_pages import described_page
from spacepolicy.web.routes import Handler

DCAT: Final = "http://www.w3.org/ns/dcat#"
SCHEMA: Final = "https://schema.org/"
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
WELL_KNOWN: Final = "/.well-known/void"
CATALOG: Final = "/catalog"
_OFFERED: Final = formats.offered("graph", "page")
_PREFIXES: Final = {
    "dcat": DCAT, "dcterms": DCTERMS, "foaf": FOAF, "owl": OWL, "rdf": RDF, "rdfs": RDFS,
    "schema": SCHEMA, "sh": SH, "skos": SKOS, "void": VOID, "xsd": XSD,
}  # fmt: skip
_COUNTS: Final = """
SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?distinctSubjects)
       (COUNT(DISTINCT ?p) AS ?properties) (COUNT(DISTINCT ?o) AS ?distinctObjects) { ?s ?p ?o }
"""
_CLASSES: Final = """
SELECT ?term (COUNT(DISTINCT ?s) AS ?n) { ?s a ?term FILTER isIRI(?term) } GROUP BY ?term
ORDER BY ?term
"""
_PROPERTIES: Final = "SELECT ?term (COUNT(*) AS ?n) { ?s ?term ?o } GROUP BY ?term ORDER BY ?term"


@final
@dataclass(frozen=True, slots=True)
class _Counted:
    """How many there are of what: of the whole, by class, and by property."""

    whole: Row
    classes: tuple[Row, ...]
    properties: tuple[Row, ...]


async def _count(desk: AppState) -> _Counted:
    (whole,) = await rows(desk, _COUNTS)
    return _Counted(whole, await rows(desk, _CLASSES), await rows(desk, _PROPERTIES))


def void_description(desk: AppState) -> Handler:
    """Return the handler of the dataset's description as VoID."""
    counts: RevisionCache[_Counted] = RevisionCache(1)

    @representation(desk, offers=_OFFERED)
    async def void(request: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The dataset as VoID, with live counts and partitions."""
        origin = desk.service.url(request.scope, "")

        async def make() -> Representation:
            about = [triple async for triple in _about(desk, origin)]
            counted = await counts.get(desk.number, "", lambda: _count(desk))
            told = _counts(counted, origin)
            said = [*about, *told, *_declared(desk, origin), *_examples(desk, origin)]
            return Representation(await _body(desk, dataset(origin), said, choice))

        return DeferredRepresentation(WELL_KNOWN, make)

    return void


def dcat_catalog(desk: AppState) -> Handler:
    """Return the handler of the DCAT catalogue."""

    @representation(desk, offers=_OFFERED)
    async def catalog(request: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The dataset, its dumps and its endpoint as a DCAT catalogue."""
        origin = desk.service.url(request.scope, "")

        async def make() -> Representation:
            said = [triple async for triple in _about(desk, origin)]
            thing = NamedNode(origin + CATALOG)
            return Representation(await _body(desk, thing, [*said, *_catalog(origin)], choice))

        return DeferredRepresentation(CATALOG, make)

    return catalog


async def _body(
    desk: AppState, thing: NamedNode, said: list[Triple], choice: FormatChoice
) -> bytes:
    statements = tuple(sorted(set(said), key=str))
    if choice.format.kind == "page":
        names = await names_of(desk, statements)
        found = GraphDocument(thing, statements, None, (), (), names)
        return described_page(desk.service, found).encode()
    return whole(iter(statements), choice.format, _PREFIXES)


def dataset(origin: str) -> NamedNode:
    """The IRI of the dataset, as this service describes it."""
    return NamedNode(f"{origin}{WELL_KNOWN}#dataset")


def _a(thing: NamedNode, *types: str) -> Iterator[Triple]:
    yield from (Triple(thing, NamedNode(f"{RDF}type"), NamedNode(each)) for each in types)


def _integer(term: Term | int) -> Literal:
    value = str(term) if isinstance(term, int) else term.value
    return Literal(value, datatype=NamedNode(f"{XSD}integer"))


async def _about(desk: AppState, origin: str) -> AsyncIterator[Triple]:
    """What the dataset is called, under which licence, since when, and where it is."""
    itself, revision = dataset(origin), desk.service.revision
    for triple in _a(itself, f"{VOID}Dataset", f"{DCAT}Dataset"):
        yield triple
    modified = Literal(revision.time, datatype=NamedNode(f"{XSD}dateTime"))
    yield Triple(itself, NamedNode(f"{DCTERMS}modified"), modified)
    yield Triple(itself, NamedNode(f"{DCAT}version"), Literal(str(revision.number)))
    yield Triple(itself, NamedNode(f"{FOAF}homepage"), NamedNode(f"{origin}/"))
    yield Triple(itself, NamedNode(f"{VOID}sparqlEndpoint"), NamedNode(f"{origin}/sparql"))
    for dump in DUMPS:
        yield Triple(itself, NamedNode(f"{VOID}dataDump"), NamedNode(origin + dump.path))
    if revision.base is None:
        return
    yield Triple(itself, NamedNode(f"{VOID}uriSpace"), Literal(revision.base))
    ontology = Base(revision.base).ontology
    yield Triple(itself, NamedNode(f"{VOID}vocabulary"), Base(revision.base).term(""))
    said = f'{ontology} ?p ?o FILTER (STRSTARTS(STR(?p), "{DCTERMS}") && !isBlank(?o))'
    for row in await rows(desk, f"SELECT ?p ?o {{ {said} }}"):
        property_ = row["p"]
        if isinstance(property_, NamedNode) and property_.value != f"{DCTERMS}modified":
            yield Triple(itself, property_, row["o"])


def _counts(counted: _Counted, origin: str) -> Iterator[Triple]:
    """How many there are of what, as it was counted."""
    itself = dataset(origin)
    for name, count in counted.whole.items():
        yield Triple(itself, NamedNode(VOID + name), _integer(count))
    yield Triple(itself, NamedNode(f"{VOID}classes"), _integer(len(counted.classes)))
    partitions = (
        ("class", "entities", counted.classes),
        ("property", "triples", counted.properties),
    )
    for kind, what, found in partitions:
        for number, row in enumerate(found):
            part = NamedNode(f"{origin}{WELL_KNOWN}#{kind}-{number}")
            yield Triple(itself, NamedNode(f"{VOID}{kind}Partition"), part)
            yield Triple(part, NamedNode(VOID + kind), row["term"])
            yield Triple(part, NamedNode(VOID + what), _integer(row["n"]))


def _declared(desk: AppState, origin: str) -> Iterator[Triple]:
    """The prefixes that queries need not declare."""
    for prefix, namespace in desk.service.revision.prefixes.items():
        node = NamedNode(f"{origin}{WELL_KNOWN}#prefix-{prefix}")
        yield Triple(dataset(origin), NamedNode(f"{SH}declare"), node)
        yield Triple(node, NamedNode(f"{SH}prefix"), Literal(prefix))
        uri = Literal(namespace, datatype=NamedNode(f"{XSD}anyURI"))
        yield Triple(node, NamedNode(f"{SH}namespace"), uri)


def _examples(desk: AppState, origin: str) -> Iterator[Triple]:
    """The saved queries as examples for query editors."""
    for query in desk.service.catalogue:
        node = NamedNode(f"{origin}/queries/{query.name}")
        yield from _a(node, f"{SH}SPARQLExecutable", f"{SH}SPARQLSelectExecutable")
        for language, title in query.title.items():
            yield Triple(node, NamedNode(f"{RDFS}label"), Literal(title, language=language))
        for language, words in query.description.items():
            yield Triple(node, NamedNode(f"{RDFS}comment"), Literal(words, language=language))
        yield Triple(node, NamedNode(f"{SH}select"), Literal(query.text))
        yield Triple(node, NamedNode(f"{SH}prefixes"), dataset(origin))
        yield Triple(node, NamedNode(f"{SCHEMA}target"), NamedNode(f"{origin}/sparql"))


def _catalog(origin: str) -> Iterator[Triple]:
    """The catalogue of the one dataset, with its distributions and its services."""
    itself, whole = NamedNode(origin + CATALOG), dataset(origin)
    yield from _a(itself, f"{DCAT}Catalog")
    yield Triple(itself, NamedNode(f"{DCTERMS}title"), Literal("spacepolicy", language="en"))
    yield Triple(itself, NamedNode(f"{DCAT}dataset"), whole)
    for dump in DUMPS:
        node = NamedNode(f"{origin}{CATALOG}#{dump.path.rpartition('.')[2]}")
        yield Triple(whole, NamedNode(f"{DCAT}distribution"), node)
        yield from _a(node, f"{DCAT}Distribution")
        title = Literal(f"the whole dataset in {dump.label}", language="en")
        yield Triple(node, NamedNode(f"{DCTERMS}title"), title)
        yield Triple(node, NamedNode(f"{DCAT}downloadURL"), NamedNode(origin + dump.path))
        yield Triple(node, NamedNode(f"{DCAT}accessURL"), NamedNode(origin + dump.path))
        media_type = NamedNode(MEDIA_TYPES + dump.media_type)
        yield Triple(node, NamedNode(f"{DCAT}mediaType"), media_type)
    service = NamedNode(f"{origin}{CATALOG}#sparql")
    yield Triple(itself, NamedNode(f"{DCAT}service"), service)
    yield from _a(service, f"{DCAT}DataService")
    yield Triple(service, NamedNode(f"{DCTERMS}title"), Literal("SPARQL endpoint", language="en"))
    yield Triple(service, NamedNode(f"{DCAT}endpointURL"), NamedNode(f"{origin}/sparql"))
    yield Triple(service, NamedNode(f"{DCAT}servesDataset"), whole)
    description = NamedNode(f"{origin}/openapi.json")
    yield Triple(service, NamedNode(f"{DCAT}endpointDescription"), description)
