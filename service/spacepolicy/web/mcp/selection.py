"""Evaluates a SELECT up to a number of rows, with the checks and limits of `/sparql`; no more of
the answer is read than is returned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, final

from pyoxigraph import QueryResultsFormat, QuerySolutions, parse_query_results
from starlette.types import Scope

from spacepolicy.engine.answer_frames import Data, Header
from spacepolicy.errors import BadParameterError, ContentTooLargeError, TimeLimitError
from spacepolicy.sparql_service.admission import lending, query_identifier
from spacepolicy.sparql_service.query_stream import payloads
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.federation import answered
from spacepolicy.web.answering.plan import QueryPlan
from spacepolicy.web.answering.protocol import QueryOperation
from spacepolicy.web.answering.query_context import query_context
from spacepolicy.web.answering.query_start import EvaluationRequest, opened
from spacepolicy.web.answering.sparql import planned_query
from spacepolicy.web.answering.sparql_request import SparqlRequest
from spacepolicy.web.mcp.answer import MAX_BYTES
from spacepolicy.web.mcp.terms import term_table

_FORMAT: Final = "tsv"
"""It has one row per line, and terms without loss."""


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """The first rows of a SELECT, each with the terms of its bound variables; warnings and hints
    (`notes`); whether there are more rows."""

    variables: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    truncated: bool


async def selected(
    app_state: AppState, scope: Scope, text: str, limit: int, timeout_seconds: float
) -> Selection:
    """Return the first `limit` rows of the answer.

    Raises: ProblemError, as for `/sparql`; BadParameterError where the text is no SELECT.
    """
    _check_length(app_state, text)
    context = query_context(app_state.service, scope)
    asked = QueryOperation(text, None, None, (), None, timeout_seconds, plain=False)
    call = SparqlRequest("POST", b"", {}, b"", old=False)
    planned = await planned_query(app_state, context, call, asked, text)
    if planned.form != "solutions":
        raise BadParameterError(
            "The tool takes SELECT alone; /sparql takes queries of other forms."
        )
    planned = replace(planned, query=replace(planned.query, solutions_format=_FORMAT))
    try:
        return await _evaluated(app_state, planned, limit, timeout_seconds)
    except TimeoutError as error:
        raise TimeLimitError(
            f"The query ran longer than {timeout_seconds:g} seconds.",
            extras={"limit_seconds": timeout_seconds},
        ) from error


def _check_length(app_state: AppState, text: str) -> None:
    """Raises: ContentTooLargeError."""
    limit = app_state.service.max_query_bytes
    if len(text.encode("utf-8", "surrogatepass")) > limit:
        raise ContentTooLargeError(
            f"A query may have {limit} bytes.", extras={"limit_bytes": limit}
        )


async def _evaluated(
    app_state: AppState, planned: QueryPlan, limit: int, timeout_seconds: float
) -> Selection:
    """Raises: ProblemError, TimeoutError."""
    others = partial(answered, app_state.service.outside, planned) if planned.blocks else None
    asked = EvaluationRequest(
        planned.query, planned.dataset, timeout_seconds, others=others, kind=planned.kind
    )
    async with (
        app_state.running.registered(query_identifier(None), planned.query.text) as ticket,
        opened(app_state, ticket, asked) as begun,
        asyncio.timeout_at(begun.deadline),
        aclosing(begun.stream.frames()) as frames,
    ):
        ticket.state = "running"
        header = await anext(frames)
        async with aclosing(lending(begun.seat, payloads(frames))) as pieces:
            lines, truncated = await _lines(pieces, limit)
    return _selection(header, lines, truncated)


async def _lines(pieces: AsyncIterator[bytes], limit: int) -> tuple[list[bytes], bool]:
    """The header line and the first lines of the table; whether there are more."""
    held, ends = bytearray(), 0
    async for piece in pieces:
        held += piece
        ends += piece.count(b"\n")
        if ends > limit + 1 or len(held) > MAX_BYTES:
            return _whole(held)[: limit + 1], True
    return _whole(held), False


def _whole(held: bytearray) -> list[bytes]:
    """The complete lines within the size of an answer."""
    lines, size = bytes(held).split(b"\n")[:-1], 0
    for place, line in enumerate(lines):
        size += len(line) + 1
        if place and size > MAX_BYTES:
            return lines[:place]
    return lines


def _selection(header: Header | Data, lines: list[bytes], truncated: bool) -> Selection:
    found = parse_query_results(
        b"".join(line + b"\n" for line in lines), format=QueryResultsFormat.TSV
    )
    assert isinstance(header, Header)  # noqa: S101 # the port's first frame
    assert isinstance(found, QuerySolutions)  # noqa: S101 # the text is a SELECT
    names = tuple(variable.value for variable in found.variables)
    table = tuple(
        {name: term_table(term) for name in names if (term := row[name]) is not None}
        for row in found
    )
    notes = (*header.warnings, *(each.worded() for each in header.hints))
    return Selection(names, table, notes, truncated)
