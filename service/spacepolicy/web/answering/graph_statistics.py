"""What the served dataset holds, graph by graph, asked of the engine once a revision."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from spacepolicy.engine.frames import Data
from spacepolicy.engine.port import ask
from spacepolicy.engine.requests import Query
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
    """Keeps the contents of the revision asked about last."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: tuple[int, GraphCounts] | None = None

    async def of(self, service: Service) -> GraphCounts:
        """The contents of the served revision.

        Raises: ProblemError where the engine does not tell them.
        """
        number = service.revision.number
        async with self._lock:
            if self._known is None or self._known[0] != number:
                self._known = number, await asyncio.to_thread(_contents, service)
            return self._known[1]


def _contents(service: Service) -> GraphCounts:
    (default,) = _rows(service, _DEFAULT)
    named = {row["g"]["value"]: row for row in _rows(service, _NAMED) if row["g"]["type"] == "uri"}
    return GraphCounts(
        int(default["n"]["value"]),
        {graph: int(row["n"]["value"]) for graph, row in named.items()},
    )


def _rows(service: Service, text: str) -> list[dict[str, Any]]:
    frames = ask(service.engine, Query(text), service.timeout_seconds, service.revision.dataset)
    body = b"".join(frame.payload for frame in frames if isinstance(frame, Data))
    rows: list[dict[str, Any]] = json.loads(body)["results"]["bindings"]
    return rows
