"""Complete requests for one path, read in one step; their field lines are parsed once.

Clients send the same field lines with each request, so parsed field lines are cached by their
bytes: they were checked against limits and grammar then, and only the request line is new.
Requests that arrive in pieces, or are unusual otherwise, are left to the parser.

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
"""How many parsed heads and sets of field lines are cached, and how many bytes such a set may have:
4 MiB together, and some 25 MiB where clients try to make it much. Browsers send 1 to 2 KiB."""
_LOOKED_AT: Final = frozenset(
    b"accept accept-datetime accept-encoding authorization connection content-encoding "
    b"content-length content-type expect forwarded host range transfer-encoding "
    b"upgrade x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix "
    b"x-forwarded-proto x-query-id".split()
)
"""Fields that decide how a request is answered; those that proxies add differ in each request."""
_CONDITION: Final = b"if-none-match"
_LENGTH: Final = re.compile(rb"(?<=\r\n)content-length:[ \t]*([0-9]{1,7})[ \t]*\r\n", re.IGNORECASE)
"""A length of seven digits is more than any query may have."""
_UNUSUAL: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Fields about the framing of the body, or that need an answer before the body is sent."""
BEGUN: Final = "spacepolicy.begun"
"""The key of an ASGI scope for the answer that was begun before (`HeldAnswer`)."""
_WITH_BODY: Final = (b"POST", b"QUERY")
Address = tuple[str, int | None] | None
_Lines = tuple[tuple[bytes, bytes], ...]
_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class ConnectionPlace(NamedTuple):
    """The local address of a connection, and the client's where it matters."""

    scheme: str
    server: Address
    client: Address


@final
@dataclass(frozen=True, slots=True, eq=False)
class RequestHead:
    """The fields that decide how a request is answered, with the connection's addresses; parsed
    once for all requests that have the same.

    `fields` are by lower-case name, a repeated one as a list (RFC 9110 section 5.3); `lines` are
    in the order received. `number` identifies the head; `closes`: the connection is closed after
    the response. `prepared` caches what the endpoint derives from the head alone.
    """

    number: int
    place: ConnectionPlace
    fields: Mapping[bytes, bytes]
    lines: _Lines
    closes: bool = False
    prepared: dict[Hashable, Any] = field(default_factory=dict)


class HttpRequest(NamedTuple):
    """A complete request. `condition` is its If-None-Match, `id` its X-Request-Id; `size` its
    length in bytes."""

    method: bytes
    query: bytes
    body: bytes
    head: RequestHead
    size: int
    condition: str | None = None
    id: bytes | None = None

    @property
    def key(self) -> Hashable:
        """Identifies the request, apart from its condition and its identifier."""
        return self.head.number, self.method, self.query, self.body


class Pending(Protocol):
    """A request that is being answered without a task."""

    def drop(self) -> None:
        """Called when the client has gone; nothing is sent."""
        ...


class HeldAnswer(Protocol):
    """An answer that has begun, for the application to go on with."""

    def drop(self) -> None:
        """Stop it, unless it was taken over."""
        ...


class Responder(Protocol):
    """The connection of a request; exactly one of `answered` and `unanswered` is called."""

    def date(self) -> bytes:
        """Return the value of the Date field for now."""
        ...

    def answered(self, response: bytes) -> None:
        """Send the complete response."""
        ...

    def unanswered(self, begun: HeldAnswer | None) -> None:
        """Let the application answer the request, and take over what has begun of the answer."""
        ...


class Endpoint(Protocol):
    """Answers requests for one path, without a task where it can."""

    path: bytes

    def handle(self, request: HttpRequest, responder: Responder) -> bytes | Pending | None:
        """Return the complete response; or a `Pending`, whose result the responder gets later;
        None where the application has to answer."""
        ...

    def close(self) -> None:
        """Called when the server stops: stop what is pending."""
        ...


_Found = tuple[RequestHead | None, str | None, bytes | None]
"""A head, None where it has to be parsed, a condition, and an identifier."""


@final
class RequestReader:
    """Reads complete requests for the path."""

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
        """Return the request at the start of the bytes, if they hold all of it; None where the
        parser has to read it."""
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
        """Parse the field lines and cache the result; not where they are malformed."""
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
        text = None if condition is None else condition.decode("latin-1")
        learned = head, text, identifier
        _keep(self._seen, (place, lines), learned, _MOST_LINES)
        return learned

    def _read(self, place: ConnectionPlace, lines: _Lines) -> RequestHead | None:
        """The head; None where the parser has to read requests with it."""
        fields = dict[bytes, bytes]()
        for name, value in lines:
            fields[name] = fields[name] + b", " + value if name in fields else value
        connection = fields.get(b"connection", b"keep-alive").lower()
        if connection not in (b"keep-alive", b"close") or not _UNUSUAL.isdisjoint(fields):
            return None
        closes = connection == b"close"
        return RequestHead(next(self._numbers), place, fields, lines, closes)


def _fields(lines: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The fields in the order received."""
    for each in lines[:-4].split(b"\r\n"):
        name, _, value = each.partition(b":")
        yield name.lower(), value.strip(b" \t")


def _joined(fields: list[tuple[bytes, bytes]], wanted: bytes) -> bytes | None:
    """The values of the field of that name; None where there is none."""
    values = [value for name, value in fields if name == wanted]
    return b", ".join(values) if values else None


def _keep(held: "OrderedDict[_K, _V]", key: _K, value: _V, most: int) -> None:
    """Cache the value, and remove the oldest where there are more than `most`."""
    held[key] = value
    if len(held) > most:
        held.popitem(last=False)
