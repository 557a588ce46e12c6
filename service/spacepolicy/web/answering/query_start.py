"""How queries start, so that short ones never wait for long ones.

Every query begins in a slot, and most are answered there. One that is not done soon goes on in a
seat, if one is free; otherwise it is stopped after a little longer, waits for a seat and starts
again. A query of a kind known to be long waits for a seat at once.
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
from spacepolicy.sparql_service.cost_estimates import LONG_SECONDS, CostEstimate
from spacepolicy.sparql_service.query_stream import (
    SOON_SECONDS,
    BufferedResult,
    QueryStream,
    begin,
)
from spacepolicy.web.answering.app_state import AppState

_SLOT_SECONDS: Final = 0.25
"""How long a query may stay in a slot while no seat is free and others wait for a slot: fifty times
what a look-up takes on an idle machine; with eight slots more than thirty begin a second."""
_PATIENT_SECONDS: Final = 2.0
"""How long it may stay otherwise, or where its kind is known to be quick: on a loaded machine
everything is slow."""
_PIECES: Final = 4
"""How many pieces of 256 KiB are buffered of an answer whose query has no seat yet."""
_ATTEMPTS: Final = 2
"""A worker that crashes once may have been killed from outside; after two crashes the query is
taken for the cause."""


@final
@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """A query, its dataset, and its timeout; `waits` is called when it has to wait.
    `others` evaluates SERVICE blocks within so many seconds, and returns the query to go on with;
    `kind` is the shape of the query's text, where it is known."""

    query: Query
    dataset: Path
    timeout_seconds: float
    waits: Callable[[], None] = field(default=lambda: None)
    others: Callable[[float], Awaitable[Query]] | None = None
    kind: int | None = None

    def estimate(self, app_state: AppState) -> CostEstimate:
        """Return the estimate for the query's kind."""
        kind = scan(self.query.text, {}).shape if self.kind is None else self.kind
        return app_state.costs.of(kind)


@final
@dataclass(frozen=True, slots=True)
class StartedQuery:
    """The stream of a query: complete, or running in a seat until the deadline, a time of the event
    loop."""

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
    """Start the query, and end it with the block; `begun`: it was started in a slot already.

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
    """Take over a query that was started before its request came to the application."""
    if seat is not None:
        seat.ticket = ticket
    with _learning(
        asked.estimate(app_state), StartedQuery(stream, _deadline(asked), seat)
    ) as found:
        yield found


@contextmanager
def _learning(estimate: CostEstimate, found: StartedQuery) -> Iterator[StartedQuery]:
    """When the block ends, end the stream, release the seat and record what the query took."""
    began, stream = _now(), found.stream
    try:
        yield found
    finally:
        if isinstance(stream, QueryStream):
            if stream.seconds:
                estimate.took(stream.seconds)
            elif found.seat is not None and _now() - began > _PATIENT_SECONDS:
                _was_not_done(estimate, stream)
        stream.end()
        if found.seat is not None:
            found.seat.leave()


async def _in_a_seat(
    app_state: AppState, ticket: RunningQuery, asked: EvaluationRequest
) -> StartedQuery:
    """Wait for a seat, and start the query in it.

    Raises: ProblemError where it gets none or cannot start, TimeoutError.
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
    """Run the query in a slot; once more, if its worker crashes.

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
    """A slot, and the stream of the query started in it, if any."""

    stream: QueryStream | None
    slot: Slot


async def _in_a_slot(
    app_state: AppState,
    ticket: RunningQuery,
    asked: EvaluationRequest,
    estimate: CostEstimate,
    trial: SlotAttempt,
) -> StartedQuery | None:
    """Run the query in the slot; return it with its complete answer, or moved to a seat. None where
    it takes long and no seat is free.

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
            if stream.holds_more(_PIECES):
                estimate.was_long()
                return None
            if _now() > until:
                _was_not_done(estimate, stream)
                return None
            answer = await stream.soon(min(SOON_SECONDS, left), _PIECES)
        estimate.took(stream.seconds)
        return StartedQuery(BufferedResult(*answer, stream.rows), deadline)
    finally:
        if stream is not None:
            stream.end()
        trial.slot.leave()


def _was_not_done(estimate: CostEstimate, stream: QueryStream) -> None:
    """Record that a query was not done in time. Of a kind that is known, only processor time tells
    that it is long: on a machine that is busy, quick ones take as long by the clock."""
    had = stream.processor_seconds()
    if estimate.known and had is not None:
        estimate.took_longer(had)
        if had <= LONG_SECONDS or stream.has_new_worker:
            return
    estimate.was_long()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _deadline(asked: EvaluationRequest) -> float:
    return _now() + asked.timeout_seconds
