"""The frames in which an engine's answer comes over a connection.

    header   the form and the format that follow, and warnings, as JSON; the answer has begun
    data     a piece of the answer's bytes
    end      the answer is whole
    problem  kind, detail and extras of a problem, as JSON; nothing of the answer follows
    exit     the process ended without an end or a problem; the signal that ended it

A frame is a letter, its payload's length in four bytes, and the payload.
"""

import json
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple, final

from spacepolicy.engine.hints import Hint
from spacepolicy.errors import (
    CrashedError,
    EngineError,
    EngineFailedError,
    MemoryLimitError,
    ProblemError,
    problems,
)
from spacepolicy.serialization import Form

_HEAD: Final = struct.Struct("!cI")
_LAST: Final = b"last"
_SLOW: Final = b"slow"
_CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""Signals that end a process which exhausts its stack, or fails otherwise; nobody else is expected
to send these."""


@final
@dataclass(frozen=True, slots=True)
class Header:
    """The answer's form, the name of the format it comes in, and what its reader should know:
    warnings, and likely mistakes in the query."""

    form: Form
    format: str
    warnings: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


@final
class Data(NamedTuple):
    """A piece of the answer."""

    payload: bytes


@final
class End(NamedTuple):
    """The answer is complete; `rows` are its solutions, None where they are not counted, and
    `seconds` the processor time that it took, where that is known."""

    rows: int | None = None
    seconds: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """The query failed with an error that clients may see."""

    error: ProblemError


Frame = Header | Data | End | Problem
Letter = Literal[b"H", b"D", b"E", b"P", b"X"]


def frame(letter: Letter, payload: bytes = b"") -> bytes:
    """A frame as it is sent over the connection."""
    return frame_head(letter, len(payload)) + payload


def frame_head(letter: Letter, size: int) -> bytes:
    """The bytes before the payload of a frame of this size."""
    return _HEAD.pack(letter, size)


@lru_cache(maxsize=64)
def header_frame(header: Header) -> bytes:
    """The frame that begins an answer; cached, since most are one of a few."""
    table = {
        "form": header.form,
        "format": header.format,
        "warnings": header.warnings,
        "hints": [(hint.kind, hint.values) for hint in header.hints],
    }
    return frame(b"H", json.dumps(table).encode())


def end_frame(
    *, last: bool, rows: int | None = None, seconds: float = 0.0, slow: bool = False
) -> bytes:
    """The frame that ends an answer; `last`: this connection takes no other query, `slow`: it takes
    another, which is answered at low priority."""
    counted = b"" if rows is None else b"%d" % rows
    state = _LAST if last else _SLOW if slow else b""
    return frame(b"E", b"%b %b %d" % (state, counted, 1e6 * seconds))


def problem_frame(error: ProblemError, *, last: bool, slow: bool = False) -> bytes:
    """The frame of a problem; `last` and `slow` as for the end."""
    table = {"kind": error.kind, "detail": error.detail, "extras": error.extras}
    return frame(b"P", json.dumps({**table, "last": last, "slow": slow}).encode())


@final
class FrameDecoder:
    """Decodes the bytes of a connection into frames as they arrive.

    `reusable` says that the answer has ended and the connection takes another query, `slow` that
    its worker has been given a low priority.
    """

    def __init__(self) -> None:
        self.reusable = False
        self.slow = False
        self._received = b""

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """The frames that the piece completes."""
        received = self._received + piece if self._received else piece
        start = 0
        while len(received) - start >= _HEAD.size:
            letter, length = _HEAD.unpack_from(received, start)
            stop = start + _HEAD.size + length
            if len(received) < stop:
                break
            payload = received[start + _HEAD.size : stop]
            start = stop
            yield self._decoded(letter, payload)
        self._received = received[start:]

    def _decoded(self, letter: bytes, payload: bytes) -> Frame:
        match letter:
            case b"D":
                return Data(payload)
            case b"H":
                self.reusable = False
                return _header(payload)
            case b"E":
                state, rows, microseconds = payload.split(b" ")
                self.reusable, self.slow = state != _LAST, state == _SLOW
                return End(int(rows) if rows else None, int(microseconds) / 1e6)
            case b"P":
                table = json.loads(payload)
                self.reusable, self.slow = not table["last"], table["slow"]
                return Problem(problems()[table["kind"]](table["detail"], extras=table["extras"]))
            case b"X":
                self.reusable = False
                return Problem(ended(int(payload)))
            case _:
                return Problem(EngineError(f"The engine sent a frame {letter!r} that is none."))


@lru_cache(maxsize=64)
def _header(payload: bytes) -> Header:
    table = json.loads(payload)
    hints = tuple(Hint(kind, tuple(map(tuple, values))) for kind, values in table["hints"])
    return Header(table["form"], table["format"], tuple(table["warnings"]), hints)


def ended(signal_number: int) -> ProblemError:
    """The problem of a query whose process was ended by this signal (0: it exited by itself)."""
    if signal_number == 0:
        return EngineError("The engine's process ended without an answer.")
    if signal_number == signal.SIGABRT:
        return MemoryLimitError("The query ran out of the memory that one query may have.")
    if signal_number in _CRASHES:
        return CrashedError("The engine's process crashed.")
    return EngineFailedError(f"The engine's process was ended by signal {signal_number}.")
