"""How queries start next to one another: short ones never wait for long ones.

Every query begins in a slot, and most are answered there. One that is not done soon goes on in a
seat, if there is one; if there is none, it is stopped after a little longer, waits for a seat and
begins anew. What is known to be long waits for a seat at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.port import too_complex
from spacepolicy.engine.requests import Query
from spacepolicy.errors import CrashedError
from spacepolicy.sparql_service.admission import RunningQuery, Seat, Slot
from spacepolicy.sparql_service.cost_estimates import CostEstimate
from spacepolicy.sparql_service.query_stream import (
    SOON_SECONDS,
    BufferedResult,
    QueryStream,
    begin,
)
from spacepolicy.web.answering.app_state import AppState

_SLOT_SECONDS: Final = 0.25
"""How long a query may stay in a slot while there is no seat and others want the slot: fifty times
what a look-up takes on a machine at rest; with eight slots more than thirty begin a second."""
_PATIENT_SECONDS: Final = 2.0
"""How long it may stay otherwise, or where its like is known to be quick: a machine that is loaded
is slow with everything."""
_PIECES: Final = 4
"""How many pieces of 256 KiB are held of an answer that has no seat yet."""
_ATTEMPTS: Final = 2
"""A process that crashes may have been made to from outside; one that does so twice was not."""


@final
@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """A query, the dataset it is about, and how long it may take; `waits` hears that it waits.
    `others` asks other services first, in so many seconds, and gives the query to go on with;
    `kind` is the shape of its text, where that was read."""

    query: Query
    dataset: Path
    timeout_seconds: float
    waits: Callable[[], None] = field(default=lambda: None)
    others: Callable[[float], Awaitable[Query]] | None = None
    kind: int | None = None

    def estimate(self, app_state: AppState) -> CostEstimate:
        """What the query is expected to cost."""
        kind = scan(self.query.text, {}).shape if self.kind is None else self.kind
        return app_state.costs.of(kind)


@final
@dataclass(frozen=True, slots=True)
class StartedQuery:
    """The stream of a query that has begun; it is over, or goes on in a seat until the deadline, by
    the event loop's clock."""

    stream: QueryStream | BufferedResult
    deadline: float
    seat: Seat | None = None


@asynccontextmanager
async def opened(
    app_state: AppState,
    ticket: RunningQuery,
    asked: EvaluationRequest,
    begun: "SlotAttempt | None" = None,
) -> AsyncGenerator[StartedQuery]:
    """The stream of the query, until the block ends; it may have begun in a slot.

    Raises: ProblemError where it fails early or gets no place, TimeoutError.
    """
    estimate = asked.estimate(app_state)
    found = None
    if begun is not None or (asked.others is None and not estimate.is_long):
        found = await _proven(app_state, ticket, asked, estimate, begun)
    if found is None:
        found = await _in_a_seat(app_state, ticket, asked)
    with _learning(estimate, found):
        yield found


@asynccontextmanager
async def going_on(
    app_state: AppState,
    ticket: RunningQuery,
    stream: QueryStream | BufferedResult,
    seat: Seat | None,
    asked: EvaluationRequest,
) -> AsyncGenerator[StartedQuery]:
    """The stream of a query that has begun before its request came to the application."""
    if seat is not None:
        seat.ticket = ticket
    with _learning(
        asked.estimate(app_state), StartedQuery(stream, _deadline(asked), seat)
    ) as found:
        yield found


@contextmanager
def _learning(estimate: CostEstimate, found: StartedQuery) -> Iterator[StartedQuery]:
    """End the stream, and give up the seat, when the block ends; note what the query took."""
    began, stream = _now(), found.stream
    try:
        yield found
    finally:
        if isinstance(stream, QueryStream):
            if stream.seconds:
                estimate.took(stream.seconds)
            elif found.seat is not None and _now() - began > _PATIENT_SECONDS:
                estimate.was_long()
        stream.end()
        if found.seat is not None:
            found.seat.leave()


async def _in_a_seat(
    app_state: AppState, ticket: RunningQuery, asked: EvaluationRequest
) -> StartedQuery:
    """The query in a seat.

    Raises: ProblemError where it gets none or cannot begin, TimeoutError.
    """
    asked.waits()
    seat = await app_state.running.seat(ticket, app_state.service.max_wait_seconds)
    try:
        deadline, query = _deadline(asked), asked.query
        if asked.others is not None:
            async with asyncio.timeout_at(deadline):
                query = await asked.others(asked.timeout_seconds)
        engine = app_state.service.engine
        return StartedQuery(begin(engine, query, asked.dataset, slow=True), deadline, seat)
    except BaseException:
        seat.leave()
        raise


async def _proven(
    app_state: AppState,
    ticket: RunningQuery,
    asked: EvaluationRequest,
    estimate: CostEstimate,
    begun: "SlotAttempt | None",
) -> StartedQuery | None:
    """What comes of the query in a slot; one whose process crashes there is tried once more.

    Raises: as `_in_a_slot`, QueryTooComplexError.
    """
    quick = not estimate.known or estimate.seconds < SOON_SECONDS
    for _ in range(_ATTEMPTS):
        if begun is None:
            if app_state.running.slotless:
                asked.waits()
            slot = await app_state.running.slot(
                ticket, app_state.service.max_wait_seconds, first=quick
            )
            begun = SlotAttempt(None, slot)
        try:
            return await _in_a_slot(app_state, ticket, asked, estimate, begun)
        except CrashedError as error:
            crash, begun = error, None
    raise too_complex() from crash


@final
@dataclass(frozen=True, slots=True)
class SlotAttempt:
    """A slot, and the stream of the query that has begun in it."""

    stream: QueryStream | None
    slot: Slot


async def _in_a_slot(
    app_state: AppState,
    ticket: RunningQuery,
    asked: EvaluationRequest,
    estimate: CostEstimate,
    trial: SlotAttempt,
) -> StartedQuery | None:
    """The query with its whole answer, or in a seat; None where it is long, and there is none.

    Raises: ProblemError where it fails in this time, TimeoutError.
    """
    running, stream = app_state.running, trial.stream
    try:
        quick = estimate.known and estimate.seconds < SOON_SECONDS
        began, deadline = _now(), _deadline(asked)
        if stream is None:
            stream = begin(app_state.service.engine, asked.query, asked.dataset)
        answer = await stream.soon(min(SOON_SECONDS, asked.timeout_seconds))
        while answer is None:
            asked.waits()
            if running.take_seat():
                going, stream = stream, None
                return StartedQuery(going, deadline, Seat(running, ticket))
            left = deadline - _now()
            if left <= 0:
                raise TimeoutError
            patient = quick or not running.slots_wanted
            until = began + (_PATIENT_SECONDS if patient else _SLOT_SECONDS)
            if stream.holds_more(_PIECES) or _now() > until:
                estimate.was_long()
                return None
            answer = await stream.soon(min(SOON_SECONDS, left), _PIECES)
        estimate.took(stream.seconds)
        return StartedQuery(BufferedResult(*answer, stream.rows), deadline)
    finally:
        if stream is not None:
            stream.end()
        trial.slot.leave()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _deadline(asked: EvaluationRequest) -> float:
    return _now() + asked.timeout_seconds
