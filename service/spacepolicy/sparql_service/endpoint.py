"""The fast path of the SPARQL endpoint: from a request's bytes to those of its response.

A request is answered from the cache, or its query is sent to a worker at once and the answer goes
out when it arrives, without an asyncio task. What takes longer, is large, or is unusual is left to
the application, which takes over the running query.

Spec: https://www.w3.org/TR/sparql11-protocol/
"""

import time
from typing import Final, final

from spacepolicy.engine.answer_frames import End, Header
from spacepolicy.errors import ProblemError
from spacepolicy.http.content_codings import IDENTITY, encoded
from spacepolicy.http.etags import any_state, etag, matching
from spacepolicy.http.request_ids import request_id
from spacepolicy.http.requests import HeldAnswer, HttpRequest, Responder
from spacepolicy.http.response_cache import CachedResponse, Fields, ResponseCache
from spacepolicy.sparql_service.admission import Admission, Seat, Slot, query_identifier
from spacepolicy.sparql_service.begun_evaluations import BegunEvaluation
from spacepolicy.sparql_service.cost_estimates import CostEstimate, CostEstimates
from spacepolicy.sparql_service.dispatcher import Dispatcher
from spacepolicy.sparql_service.header_fields import hint_fields, metadata_fields, warning_fields
from spacepolicy.sparql_service.prepared_query import (
    Arrival,
    LoggedResponse,
    Preparation,
    PreparedQuery,
)
from spacepolicy.sparql_service.query_stream import BufferedResult, QueryStream

_LARGEST_BYTES: Final = 1 << 17
"""A larger response is left to the application, which sends it in pieces as its client reads."""
_CODED_AT_ONCE_BYTES: Final = 1 << 14
"""A larger body is left to the application, which codes it in a thread."""
_KEPT: Final = "kept"
_CSV: Final = "text/csv"


@final
class SparqlEndpoint:
    """Answers the query operation; belongs to one event loop."""

    path = b"/sparql"

    def __init__(
        self,
        preparation: Preparation,
        cache: ResponseCache,
        dispatcher: Dispatcher,
        costs: CostEstimates,
        running: Admission,
    ) -> None:
        self._preparation = preparation
        self._cache = cache
        self._dispatcher = dispatcher
        self._costs = costs
        self._running = running

    def handle(self, request: HttpRequest, responder: Responder) -> "bytes | Evaluation | None":
        """Implements `Endpoint.handle`."""
        began, preparation = time.monotonic(), self._preparation
        if not preparation.admits(request.head):
            return None
        arrival = Arrival(began, request_id(request.id), query_identifier(None).encode())
        number = preparation.revision  # once: another may be published at any time
        cached = self._cache.response(number, request.key)
        if cached is not None:
            response = self._again(request, cached, number, responder.date(), arrival)
            if response is not None:
                return response
        prepared = preparation.prepare(request)
        if prepared is None:
            return None
        known = _known(request, prepared)
        if known is not None:
            preparation.log(request, "-", self._noted(prepared, 304, None, arrival))
            return _not_modified(request, prepared, known, responder.date(), arrival)
        key = prepared.body
        body = None if key is None else self._cache.body(prepared.revision, key)
        if key is not None and body is not None:
            return self._from_body(request, prepared, body, responder.date(), arrival)
        estimate = self._costs.of(prepared.shape)
        evaluation = Evaluation(
            self, request, prepared, estimate=estimate, responder=responder, arrival=arrival
        )
        return evaluation if self._dispatcher.submit(evaluation) else None

    def close(self) -> None:
        """Implements `Endpoint.close`."""
        self._dispatcher.close()

    # From the cache

    def _again(
        self,
        request: HttpRequest,
        cached: CachedResponse,
        number: int,
        date: bytes,
        arrival: Arrival,
    ) -> bytes | None:
        """The cached response to exactly this request over the revision of that number; None where
        the request is conditional, or the body is not cached."""
        if request.condition is not None:
            return None
        body = self._cache.body(number, cached.body, cached.coding)
        if body is None:
            return None
        noted = LoggedResponse(200, cached.media_type, cached.query, None, number, arrival)
        self._preparation.log(request, _KEPT, noted)
        return _sent(request, cached.written, body, date, arrival)

    def _from_body(
        self,
        request: HttpRequest,
        prepared: PreparedQuery,
        body: bytes,
        date: bytes,
        arrival: Arrival,
    ) -> bytes | None:
        """The response with a cached body; None where the application has to send it."""
        key = prepared.body
        fields = self._cache.fields(prepared.revision, key) if key else ()
        response = self._response(request, prepared, fields, body, date=date, arrival=arrival)
        if response is not None:
            self._preparation.log(request, _KEPT, self._noted(prepared, 200, None, arrival))
        return response

    # After the evaluation

    def answered(self, evaluation: "Evaluation", header: Header, body: bytes, end: End) -> None:
        """Send the answer, or hand it to the application where it is too large."""
        request, prepared, arrival = evaluation.of, evaluation.prepared, evaluation.arrival
        fields: Fields = ()
        if header.warnings or header.hints:
            fields = (*warning_fields(header.warnings), *hint_fields(header.hints))
        date = evaluation.responder.date()
        response = self._response(request, prepared, fields, body, date=date, arrival=arrival)
        if response is None:
            evaluation.responder.unanswered(
                BegunEvaluation(BufferedResult(header, body, end.rows), prepared)
            )
            return
        evaluation.responder.answered(response)
        noted = self._noted(prepared, 200, end.rows, arrival)
        self._preparation.log(request, prepared.form, noted)

    def unanswered(self, evaluation: "Evaluation", stream: QueryStream | None) -> None:
        """Hand the request to the application; the running query goes on if there is a place."""
        begun: HeldAnswer | None = None
        if stream is not None:
            place = None if evaluation.dropped else self._place()
            if place is None:
                stream.end()
            else:
                begun = BegunEvaluation(stream, evaluation.prepared, place)
        if not evaluation.dropped:
            evaluation.responder.unanswered(begun)

    def _place(self) -> Seat | Slot | None:
        """A seat, or else a slot."""
        if self._running.take_seat():
            return Seat(self._running)
        return self._running.take_slot()

    def _response(
        self,
        request: HttpRequest,
        prepared: PreparedQuery,
        fields: Fields,
        plain: bytes,
        *,
        date: bytes,
        arrival: Arrival,
    ) -> bytes | None:
        """The complete response, cached where possible; None where it is too large to be built
        here."""
        template = prepared.template
        coding = template.wish.of(len(plain))
        body: bytes | None = plain
        if len(plain) > _LARGEST_BYTES:
            return None
        if coding != IDENTITY:
            body = self._coded(prepared, plain, coding)
            if body is None:
                return None
        assert body is not None  # noqa: S101 # it is plain, or coded
        sent = (*fields, *_leads_to_metadata(request, prepared))
        written = _written(prepared, coding, sent, len(body))
        self._keep(
            request, prepared, fields=fields, plain=plain, coding=coding, body=body,
            written=written,
        )  # fmt: skip
        if prepared.tag is not None and any_state(request.condition):
            return _not_modified(request, prepared, etag(prepared.tag, coding), date, arrival)
        return _sent(request, written, body, date, arrival)

    def _coded(self, prepared: PreparedQuery, plain: bytes, coding: str) -> bytes | None:
        """The body in the coding; None where coding it takes long."""
        key = prepared.body
        kept = self._cache.body(prepared.revision, key, coding) if key else None
        if kept is None and len(plain) < _CODED_AT_ONCE_BYTES:
            return encoded(plain, coding)
        return kept

    def _keep(
        self,
        request: HttpRequest,
        prepared: PreparedQuery,
        *,
        fields: Fields,
        plain: bytes,
        coding: str,
        body: bytes,
        written: bytes,
    ) -> None:
        key, tag = prepared.body, prepared.tag
        if key is None or tag is None:
            return
        cache, number = self._cache, prepared.revision
        cache.keep_body(number, key, plain, fields=fields)
        if coding != IDENTITY:
            cache.keep_body(number, key, body, coding=coding)
        response = CachedResponse(
            key,
            coding,
            etag(tag, coding),
            written=written,
            media_type=prepared.template.media_type,
            query=prepared.text,
        )
        size = len(request.query) + len(request.body)
        cache.keep_response(number, request.key, response, size)

    def _noted(
        self, prepared: PreparedQuery, status: int, rows: int | None, arrival: Arrival
    ) -> LoggedResponse:
        media_type = "-" if status == 304 else prepared.template.media_type
        return LoggedResponse(status, media_type, prepared.text, rows, prepared.revision, arrival)


@final
class Evaluation:
    """The query of a request, from the dispatcher until its answer; it reports nothing once it is
    dropped."""

    __slots__ = (
        "_endpoint", "arrival", "dataset", "dropped", "estimate", "of", "prepared", "request",
        "responder", "tries",
    )  # fmt: skip

    def __init__(
        self,
        endpoint: SparqlEndpoint,
        of: HttpRequest,
        prepared: PreparedQuery,
        *,
        estimate: CostEstimate,
        responder: Responder,
        arrival: Arrival,
    ) -> None:
        self._endpoint = endpoint
        self.of = of
        self.prepared = prepared
        self.request = prepared.request
        self.dataset = prepared.dataset
        self.estimate = estimate
        self.responder = responder
        self.arrival = arrival
        self.dropped = False
        self.tries = 0

    def drop(self) -> None:
        """Implements `Pending.drop`."""
        self.dropped = True

    def answered(self, header: Header, body: bytes, end: End) -> None:
        """Implements `PendingQuery.answered`."""
        self.estimate.took(end.seconds)
        if not self.dropped:
            self._endpoint.answered(self, header, body, end)

    def failed(self, problem: ProblemError) -> None:
        """Implements `PendingQuery.failed`."""
        if not self.dropped:
            result = BufferedResult(None, problem=problem)
            self.responder.unanswered(BegunEvaluation(result, self.prepared))

    def unanswered(self, stream: QueryStream | None) -> None:
        """Implements `PendingQuery.unanswered`."""
        self._endpoint.unanswered(self, stream)


def _known(request: HttpRequest, prepared: PreparedQuery) -> str | None:
    """The entity tag that If-None-Match lists and that is still current."""
    if request.condition is None or prepared.tag is None:
        return None
    wish = prepared.template.wish
    tags = [etag(prepared.tag, wish.coding)]
    if wish.plain:
        tags.append(etag(prepared.tag, IDENTITY))
    return matching(request.condition, tags)


def _sent(
    request: HttpRequest, written: bytes, body: bytes, date: bytes, arrival: Arrival
) -> bytes:
    """The response as it is sent, with the fields that differ in each response; without a body to
    HEAD (RFC 9110 section 9.3.2)."""
    end = b"date: %b\r\nx-query-id: %b\r\nx-request-id: %b\r\n%b\r\n" % (
        date, arrival.query_id, arrival.request_id, _closing(request),
    )  # fmt: skip
    return written + end if request.method == b"HEAD" else b"".join((written, end, body))


def _not_modified(
    request: HttpRequest, prepared: PreparedQuery, known: str, date: bytes, arrival: Arrival
) -> bytes:
    more = b"".join(b"%b: %b\r\n" % field for field in _leads_to_metadata(request, prepared))
    return b"%betag: %b\r\n%bdate: %b\r\nx-request-id: %b\r\n%b\r\n" % (
        prepared.template.not_modified, known.encode(), more, date, arrival.request_id,
        _closing(request),
    )  # fmt: skip


def _leads_to_metadata(request: HttpRequest, prepared: PreparedQuery) -> Fields:
    """The link from a CSV table that has an address to its CSVW metadata."""
    is_table = prepared.template.media_type == _CSV and prepared.form == "solutions"
    if not is_table or request.method not in (b"GET", b"HEAD"):
        return ()
    return metadata_fields(request.query)


def _closing(request: HttpRequest) -> bytes:
    """`Connection: close`, where the connection is closed after the response."""
    return b"connection: close\r\n" if request.head.closes else b""


def _written(prepared: PreparedQuery, coding: str, fields: Fields, size: int) -> bytes:
    """The head of a response without the fields that differ in each response."""
    template, tag = prepared.template, prepared.tag
    if tag is None:
        pieces = [template.fresh]
    else:
        tagged = b"etag: %b\r\naccept-ranges: bytes\r\n" % etag(tag, coding).encode()
        pieces = [template.lasting, tagged]
    if coding != IDENTITY:
        pieces.append(b"content-encoding: %b\r\n" % coding.encode())
    pieces += [b"%b: %b\r\n" % field for field in fields]
    pieces.append(b"content-length: %d\r\n" % size)
    return b"".join(pieces)
