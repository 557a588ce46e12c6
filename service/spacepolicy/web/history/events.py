"""Revisions as server-sent events: each is sent when it is published, after those that the client
missed.

Spec: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import re
from typing import Final, final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacepolicy.access_tokens import AccessToken
from spacepolicy.errors import BadParameterError, OverloadedError
from spacepolicy.formats import Format
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.disconnect import while_connected
from spacepolicy.web.auth import token_of
from spacepolicy.web.history.entries import entry, newer_than
from spacepolicy.web.service import Service

EVENTS: Final = Format("events", "server-sent events", "page", "text/event-stream", "events")
_SILENCE_SECONDS: Final = 15.0
"""How long nothing is sent before a comment is, so that no proxy closes an idle connection."""
_AGAIN_MILLISECONDS: Final = 2000
"""When a client reconnects after losing its connection: soon enough for a page, and little load,
since at most 64 clients listen."""
_RETRY_SECONDS: Final = 5
"""When a refused client tries again; listeners stay for long, so an earlier attempt would not
help."""


@final
class Events:
    """Sends revisions to up to `max_listening` clients at once."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.listening = 0

    def response(self, request: Request) -> Response:
        """Return the response with the events after Last-Event-ID; without that field, from the
        revision in force on.

        Raises: BadParameterError, OverloadedError.
        """
        given = request.headers.get("last-event-id", "")
        if given and not re.fullmatch(r"[0-9]{1,15}", given, re.ASCII):
            raise BadParameterError("Last-Event-ID is the number of a revision; 0 is before all.")
        if self.listening >= self.service.max_listening:
            raise OverloadedError(
                f"{self.listening} clients listen; no more are taken now.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        after = int(given) if given else self.service.history.current.number - 1
        return _Stream(self, after)


@final
class _Stream(Response):
    """The event stream to one client, after the revision of that number."""

    def __init__(self, events: Events, after: int) -> None:
        super().__init__(media_type=EVENTS.media_type)
        self._events = events
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client disconnects, or may no longer read."""
        self._events.listening += 1
        try:
            await while_connected(receive, self._tell(scope, send))
        finally:
            self._events.listening -= 1

    async def _tell(self, scope: Scope, send: Send) -> None:
        service = self._events.service
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def hear(_: Revision) -> None:
            loop.call_soon_threadsafe(news.set)

        leave = service.history.listen(hear)
        try:
            headers = [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"vary", b"Accept"),
                (b"x-accel-buffering", b"no"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _send(send, f"retry: {_AGAIN_MILLISECONDS}\n\n")
            while _may_read(service, token_of(scope)):
                news.clear()
                for revision in newer_than(service.history, self._after):
                    await _send(send, _event(revision, service.url(scope, "")))
                    self._after = revision.number
                try:
                    async with asyncio.timeout(_SILENCE_SECONDS):
                        await news.wait()
                except TimeoutError:
                    await _send(send, ":\n\n")
        finally:
            leave()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _may_read(service: Service, token: AccessToken | None) -> bool:
    """Whether the client's token is still valid, where one is required."""
    if not service.require_token or service.tokens is None:
        return True
    return token is not None and service.tokens.holds(token)


def _event(revision: Revision, origin: str) -> str:
    data = json.dumps(entry(revision, origin), ensure_ascii=False)
    return f"id: {revision.number}\nevent: revision\ndata: {data}\n\n"


async def _send(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
