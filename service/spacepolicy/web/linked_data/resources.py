"""Linked data: every IRI under the base can be dereferenced.

A thing redirects to the document about it (303); documents are served directly, in the format
chosen by Accept, by `?format=`, or by the suffix of the path under `/doc`.

Spec: https://www.w3.org/TR/cooluris/, https://www.rfc-editor.org/rfc/rfc8288,
https://www.rfc-editor.org/rfc/rfc6892 (describes), https://www.rfc-editor.org/rfc/rfc6903 (type)
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, final

from fastapi import Request
from pyoxigraph import NamedNode, Triple
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from spacepolicy import formats
from spacepolicy.errors import NotAcceptableError, NotFoundError
from spacepolicy.formats import Format, FormatChoice
from spacepolicy.http.response_cache import Fields
from spacepolicy.namespaces import DCTERMS
from spacepolicy.serialization import whole
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.graph_etag import changed_at
from spacepolicy.web.answering.representation import (
    CachedRepresentation,
    DeferredRepresentation,
    Representation,
    chosen,
    json_body,
    link,
    representation,
)
from spacepolicy.web.answering.revision_etags import opaque
from spacepolicy.web.iri_routing import (
    DOC,
    Address,
    address,
    as_whole,
    document_path,
    quote_path,
    seems_pinned,
)
from spacepolicy.web.linked_data.documents import FOAF, VOID, ThingDocument, is_known, triples
from spacepolicy.web.linked_data.graph_documents import (
    ONTOLOGY,
    GraphDocument,
    graph_document,
)
from spacepolicy.web.linked_data.graph_pages import graph_page
from spacepolicy.web.linked_data.jsonld import compacted
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.language_tags import restored
from spacepolicy.web.linked_data.ontology_pages import WHOLE, ontology_page
from spacepolicy.web.linked_data.reader_pages import kinds, reader_page
from spacepolicy.web.linked_data.resource_context import beside
from spacepolicy.web.linked_data.resource_pages import resource_page
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.routes import Handler

_PREFIXES: Final = {"dcterms": DCTERMS, "foaf": FOAF, "void": VOID}
OFFERED: Final = formats.offered("graph", "page")
DATASET: Final = "/.well-known/void#dataset"
"""The path of the dataset's IRI, to which all documents belong."""
_MAX_TYPES: Final = 8
"""How many Link fields there are for types, and for successors: proxies accept 8 KiB of fields, and
an IRI has about 60 bytes."""
_JSON_LD: Final = next(f for f in OFFERED if f.name == "jsonld")


def thing_redirect(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of IRIs that name things."""

    async def thing(request: Request) -> Response:
        """Lead on to the document about the thing."""
        asked = address(knowledge_cache.app_state.service, request.scope)
        if not await is_known(knowledge_cache.app_state, asked.iri):
            raise await knowledge_cache.not_found(asked)
        # The document of an IRI that ends in .ttl only has addresses that pin a format.
        pinned = chosen(request.scope, OFFERED).format if seems_pinned(asked.path) else None
        path = document_path(asked.path, pinned)
        target = current_locale().kept(
            knowledge_cache.app_state.service.reference(request.scope, path)
        )
        headers = {"Vary": "Accept"} if pinned else {}
        response = RedirectResponse(target, status_code=303, headers=headers)
        response.headers.append("Link", f'<{target}>; rel="describedby"')
        return response

    return thing


def thing_document(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of documents about things."""

    async def about(request: Request) -> Response:
        """The document about the thing at the path after `/doc`; a suffix pins the format."""
        asked = address(knowledge_cache.app_state.service, request.scope)
        return _first_found(knowledge_cache, request, asked, _response)

    return about


def namespace_redirect(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of the namespace of the terms."""

    async def namespace(request: Request) -> Response:
        """Lead on to the ontology that defines the terms."""
        ontology = knowledge_cache.app_state.service.reference(request.scope, ONTOLOGY)
        return RedirectResponse(current_locale().kept(ontology), status_code=303)

    return namespace


def document_itself(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of IRIs that name documents."""

    async def itself(request: Request) -> Response:
        """The document of that IRI."""
        asked = address(knowledge_cache.app_state.service, request.scope)
        return _first_found(knowledge_cache, request, asked, _graph_response, _response)

    return itself


def _first_found(
    knowledge_cache: KnowledgeCache,
    request: Request,
    asked: Address,
    *makers: Callable[[KnowledgeCache, Request, Address], Response],
) -> Response:
    """The response for the address, or else for the one whose suffix is part of the IRI."""
    every = (asked, as_whole(asked))
    return FirstFound(
        *(
            partial(make, knowledge_cache, request, each)
            for each in every
            if each
            for make in makers
        )
    )


@final
class FirstFound(Response):
    """The first of the responses whose subject exists. So a document without a graph of its own
    gets the statements about it, and an IRI that ends in the suffix of a format is found too."""

    def __init__(self, *responses: Callable[[], Response]) -> None:
        super().__init__()
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response.

        Raises: NotFoundError of the first response, where none is found.
        """
        missing: list[NotFoundError] = []
        for response in self._responses:
            try:
                await response()(scope, receive, send)
            except NotFoundError as error:
                missing.append(error)
            except NotAcceptableError:
                if not missing:
                    raise
            else:
                return
        raise missing[0]


def _response(knowledge_cache: KnowledgeCache, request: Request, asked: Address) -> Response:
    choice = chosen(request.scope, OFFERED, asked.pinned)
    origin = knowledge_cache.app_state.service.url(request.scope, "")

    async def make() -> Representation:
        iri = origin + document_path(asked.path)
        try:
            page = choice.format.kind == "page"
            read = knowledge_cache.bare_document if page else knowledge_cache.document
            found = await read(asked.iri, iri)
        except NotFoundError as error:
            raise await knowledge_cache.not_found(asked) from error
        fields = (*_relations(origin, asked, choice.format), *_about(found))
        return Representation(await _body(knowledge_cache, origin, found, asked, choice), fields)

    return CachedRepresentation(knowledge_cache.app_state, f"{DOC}{asked.path}", choice, make)


def _graph_response(knowledge_cache: KnowledgeCache, request: Request, asked: Address) -> Response:
    choice = chosen(request.scope, OFFERED, asked.pinned)
    origin = knowledge_cache.app_state.service.url(request.scope, "")

    async def make() -> Representation:
        iri = origin + quote_path(asked.path)
        try:
            found = await graph_document(knowledge_cache.app_state, asked.path, asked.iri, iri)
        except NotFoundError as error:
            raise await knowledge_cache.not_found(asked) from error
        fields = _relations(origin, asked, choice.format)
        if found.version is not None:
            fields += (link(found.version, "latest-version"),)
        if choice.format.kind == "page":
            page = await _graph_page(knowledge_cache, found, asked, only or view)
            return Representation(page.encode(), fields)
        return Representation(
            await _graph_body(knowledge_cache, origin, found, asked, choice), fields
        )

    name = (
        f"{knowledge_cache.app_state.service.instance} {asked.path}"
        if _keeps_nodes(asked)
        else asked.path
    )
    only = request.query_params.get("kind") if choice.format.kind == "page" else None
    view = request.query_params.get("view") if choice.format.kind == "page" else None
    name += f" kind={only}" if only else f" view={view}" if view == WHOLE else ""
    state = _state(knowledge_cache, asked, choice.format)
    if state is not None:
        prefixes = sorted(knowledge_cache.app_state.service.revision.prefixes.items())
        name += f" {opaque(part for pair in prefixes for part in pair)}"
    return CachedRepresentation(knowledge_cache.app_state, name, choice, make, state=state)


def _state(knowledge_cache: KnowledgeCache, asked: Address, shown: Format) -> Revision | None:
    """The last revision that changed the graph, if the response depends on the graph alone; None
    for pages and JSON-LD, which have names and words from other graphs, and for ontologies, which
    may be requested by a version's IRI."""
    if shown.kind == "page" or shown.name == "jsonld" or asked.path.startswith(ONTOLOGY):
        return None
    service = knowledge_cache.app_state.service
    number = changed_at(service.history, asked.iri.value, service.revision.number)
    return service.history.get(number)


def _keeps_nodes(asked: Address) -> bool:
    """Whether the response has blank nodes, whose labels depend on the engine."""
    return asked.path.startswith(ONTOLOGY)


async def _graph_body(
    knowledge_cache: KnowledgeCache,
    origin: str,
    found: GraphDocument,
    asked: Address,
    choice: FormatChoice,
) -> bytes:
    if _keeps_nodes(asked):
        return _serialised(knowledge_cache, found.statements, choice)
    dataset = NamedNode(f"{origin}{DATASET}")
    statements = (*found.statements, Triple(found.thing, NamedNode(f"{VOID}inDataset"), dataset))
    if choice.format.name == "jsonld":
        context = await knowledge_cache.context()
        return compacted(statements, found.thing, context, f"{origin}/context.jsonld")
    return _serialised(knowledge_cache, statements, choice)


async def _graph_page(
    knowledge_cache: KnowledgeCache, found: GraphDocument, asked: Address, view: str | None
) -> str:
    """The graph as a page: of the ontology, of a source to read, or of any other graph."""
    service = knowledge_cache.app_state.service
    if asked.path == ONTOLOGY:
        return await ontology_page(knowledge_cache, found, view)
    if not (found.passages or found.references):
        return graph_page(service, found, asked.path)
    return reader_page(
        service, found, asked.path, await kinds(knowledge_cache.app_state, found.thing), view
    )


def _serialised(
    knowledge_cache: KnowledgeCache, statements: Iterable[Triple], choice: FormatChoice
) -> bytes:
    prefixes = {**knowledge_cache.app_state.service.revision.prefixes, **_PREFIXES}
    return restored(whole(iter(statements), choice.format, prefixes), choice.format)


def _relations(origin: str, asked: Address, shown: Format) -> Fields:
    """The Link fields with the document's canonical address, its topic and its other formats."""
    here = origin + document_path(asked.path)
    others = [f for f in OFFERED if f is not shown]
    return (
        link(here, "canonical"),
        link(asked.iri.value, "describes"),
        link(f"{origin}/.well-known/void", "describedby"),
        *(
            link(origin + document_path(asked.path, f), "alternate", type=f.media_type)
            for f in others
        ),
    )


def _about(found: ThingDocument) -> Iterable[tuple[bytes, bytes]]:
    """The Link fields with the thing's types and replacements."""
    yield from (link(iri, "type") for iri in found.types[:_MAX_TYPES])
    yield from (link(iri, "successor-version") for iri in found.replacements[:_MAX_TYPES])


async def _body(
    knowledge_cache: KnowledgeCache,
    origin: str,
    found: ThingDocument,
    asked: Address,
    choice: FormatChoice,
) -> bytes:
    service = knowledge_cache.app_state.service
    if choice.format.kind == "page":
        vocabulary = await knowledge_cache.vocabulary()
        shown = await beside(knowledge_cache, found)
        return resource_page(service, found, asked.path, vocabulary, shown).encode()
    statements = triples(found, f"{origin}{DATASET}", service.revision.time)
    if choice.format.name == "jsonld":
        context = await knowledge_cache.context()
        return compacted(statements, found.thing, context, f"{origin}/context.jsonld")
    return _serialised(knowledge_cache, statements, choice)


def jsonld_context(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of the JSON-LD context."""

    @representation(knowledge_cache.app_state, offers=(_JSON_LD,), negotiated=False)
    async def context(_: Request) -> DeferredRepresentation:
        """The JSON-LD context that the documents refer to."""

        async def make() -> Representation:
            return Representation(
                json_body({"@context": (await knowledge_cache.context()).table()})
            )

        return DeferredRepresentation("/context.jsonld", make)

    return context
