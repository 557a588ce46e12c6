"""Queries that are on their way when their request is handed to the application.

A short answer needs no task. Where the answer is not there soon, is large, or tells a problem, the
application answers the request, and goes on with what has begun.
"""

from typing import final

from starlette.types import Scope

from spacepolicy.http.requests import BEGUN
from spacepolicy.sparql_service.admission import Seat, Slot
from spacepolicy.sparql_service.prepared_query import PreparedQuery
from spacepolicy.sparql_service.query_stream import BufferedResult, QueryStream


@final
class BegunEvaluation:
    """A query that was started before its request was handed to the application, over a revision
    and in an order of rows. It has a seat or a slot, unless it is finished, until its request takes
    it over or it is dropped."""

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
        """The stream and its place, whose end is from now on the taker's to see to; None where it
        is gone."""
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
        """Whether it answers over the revision, in the order."""
        return self._over == (revision, order)


def begun_of(scope: Scope, revision: int, order: str) -> BegunEvaluation | None:
    """The query of the request, where it has begun over the revision, in the order. Where another
    revision has been published meanwhile it is dropped: its answer is not that of the newer one,
    under whose number it would go out and be kept."""
    begun = scope.get(BEGUN)
    assert begun is None or isinstance(begun, BegunEvaluation)  # noqa: S101 # nobody else uses the key
    if begun is not None and not begun.is_over(revision, order):
        begun.drop()
        return None
    return begun
