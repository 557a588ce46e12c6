"""The ASGI application: the SPARQL endpoint, and the table of all other routes."""

from collections.abc import Iterator
from typing import Any, Final, final

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from spacepolicy import __version__, formats
from spacepolicy.sparql_service.endpoint import SparqlEndpoint
from spacepolicy.web import pages
from spacepolicy.web.annotations import ANNOTATIONS, web_annotations
from spacepolicy.web.answering.app_state import AppState, make_app_state
from spacepolicy.web.answering.preparation import ServicePreparation
from spacepolicy.web.answering.representation import JSON, PAGE
from spacepolicy.web.answering.sparql import sparql_endpoint
from spacepolicy.web.asset_files import ASSET_PATH, ASSETS, asset_file
from spacepolicy.web.cache_warmup import CacheWarmup
from spacepolicy.web.compare import comparison
from spacepolicy.web.components import PATH as COMPONENTS
from spacepolicy.web.components import component_page
from spacepolicy.web.dcat import WELL_KNOWN, dcat_catalog, void_description
from spacepolicy.web.dumps import DUMPS, DumpFiles, dump_handler
from spacepolicy.web.error_handlers import add_error_handlers
from spacepolicy.web.explain import PATH as EXPLAIN
from spacepolicy.web.explain import explanation, statement_parameters
from spacepolicy.web.harvesting.dataset_metadata import MetadataCache
from spacepolicy.web.harvesting.dcat_ap import CATALOG
from spacepolicy.web.harvesting.dump_facts import DumpMeasures
from spacepolicy.web.harvesting.llms import LLMS, llms_file
from spacepolicy.web.harvesting.robots import ROBOTS, robots_file
from spacepolicy.web.harvesting.sitemap import sitemap
from spacepolicy.web.health import (
    cancellation,
    livez,
    readiness,
    running_queries,
    running_query,
)
from spacepolicy.web.history.entries import PATH as REVISIONS
from spacepolicy.web.history.files import FILES, revision_file
from spacepolicy.web.history.files import MEDIA_TYPES as FILE_TYPES
from spacepolicy.web.history.listing import LIST_PARAMETERS, ONE, one_revision, revision_list
from spacepolicy.web.home import HomePage, home_page
from spacepolicy.web.iri_routing import DOC, DOCUMENTS, THINGS
from spacepolicy.web.linked_data.graph_documents import ONTOLOGY
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.resources import (
    OFFERED,
    document_itself,
    jsonld_context,
    namespace_redirect,
    thing_document,
    thing_redirect,
)
from spacepolicy.web.links import inbound_links
from spacepolicy.web.mcp.endpoint import DESCRIBED, tools_for_agents
from spacepolicy.web.mcp.endpoint import PATH as MCP
from spacepolicy.web.memento import LINK_FORMAT, TIMEMAP, timemap_of_path
from spacepolicy.web.metrics_page import MEDIA_TYPES as METRICS_TYPES
from spacepolicy.web.metrics_page import PATH as METRICS
from spacepolicy.web.metrics_page import metrics_page
from spacepolicy.web.openapi import api_page, describe
from spacepolicy.web.pipeline import pipeline
from spacepolicy.web.problems import problem_kind_page
from spacepolicy.web.queries import parameter_options, query_list, saved_query_answer
from spacepolicy.web.reconciliation.endpoint import reconciliation_routes
from spacepolicy.web.routes import Route, add_routes, rules_of
from spacepolicy.web.search import (
    FILTERS,
    SearchService,
    search_page,
    search_parameters,
    suggestions,
)
from spacepolicy.web.service import Service
from spacepolicy.web.status import STATUS, status_page
from spacepolicy.web.verify import PATH as VERIFY
from spacepolicy.web.verify import copy_described, verification_of_copy, verification_of_texts
from spacepolicy.web.writing.graph_store import (
    GRAPH_PARAMETERS,
    WRITE_METHODS,
    graph_options,
    graph_reading,
    graph_writing,
    write_described,
)
from spacepolicy.web.writing.graph_store import PATH as GRAPHS
from spacepolicy.web.writing.write_response import TRIED
from spacepolicy.web.writing.write_service import WriteService

_LINKED: Final = tuple(each.media_type for each in OFFERED)
_ANSWERS: Final = tuple(
    each.media_type for each in formats.offered("solutions", "columns", "graph", "page")
)
_OPTIONS: Final = "/queries/{name}/options/{parameter}"
_PATH: Final[dict[str, Any]] = {
    "parameters": [{"name": "path", "in": "path", "required": True, "schema": {"type": "string"}}]
}


@final
class Application:
    """The ASGI application of a service; `endpoint` is the fast path of its SPARQL endpoint, for
    `http.server`."""

    def __init__(self, service: Service) -> None:
        app_state = make_app_state(service)
        writes = WriteService(service)
        self._shared = SharedState(app_state)
        table = tuple(routes(self._shared, writes))
        rules = rules_of(table, unlinked=("/sparql",))
        sparql = sparql_endpoint(app_state, writes)
        self._http = pipeline(service, rules, sparql, _routed(service, table))
        self.endpoint = SparqlEndpoint(
            ServicePreparation(service),
            app_state.cache,
            app_state.dispatcher,
            app_state.costs,
            app_state.running,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or handle the lifespan, during which the caches are warmed up."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._shared.warming().lifespan(receive, send)


def create_app(service: Service) -> Application:
    """Return the application of the service."""
    return Application(service)


@final
class SharedState:
    """The caches that several routes share, filled once per revision."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state
        self.search = SearchService(app_state)
        self.knowledge_cache = KnowledgeCache(app_state, self.search.near)
        self.metadata = MetadataCache(app_state)
        self.home = HomePage(self.knowledge_cache, self.metadata)

    def warming(self) -> CacheWarmup:
        """Return the warm-up of these caches; what visitors need first comes first."""
        return CacheWarmup(
            self.app_state,
            (
                self.home.answers,
                self.home.overview_rows,
                self.home.documents,
                self.metadata.get,
                self.knowledge_cache.comparables,
                self.knowledge_cache.vocabulary,
                self.search.index,
                self.knowledge_cache.terms,
                self.knowledge_cache.axioms,
                self.knowledge_cache.constraints,
                self.knowledge_cache.context,
            ),
        )


def routes(shared: SharedState, writes: WriteService) -> Iterator[Route]:
    """Return the table of all routes but `/sparql`; the first that matches a path is used.

    Most handlers declare what they offer themselves (`representation`).
    """
    app_state, knowledge_cache, search = shared.app_state, shared.knowledge_cache, shared.search
    yield from _of_service(app_state)
    yield Route("/", home_page(shared.home))
    yield from _linked_data(knowledge_cache)
    yield Route("/queries", query_list(app_state), "saved queries")
    yield Route("/queries/{name}", saved_query_answer(app_state), offers=_ANSWERS)
    yield Route(_OPTIONS, parameter_options(app_state), "saved queries", offers=_ANSWERS)
    for path, handler, names in (
        ("/search", search_page(search), FILTERS),
        ("/suggest", suggestions(search), FILTERS[:1]),
    ):
        described = search_parameters(*names)
        yield Route(path, handler, "search", openapi=described, is_linked=False)
    yield from reconciliation_routes(search)
    yield Route(
        EXPLAIN,
        explanation(knowledge_cache),
        "explanation",
        openapi=statement_parameters(app_state),
    )
    yield Route(ANNOTATIONS, web_annotations(app_state), "linked data")
    yield Route(VERIFY, verification_of_texts(app_state), "linked data")
    copy, described = verification_of_copy(app_state), copy_described()
    yield Route(VERIFY, copy, "linked data", ("POST",), openapi=described)
    yield Route("/compare", comparison(knowledge_cache), "saved queries")
    yield Route(
        MCP,
        tools_for_agents(knowledge_cache, search),
        "agents",
        ("POST",),
        offers=(JSON.media_type,),
        openapi=DESCRIBED,
        is_linked=False,
        is_shared=False,
    )
    yield Route("/links", inbound_links(app_state), "saved queries")
    yield from _descriptions(app_state, shared.metadata)
    yield Route(STATUS, status_page(app_state), "descriptions")
    yield from _graph_store(app_state, writes)


def _descriptions(app_state: AppState, metadata: MetadataCache) -> Iterator[Route]:
    """Return the routes of the dataset's descriptions and dumps."""
    files = DumpFiles(app_state)
    for dump in DUMPS:
        yield Route(dump.path, dump_handler(files, dump), "linked data", offers=(dump.media_type,))
    yield Route(WELL_KNOWN, void_description(metadata), "descriptions")
    yield Route(CATALOG, dcat_catalog(metadata, DumpMeasures(files)), "descriptions")
    yield Route(LLMS, llms_file(metadata), "descriptions")
    for path, handler in sitemap(app_state):
        yield Route(path, handler, "descriptions")


def _of_service(app_state: AppState) -> Iterator[Route]:
    """Return the routes that concern the service and its history, not one revision."""
    shared: dict[str, Any] = {"of_revision": False}
    for_all: dict[str, Any] = {**shared, "is_open": True}
    kind, offers = problem_kind_page(app_state.service), (JSON.media_type, PAGE.media_type)
    one = "/running/{identifier}"
    yield Route(ASSET_PATH, asset_file((pages.STYLE, *ASSETS.values())), **for_all)
    yield Route("/problems/{kind}", kind, "descriptions", offers=offers, **for_all)
    yield Route(ROBOTS, robots_file(app_state), "descriptions", **for_all)
    yield Route("/livez", livez, "operations", **for_all)
    yield Route("/readyz", readiness(app_state), "operations", **for_all)
    yield Route(METRICS, metrics_page(app_state), "operations", offers=METRICS_TYPES, **shared)
    yield Route("/running", running_queries(app_state), "operations", **shared)
    yield Route(one, running_query(app_state), "operations", **shared)
    yield Route(one, cancellation(app_state), "operations", ("DELETE",), status=204, **shared)
    yield Route(REVISIONS, revision_list(app_state), "history", openapi=LIST_PARAMETERS, **shared)
    yield Route(f"{REVISIONS}/{{which}}", one_revision(app_state), "history", offers=ONE, **shared)
    yield Route(FILES, revision_file(app_state), "history", offers=FILE_TYPES, **shared)
    yield Route(
        f"{TIMEMAP}/{{path:path}}",
        timemap_of_path(app_state.service),
        "history",
        offers=(LINK_FORMAT,),
        openapi=_PATH,
        **shared,
    )
    yield Route("/api", api_page(app_state), **shared)
    yield Route(COMPONENTS, component_page(app_state), "descriptions", **shared)


def _linked_data(knowledge_cache: KnowledgeCache) -> Iterator[Route]:
    """Return the routes of IRIs below the base."""
    namespace, itself = namespace_redirect(knowledge_cache), document_itself(knowledge_cache)
    thing, about = thing_redirect(knowledge_cache), thing_document(knowledge_cache)
    linked: dict[str, Any] = {"tag": "linked data", "offers": _LINKED, "openapi": _PATH}
    for path in ("/def", "/def/"):
        yield Route(path, namespace)
    for kind in THINGS:
        yield Route(f"/{kind}/{{path:path}}", thing, status=303, **linked)
        yield Route(f"{DOC}/{kind}/{{path:path}}", about, **linked)
    for kind in DOCUMENTS:
        yield Route(f"/{kind}/{{path:path}}", itself, **linked)
        yield Route(f"{DOC}/{kind}/{{path:path}}", itself, **linked)
    yield Route(ONTOLOGY, itself, "linked data", offers=_LINKED)
    for suffix in ("", *(f".{each.extension}" for each in OFFERED)):
        yield Route(f"{DOC}{ONTOLOGY}{suffix}", itself)
    yield Route("/context.jsonld", jsonld_context(knowledge_cache), "linked data")


def _graph_store(app_state: AppState, writes: WriteService) -> Iterator[Route]:
    """Return the routes of the Graph Store Protocol; writes only if the service takes them."""
    service = app_state.service
    read, write, options = (
        graph_reading(app_state),
        graph_writing(service, writes),
        graph_options(service),
    )
    paths: tuple[tuple[str, str, tuple[str, ...], dict[str, Any]], ...] = (
        (GRAPHS, "", ("application/json", *_LINKED), GRAPH_PARAMETERS),
        (f"{GRAPHS}/{{path:path}}", "_itself", _LINKED, _PATH),
    )
    for path, suffix, offers, described in paths:
        yield Route(
            path,
            read,
            "graph store",
            offers=offers,
            openapi=described,
            operation_id=f"get_graph{suffix}",
        )
        for method in WRITE_METHODS if service.writer else ():
            yield Route(
                path,
                write,
                "graph store",
                (method,),
                status=204,
                offers=tuple(each.media_type for each in TRIED),
                openapi=write_described(method, described),
                operation_id=f"{method.lower()}_graph{suffix}",
            )
        yield Route(path, options, methods=("OPTIONS",))


def _routed(service: Service, table: tuple[Route, ...]) -> FastAPI:
    """The FastAPI application of the routes, with its OpenAPI description."""
    app = FastAPI(
        title="spacepolicy",
        version=__version__,
        summary="Linked data about policy, with its words",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_error_handlers(app, service)
    add_routes(app, table)
    describe(app, service, table)
    return app
