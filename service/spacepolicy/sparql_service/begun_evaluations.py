"""Queries that were started on the fast path before their request is handed to the application.

A short answer needs no task. Where the answer takes longer, is large, or is a problem, the
application answers the request, and takes over the running query.
"""

from typing import final

from starlette.types import Scope

from spacepolicy.http.requests import BEGUN
from spacepolicy.sparql_service.admission import Seat, Slot
from spacepolicy.sparql_service.prepared_query import PreparedQuery
from spacepolicy.sparql_service.query_stream import BufferedResult, QueryStream


@final
class BegunEvaluation:
    """A query that was started before its request was handed to the application, over one revision
    and row order. Unless finished, it holds a seat or a slot until the application takes it over
    or it is dropped."""

    def __init__(
        self,
        stream: QueryStream | BufferedResult,
        prepared: PreparedQuery,
        place: Seat | Slot | None = None,
    ) -> None:
        self._stream = stream
        self._over = prepared.revision, prepared.order
        self._place = place
        self._gone = False

    def take(self) -> tuple[QueryStream | BufferedResult, Seat | Slot | None] | None:
        """Take over the stream and its place; the caller must end the one and release the other.
        None where it was taken or dropped before."""
        if self._gone:
            return None
        self._gone = True
        return self._stream, self._place

    def drop(self) -> None:
        """Stop the query and release its place, unless it was taken over."""
        if not self._gone:
            self._gone = True
            self._stream.end()
            if self._place is not None:
                self._place.leave()

    def is_over(self, revision: int, order: str) -> bool:
        """Whether it was started over this revision and row order."""
        return self._over == (revision, order)


def begun_of(scope: Scope, revision: int, order: str) -> BegunEvaluation | None:
    """Return the query of the request that was started over this revision and row order.

    A query over an older revision is dropped: its answer would be sent and cached under the number
    of the newer one.
    """
    begun = scope.get(BEGUN)
    assert begun is None or isinstance(begun, BegunEvaluation)  # noqa: S101 # nobody else uses the key
    if begun is not None and not begun.is_over(revision, order):
        begun.drop()
        return None
    return begun
