"""Prepares requests for the SPARQL endpoint's fast path, once for each kind of request.

A kind of request is a head with all parameters except the query's text. What follows from it alone
(the operation, the format, the fields of the response, the engine's parameters) is cached with the
head; for each new text only the lexer runs.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, final
from urllib.parse import unquote_plus

from spacepolicy.engine.requests import query_bytes
from spacepolicy.engine.scan_cache import ScanCache
from spacepolicy.errors import ProblemError, StoreError
from spacepolicy.formats import CSVW
from spacepolicy.http.forwarded import forwarded_url
from spacepolicy.http.requests import HttpRequest, RequestHead
from spacepolicy.sparql_service.prepared_query import (
    LoggedResponse,
    PreparedQuery,
    ResponseTemplate,
)
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.store.revision import Revision
from spacepolicy.web.access_log import AccessRecord
from spacepolicy.web.answering.plan import QueryPlan, allowed, engine_mark, plan, tags_of
from spacepolicy.web.answering.protocol import BYTE_ORDER_MARK, QueryOperation, operation
from spacepolicy.web.answering.query_context import QueryContext
from spacepolicy.web.answering.response import OF_THE_BODY, VARY, constant_fields
from spacepolicy.web.answering.service_graph import is_for_service_graph
from spacepolicy.web.answering.sparql_request import (
    FORM,
    QUERY,
    SparqlRequest,
    checked_media_type,
)
from spacepolicy.web.auth import bearer
from spacepolicy.web.common_headers import with_always
from spacepolicy.web.service import Service

_SHORT_TEXT: Final = 4096
"""A longer text is left to the application, which scans it in a thread."""
_LEAST_TIMEOUT_SECONDS: Final = 1.0
"""A query with a shorter timeout is left to the application, which checks it from the start."""
_MOST_KINDS: Final = 8
"""How many kinds of requests are cached for one head; clients use one or two."""
_OF_ONE_REQUEST: Final = frozenset({b"x-query-id", b"accept-datetime", b"range"})
_WITHOUT_TEXT: Final = b"query=ASK%7B%7D"
_ACCESS: Final = "access"


@final
@dataclass(frozen=True, slots=True)
class _Access:
    """Whether requests with a head can take the fast path, and their access token."""

    usual: bool
    secret: str | None = None
    endpoint: str = ""
    """The address of the endpoint, as the client used it."""


@final
@dataclass(frozen=True, slots=True)
class _Form:
    """What answers to queries of one form have in common, over one revision and row order."""

    revision: Revision
    dataset: Path
    order: str
    planned: QueryPlan
    beside_text: bytes
    template: ResponseTemplate
    name: Callable[[str], str] | None
    """The entity tag of the answer by the query's text; None where answers are not cached."""


@final
@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of request: the address of the endpoint, its operation without the text, and what was
    derived from them for each form of query."""

    endpoint: str
    call: SparqlRequest
    operation: QueryOperation
    forms: dict[str | None, _Form | None]


@final
class ServicePreparation:
    """Prepares the requests of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._history = service.history
        self._scans = ScanCache()
        self._dataset: tuple[Revision, Path] | None = None

    @property
    def revision(self) -> int:
        """Implements `Preparation.revision`."""
        return self._history.current.number

    # Access

    def admits(self, head: RequestHead) -> bool:
        """Implements `Preparation.admits`."""
        if self._service.published is not None:
            return False  # the application first asks the store which revision it holds
        access = head.prepared.get(_ACCESS)
        if access is None:
            access = head.prepared[_ACCESS] = self._access(head)
        if not access.usual:
            return False
        tokens = self._service.tokens
        if access.secret is None or tokens is None:
            return not self._service.require_token
        try:
            return tokens.find(access.secret) is not None
        except StoreError:
            return False

    def _access(self, head: RequestHead) -> _Access:
        scope = _scope_of(head)
        if not _OF_ONE_REQUEST.isdisjoint(head.fields):
            return _Access(usual=False)
        try:
            secret = bearer(scope)
        except ProblemError:
            return _Access(usual=False)
        forwarded = forwarded_url(scope, self._service.trusted_proxies)
        return _Access(True, secret, f"{self._service.address(scope, forwarded)}/sparql")

    # Queries

    def prepare(self, request: HttpRequest) -> PreparedQuery | None:
        """Implements `Preparation.prepare`."""
        try:
            return self._prepared(request)
        except ProblemError:
            return None  # the application meets the same problem, and reports it

    def _prepared(self, request: HttpRequest) -> PreparedQuery | None:
        """Raises: ProblemError."""
        found = self._asked(request)
        if found is None:
            return None
        kind, text = found
        graphs = (*(kind.operation.default_graphs or ()), *(kind.operation.named_graphs or ()))
        if is_for_service_graph(self._service, text, graphs):
            return None
        revision = self._history.current
        scanned = allowed(self._service, self._scans.scan(text, revision.prefixes))
        if scanned.service or scanned.form is None:
            return None
        form = self._form(kind, scanned.form, text, revision)
        if form is None:
            return None
        common, lasts = form.planned, form.name is not None and not scanned.volatile
        body = None
        if lasts:
            asked, format = kind.operation, common.choice.format.name
            body = BodyKey(text, asked.default_graphs, asked.named_graphs, format, kind.endpoint,
                           form.order)  # fmt: skip
        return PreparedQuery(
            text,
            scanned.shape,
            query_bytes(text, form.beside_text),
            form.dataset,
            revision.number,
            form.order,
            common.form,
            form.template,
            body,
            form.name(text) if lasts and form.name is not None else None,
        )

    def _asked(self, request: HttpRequest) -> tuple[_Kind, str] | None:
        """The kind of the request, and the query's text; None where the application has to answer.

        Raises: ProblemError.
        """
        service, query, body = self._service, request.query, request.body
        if len(query) > service.max_target_bytes or len(body) > service.max_query_bytes:
            return None
        raw, rest = b"", b""
        media_type = None
        if request.method in (b"POST", b"QUERY"):
            media_type = checked_media_type(service, request.method.decode(), request.head.fields)
        if media_type is None:
            raw, query = _split(query)
        elif media_type == FORM:
            raw, rest = _split(body)
        elif media_type == QUERY and body:
            raw = body
        if not raw:
            return None
        kind = self._kind(request, media_type, query, rest)
        text = None if kind is None else _text(raw, media_type)
        if kind is None or text is None or len(text) >= _SHORT_TEXT:
            return None
        return kind, text

    def _kind(
        self, request: HttpRequest, media_type: str | None, query: bytes, rest: bytes
    ) -> _Kind | None:
        """The cached or new kind of the request, by its parameters except the text."""
        prepared, key = request.head.prepared, (request.method, query, rest)
        if key in prepared:
            found: _Kind | None = prepared[key]
            return found
        if len(prepared) > _MOST_KINDS:
            access = prepared[_ACCESS]
            prepared.clear()
            prepared[_ACCESS] = access
        prepared[key] = None
        kind = prepared[key] = self._new_kind(request, media_type, query, rest)
        return kind

    def _new_kind(
        self, request: HttpRequest, media_type: str | None, query: bytes, rest: bytes
    ) -> _Kind | None:
        if any(_may_be_revision(piece) for piece in query.split(b"&")):
            return None
        body = b""
        if media_type is None:
            query = _joined(query)
        elif media_type == FORM:
            body = _joined(rest)
        else:
            body = b"ASK{}"
        call = SparqlRequest(request.method.decode(), query, request.head.fields, body, False)
        asked = operation(self._service, call)
        if not isinstance(asked, QueryOperation) or asked.hints:
            return None
        if asked.timeout_seconds < _LEAST_TIMEOUT_SECONDS:
            return None
        return _Kind(request.head.prepared[_ACCESS].endpoint, call, asked, {})

    def _form(self, kind: _Kind, form: str, text: str, revision: Revision) -> _Form | None:
        """What answers to queries of this form have in common; None where they are pages or CSVW
        metadata, which depend on the address.

        Raises: ProblemError.
        """
        engine = self._service.engine
        if form in kind.forms:
            found = kind.forms[form]
            if found is None or (
                found.revision is revision and found.order == engine.order(found.dataset)
            ):
                return found
        order = engine.order(self._dataset_of(revision))
        new = kind.forms[form] = self._new_form(kind, text, revision, order)
        return new

    def _new_form(self, kind: _Kind, text: str, revision: Revision, order: str) -> _Form | None:
        service = self._service
        context = QueryContext(revision, order, kind.endpoint)
        planned = plan(service, context, kind.call, kind.operation, text)
        if planned.choice.format.kind == "page" or planned.choice.format.name == CSVW:
            return None
        name = None
        if service.keeps_answers:
            body = BodyKey("", kind.operation.default_graphs, kind.operation.named_graphs,
                           planned.choice.format.name, kind.endpoint)  # fmt: skip
            name = tags_of(engine_mark(context), planned.choice.content_type, body)
        beside = planned.query.beside_text()
        return _Form(
            revision,
            self._dataset_of(revision),
            order,
            planned,
            beside,
            self._template(planned, revision),
            name,
        )

    def _dataset_of(self, revision: Revision) -> Path:
        """The path of its dataset; the same object each time, as the dispatcher compares by
        identity."""
        if self._dataset is None or self._dataset[0] is not revision:
            self._dataset = revision, revision.dataset
        return self._dataset[1]

    def _template(self, planned: QueryPlan, revision: Revision) -> ResponseTemplate:
        choice, number = planned.choice, revision.number
        vary = b"Authorization" if self._service.require_token else b""
        fresh, lasting = (
            with_always(constant_fields(choice.content_type, VARY, lasts=lasts), number, vary)
            for lasts in (False, True)
        )
        return ResponseTemplate(
            _head(200, fresh),
            _head(200, lasting),
            _head(304, [field for field in lasting if field[0] not in OF_THE_BODY]),
            choice.media_type.partition(";")[0],
            planned.shape.wish,
        )

    def log(self, request: HttpRequest, kind: str, response: LoggedResponse) -> None:
        """Implements `Preparation.log`."""
        arrival = response.arrival
        record = AccessRecord(
            arrival.began, kind, response.query, response.rows, response.status,
            response.media_type, broken=False, request_id=arrival.request_id.decode(),
            query_id=arrival.query_id.decode(),
        )  # fmt: skip
        method, seconds = request.method.decode(), time.monotonic() - arrival.began
        record.log_line(method, "/sparql", response.revision, seconds)
        self._service.metrics.answered(method, "/sparql", record, seconds)


def _scope_of(head: RequestHead) -> dict[str, object]:
    """The part of an ASGI scope that follows from a head."""
    scheme, server, client = head.place
    return {"headers": head.lines, "scheme": scheme, "server": server, "client": client}


def _split(form: bytes) -> tuple[bytes, bytes]:
    """The query's text, still form-encoded, and the other parameters."""
    if form.startswith(b"query=") and b"&" not in form:
        return form[6:], b""
    pieces = form.split(b"&")
    for place, piece in enumerate(pieces):
        if piece.startswith(b"query="):
            del pieces[place]
            return piece[6:], b"&".join(pieces)
    return b"", form


def _may_be_revision(piece: bytes) -> bool:
    """Whether the parameter is `revision`, or may be when it is decoded."""
    name = piece.partition(b"=")[0]
    return name == b"revision" or b"%" in name


def _text(raw: bytes, media_type: str | None) -> str | None:
    """The text of a query; None where it is not UTF-8, which the application reports."""
    try:
        if media_type == QUERY:
            return raw.decode("utf-8-sig")
        return _unquoted(raw).removeprefix(BYTE_ORDER_MARK)
    except ValueError:
        return None


def _unquoted(value: bytes) -> str:
    """Decode a form-encoded text. Percent escapes are rewritten as Python's `\\x` escapes, whose
    decoder in C is many times as quick as one in Python.

    Raises: ValueError where it is not UTF-8.

    >>> _unquoted(b"a+%2B+%E5%8D%AB"), _unquoted(rb"100%+\\x41")
    ('a + 卫', '100% \\\\x41')
    """
    if b"\\" not in value:
        escaped = value.replace(b"+", b" ").replace(b"%", b"\\x")
        try:
            return escaped.decode("unicode_escape").encode("latin-1").decode()
        except ValueError:
            pass  # a percent sign that begins no escape stays as it is
    return unquote_plus(value.decode(), errors="strict")


def _joined(rest: bytes) -> bytes:
    return b"&".join((_WITHOUT_TEXT, rest)) if rest else _WITHOUT_TEXT


def _head(status: int, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"HTTP/1.1 %d %b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), lines)
