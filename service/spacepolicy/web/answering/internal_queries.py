"""The service's own queries, with admission and a timeout like those of clients."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from spacepolicy.engine.requests import Query
from spacepolicy.errors import ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.sparql_service.admission import lending, query_identifier
from spacepolicy.sparql_service.query_stream import payloads
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.query_start import EvaluationRequest, opened
from spacepolicy.web.answering.response import gathered
from spacepolicy.web.request_context import note_problem, time_left
from spacepolicy.web.solution_rows import Row, Rows, rows_of

_GRAPH_FORMAT: Final = "ntriples"


async def pieces(app_state: AppState, query: Query) -> AsyncGenerator[bytes]:
    """Yield the answer as it arrives.

    Raises: ProblemError where the query fails or no seat comes free.
    """
    service = app_state.service
    seconds = time_left(service.timeout_seconds)
    asked = EvaluationRequest(query, service.revision.dataset, seconds)
    try:
        async with (
            app_state.running.registered(query_identifier(None)) as ticket,
            opened(app_state, ticket, asked) as begun,
            asyncio.timeout_at(begun.deadline),
            aclosing(begun.stream.frames()) as frames,
            aclosing(lending(begun.seat, payloads(frames))) as answer,
        ):
            async for piece in answer:
                yield piece
    except TimeoutError as error:
        raise TimeLimitError("The query ran longer than it may.") from error
    except ProblemError as error:
        note_problem(error)
        raise


async def body(app_state: AppState, query: Query) -> bytes:
    """Return the complete answer.

    Raises: ProblemError where the query fails, its answer is too large, or no seat comes free.
    """
    limit = app_state.service.max_page_bytes
    too_large = ResultLimitError(
        f"The answer is larger than the {limit} bytes that are put together at once.",
        extras={"limit_bytes": limit},
    )
    async with aclosing(pieces(app_state, query)) as answer:
        return await gathered(answer, limit, too_large)


def public_query(app_state: AppState, text: str, graph_format: str | None = None) -> Query:
    """Return the query as clients send it: with the ontology's prefixes, over the default
    dataset."""
    service, revision = app_state.service, app_state.service.revision
    return Query(
        text,
        graph_format=graph_format,
        prefixes=revision.prefixes,
        unlisted=revision.unlisted(service.mode),
    )


async def graph(app_state: AppState, text: str) -> tuple[Triple, ...]:
    """Return the statements of a CONSTRUCT."""
    answer = await body(app_state, public_query(app_state, text, _GRAPH_FORMAT))
    return tuple(quad.triple for quad in parse(answer, format=RdfFormat.N_TRIPLES))


async def rows(app_state: AppState, text: str) -> tuple[Row, ...]:
    """Return the solutions of a SELECT; an unbound variable is not in its row."""
    return tuple(rows_of(await body(app_state, public_query(app_state, text))))


@asynccontextmanager
async def many_rows(app_state: AppState, text: str) -> AsyncGenerator[Rows]:
    """The solutions of a SELECT, however many there are, for one thread that reads them, to their
    end or until it closes them, while the context is open: beyond the size of a page they are in a
    temporary file."""
    with SpooledTemporaryFile(max_size=app_state.service.max_page_bytes) as file:
        await write_answer(app_state, text, file)
        file.seek(0)
        yield rows_of(file)


async def write_answer(app_state: AppState, text: str, file: IO[bytes]) -> None:
    """Write the answer to a SELECT to a file, however large it is, as JSON."""
    async with aclosing(pieces(app_state, public_query(app_state, text))) as answer:
        async for piece in answer:
            await asyncio.to_thread(file.write, piece)


async def boolean(app_state: AppState, text: str) -> bool:
    """Return the answer of an ASK, over a dataset with all named graphs."""
    answer = parse_query_results(await body(app_state, Query(text)), format=QueryResultsFormat.JSON)
    assert isinstance(answer, QueryBoolean)  # noqa: S101 # the text is an ASK
    return bool(answer)
