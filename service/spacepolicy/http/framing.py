"""The framing of HTTP/1.1 requests, checked while their bytes arrive.

A head is held back until it is complete and known to be well-formed; a body is passed on as it
arrives, its chunks joined, without chunk extensions and trailers. So the parser behind this sees
only complete heads of bounded size, and a proxy cannot see another boundary between two requests
(request smuggling).

Spec: https://www.rfc-editor.org/rfc/rfc9112 (sections 2.2, 6, 7.1)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, final

from spacepolicy.errors import FieldsTooLargeError, MalformedRequestError, UriTooLongError
from spacepolicy.http.request_head import read_head

_SLACK_BYTES: Final = 16
"""How much more of a head is held than its limits allow, so that one of them is surely exceeded."""
_BLANK_BYTES: Final = 16
"""How many bytes of empty lines are skipped before a request; some old clients send one after a
body (RFC 9112 section 2.2)."""
_CHUNK_LINE_BYTES: Final = 256
"""A chunk's size has 16 digits at most, and no extension is known that means anything here."""
_FRAMING_BYTES: Final = 1 << 16
_FRAMING_SHARE: Final = 2
"""Chunk lines may take 64 KiB and twice what the chunks hold: a text sent in chunks of a line
passes, one sent in chunks of a byte does not, since each chunk costs the same whatever its size."""
_WRONG_LINE_END: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


@final
@dataclass(frozen=True, slots=True)
class MessageLimits:
    """How large a request's head may be: the request line, all field lines together, one field
    line, and their number. The trailer section has the same limits."""

    line_bytes: int = (1 << 14) + 64
    """A path and a query of 8 KiB each, which the application accepts, and a method."""
    fields_bytes: int = 1 << 15
    field_bytes: int = 1 << 14
    """Twice what proxies in front usually accept, so that their limit is reached first."""
    fields: int = 100
    """Four times what browsers behind proxies send."""


class Phase(Enum):
    """Where in a request the next byte belongs; `COMPLETE` waits for `next_request`."""

    HEAD = auto()
    LENGTH = auto()
    CHUNK_LINE = auto()
    CHUNK_DATA = auto()
    CHUNK_END = auto()
    TRAILERS = auto()
    COMPLETE = auto()


@final
class Framing:
    """The requests of one connection, one after another.

    `left` is how many bytes of the body, or of its current chunk, are still to come; `body_bytes`
    how many of the body have arrived.
    """

    __slots__ = ("_head", "_held", "_limits", "_lines", "_overhead", "body_bytes", "left", "phase")

    def __init__(self, limits: MessageLimits) -> None:
        self._limits = limits
        self._head = b""
        self._held = bytearray()
        self._lines = 0
        self._overhead = 0
        self.phase = Phase.HEAD
        self.left = 0
        self.body_bytes = 0

    @property
    def untouched(self) -> bool:
        """Whether nothing of the next request has arrived."""
        return self.phase is Phase.HEAD and not self._held

    @property
    def head(self) -> bytes:
        """The head of the current request as far as it has arrived, well-formed or not."""
        return self._head or bytes(self._held)

    @property
    def complete(self) -> bool:
        """Whether a complete request has arrived."""
        return self.phase is Phase.COMPLETE

    @property
    def in_body(self) -> bool:
        """Whether the head has arrived and the body has not ended."""
        return self.phase is not Phase.HEAD and self.phase is not Phase.COMPLETE

    @property
    def chunked(self) -> bool:
        """Whether the body that is arriving is chunked."""
        return self.in_body and self.phase is not Phase.LENGTH

    def next_request(self) -> None:
        """Start reading the next request."""
        self.phase = Phase.HEAD
        self._head = b""
        self._lines = self._overhead = self.left = self.body_bytes = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the bytes for the parser that `data` adds to the current request, and the bytes
        that follow that request.

        Raises: as `read_head`, UriTooLongError, FieldsTooLargeError, as soon as that is known;
        the connection cannot be read any further then.
        """
        passed: list[bytes] = []
        ending = b""
        chunks: list[bytes] = []
        while data and self.phase is not Phase.COMPLETE:
            match self.phase:
                case Phase.HEAD:
                    data = self._read_head(data, passed)
                case Phase.LENGTH:
                    data = self._read_length(data, passed)
                case Phase.CHUNK_LINE:
                    data = self._read_chunk_line(data)
                case Phase.CHUNK_DATA:
                    data = self._read_chunk(data, chunks)
                case Phase.CHUNK_END:
                    data = self._read_chunk_end(data)
                case Phase.TRAILERS:
                    data = self._read_trailers(data)
                    ending = b"0\r\n\r\n" if self.complete else b""
        return b"".join((*passed, _chunk(chunks), ending)), data

    def _read_head(self, data: bytes, passed: list[bytes]) -> bytes:
        if not self._held:
            data = self._without_blank_lines(data)
        seen = len(self._held)
        most = self._limits.line_bytes + self._limits.fields_bytes + _SLACK_BYTES
        self._held += data[: most - seen]
        end = self._held.find(b"\r\n\r\n", max(0, seen - 3))
        stop = len(self._held) if end < 0 else end + 4
        self._check_arriving(seen, stop)
        if end < 0:
            return b""
        taken = stop - seen
        self._head = bytes(self._held[:stop])
        self._held.clear()
        read = read_head(self._head)
        passed.append(read.head)
        self._begin_body(read.length)
        return data[taken:]

    def _without_blank_lines(self, data: bytes) -> bytes:
        """The bytes without leading empty lines.

        Raises: MalformedRequestError where there are more than `_BLANK_BYTES` of them.
        """
        if data[:1] not in b"\r\n":
            return data
        rest = data.lstrip(b"\r\n")
        self._overhead += len(data) - len(rest)
        if self._overhead > _BLANK_BYTES:
            raise MalformedRequestError("There are empty lines in the place of a request.")
        return rest

    def _check_arriving(self, seen: int, stop: int) -> None:
        """Check the head so far against its limits; the first `seen` bytes were checked before.

        Raises: MalformedRequestError, UriTooLongError, FieldsTooLargeError.
        """
        held, limits = self._held, self._limits
        if _WRONG_LINE_END.search(held, max(0, seen - 1), stop):
            raise MalformedRequestError("A line of the head ends in CR or LF alone.")
        line = held.find(b"\r\n", 0, limits.line_bytes + 2)
        if line < 0:
            if stop > limits.line_bytes:
                raise UriTooLongError(
                    f"The request line has more than the {limits.line_bytes} bytes that are taken."
                )
            return
        self._lines += held.count(b"\n", seen, stop)
        if self._lines > limits.fields + 2:  # the request line, and the empty line
            raise FieldsTooLargeError(f"There are more than {limits.fields} header fields.")
        if stop - line - 4 > limits.fields_bytes:
            raise _too_large("The header fields have", limits.fields_bytes)
        last = held.rfind(b"\r\n", 0, stop - 4)
        if stop - last - 2 > limits.field_bytes or self._has_long_line(seen, stop):
            raise _too_large("One header field has", limits.field_bytes)

    def _has_long_line(self, seen: int, stop: int) -> bool:
        """Whether a field line is too long; only possible where many bytes are new."""
        if stop - seen <= self._limits.field_bytes:
            return False
        lines = bytes(self._held[:stop]).split(b"\r\n")[1:]
        return any(len(line) > self._limits.field_bytes for line in lines)

    def _begin_body(self, length: int | None) -> None:
        """Expect a body of that length, or a chunked one where it is None."""
        self._overhead = 0
        self.left = length or 0
        if length is None:
            self.phase = Phase.CHUNK_LINE
        else:
            self.phase = Phase.LENGTH if length else Phase.COMPLETE

    def _read_length(self, data: bytes, passed: list[bytes]) -> bytes:
        piece = data[: self.left]
        passed.append(piece)
        self.left -= len(piece)
        self.body_bytes += len(piece)
        if not self.left:
            self.phase = Phase.COMPLETE
        return data[len(piece) :]

    def _line(self, data: bytes, most: int, what: str) -> tuple[bytes | None, bytes]:
        """The line that the bytes complete (None where they do not), and the bytes after it.

        Raises: MalformedRequestError where it is longer than `most`, or does not end in CR LF.
        """
        end = data.find(b"\n", 0, most + 2)
        self._held += data[: most + 2] if end < 0 else data[: end + 1]
        if len(self._held) > most + 2 or (end < 0 and len(self._held) == most + 2):
            raise MalformedRequestError(f"The {what} is longer than {most} bytes.")
        if end < 0:
            return None, b""
        line = bytes(self._held)
        self._held.clear()
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise MalformedRequestError(f"The {what} ends in CR or LF alone.")
        return line[:-2], data[end + 1 :]

    def _read_chunk_line(self, data: bytes) -> bytes:
        line, rest = self._line(data, _CHUNK_LINE_BYTES, "line before a chunk")
        if line is None:
            return rest
        found = _CHUNK_LINE.fullmatch(line)
        if found is None:
            raise MalformedRequestError("A chunk of the body does not begin with its size.")
        self._overhead += len(line) + 4
        if self._overhead > _FRAMING_BYTES + _FRAMING_SHARE * self.body_bytes:
            raise MalformedRequestError("The chunks of the body hold less than their framing does.")
        self.left = int(found[1], 16)
        if self.left:
            self.phase = Phase.CHUNK_DATA
        else:
            self.phase = Phase.TRAILERS
            self._lines = self._overhead = 0
        return rest

    def _read_chunk(self, data: bytes, chunks: list[bytes]) -> bytes:
        piece = data[: self.left]
        chunks.append(piece)
        self.left -= len(piece)
        self.body_bytes += len(piece)
        if not self.left:
            self.phase = Phase.CHUNK_END
        return data[len(piece) :]

    def _read_chunk_end(self, data: bytes) -> bytes:
        line, rest = self._line(data, 0, "end of a chunk")
        if line is not None:
            self.phase = Phase.CHUNK_LINE
        return rest

    def _read_trailers(self, data: bytes) -> bytes:
        """Discard the trailer fields, as a recipient may (RFC 9112 section 7.1.2)."""
        limits = self._limits
        line, rest = self._line(data, limits.field_bytes, "trailer field")
        if line is None:
            return rest
        self._lines += 1
        self._overhead += len(line)
        if self._lines > limits.fields + 1 or self._overhead > limits.fields_bytes:
            raise _too_large("The trailer fields have", limits.fields_bytes)
        if not line:
            self.phase = Phase.COMPLETE
        return rest


def _chunk(pieces: Sequence[bytes]) -> bytes:
    """The pieces as one chunk, if there are any."""
    whole = b"".join(pieces)
    return b"%x\r\n%b\r\n" % (len(whole), whole) if whole else b""


def _too_large(what: str, limit: int) -> FieldsTooLargeError:
    return FieldsTooLargeError(
        f"{what} more than the {limit} bytes that are taken.", extras={"limit_bytes": limit}
    )
