"""Answers given again to the very bytes that they answered before, without looking at these again.

Only what the application says it keeps is kept here too: a whole answer to one whole request that
bears no token, computed on the revision that is in force. Its date and its query identifier are
made anew each time, and the line of the log is written as for any other.
"""

from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, final

from spacepolicy.commands.messages import Address, is_one_whole, lasting, of_one_answer
from spacepolicy.web.notes import Notes, notes

_OVERHEAD_BYTES: Final = 1024
_KEPT: Final = "kept"


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
        return b"".join((echo.before, of_one_answer(date), echo.after))

    def keep(
        self, address: Address, request: bytes, scope: MutableMapping[str, Any], answer: bytes
    ) -> None:
        """Keep the answer to the bytes of the request, where it may be given again."""
        sheet = notes(scope)
        kept = lasting(answer)
        if (
            sheet.kind != _KEPT
            or sheet.status != 200
            or scope["path"] != "/sparql"
            or kept is None
            or not is_one_whole(request)
        ):
            return
        if len(request) + len(answer) > self._max_bytes // 8:
            return
        key = (address, request)
        if key in self._held:
            self._drop(key)
        self._held[key] = _Echo(
            kept.revision, kept.head, b"\r\n" + kept.body, sheet, scope["method"]
        )
        self._held_bytes += self._size(key)
        while self._held_bytes > self._max_bytes:
            self._drop(next(iter(self._held)))

    def _drop(self, key: tuple[Address, bytes]) -> None:
        self._held_bytes -= self._size(key)
        del self._held[key]

    def _size(self, key: tuple[Address, bytes]) -> int:
        echo = self._held[key]
        return len(key[1]) + len(echo.before) + len(echo.after) + _OVERHEAD_BYTES
