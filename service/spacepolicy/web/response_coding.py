"""Codes answers that come whole and plain from their handlers, where the client takes a coding.

What is streamed, kept or has an entity tag is coded where it is made (`answering/response.py`),
since the tag names the coding.

Spec: https://www.rfc-editor.org/rfc/rfc9110, sections 8.4 and 12.5.3
"""

import re
from typing import Final, final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from spacepolicy.http.content_codings import IDENTITY, AcceptedEncoding, wish
from spacepolicy.web.answering.response import coded

_TEXT: Final = re.compile(r"text/|application/(.*[+.])?(json|xml|ndjson)\b")
"""Types that a coding makes smaller. Columns and fonts are compressed already."""
_FIXED: Final = ("content-encoding", "content-range", "etag")
"""Fields that say something of the bytes, which have to stay as they are then."""


@final
class CodedSend:
    """Sends what one response consists of, coded where that is possible.

    The start of a response is held until its body is there, which follows at once. Where another
    comes in between, as after a failure, that one is sent.
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
    """The body in the coding that is wanted; the fields of the start say so."""
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
