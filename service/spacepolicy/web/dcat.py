"""Descriptions of the dataset as VoID and DCAT: live counts, its endpoint and dumps, its prefixes,
and example queries.

Spec: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/,
https://www.w3.org/TR/shacl/#sparql-prefixes, https://www.w3.org/TR/shacl-af/#SPARQLExecutable
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from fastapi import Request
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.formats import FormatChoice
from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, Base
from spacepolicy.serialization import whole
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.dumps import DUMPS
from spacepolicy.web.harvesting.dataset_metadata import DCAT, MetadataCache
from spacepolicy.web.harvesting.dcat_ap import (
    CATALOG,
    DATASET,
    SPDX,
    VCARD,
    DatasetDescription,
    catalog_statements,
    dataset_statements,
    described,
)
from spacepolicy.web.harvesting.dump_facts import DumpMeasures
from spacepolicy.web.harvesting.schema_org import dataset_block
from spacepolicy.web.linked_data.documents import FOAF, VOID, names_of
from spacepolicy.web.linked_data.graph_documents import GraphDocument
from spacepolicy.web.linked_data.graph_pages import described_page
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service
from spacepolicy.web.solution_rows import Row, Term

SCHEMA: Final = "https://schema.org/"
WELL_KNOWN: Final = "/.well-known/void"
_OFFERED: Final = formats.offered("graph", "page")
_PREFIXES: Final = {
    "dcat": DCAT, "dcterms": DCTERMS, "foaf": FOAF, "owl": OWL, "rdf": RDF, "rdfs": RDFS,
    "schema": SCHEMA, "sh": SH, "skos": SKOS, "spdx": SPDX, "vcard": VCARD, "void": VOID,
    "xsd": XSD,
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
    """The counts of the whole dataset, by class, and by property."""

    whole: Row
    classes: tuple[Row, ...]
    properties: tuple[Row, ...]


async def _count(app_state: AppState) -> _Counted:
    (whole,) = await rows(app_state, _COUNTS)
    return _Counted(whole, await rows(app_state, _CLASSES), await rows(app_state, _PROPERTIES))


def void_description(metadata: MetadataCache) -> Handler:
    """Return the handler of the dataset's description as VoID."""
    app_state = metadata.state
    counts: RevisionCache[_Counted] = RevisionCache(1)

    @representation(app_state, offers=_OFFERED)
    async def void(request: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The dataset as VoID, with live counts and partitions."""
        origin = app_state.service.url(request.scope, "")

        async def make() -> Representation:
            about = described(app_state.service, origin, await metadata.get())
            counted = await counts.get(app_state.edition, "", lambda: _count(app_state))
            statements = [*_dataset(about, app_state.service), *_counts(counted, origin)]
            statements += [*_declared(app_state, origin), *_examples(app_state, origin)]
            return Representation(await _body(app_state, about.dataset, statements, choice))

        return DeferredRepresentation(WELL_KNOWN, make)

    return void


def dcat_catalog(metadata: MetadataCache, measures: DumpMeasures) -> Handler:
    """Return the handler of the DCAT catalogue."""
    app_state = metadata.state

    @representation(app_state, offers=_OFFERED)
    async def catalog(request: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The dataset, its dumps and its endpoint as a catalogue of DCAT-AP."""
        origin = app_state.service.url(request.scope, "")

        async def make() -> Representation:
            about = described(app_state.service, origin, await metadata.get())
            facts = await measures.get()
            statements = [*_dataset(about, app_state.service), *catalog_statements(about, facts)]
            block = dataset_block(about, current_locale().language, facts)
            return Representation(await _body(app_state, about.catalog, statements, choice, block))

        # The bytes of dumps, and so their checksums, depend on the engine's labels of blank nodes.
        return DeferredRepresentation(f"{CATALOG} {app_state.service.instance}", make)

    return catalog


def _dataset(about: DatasetDescription, service: Service) -> list[Triple]:
    return [*dataset_statements(about), *_void(about, service)]


async def _body(
    app_state: AppState,
    thing: NamedNode,
    triples: list[Triple],
    choice: FormatChoice,
    block: Markup | None = None,
) -> bytes:
    statements = tuple(sorted(set(triples), key=str))
    if choice.format.kind == "page":
        names = await names_of(app_state, statements)
        found = GraphDocument(thing, statements, None, (), (), names)
        return described_page(app_state.service, found, block).encode()
    return whole(iter(statements), choice.format, _PREFIXES)


def dataset(origin: str) -> NamedNode:
    """Return the IRI of the dataset in this service's descriptions."""
    return NamedNode(origin + DATASET)


def _a(thing: NamedNode, *types: str) -> Iterator[Triple]:
    yield from (Triple(thing, NamedNode(f"{RDF}type"), NamedNode(each)) for each in types)


def _integer(term: Term | int) -> Literal:
    value = str(term) if isinstance(term, int) else term.value
    return Literal(value, datatype=NamedNode(f"{XSD}integer"))


def _void(about: DatasetDescription, service: Service) -> Iterator[Triple]:
    """The dataset's endpoint and dumps, its IRI space and its vocabulary."""
    itself, origin, base = about.dataset, about.origin, service.revision.base
    yield from _a(itself, f"{VOID}Dataset")
    yield Triple(itself, NamedNode(f"{FOAF}homepage"), NamedNode(f"{origin}/"))
    yield Triple(itself, NamedNode(f"{VOID}sparqlEndpoint"), NamedNode(f"{origin}/sparql"))
    for dump in DUMPS:
        yield Triple(itself, NamedNode(f"{VOID}dataDump"), NamedNode(origin + dump.path))
    if base is not None:
        yield Triple(itself, NamedNode(f"{VOID}uriSpace"), Literal(base))
        yield Triple(itself, NamedNode(f"{VOID}vocabulary"), Base(base).term(""))


def _counts(counted: _Counted, origin: str) -> Iterator[Triple]:
    """The statistics of the dataset, and its partitions by class and property."""
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


def _declared(app_state: AppState, origin: str) -> Iterator[Triple]:
    """The prefixes that queries need not declare."""
    for prefix, namespace in app_state.service.revision.prefixes.items():
        node = NamedNode(f"{origin}{WELL_KNOWN}#prefix-{prefix}")
        yield Triple(dataset(origin), NamedNode(f"{SH}declare"), node)
        yield Triple(node, NamedNode(f"{SH}prefix"), Literal(prefix))
        uri = Literal(namespace, datatype=NamedNode(f"{XSD}anyURI"))
        yield Triple(node, NamedNode(f"{SH}namespace"), uri)


def _examples(app_state: AppState, origin: str) -> Iterator[Triple]:
    """The saved queries as examples for query editors."""
    for query in app_state.service.catalogue:
        node = NamedNode(f"{origin}/queries/{query.name}")
        yield from _a(node, f"{SH}SPARQLExecutable", f"{SH}SPARQLSelectExecutable")
        for language, title in query.title.items():
            yield Triple(node, NamedNode(f"{RDFS}label"), Literal(title, language=language))
        for language, words in query.description.items():
            yield Triple(node, NamedNode(f"{RDFS}comment"), Literal(words, language=language))
        yield Triple(node, NamedNode(f"{SH}select"), Literal(query.text))
        yield Triple(node, NamedNode(f"{SH}prefixes"), dataset(origin))
        yield Triple(node, NamedNode(f"{SCHEMA}target"), NamedNode(f"{origin}/sparql"))
