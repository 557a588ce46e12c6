"""SERVICE: evaluates the blocks of a query at the endpoints that they name.

Spec: https://www.w3.org/TR/sparql11-federated-query/
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from spacepolicy.engine.federation import UNIT, ServiceBlock, joined, values
from spacepolicy.engine.remote import Remote
from spacepolicy.engine.requests import Query
from spacepolicy.errors import (
    EgressRefusedError,
    ProblemError,
    ResultLimitError,
    TimeLimitError,
    UpstreamError,
)
from spacepolicy.federation_policy import FederationPolicy, origin_of
from spacepolicy.sparql_service.query_stream import answer_frames, payloads
from spacepolicy.web.answering.plan import QueryPlan

_MAX_BYTES: Final = 1 << 23
"""The limit of the other endpoints' answers together: they become part of the query's text, which
is parsed as a whole."""
_log: Final = logging.getLogger(__name__)


async def answered(outside: FederationPolicy, planned: QueryPlan, seconds: float) -> Query:
    """Return the query with its SERVICE blocks replaced by their answers, asked in parallel.

    Raises: EgressRefusedError, which SILENT does not hide; UpstreamError, TimeLimitError or
    ResultLimitError where a block gets no complete answer.
    """
    query = planned.query
    try:
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(_solutions(outside, block, query, seconds))
                for block in planned.blocks
            ]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    texts = [each.result() for each in asked]
    return replace(query, text=joined(query.text, planned.blocks, texts))


async def _solutions(
    outside: FederationPolicy, block: ServiceBlock, query: Query, seconds: float
) -> str:
    """The solutions of the block, as a VALUES clause."""
    _log.info("a query asks %s", origin_of(block.url))
    asked = replace(
        query,
        text=block.query,
        solutions_format="json",
        default_graphs=None,
        named_graphs=None,
        max_bytes=_MAX_BYTES,
    )
    try:
        frames = answer_frames(Remote(block.url, seconds, outside), asked)
        body = b"".join([piece async for piece in payloads(frames)])
        return await asyncio.to_thread(values, body)
    except (EgressRefusedError, ResultLimitError, TimeLimitError) as error:
        error.detail = f"SERVICE <{block.url}>: {error.detail}"
        raise
    except ProblemError as error:
        if block.silent:
            return UNIT
        raise UpstreamError(f"SERVICE <{block.url}>: {error.detail}") from error
