"""The number of triples of each graph of the served dataset, counted once per revision."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from spacepolicy.engine.answer_frames import Data
from spacepolicy.engine.port import ask
from spacepolicy.engine.publication_description import GRAPH
from spacepolicy.engine.requests import Query
from spacepolicy.errors import ProblemError
from spacepolicy.web.request_context import note_problem
from spacepolicy.web.service import Service

_DEFAULT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_NAMED: Final = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"


@final
@dataclass(frozen=True, slots=True)
class GraphCounts:
    """How many triples the default graph and each named graph hold."""

    default: int
    named: Mapping[str, int]


@final
class GraphStatistics:
    """Caches the counts of the revision asked about last."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: tuple[int, GraphCounts] | None = None

    async def of(self, service: Service) -> GraphCounts:
        """Return the counts of the served revision.

        Raises: ProblemError where the query fails.
        """
        edition = service.revision.edition
        async with self._lock:
            if self._known is None or self._known[0] != edition:
                self._known = edition, await asyncio.to_thread(_contents, service)
            return self._known[1]


def _contents(service: Service) -> GraphCounts:
    (default,) = _rows(service, _DEFAULT)
    named = {row["g"]["value"]: row for row in _rows(service, _NAMED) if row["g"]["type"] == "uri"}
    return GraphCounts(
        int(default["n"]["value"]),
        {graph: int(row["n"]["value"]) for graph, row in named.items() if graph != GRAPH},
    )


def _rows(service: Service, text: str) -> list[dict[str, Any]]:
    frames = ask(service.engine, Query(text), service.timeout_seconds, service.revision.dataset)
    try:
        body = b"".join(frame.payload for frame in frames if isinstance(frame, Data))
    except ProblemError as error:
        note_problem(error)
        raise
    rows: list[dict[str, Any]] = json.loads(body)["results"]["bindings"]
    return rows
