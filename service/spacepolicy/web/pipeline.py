"""The middleware of every request: its token and revision, failures as problems, and the header
fields of every response."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacepolicy.errors import (
    EngineError,
    FieldsTooLargeError,
    ProblemError,
    StoppingError,
    UriTooLongError,
)
from spacepolicy.http import request_ids
from spacepolicy.http.forwarded import forwarded_url
from spacepolicy.web import pages
from spacepolicy.web.access_log import AccessRecord, route_of
from spacepolicy.web.answering.published_revision import PublishedRevision, ReplayedRequest
from spacepolicy.web.auth import read_token
from spacepolicy.web.common_headers import with_always
from spacepolicy.web.locale import read_locale
from spacepolicy.web.memento import memento_fields, read_revision, varies
from spacepolicy.web.problems import problem_response
from spacepolicy.web.reconciliation.manifest import PREVIEW
from spacepolicy.web.request_context import RequestContext, begin_request, context_of
from spacepolicy.web.request_url import Forwarded
from spacepolicy.web.response_coding import CodedSend
from spacepolicy.web.routes import RouteRules
from spacepolicy.web.service import Service

_ALLOWED: Final = (
    "Accept, Accept-Datetime, Authorization, Content-Encoding, Content-Type, If-Match, "
    "If-None-Match, If-Range, Last-Event-ID, Range, X-Query-Id, X-Request-Id"
)
_PREFLIGHT: Final = (
    (b"access-control-allow-headers", _ALLOWED.encode()),
    (b"access-control-max-age", b"86400"),
)
_ATTEMPTS: Final = 3
"""How often a request is tried before its client gets the problem that the revision changes.
Publications are rare; if they were constant, further attempts would not help."""
_PAGE_POLICY: Final = (b"content-security-policy", pages.CONTENT_SECURITY_POLICY.encode())
_POLICIES: Final = {
    "/sparql": (b"content-security-policy", pages.WORKBENCH_SECURITY_POLICY.encode()),
    PREVIEW: (b"content-security-policy", pages.PREVIEW_SECURITY_POLICY.encode()),
}
"""The policies of pages that need more rights than others."""
_FAILED: Final = 400  # RFC 9110 section 15.5
_PIECE_BYTES: Final = 1 << 17
"""Twice what the server buffers for a client before it waits; most answers are shorter."""
_log: Final = logging.getLogger(__name__)
_Answering = Callable[[Scope, Receive, "_Sending"], Awaitable[None]]


def pipeline(service: Service, rules: RouteRules, sparql: ASGIApp, rest: ASGIApp) -> ASGIApp:
    """Return the application that passes `/sparql` to `sparql` and all else to `rest`. It checks
    tokens, fixes one revision for each request, and turns every failure into a problem."""
    published = None if service.published is None else PublishedRevision(service.published)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        context = _context(service, scope)
        begin_request(scope, context)
        sending = _Sending(service, rules, scope, send, context)
        try:
            await answered(scope, receive, sending)
        finally:
            _note(service, scope, context)

    async def answer(scope: Scope, receive: Receive, sending: _Sending) -> None:
        coded = CodedSend(scope, sending)
        try:
            _check_size(service, scope)
            read_token(service, rules, scope)
            await _read_published(published, rules, scope)
            read_revision(service, rules, scope)
            if scope["path"] == "/sparql":
                await sparql(scope, receive, sending)
            else:
                scope = _head_as_get(scope)
                await rest(scope, receive, coded)
        except ProblemError as error:
            await problem_response(service, scope, error)(scope, receive, coded)
        except asyncio.CancelledError:
            if sending.started:
                _log.info("an answer was cut off, since the service ends")
                return
            ending = StoppingError("The service is stopping.", headers={"Retry-After": "1"})
            await problem_response(service, scope, ending)(scope, receive, coded)
        except ClientDisconnect:
            _log.debug("a client left before it had sent all")
        except Exception as error:  # noqa: BLE001 # the last resort of every request
            if (failure := _failure(error, sending)) is not None:
                await problem_response(service, scope, failure)(scope, receive, coded)

    answered = answer if published is None else partial(_in_attempts, answer)
    return app


def _failure(error: Exception, sending: "_Sending") -> ProblemError | None:
    """Log an unexpected error; return the problem to send, None where a response is complete: the
    framework sends one for its handlers' errors, and raises them again.

    Raises: the error where a response has begun, which stays detectably broken.
    """
    if sending.started and not sending.complete:
        raise error
    _log.exception("a request failed")
    return None if sending.complete else EngineError(f"The service failed: {type(error).__name__}.")


async def _read_published(
    published: PublishedRevision | None, rules: RouteRules, scope: Scope
) -> None:
    """Set the request's revision to the one that the remote store holds now, if the route depends
    on a revision.

    Raises: ProblemError where the store has no complete revision, or cannot be read.
    """
    if published is not None and rules.is_of_revision(scope):
        context_of(scope).revision = await published.get()


async def _in_attempts(
    answer: _Answering, scope: Scope, receive: Receive, sending: "_Sending"
) -> None:
    """Answer the request; again, while its revision changes before anything of the answer is
    sent."""
    context = context_of(scope)
    request = sending.request = ReplayedRequest(receive, _ATTEMPTS)
    while True:
        await answer(scope, request, sending)
        if sending.started or not (context.is_outdated and request.is_repeatable):
            return
        request.rewind()
        context.is_outdated = False
        context.spent_seconds = time.monotonic() - context.record.began


def _note(service: Service, scope: Scope, context: RequestContext) -> None:
    """Log and count a finished request."""
    record, method, route = context.record, scope["method"], route_of(scope)
    seconds = time.monotonic() - record.began
    record.log_line(method, route, context.revision.number, seconds)
    service.metrics.answered(method, route, record, seconds)


def _context(service: Service, scope: Scope) -> RequestContext:
    """The context of a request before its token is read."""
    url = forwarded_url(scope, service.trusted_proxies)
    return RequestContext(
        service.history.current,
        read_locale(scope),
        None if url is None else Forwarded(url),
        record=AccessRecord(request_id=request_ids.id_of(scope).decode()),
    )


def _check_size(service: Service, scope: Scope) -> None:
    """Raises: UriTooLongError, FieldsTooLargeError where a limit is exceeded."""
    size = len(scope["raw_path"])
    if size > service.max_target_bytes:
        raise UriTooLongError(
            f"The address has a path of {size} bytes; {service.max_target_bytes} are taken."
        )
    size = sum(len(name) + len(value) for name, value in scope["headers"])
    if size > service.max_fields_bytes:
        raise FieldsTooLargeError(
            f"The header fields have {size} bytes; {service.max_fields_bytes} are taken.",
            extras={"limit_bytes": service.max_fields_bytes},
        )


def _head_as_get(scope: Scope) -> Scope:
    """The scope with HEAD as GET, whose body is not sent (RFC 9110 section 9.3.2), without Range,
    which only GET has."""
    if scope["method"] != "HEAD":
        return scope
    fields = [field for field in scope["headers"] if field[0] != b"range"]
    return {**scope, "method": "GET", "headers": fields}


def _policy(path: str, status: int) -> tuple[bytes, bytes]:
    """The Content-Security-Policy of the page at the path; problems have the default one."""
    return _POLICIES.get(path, _PAGE_POLICY) if status < _FAILED else _PAGE_POLICY


class _Sending:
    """Sends responses with the common header fields. Where the `request` can be repeated, a
    response is dropped whose revision has changed before it began."""

    def __init__(
        self, service: Service, rules: RouteRules, scope: Scope, send: Send, context: RequestContext
    ) -> None:
        self.started = False
        self.complete = False
        self.request: ReplayedRequest | None = None
        self._send = send
        self._context = context
        self._scope = scope
        self._bare = scope["method"] == "HEAD"
        self._shared = rules.is_shared(scope)
        self._preflight = scope["method"] == "OPTIONS" and self._shared
        self._service = service
        self._rules = rules
        self._private = service.require_token and not rules.is_open(scope)

    async def __call__(self, message: Message) -> None:
        repeats = self.request is not None and self.request.is_repeatable
        if repeats and self._context.is_outdated and not self.started:
            return
        if message["type"] == "http.response.start":
            self.started = True
            fields = [*message["headers"]]
            fields += memento_fields(self._service, self._rules, self._scope, message["status"])
            if self._preflight:
                allowed = dict(message["headers"]).get(b"allow", b"GET, HEAD")
                fields += [(b"access-control-allow-methods", allowed), *_PREFLIGHT]
            given = dict(message["headers"])
            more = [b"Authorization"] if self._private else []
            if given.get(b"content-type", b"")[:9] == b"text/html":
                fields += [
                    _policy(self._scope["path"], message["status"]),
                    (b"content-language", self._context.locale.language.encode()),
                ]
                more.append(b"Accept-Language")
            elif self._rules.is_localised(self._scope):
                more.append(b"Accept-Language")
            if b"Accept-Datetime" not in given.get(b"vary", b"") and varies(
                self._rules, self._scope, message["status"]
            ):
                more.append(b"Accept-Datetime")
            number = self._context.revision.number
            fields = with_always(fields, number, *more, shared=self._shared)
            fields.append((request_ids.FIELD, self._context.record.request_id.encode()))
            message = {**message, "headers": fields}
        elif self._bare:
            message = {**message, "body": b""}
        self._context.record.hear(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.complete = True
        if len(message.get("body", b"")) > _PIECE_BYTES:
            await self._in_pieces(message)
        else:
            await self._send(message)

    async def _in_pieces(self, message: Message) -> None:
        """Send a large body in pieces as its client reads, so that it is not buffered as a
        whole."""
        body, more = message["body"], message.get("more_body", False)
        for start in range(0, len(body), _PIECE_BYTES):
            piece = body[start : start + _PIECE_BYTES]
            follows = more or start + _PIECE_BYTES < len(body)
            await self._send({**message, "body": piece, "more_body": follows})
