"""Requests that equal an answered one in all but the constants of their query.

The bytes around the query are a mould: how they are read, and all of the answer's head that does
not depend on the query, is known from the first of them. So the query goes to the engine at once,
and an answer that is soon there whole goes out without a look at anything else. A request that came
a short while ago is left to be read, so that its answer is kept.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

from spacepolicy.commands.messages import Address, is_one_whole, lasting, of_one_answer
from spacepolicy.engine.likeness import likeness
from spacepolicy.engine.port import Header
from spacepolicy.web.answering.begun import Alike, Begun, Sent
from spacepolicy.web.notes import Notes, notes

_QUERY: Final = re.compile(rb"GET /sparql\?query=([!-\"$%'-~]++)((?: |&).*+)", re.DOTALL)
_ASKED_AGAIN: Final = re.compile(rb"\r\n(if-none-match|if-match) *:|[?&]revision=", re.IGNORECASE)
_OF_ONE_ANSWER: Final = re.compile(rb"(?<=\r\n)(content-length|etag): [^\r\n]*\r\n", re.IGNORECASE)
_OF_FEW_ANSWERS: Final = re.compile(
    rb"\r\n(warning|content-encoding|transfer-encoding):", re.IGNORECASE
)
_FORMS: Final = ("solutions", "boolean", "graph")
_MAX_BYTES: Final = 4096
_MAX_MOULDS: Final = 256
_MAX_LATELY: Final = 1 << 14
_Key = tuple[Address, bytes, str]


@final
@dataclass(frozen=True, slots=True)
class _Mould:
    """What answers of one mould and likeness have in common."""

    number: int
    head: bytes
    alike: Alike
    kind: str
    media_type: str


class Asker(Protocol):
    """Whoever has sent a request that was cast, until the one or the other comes of it."""

    def date(self) -> bytes:
        """The date of now, as HTTP writes it."""
        ...

    def answered(self, answer: bytes) -> None:
        """Take the whole answer."""
        ...

    def unanswered(self, begun: Begun | None) -> None:
        """Have the request read, which goes on with what has begun."""
        ...


@final
class Casting:
    """A request whose query is on its way."""

    __slots__ = ("_asker", "_mould", "_notes", "_text", "sent")

    def __init__(self, text: str, mould: _Mould, asker: Asker) -> None:
        self._text = text
        self._mould = mould
        self._asker = asker
        self._notes = Notes(query=text)
        self.sent = mould.alike.begin(text, self)
        """None where the request has to be read."""

    def answer(self, header: Header, body: bytes) -> bytes | None:
        """As the port says: None where it takes more than the mould."""
        fields = (
            None
            if header.warnings or header.hints
            else self._mould.alike.fields(self._text, len(body))
        )
        if fields is None:
            return None
        date = of_one_answer(self._asker.date())
        return b"".join((self._mould.head, date, fields, b"\r\n", body))

    def answered(self, answer: bytes, rows: int | None) -> None:
        """Send the answer, and write the line of the request."""
        self._asker.answered(answer)
        sheet, mould = self._notes, self._mould
        sheet.kind, sheet.media_type = mould.kind, mould.media_type
        sheet.status, sheet.broken, sheet.rows = 200, False, rows
        sheet.log({"method": "GET", "path": "/sparql"}, mould.number)

    def unanswered(self, begun: Begun | None) -> None:
        """Have the request read."""
        self._asker.unanswered(begun)


@final
class Moulds:
    """Keeps the moulds used last; `in_force` tells the number of the revision in force."""

    def __init__(self, in_force: Callable[[], int]) -> None:
        self._in_force = in_force
        self._held: OrderedDict[_Key, _Mould] = OrderedDict()
        self._around: dict[tuple[Address, bytes], int] = {}
        self._lately: dict[int, None] = {}

    def begin(self, address: Address, request: bytes, asker: Asker) -> Sent | None:
        """The query of the request, which is on its way; None where it has to be read."""
        found = _split(request)
        if found is None or (address, found[1]) not in self._around:
            return None
        text = _text(found[0])
        common = None if text is None else likeness(text)
        if text is None or common is None:
            return None
        key = (address, found[1], common)
        mould = self._held.get(key)
        if mould is None or self._came_lately(address, request):
            return None
        if mould.number != self._in_force():
            return None
        self._held.move_to_end(key)
        return Casting(text, mould, asker).sent

    def _came_lately(self, address: Address, request: bytes) -> bool:
        """Whether the request came before, not long ago; from now on it has."""
        name = hash((address, request))
        if name in self._lately:
            return True
        if len(self._lately) >= _MAX_LATELY:
            self._lately.clear()
        self._lately[name] = None
        return False

    def keep(
        self, address: Address, request: bytes, scope: MutableMapping[str, Any], answer: bytes
    ) -> None:
        """Keep the mould of the request and its answer, where others may be cast in it."""
        sheet, found = notes(scope), _split(request)
        kept = lasting(answer)
        if (
            found is None
            or kept is None
            or sheet.alike is None
            or sheet.kind not in _FORMS
            or sheet.status != 200
            or _OF_FEW_ANSWERS.search(kept.head)
            or _ASKED_AGAIN.search(found[1])
            or not is_one_whole(request)
        ):
            return
        key = (address, found[1], sheet.alike.likeness)
        held = self._held.get(key)
        if held is not None:
            if held.number == kept.revision:
                return  # it knows how long the others took
            sheet.alike.expect_as(held.alike)
            self._drop(key)
        fields = _OF_ONE_ANSWER.sub(b"", kept.head)
        mould = _Mould(kept.revision, fields, sheet.alike, sheet.kind, sheet.media_type)
        self._held[key] = mould
        self._around[key[:2]] = self._around.get(key[:2], 0) + 1
        while len(self._held) > _MAX_MOULDS:
            self._drop(next(iter(self._held)))

    def _drop(self, key: _Key) -> None:
        del self._held[key]
        self._around[key[:2]] -= 1
        if not self._around[key[:2]]:
            del self._around[key[:2]]


def _split(request: bytes) -> tuple[bytes, bytes] | None:
    """The query of the request as it came, and all that comes behind it."""
    found = _QUERY.fullmatch(request) if len(request) <= _MAX_BYTES else None
    return None if found is None else (found[1], found[2])


def _text(value: bytes) -> str | None:
    """The text that is quoted so, as forms do; None where that takes a closer look."""
    if b"\\" in value:
        return None
    escaped = value.replace(b"+", b" ").replace(b"%", b"\\x")
    try:
        return escaped.decode("unicode_escape").encode("latin-1").decode()
    except ValueError:
        return None
