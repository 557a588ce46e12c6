"""How a query comes to its answer beside others: short ones are never kept from it by long ones.

Every query begins in a slot, and most are answered there. One that is not done soon goes on in a
seat, if there is one; if there is none, it is stopped after a little longer, waits for a seat and
begins anew. What is known to be long waits for a seat at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.port import Query, too_complex
from spacepolicy.errors import CrashedError
from spacepolicy.web.answering.conversation import SOON_SECONDS, Heard, Talk, begin
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.answering.running import Seat, Ticket

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
class Asked:
    """A query, the dataset it is about, and how long it may take; `waits` hears that it waits.
    `others` asks other services first, in so many seconds, and gives the query to go on with."""

    query: Query
    dataset: Path
    timeout_seconds: float
    waits: Callable[[], None] = field(default=lambda: None)
    others: Callable[[float], Awaitable[Query]] | None = None


@final
@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation about a query that has begun; it is over, or goes on in a seat until the
    deadline, by the event loop's clock."""

    talk: Talk
    deadline: float
    seat: Seat | None = None


@asynccontextmanager
async def opened(desk: Desk, ticket: Ticket, asked: Asked) -> AsyncGenerator[Opened]:
    """The conversation about the query, until the block ends.

    Raises: ProblemError where it fails early or gets no place, TimeoutError.
    """
    kind = desk.costs.kind(asked.query.text)
    found = None
    if asked.others is None and not desk.costs.is_long(kind):
        found = await _proven(desk, ticket, asked, kind)
    if found is None:
        found = await _in_a_seat(desk, ticket, asked)
    try:
        yield found
    finally:
        _end(found.talk, found.seat)


@asynccontextmanager
async def going_on(
    ticket: Ticket, talk: Talk, seat: Seat | None, timeout_seconds: float
) -> AsyncGenerator[Opened]:
    """The conversation about a query that has begun before its request was read."""
    if seat is not None:
        seat.ticket = ticket
    try:
        yield Opened(talk, _now() + timeout_seconds, seat)
    finally:
        _end(talk, seat)


def _end(talk: Talk, seat: Seat | None) -> None:
    talk.end()
    if seat is not None:
        seat.leave()


async def _in_a_seat(desk: Desk, ticket: Ticket, asked: Asked) -> Opened:
    """The query in a seat.

    Raises: ProblemError where it gets none or cannot begin, TimeoutError.
    """
    asked.waits()
    seat = await desk.running.seat(ticket, desk.service.max_wait_seconds)
    try:
        deadline, query = _deadline(asked), asked.query
        if asked.others is not None:
            async with asyncio.timeout_at(deadline):
                query = await asked.others(asked.timeout_seconds)
        engine = desk.service.engine
        return Opened(begin(engine, query, asked.dataset, slow=True), deadline, seat)
    except BaseException:
        seat.leave()
        raise


async def _proven(desk: Desk, ticket: Ticket, asked: Asked, kind: int) -> Opened | None:
    """What comes of the query in a slot; one whose process crashes there is tried once more.

    Raises: as `_in_a_slot`, QueryTooComplexError.
    """
    for _ in range(_ATTEMPTS):
        try:
            return await _in_a_slot(desk, ticket, asked, kind)
        except CrashedError as error:
            crash = error
    raise too_complex() from crash


async def _in_a_slot(desk: Desk, ticket: Ticket, asked: Asked, kind: int) -> Opened | None:
    """The query with its whole answer, or in a seat; None where it is long, and there is none.

    Raises: ProblemError where it fails in this time or gets no slot, TimeoutError.
    """
    running, costs = desk.running, desk.costs
    quick = costs.is_quick(kind)
    if running.slotless:
        asked.waits()
    await running.slot(ticket, desk.service.max_wait_seconds, first=quick)
    conversation = None
    try:
        began, deadline = _now(), _deadline(asked)
        conversation = begin(desk.service.engine, asked.query, asked.dataset)
        answer = await conversation.soon(min(SOON_SECONDS, asked.timeout_seconds))
        while answer is None:
            asked.waits()
            if running.take_seat():
                going, conversation = conversation, None
                return Opened(going, deadline, Seat(running, ticket))
            left = deadline - _now()
            if left <= 0:
                raise TimeoutError
            patient = quick or not running.slots_wanted
            until = began + (_PATIENT_SECONDS if patient else _SLOT_SECONDS)
            if conversation.holds_more(_PIECES) or _now() > until:
                costs.was_long(kind)
                return None
            answer = await conversation.soon(min(SOON_SECONDS, left), _PIECES)
        if conversation.seconds < SOON_SECONDS:
            costs.was_quick(kind)
        return Opened(Heard(*answer, conversation.rows), deadline)
    finally:
        if conversation is not None:
            conversation.end()
        running.leave_slot()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _deadline(asked: Asked) -> float:
    return _now() + asked.timeout_seconds
