"""Answers given again to the very bytes that they answered before, without looking at these again.

Only what the application says it keeps is kept here too: a whole answer to one whole request that
bears no token, computed on the revision that is in force. Its date and its query identifier are
made anew each time, and the line of the log is written as for any other.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1 (Date)
"""

import re
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, final

from spacepolicy.web.answering.running import query_identifier
from spacepolicy.web.notes import Notes, notes

_OVERHEAD_BYTES: Final = 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_PERSONAL: Final = re.compile(
    rb"\r\n(authorization|forwarded|expect|upgrade|connection|x-query-id|accept-datetime|range) *:",
    re.IGNORECASE,
)
"""Fields of a request whose answer is for this request alone, or leaves the connection changed."""
_LENGTH: Final = re.compile(rb"\r\ncontent-length *: *(\d+) *\r\n", re.IGNORECASE)
_CHANGING: Final = re.compile(rb"(?<=\r\n)(date|x-query-id): [^\r\n]*\r\n", re.IGNORECASE)
_REVISION: Final = re.compile(rb"\r\nx-dataset-revision: (\d+)\r\n")
_KEPT: Final = "kept"
Address = tuple[str, int | None] | None


@final
@dataclass(frozen=True, slots=True)
class _Echo:
    number: int
    before: bytes
    after: bytes
    notes: Notes
    method: str

    def log(self) -> None:
        """Write the line of the request."""
        sheet = Notes(
            kind=_KEPT,
            query=self.notes.query,
            status=self.notes.status,
            media_type=self.notes.media_type,
            broken=False,
        )
        sheet.log({"method": self.method, "path": "/sparql"}, self.number)


@final
class Echoes:
    """Keeps up to `max_bytes` of requests with their answers, those used last; `in_force` tells
    the number of the revision in force."""

    def __init__(self, max_bytes: int, in_force: Callable[[], int]) -> None:
        self._max_bytes = max_bytes
        self._in_force = in_force
        self._held: OrderedDict[tuple[Address, bytes], _Echo] = OrderedDict()
        self._held_bytes = 0

    def answer(self, address: Address, request: bytes, date: bytes) -> bytes | None:
        """The answer to these bytes where they were sent to the address, dated so; None where none
        is kept for them."""
        key = (address, request)
        echo = self._held.get(key)
        if echo is None:
            return None
        if echo.number != self._in_force():
            self._drop(key)
            return None
        self._held.move_to_end(key)
        echo.log()
        identifier = query_identifier(None).encode()
        return b"%sdate: %s\r\nx-query-id: %s\r\n%s" % (
            echo.before,
            date,
            identifier,
            echo.after,
        )

    def keep(
        self, address: Address, request: bytes, scope: MutableMapping[str, Any], answer: bytes
    ) -> None:
        """Keep the answer to the bytes of the request, where it may be given again."""
        sheet = notes(scope)
        revision = _REVISION.search(answer)
        if (
            sheet.kind != _KEPT
            or sheet.status != 200
            or scope["path"] != "/sparql"
            or revision is None
            or not _is_one_whole(request)
        ):
            return
        head, end, body = answer.partition(_END_OF_HEAD)
        line, _, fields = head.partition(b"\r\n")
        kept = _CHANGING.sub(b"", b"\r\n" + fields + b"\r\n")
        before, after = line + kept, b"\r\n" + body
        if not end or len(request) + len(answer) > self._max_bytes // 8:
            return
        key = (address, request)
        if key in self._held:
            self._drop(key)
        self._held[key] = _Echo(int(revision[1]), before, after, sheet, scope["method"])
        self._held_bytes += self._size(key)
        while self._held_bytes > self._max_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: tuple[Address, bytes]) -> None:
        self._held_bytes -= self._size(key)
        del self._held[key]

    def _size(self, key: tuple[Address, bytes]) -> int:
        echo = self._held[key]
        return len(key[1]) + len(echo.before) + len(echo.after) + _OVERHEAD_BYTES


def _is_one_whole(request: bytes) -> bool:
    """Whether the bytes are one request of HTTP/1.1, whole, and for everyone."""
    head, end, body = request.partition(_END_OF_HEAD)
    head += b"\r\n"
    if not end or b" HTTP/1.1\r\n" not in head or _PERSONAL.search(head) is not None:
        return False
    lengths = _LENGTH.findall(head)
    return len(lengths) <= 1 and len(body) == int(lengths[0] if lengths else 0)
