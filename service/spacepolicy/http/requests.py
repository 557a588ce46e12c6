"""Whole requests for one path, read in one step; what their field lines say is read once.

Clients send the same field lines with each request, so what was read of them is remembered by
their bytes: they were held to the limits and the grammar then, and only the request line is new.
What comes in pieces, or is unusual otherwise, is left to the parser.

Spec: https://www.rfc-editor.org/rfc/rfc9112
"""

import itertools
import re
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeVar, final

from spacepolicy.errors import ProblemError
from spacepolicy.http import request_ids
from spacepolicy.http.framing import Framing, MessageLimits

_MOST_HEADS: Final = 256
_MOST_LINES: Final = 1024
_MOST_HEAD_BYTES: Final = 4096
"""So many heads are remembered, and so many bytes of field lines that lead to them, none of which
are longer: 4 MiB, and some 25 MiB where clients try to make it much. Browsers send 1 to 2 KiB."""
_LOOKED_AT: Final = frozenset(
    b"accept accept-datetime accept-encoding authorization connection content-encoding "
    b"content-length content-type expect forwarded host range transfer-encoding "
    b"upgrade x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix "
    b"x-forwarded-proto x-query-id".split()
)
"""Fields that say what kind of request it is; proxies add others, which no two requests share."""
_CONDITION: Final = b"if-none-match"
_LENGTH: Final = re.compile(rb"(?<=\r\n)content-length:[ \t]*([0-9]{1,7})[ \t]*\r\n", re.IGNORECASE)
"""A length of seven digits is more than any query may have."""
_UNUSUAL: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Fields that say how a body comes, or that something has to be said before it comes."""
BEGUN: Final = "spacepolicy.begun"
"""The key of a scope under which stands what has begun of its answer."""
_WITH_BODY: Final = (b"POST", b"QUERY")
Address = tuple[str, int | None] | None
_Lines = tuple[tuple[bytes, bytes], ...]
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ConnectionPlace(NamedTuple):
    """Where a connection arrived, and from where, where that matters."""

    scheme: str
    server: Address
    client: Address


@final
@dataclass(frozen=True, slots=True, eq=False)
class RequestHead:
    """The fields of a request that say of which kind it is, with the connection's addresses, read
    once for all requests that have the same.

    `fields` are by lower-case name, a repeated one as a list (RFC 9110 section 5.3); `lines` each
    as it came. `number` tells the head from others; `closes`: the client sends nothing more.
    `prepared` is for whoever answers: what follows from the head alone.
    """

    number: int
    place: ConnectionPlace
    fields: Mapping[bytes, bytes]
    lines: _Lines
    closes: bool = False
    prepared: dict[Hashable, Any] = field(default_factory=dict)


class HttpRequest(NamedTuple):
    """A whole request. `condition` is its If-None-Match, `id` its X-Request-Id; `size` how many
    bytes it took of those that came."""

    method: bytes
    query: bytes
    body: bytes
    head: RequestHead
    size: int
    condition: str | None = None
    id: bytes | None = None

    @property
    def key(self) -> Hashable:
        """All that tells the request from others, but for its condition and its identifier."""
        return self.head.number, self.method, self.query, self.body


class Pending(Protocol):
    """A request that is being answered without a task."""

    def drop(self) -> None:
        """The client has gone; nothing is answered."""
        ...


class HeldAnswer(Protocol):
    """What has begun of an answer, for the application to go on with."""

    def drop(self) -> None:
        """End it, unless it was taken."""
        ...


class Responder(Protocol):
    """The connection that a request came over, until it has heard one of the two."""

    def date(self) -> bytes:
        """The date of now, as HTTP writes it."""
        ...

    def answered(self, response: bytes) -> None:
        """Send the whole response."""
        ...

    def unanswered(self, begun: HeldAnswer | None) -> None:
        """Let the application answer the request, together with what has begun of it."""
        ...


class Endpoint(Protocol):
    """Answers requests for one path, without a task where it can."""

    path: bytes

    def handle(self, request: HttpRequest, responder: Responder) -> bytes | Pending | None:
        """The whole response; or the request while it is being answered, of which the responder
        hears; None where the application has to answer it."""
        ...

    def close(self) -> None:
        """The server ends: give up what is held for requests."""
        ...


_Found = tuple[RequestHead | None, str | None, bytes | None]
"""A head, None where it has to be parsed, a condition, and an identifier."""


@final
class RequestReader:
    """Reads whole requests for the path."""

    def __init__(self, path: bytes, limits: MessageLimits) -> None:
        self._limits = limits
        self._line = re.compile(
            rb"(GET|HEAD|POST|QUERY) %b(?:\?([\x21\x22\x24-\x7e]*+))? HTTP/1\.1\r\n"
            % re.escape(path)
        )
        self._seen: OrderedDict[tuple[ConnectionPlace, bytes], _Found] = OrderedDict()
        self._heads: OrderedDict[tuple[ConnectionPlace, _Lines], RequestHead | None] = OrderedDict()
        self._numbers = itertools.count()

    def read(self, data: bytes, place: ConnectionPlace) -> HttpRequest | None:
        """The request with which the bytes begin, where they hold all of it; None where it has to
        be parsed."""
        line = self._line.match(data)
        if line is None:
            return None
        start = line.end()
        end = data.find(b"\r\n\r\n", start - 2) + 4
        if end < 4 or end - start > _MOST_HEAD_BYTES or start > self._limits.line_bytes:
            return None
        lines, size, method = data[start:end], end, line[1]
        if method in _WITH_BODY:
            length = _LENGTH.search(data, start - 2, end)
            if length is None:
                return None
            size += int(length[1])
            if len(data) < size:
                return None
            lines = data[start : length.start()] + data[length.end() : end]
        try:
            head, condition, identifier = self._seen[place, lines]
        except KeyError:
            head, condition, identifier = self._learn(place, lines, data[start:end])
        if head is None:
            return None
        query, body = line[2] or b"", data[end:size]
        return HttpRequest(method, query, body, head, size, condition, identifier)

    def _learn(self, place: ConnectionPlace, lines: bytes, whole: bytes) -> _Found:
        """The head of these lines; None, and not remembered, where they are not well-formed."""
        try:
            Framing(self._limits).feed(b"POST / HTTP/1.1\r\n" + whole)
        except ProblemError:
            return None, None, None
        fields = list(_fields(lines))
        found = tuple(field for field in fields if field[0] in _LOOKED_AT)
        try:
            head = self._heads[place, found]
        except KeyError:
            head = self._read(place, found)
            _keep(self._heads, (place, found), head, _MOST_HEADS)
        condition, identifier = _joined(fields, _CONDITION), _joined(fields, request_ids.FIELD)
        told = None if condition is None else condition.decode("latin-1")
        learned = head, told, identifier
        _keep(self._seen, (place, lines), learned, _MOST_LINES)
        return learned

    def _read(self, place: ConnectionPlace, lines: _Lines) -> RequestHead | None:
        """The head; None where a request with it has to be parsed."""
        fields = dict[bytes, bytes]()
        for name, value in lines:
            fields[name] = fields[name] + b", " + value if name in fields else value
        connection = fields.get(b"connection", b"keep-alive").lower()
        if connection not in (b"keep-alive", b"close") or not _UNUSUAL.isdisjoint(fields):
            return None
        closes = connection == b"close"
        return RequestHead(next(self._numbers), place, fields, lines, closes)


def _fields(lines: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The fields, each as it came."""
    for each in lines[:-4].split(b"\r\n"):
        name, _, value = each.partition(b":")
        yield name.lower(), value.strip(b" \t")


def _joined(fields: list[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """The values of the field of that name; None where there is none."""
    values = [value for name, value in fields if name == wanted]
    return b", ".join(values) if values else None


def _keep(held: "OrderedDict[_K, _V]", key: _K, value: _V, most: int) -> None:
    """Remember it, instead of the oldest."""
    held[key] = value
    if len(held) > most:
        held.popitem(last=False)
