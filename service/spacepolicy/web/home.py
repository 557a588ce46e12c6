"""The questions on the first page, and their answers from the served revision."""

import json
from dataclasses import dataclass
from typing import Any, final

from spacepolicy.catalogue import SavedQuery, bind, tagged
from spacepolicy.engine.port import Data, Query, ask
from spacepolicy.errors import ProblemError
from spacepolicy.web.service import Service

HOME_TAG = "home"


@final
@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """A saved query and what it gives now: the SPARQL JSON, or the problem met."""

    query: SavedQuery
    results: dict[str, Any] | None
    problem: str | None


def live_answers(service: Service) -> tuple[LiveAnswer, ...]:
    """The answers to the saved queries that are tagged for the first page."""
    return tuple(_live_answer(service, query) for query in tagged(service.catalogue, HOME_TAG))


def _live_answer(service: Service, query: SavedQuery) -> LiveAnswer:
    asked = Query(bind(query, {}), prefixes=service.revision.prefixes)
    try:
        frames = ask(service.engine, asked, service.timeout_seconds, service.revision.dataset)
        body = b"".join(frame.payload for frame in frames if isinstance(frame, Data))
    except ProblemError as error:
        return LiveAnswer(query, None, error.detail)
    return LiveAnswer(query, json.loads(body), None)
