"""A cache of responses for one revision, in two levels with one limit in bytes.

The first level maps a request, byte for byte, to the head of its response; the second maps what a
body depends on to the body, in each content coding it was sent in. The first access for a newer
revision clears the cache.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, final

from spacepolicy.http.content_codings import IDENTITY

_OVERHEAD_BYTES: Final = 512
_SHARE: Final = 8
"""One body takes at most this fraction of the cache."""
Fields = tuple[tuple[bytes, bytes], ...]
"""The names and values of header fields."""


class Key(Hashable, Protocol):
    """A key of the cache."""

    @property
    def size(self) -> int:
        """About how many bytes the key takes."""
        ...


@final
@dataclass(frozen=True, slots=True)
class RequestKey:
    """All parts of a request that its answer depends on, as received."""

    target: bytes
    body: bytes
    content_type: bytes
    accept: bytes
    accept_encoding: bytes
    reader: str
    origin: str
    day: str = ""
    """The current day, where the answer depends on it."""

    @property
    def size(self) -> int:
        """About how many bytes the key takes."""
        fields = (self.target, self.body, self.content_type, self.accept, self.accept_encoding)
        return sum(map(len, fields))


@final
class CachedResponse(NamedTuple):
    """The head of a cached response: the key and coding of its body, its entity tag and fields.

    `written` is the head as bytes: the status line and all fields but those that differ in each
    response; empty where it is not sent this way. `query` is for the log.
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
    """A body by content coding, and the fields that are always sent with it."""

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
    """Keeps the most recently used responses, up to `max_bytes`; with 0 it keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept = _Revision()

    @property
    def held_bytes(self) -> int:
        """About how many bytes are held."""
        return self._kept.held_bytes

    @property
    def max_body_bytes(self) -> int:
        """The largest body that is kept."""
        return self._max_bytes // _SHARE

    def response(self, revision: int, request: Hashable) -> CachedResponse | None:
        """Return the head of the response to exactly this request, if its body is cached too."""
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
        """Return the body in the coding, if it is cached in it."""
        kept = self._of(revision)
        body = kept.bodies.get(key) if kept else None
        if kept is None or body is None:
            return None
        kept.bodies.move_to_end(key)
        return body.variants.get(coding)

    def fields(self, revision: int, key: Key) -> Fields:
        """Return the fields that are sent with the body."""
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
        """Keep a complete body; a coded one only after the plain one. A body that is too large or
        of an older revision is ignored."""
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
        """The cache of the revision, cleared where it is newer than the last; None for an older
        revision, and for 0, which stands for an unknown one."""
        if revision == 0:
            return None
        if revision > self._kept.number:
            self._kept = _Revision(revision)
        return self._kept if revision == self._kept.number else None

    def _trim(self, kept: _Revision) -> None:
        """Remove the least recently used: heads while there are more of them than bodies."""
        while kept.held_bytes > self._max_bytes and (kept.responses or kept.bodies):
            if len(kept.responses) > len(kept.bodies):
                _, (_, size) = kept.responses.popitem(last=False)
                kept.held_bytes -= size
            else:
                key, body = kept.bodies.popitem(last=False)
                kept.held_bytes -= key.size + sum(map(len, body.variants.values()))
