"""Applies content codings to complete, plain responses of handlers.

Responses that are streamed, cached or have an entity tag are coded in `answering/response.py`,
since the tag depends on the coding.

Spec: https://www.rfc-editor.org/rfc/rfc9110, sections 8.4 and 12.5.3
"""

import re
from typing import Final, final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from spacepolicy.http.content_codings import IDENTITY, AcceptedEncoding, wish
from spacepolicy.web.answering.response import coded

_TEXT: Final = re.compile(r"text/|application/(.*[+.])?(json|xml|ndjson)\b")
"""Media types that are worth coding. Columns and fonts are compressed already."""
_FIXED: Final = ("content-encoding", "content-range", "etag")
"""Fields that depend on the bytes, which must not be coded then."""


@final
class CodedSend:
    """An ASGI `send` that codes the body of a response where possible.

    The start of a response is held until its body, which follows at once. Where another start comes
    in between, as after a failure, that one is sent.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        fields = [value for name, value in scope["headers"] if name == b"accept-encoding"]
        self._wish = wish(b", ".join(fields).decode("latin-1") if fields else None)
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message if _can_be_coded(message) else None
            if self._start is not None:
                return
        if self._start is not None:
            start, self._start = self._start, None
            message = await _coded(start, message, self._wish)
            await self._send(start)
        await self._send(message)


def _can_be_coded(start: Message) -> bool:
    fields = MutableHeaders(raw=start["headers"])
    is_text = _TEXT.match(fields.get("content-type", "")) is not None
    return is_text and "content-length" in fields and not any(map(fields.__contains__, _FIXED))


async def _coded(start: Message, message: Message, wanted: AcceptedEncoding | None) -> Message:
    """The body message in the accepted coding; the fields of the start are changed accordingly."""
    fields = MutableHeaders(raw=list(start["headers"]))
    fields.add_vary_header("Accept-Encoding")
    body = message.get("body", b"")
    is_whole = not message.get("more_body", False)
    coding = wanted.of(len(body)) if wanted is not None and is_whole else IDENTITY
    if coding != IDENTITY:
        body = await coded(body, coding)
        fields["content-encoding"] = coding
        fields["content-length"] = str(len(body))
    start["headers"] = fields.raw
    return {**message, "body": body}
