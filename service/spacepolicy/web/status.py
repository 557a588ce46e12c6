"""The state of the data: the revision, its counts, its graphs, the checks that its files passed,
and where to get all of it."""

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
"""What is held is told in steps of this size, so that the answer stays the same for a while."""


@final
@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph with its statements; of a document, also the graphs of its passages and the
    statements in these."""

    iri: str
    statements: int
    passages: int = 0
    in_passages: int = 0


@final
@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What the engine's processes hold and may hold, in MiB, and whether the dataset is still being
    loaded."""

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
    """What the engine's processes hold of memory."""
    told = service.engine.memory()
    if told is None:
        return None
    held = -(-told.held_bytes // _MEMORY_STEP_BYTES) * _MEMORY_STEP_BYTES
    return MemoryUse(held >> 20, told.budget_bytes >> 20, service.engine.loading)


def gathered(named: Mapping[str, int]) -> tuple[Graph, ...]:
    """The graphs by name, those of passages within that of their document.

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
    """The newest revision, up to the one served, that files made, where it says what they
    passed."""
    served = service.revision
    made = {each.number: each for each in service.history.revisions}.get(served.built, served)
    return made if made.checks else None


def _members(service: Service, graphs: Iterable[Graph], memory: MemoryUse | None) -> dict[str, Any]:
    revision, made = service.revision, checked(service)
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
        "checks": {"revision": made.number, "passed": dict(made.checks)} if made else None,
        "graphs": [asdict(graph) for graph in graphs],
        "dumps": [dump.path for dump in DUMPS],
    }


def _own_names(graphs: Iterable[NamedNode]) -> str:
    """A query for what graphs call themselves, which may not be merged into the default graph; a
    version of an ontology has the ontology's name and its own number."""
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
