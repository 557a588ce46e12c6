"""The status of the data: the revision, its counts, its graphs, the checks that its files passed,
and the dumps."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, final

from fastapi import Request
from pyoxigraph import NamedNode, Triple

from spacepolicy.formats import FormatChoice
from spacepolicy.namespaces import OWL, Base
from spacepolicy.store.revision import Revision
from spacepolicy.web import pages
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    DeferredRepresentation,
    Representation,
    json_body,
    representation,
)
from spacepolicy.web.dumps import DUMPS
from spacepolicy.web.linked_data.documents import NAMES, TYPE, names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service

STATUS: Final = "/status"
_QUERY: Final = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
MAX_GRAPHS: Final = 300
_MEMORY_STEP_BYTES: Final = 32 << 20
"""Memory use is rounded up to multiples of this size, so that the answer can be cached for a
while."""


@final
@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph with its number of statements; for a document, also the number of its passages
    and of the statements in them."""

    iri: str
    statements: int
    passages: int = 0
    in_passages: int = 0


@final
@dataclass(frozen=True, slots=True)
class MemoryUse:
    """How much memory the engine's processes hold and may hold, in MiB, and whether the dataset is
    still being loaded."""

    held_mib: int
    budget_mib: int
    loading: bool


def status_page(app_state: AppState) -> Handler:
    """Return the handler of the page and its JSON."""

    @representation(app_state, offers=(PAGE, JSON))
    async def status(_: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The data and how they stand: counts, graphs, checks, dumps."""
        memory = await asyncio.to_thread(_memory, app_state.service)

        async def make() -> Representation:
            contents = await app_state.contents.of(app_state.service)
            graphs = gathered(contents.named)
            if choice.format is JSON:
                return Representation(json_body(_members(app_state.service, graphs, memory)))
            return Representation((await _page(app_state, graphs, memory)).encode())

        return DeferredRepresentation(f"{STATUS} {memory}", make)

    return status


def _memory(service: Service) -> MemoryUse | None:
    """The memory use of the engine's processes; None where it is not known."""
    memory = service.engine.memory()
    if memory is None:
        return None
    held = -(-memory.held_bytes // _MEMORY_STEP_BYTES) * _MEMORY_STEP_BYTES
    return MemoryUse(held >> 20, memory.budget_bytes >> 20, service.engine.loading)


def gathered(named: Mapping[str, int]) -> tuple[Graph, ...]:
    """Return the graphs by name, those of passages counted with their document.

    >>> gathered({"a": 3, "b#1": 2, "b#2": 1})
    (Graph(iri='a', statements=3, passages=0, in_passages=0), Graph(iri='b', statements=0, \
passages=2, in_passages=3))
    """
    found: dict[str, list[int]] = {}
    for graph, statements in named.items():
        document, hash_, _ = graph.partition("#")
        counts = found.setdefault(document, [0, 0, 0])
        if hash_:
            counts[1] += 1
            counts[2] += statements
        else:
            counts[0] += statements
    return tuple(Graph(iri, *counts) for iri, counts in sorted(found.items()))


def checked(service: Service) -> Revision | None:
    """Return the newest revision, up to the served one, that was built from files; None where it
    has no record of passed checks."""
    served = service.revision
    built = {each.number: each for each in service.history.revisions}.get(served.built, served)
    return built if built.checks else None


def _members(service: Service, graphs: Iterable[Graph], memory: MemoryUse | None) -> dict[str, Any]:
    revision, built = service.revision, checked(service)
    return {
        "revision": revision.number,
        "time": revision.time,
        "message": revision.message,
        "record_sha256": revision.record_sha256,
        "digest": revision.digest,
        "stale": service.stale,
        "statements": {
            "record": revision.counts.record,
            "inferred": revision.counts.inferred,
            "default graph": revision.counts.default,
        },
        **({"store": service.published.url} if service.published else {}),
        "memory": asdict(memory) if memory else None,
        "checks": {"revision": built.number, "passed": dict(built.checks)} if built else None,
        "graphs": [asdict(graph) for graph in graphs],
        "dumps": [dump.path for dump in DUMPS],
    }


def _own_names(graphs: Iterable[NamedNode]) -> str:
    """A query for the names that graphs state of themselves, which may not be in the default graph;
    a version of an ontology gets the ontology's name and its own number."""
    return (
        f"CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?s {{ {' '.join(map(str, graphs))} }} "
        f"{{ GRAPH ?s {{ ?s ?p ?o }} }} UNION {{ GRAPH ?s {{ ?ontology <{OWL}versionIRI> ?s ; "
        f"<{OWL}versionInfo> ?version ; ?p ?name }} "
        'BIND (STRLANG(CONCAT(STR(?name), " ", STR(?version)), LANG(?name)) AS ?o) } '
        f"FILTER (?p IN ({', '.join(map(str, NAMES))})) }}"
    )


async def _page(app_state: AppState, graphs: tuple[Graph, ...], memory: MemoryUse | None) -> str:
    service = app_state.service
    shown = graphs[:MAX_GRAPHS]
    things = [NamedNode(each.iri) for each in shown]
    known = await names_of(app_state, [Triple(each, TYPE, each) for each in things])
    names = Labels(service, (*known, *await internal_queries.graph(app_state, _own_names(things))))
    listed: list[tuple[Link, Graph]] = [(names.link(NamedNode(each.iri)), each) for each in shown]
    return pages.render(
        "status.html",
        service,
        stale=service.stale,
        mode=service.mode,
        store=service.published.url if service.published else None,
        memory=memory,
        checked=checked(service),
        graphs=listed,
        inferred=Base(service.revision.base).inferred.value if service.revision.base else None,
        hidden=len(graphs) - len(shown),
        dumps=DUMPS,
        query=_QUERY,
    )
