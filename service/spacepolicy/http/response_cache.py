"""Responses kept for the revision they were computed on, in two levels bounded in bytes together.

The first level leads from a request, byte for byte, to the head of its response; the second from
what a body depends on to the body, in every content coding it was asked for in. Whoever asks about
a newer revision makes the cache forget the older one.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, Protocol, final

from spacepolicy.http.content_codings import IDENTITY

_OVERHEAD_BYTES: Final = 512
_SHARE: Final = 8
"""One body takes no more than this part of the whole."""
Fields = tuple[tuple[bytes, bytes], ...]
"""The names and values of header fields."""


class Key(Hashable, Protocol):
    """What something is kept under."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        ...


@final
@dataclass(frozen=True, slots=True)
class RequestKey:
    """All of a request that its answer depends on, as it came."""

    target: bytes
    body: bytes
    content_type: bytes
    accept: bytes
    accept_encoding: bytes
    reader: str
    origin: str
    day: str = ""
    """The day, where the answer depends on the one on which it is asked."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        fields = (self.target, self.body, self.content_type, self.accept, self.accept_encoding)
        return sum(map(len, fields))


@final
@dataclass(frozen=True, slots=True)
class CachedResponse:
    """The head of a kept response: whose body, in which coding, under which tag and fields.

    `written` is that head as bytes, where it is sent so: the status line and all fields but those
    that no two responses have alike. `query` is for the log.
    """

    body: Key
    coding: str
    etag: str
    fields: Fields = ()
    written: bytes = b""
    media_type: str = "-"
    query: str = ""


@final
@dataclass(slots=True)
class _Body:
    """A body in its codings, and the fields that always come with it."""

    fields: Fields
    variants: dict[str, bytes] = field(default_factory=dict)


@final
@dataclass(slots=True)
class _Revision:
    number: int = -1
    responses: OrderedDict[Hashable, tuple[CachedResponse, int]] = field(
        default_factory=OrderedDict
    )
    bodies: OrderedDict[Key, _Body] = field(default_factory=OrderedDict)
    held_bytes: int = 0


@final
class ResponseCache:
    """Keeps what was used last, up to `max_bytes`; of 0 bytes it keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept = _Revision()

    @property
    def held_bytes(self) -> int:
        """How many bytes are held, about."""
        return self._kept.held_bytes

    @property
    def max_body_bytes(self) -> int:
        """The largest body that is kept."""
        return self._max_bytes // _SHARE

    def response(self, revision: int, request: Hashable) -> CachedResponse | None:
        """The head of the response to this very request, where its body is there too."""
        kept = self._of(revision)
        found = kept.responses.get(request) if kept else None
        if kept is None or found is None:
            return None
        response, size = found
        if response.body not in kept.bodies:
            kept.held_bytes -= size
            del kept.responses[request]
            return None
        kept.responses.move_to_end(request)
        return response

    def body(self, revision: int, key: Key, coding: str = IDENTITY) -> bytes | None:
        """The body in the coding, where it was kept in it."""
        kept = self._of(revision)
        body = kept.bodies.get(key) if kept else None
        if kept is None or body is None:
            return None
        kept.bodies.move_to_end(key)
        return body.variants.get(coding)

    def fields(self, revision: int, key: Key) -> Fields:
        """The fields that come with the body."""
        kept = self._of(revision)
        body = kept.bodies.get(key) if kept else None
        return body.fields if body else ()

    def keep_body(
        self,
        revision: int,
        key: Key,
        body: bytes,
        *,
        coding: str = IDENTITY,
        fields: Fields = (),
    ) -> None:
        """Keep a whole body, the plain one first; one that is too large, or of an older
        revision, is passed over."""
        kept = self._of(revision)
        if kept is None or len(body) > self.max_body_bytes:
            return
        if key not in kept.bodies:
            if coding != IDENTITY:
                return
            kept.bodies[key] = _Body(fields)
            kept.held_bytes += key.size
        variants = kept.bodies[key].variants
        if coding not in variants:
            variants[coding] = body
            kept.held_bytes += len(body)
            self._trim(kept)

    def keep_response(
        self, revision: int, request: Hashable, response: CachedResponse, size: int
    ) -> None:
        """Keep the head of a response whose body is kept; the request takes `size` bytes."""
        kept = self._of(revision)
        if kept is None or response.body not in kept.bodies or request in kept.responses:
            return
        size += len(response.written) + _OVERHEAD_BYTES
        kept.responses[request] = response, size
        kept.held_bytes += size
        self._trim(kept)

    def _of(self, revision: int) -> _Revision | None:
        """What is kept for the revision; an older one is forgotten, None for one older still, and
        for 0, of which nothing is known."""
        if revision == 0:
            return None
        if revision > self._kept.number:
            self._kept = _Revision(revision)
        return self._kept if revision == self._kept.number else None

    def _trim(self, kept: _Revision) -> None:
        """Remove what was used least recently; of the same age, heads before bodies."""
        while kept.held_bytes > self._max_bytes and (kept.responses or kept.bodies):
            if len(kept.responses) > len(kept.bodies):
                _, (_, size) = kept.responses.popitem(last=False)
                kept.held_bytes -= size
            else:
                key, body = kept.bodies.popitem(last=False)
                kept.held_bytes -= key.size + sum(map(len, body.variants.values()))
