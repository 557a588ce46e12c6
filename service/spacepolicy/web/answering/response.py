"""Sending responses: complete or streamed, coded, tagged, or 304.

A response is complete or detectably broken: a failure before the first byte is raised and gets its
real status; a later one leaves the body unterminated, so that every client reports a failed
transfer. A response of one piece has a Content-Length.

Spec: https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc9111
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, final

from starlette.types import Send

from spacepolicy.errors import HttpVersionError
from spacepolicy.http.byte_ranges import ACCEPT_RANGES, ByteRange, selected
from spacepolicy.http.content_codings import IDENTITY, AcceptedEncoding, Encoder, encoded
from spacepolicy.http.etags import any_state, etag, is_weak, matching
from spacepolicy.http.response_cache import Fields
from spacepolicy.web.answering.kept_files import KeptFile
from spacepolicy.web.answering.sparql_request import RequestExchange, SparqlRequest

VARY: Final = "Accept, Accept-Encoding, Accept-Datetime"
_VARY_OF_PAGES: Final = f"{VARY}, Accept-Language"
OF_THE_BODY: Final = (
    b"content-type", b"content-encoding", b"content-length", b"accept-ranges", b"content-range",
)  # fmt: skip
_IN_A_THREAD_BYTES: Final = 1 << 14
"""A shorter body is coded at once: 16 KiB take 0.1 ms with gzip, about as much as handing it to a
thread."""


@final
@dataclass(frozen=True, slots=True)
class ResponseShape:
    """How a response is sent. `tag` is its entity tag without the coding, None where it differs
    each time; `fields` are further fields that belong to the body, `hints` those that belong to the
    request."""

    content_type: str
    wish: AcceptedEncoding
    tag: str | None
    fields: Fields = ()
    hints: Fields = ()

    @property
    def is_page(self) -> bool:
        """Whether it is an HTML page, which depends on the reader's language."""
        return self.content_type.startswith("text/html")

    def head(self, coding: str) -> Fields:
        """Return the header fields of the response in the coding."""
        vary = _VARY_OF_PAGES if self.is_page else VARY
        fields = [*constant_fields(self.content_type, vary, lasts=self.tag is not None)]
        if self.tag is not None:
            fields.append((b"etag", etag(self.tag, coding).encode()))
        if coding != IDENTITY:
            fields.append((b"content-encoding", coding.encode()))
        return (*fields, *self.fields, *self.hints)

    def known(self, call: SparqlRequest) -> str | None:
        """Return the entity tag that If-None-Match lists and that is still current."""
        if self.tag is None:
            return None
        tags = [etag(self.tag, self.wish.coding)]
        if self.wish.plain:
            tags.append(etag(self.tag, IDENTITY))
        return matching(call.field(b"if-none-match"), tags)


def constant_fields(content_type: str, vary: str, *, lasts: bool) -> Fields:
    """Return the fields that do not depend on the query; `lasts`: the same request gets the same
    answer until the revision changes."""
    return (
        (b"content-type", content_type.encode("latin-1")),
        (b"vary", vary.encode()),
        (b"cache-control", b"no-cache" if lasts else b"no-store"),
    )


async def send_not_modified(send: Send, fields: Iterable[tuple[bytes, bytes]], tag: str) -> None:
    """Send a 304 for the entity tag."""
    kept = [field for field in fields if field[0] not in (b"etag", *OF_THE_BODY)]
    start = {"type": "http.response.start", "status": 304}
    await send({**start, "headers": [*kept, (b"etag", tag.encode())]})
    await send({"type": "http.response.body", "body": b""})


async def coded(body: bytes, coding: str) -> bytes:
    """Return the body in the coding; a large one is coded in a thread."""
    if coding == IDENTITY or len(body) < _IN_A_THREAD_BYTES:
        return encoded(body, coding)
    return await asyncio.to_thread(encoded, body, coding)


@final
class ResponseSender:
    """Sends the response of an exchange; `started` once its status is sent."""

    def __init__(self, exchange: RequestExchange, identifier: str) -> None:
        self.exchange = exchange
        self._call = exchange.call
        self._send = exchange.send
        self._identifier = identifier
        self.started = False

    async def whole(self, fields: Fields, body: bytes) -> None:
        """Send a complete body, already in the coding that its fields name, or the requested range.

        Raises: RangeNotSatisfiableError.
        """
        part = self._part(fields, len(body))
        if await self._begin_whole(fields, len(body), part):
            await self._body(body if part is None else body[part.start : part.stop], more=False)

    async def file(self, fields: Fields, file: KeptFile) -> None:
        """Send a body from a file, or the requested range.

        Raises: RangeNotSatisfiableError.
        """
        part = self._part(fields, file.size)
        if await self._begin_whole(fields, file.size, part):
            pieces = file.pieces() if part is None else file.pieces(part.start, part.stop)
            async for piece in pieces:
                await self._body(piece, more=True)
            await self._body(b"", more=False)

    def _part(self, fields: Fields, size: int) -> ByteRange | None:
        """The requested range of a complete body; None where all of it is sent.

        Raises: RangeNotSatisfiableError.
        """
        tag, call = dict(fields).get(b"etag"), self._call
        if (
            tag is None
            or is_weak(tag.decode())
            or call.method != "GET"
            or any_state(call.field(b"if-none-match"))
        ):
            return None
        return selected(call.field(b"range"), call.field(b"if-range"), tag.decode(), size)

    async def _begin_whole(self, fields: Fields, size: int, part: ByteRange | None) -> bool:
        tag = dict(fields).get(b"etag")
        if tag is not None and not is_weak(tag.decode()):
            fields = (*fields, ACCEPT_RANGES)
        if part is not None:
            fields, size = (*fields, part.field), part.stop - part.start
        length = (b"content-length", str(size).encode())
        return await self._begin((*fields, length), 200 if part is None else 206)

    async def streamed(
        self,
        shape: ResponseShape,
        pieces: AsyncIterator[bytes],
        whole: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """Send the pieces as they arrive; a single piece is sent by `whole`."""
        first = await anext(pieces, b"")
        second = await anext(pieces, None)
        if second is None:
            await whole(first)
        elif await self._begin(shape.head(shape.wish.coding)):
            await self._stream(shape.wish.coding, first, second, pieces)

    async def _stream(
        self, coding: str, first: bytes, second: bytes, pieces: AsyncIterator[bytes]
    ) -> None:
        encoder = None if coding == IDENTITY else Encoder(coding)
        for piece in (first, second):
            await self._piece(encoder, piece)
        async for piece in pieces:
            await self._piece(encoder, piece)
        await self._body(encoder.finish() if encoder else b"", more=False)

    async def _piece(self, encoder: Encoder | None, piece: bytes) -> None:
        out = piece if encoder is None else await asyncio.to_thread(encoder.feed, piece)
        if out:
            await self._body(out, more=True)

    async def _begin(self, fields: Fields, status: int = 200) -> bool:
        """Send the head; return whether the body has to follow."""
        self.started = True
        tag = dict(fields).get(b"etag")
        if tag is not None and any_state(self._call.field(b"if-none-match")):
            await send_not_modified(self._send, fields, tag.decode())
            return False
        headers = [*fields, (b"x-query-id", self._identifier.encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if self._call.method == "HEAD":
            await self._body(b"", more=False)
            return False
        return True

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


@final
class BufferBudget:
    """Limits how many bytes of streamed answers are held for the cache, of all together, so that
    slow clients cannot use much memory."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    async def teed(
        self, pieces: AsyncIterator[bytes], limit: int, keep: Callable[[bytes], None]
    ) -> AsyncGenerator[bytes]:
        """Yield the pieces; at their end, call `keep` with all of them, unless they exceed `limit`
        or the budget."""
        held: list[bytes] | None = []
        size = 0
        try:
            async for piece in pieces:
                if held is not None:
                    held.append(piece)
                    size += len(piece)
                    self._left -= len(piece)
                    if size > limit or self._left < 0:
                        self._left += size
                        held, size = None, 0
                yield piece
            if held is not None:
                keep(b"".join(held))
        finally:
            self._left += size


async def gathered(pieces: AsyncIterator[bytes], limit: int, beyond: Exception) -> bytes:
    """Return all the pieces as one.

    Raises: `beyond` where they have more than `limit` bytes.
    """
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > limit:
            raise beyond
    return bytes(body)


def too_large_for_old_http(limit: int) -> HttpVersionError:
    """Return the problem for a client of HTTP/1.0 whose answer is too large for a
    Content-Length."""
    return HttpVersionError(
        f"The answer is larger than the {limit} bytes that go out whole.",
        extras={"limit_bytes": limit},
    )
