"""The engine's port: what is asked, and the frames in which an answer comes.

A connection is a stream socket. One request goes in, frames come out:

    header   the form and the format that follow, as JSON; the answer has begun
    data     a piece of the answer's bytes
    end      the answer is whole
    problem  kind, detail and extras of a problem, as JSON; nothing else follows
    exit     the process ended without an end or a problem; the signal that ended it

A frame is a letter, its payload's length in four bytes, and the payload. Closing the connection
stops the query, wherever it stands.
"""

import json
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, Protocol, final

from spacepolicy.answers import Form
from spacepolicy.errors import (
    EngineError,
    MemoryLimitError,
    ProblemError,
    QueryTooComplexError,
    TimeLimitError,
    problems,
)

CHUNK_BYTES: Final = 1 << 18
READY: Final = b"ready"
"""What a server of queries says once its dataset is loaded."""
_HEAD: Final = struct.Struct("!cI")
_LENGTH: Final = struct.Struct("!I")
_ABORTED: Final = 6


@final
@dataclass(frozen=True, slots=True)
class Query:
    """A query as the engine takes it.

    `default_graphs` and `named_graphs` are the protocol's dataset parameters, None where it gives
    none; `solutions_format` and `graph_format` name the formats of `formats.FORMATS` wanted for
    either form, None where the client accepts none; `prefixes` need not be declared in the text,
    and relative IRIs are resolved against `base`.
    """

    text: str
    solutions_format: str | None = "json"
    graph_format: str | None = "turtle"
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None

    def to_bytes(self) -> bytes:
        """The request as it goes over the connection."""
        body = json.dumps(asdict(self)).encode()
        return _LENGTH.pack(len(body)) + body


def receive_query(connection: socket.socket) -> Query | None:
    """The request that comes over the connection; None where the other side has gone."""
    head = _exactly(connection, _LENGTH.size)
    body = _exactly(connection, _LENGTH.unpack(head)[0]) if head else None
    if body is None:
        return None
    table = json.loads(body)
    for name in ("default_graphs", "named_graphs"):
        table[name] = None if table[name] is None else tuple(table[name])
    return Query(**table)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            return None
        received += piece
    return bytes(received)


@final
@dataclass(frozen=True, slots=True)
class Header:
    """The answer's form, and the name of the format it comes in."""

    form: Form
    format: str


@final
@dataclass(frozen=True, slots=True)
class Data:
    """A piece of the answer."""

    payload: bytes


@final
@dataclass(frozen=True, slots=True)
class End:
    """The answer is whole."""


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """The query failed with an error that the outside may see."""

    error: ProblemError


Frame = Header | Data | End | Problem
Letter = Literal[b"H", b"D", b"E", b"P", b"X"]


def frame(letter: Letter, payload: bytes = b"") -> bytes:
    """A frame as it goes over the connection."""
    return _HEAD.pack(letter, len(payload)) + payload


def header_frame(header: Header) -> bytes:
    """The frame that begins an answer."""
    return frame(b"H", json.dumps(asdict(header)).encode())


def problem_frame(error: ProblemError) -> bytes:
    """The frame that tells a problem."""
    table = {"kind": error.kind, "detail": error.detail, "extras": error.extras}
    return frame(b"P", json.dumps(table).encode())


@final
class FrameDecoder:
    """Turns the bytes of a connection into frames, as they come."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """The frames that the piece completes."""
        self._received += piece
        while len(self._received) >= _HEAD.size:
            letter, length = _HEAD.unpack_from(self._received)
            stop = _HEAD.size + length
            if len(self._received) < stop:
                return
            payload = bytes(self._received[_HEAD.size : stop])
            del self._received[:stop]
            yield _decoded(letter, payload)


def _decoded(letter: bytes, payload: bytes) -> Frame:
    match letter:
        case b"D":
            return Data(payload)
        case b"H":
            return Header(**json.loads(payload))
        case b"E":
            return End()
        case b"P":
            table = json.loads(payload)
            return Problem(problems()[table["kind"]](table["detail"], extras=table["extras"]))
        case b"X":
            return Problem(_ended(int(payload)))
        case _:
            return Problem(EngineError(f"The engine sent a frame {letter!r} that is none."))


def _ended(signal_number: int) -> ProblemError:
    """What a process's end by this signal says of its query (0: it left by itself)."""
    if signal_number == 0:
        return EngineError("The engine's process ended without an answer.")
    if signal_number == _ABORTED:
        return MemoryLimitError("The query ran out of the memory that one query may have.")
    return QueryTooComplexError("The query is nested or chained more deeply than can be read.")


class Engine(Protocol):
    """Whatever answers queries: processes on this machine, or an endpoint elsewhere."""

    def connect(self) -> socket.socket:
        """A blocking connection for one query: send `Query.to_bytes()`, read frames, close.

        Raises: EngineError where the engine takes no queries.
        """
        ...

    def close(self) -> None:
        """Stop every query and free what the engine holds."""
        ...


def ask(engine: Engine, query: Query, timeout_seconds: float) -> Iterator[Header | Data]:
    """The answer's header and its data, as they come; whole when the iterator ends.

    Raises: ProblemError where the query fails, is not answered in time, or breaks off.
    """
    deadline = time.monotonic() + timeout_seconds
    with engine.connect() as connection:
        connection.sendall(query.to_bytes())
        decoder = FrameDecoder()
        while True:
            for each in decoder.feed(_received(connection, deadline)):
                match each:
                    case End():
                        return
                    case Problem(error):
                        raise error
                    case _:
                        yield each


def _received(connection: socket.socket, deadline: float) -> bytes:
    """The next bytes.

    Raises: TimeLimitError at the deadline, EngineError where the connection ends.
    """
    connection.settimeout(max(deadline - time.monotonic(), 0.001))
    try:
        piece = connection.recv(CHUNK_BYTES)
    except TimeoutError as error:
        raise TimeLimitError("The query ran longer than it may.") from error
    if not piece:
        raise broken_off()
    return piece


def broken_off() -> EngineError:
    """What to say of a connection that closes before its answer has ended."""
    return EngineError("The engine's process ended in the middle of its answer.")
