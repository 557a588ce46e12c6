"""Answers kept for the revision they were computed on, in two levels bounded in bytes together.

The first level leads from a request, byte for byte, to the head of its answer; the second from
what a body depends on (query, dataset, format) to the body, in every coding it was asked for in.
Whoever asks about a newer revision makes the cache forget the older one.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, final

from spacepolicy.web.answering.codings import IDENTITY

_OVERHEAD_BYTES: Final = 512
_SHARE: Final = 8
"""One body takes no more than this part of the whole."""
Fields = tuple[tuple[bytes, bytes], ...]
"""The names and values of header fields."""


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

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        fields = (self.target, self.body, self.content_type, self.accept, self.accept_encoding)
        return sum(map(len, fields)) + _OVERHEAD_BYTES


@final
@dataclass(frozen=True, slots=True)
class BodyKey:
    """What a body depends on, beside the revision. `origin` is the address of the
    endpoint, against which relative IRIs are resolved."""

    text: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str
    origin: str

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 4 * len(self.text) + _OVERHEAD_BYTES


@final
@dataclass(frozen=True, slots=True)
class Head:
    """The head of a kept answer: whose body, in which coding, under which tag and fields."""

    body: BodyKey
    coding: str
    etag: str
    fields: Fields


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
    heads: OrderedDict[RequestKey, Head] = field(default_factory=OrderedDict)
    bodies: OrderedDict[BodyKey, _Body] = field(default_factory=OrderedDict)
    held_bytes: int = 0


@final
class AnswerCache:
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

    def head(self, revision: int, request: RequestKey) -> Head | None:
        """The head of the answer to this very request, where its body is there too."""
        kept = self._of(revision)
        head = kept.heads.get(request) if kept else None
        if kept is None or head is None:
            return None
        if head.body not in kept.bodies:
            kept.held_bytes -= request.size
            del kept.heads[request]
            return None
        kept.heads.move_to_end(request)
        return head

    def body(self, revision: int, key: BodyKey, coding: str = IDENTITY) -> bytes | None:
        """The body in the coding, where it was kept in it."""
        kept = self._of(revision)
        body = kept.bodies.get(key) if kept else None
        if kept is None or body is None:
            return None
        kept.bodies.move_to_end(key)
        return body.variants.get(coding)

    def fields(self, revision: int, key: BodyKey) -> Fields:
        """The fields that come with the body."""
        kept = self._of(revision)
        body = kept.bodies.get(key) if kept else None
        return body.fields if body else ()

    def keep_body(
        self,
        revision: int,
        key: BodyKey,
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

    def keep_head(self, revision: int, request: RequestKey, head: Head) -> None:
        """Keep the head of an answer whose body is kept."""
        kept = self._of(revision)
        if kept is None or head.body not in kept.bodies or request in kept.heads:
            return
        kept.heads[request] = head
        kept.held_bytes += request.size
        self._trim(kept)

    def _of(self, revision: int) -> _Revision | None:
        """What is kept for the revision; an older one is forgotten, None for one older still."""
        if revision > self._kept.number:
            self._kept = _Revision(revision)
        return self._kept if revision == self._kept.number else None

    def _trim(self, kept: _Revision) -> None:
        """Let go of what was not used for longest, heads before bodies of the same age."""
        while kept.held_bytes > self._max_bytes and (kept.heads or kept.bodies):
            if len(kept.heads) > len(kept.bodies):
                request, _ = kept.heads.popitem(last=False)
                kept.held_bytes -= request.size
            else:
                key, body = kept.bodies.popitem(last=False)
                kept.held_bytes -= key.size + sum(map(len, body.variants.values()))
