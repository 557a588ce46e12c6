"""The engine's port: what is asked, and the frames in which an answer comes.

A connection is a stream socket. A request goes in: the lengths of its table and of its text, in
four bytes each, the table as JSON, and the text. Frames come out:

    header   the form and the format that follow, and warnings, as JSON; the answer has begun
    data     a piece of the answer's bytes
    end      the answer is whole
    problem  kind, detail and extras of a problem, as JSON; nothing of the answer follows
    exit     the process ended without an end or a problem; the signal that ended it

A frame is a letter, its payload's length in four bytes, and the payload. Closing the connection
stops the query, wherever it stands. After an end or a problem the engine may be ready for the next
query on the same connection (`FrameDecoder.reusable`); `Engine.release` takes it back.
"""

import json
import signal
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, Protocol, final

from spacepolicy.engine.hints import Hint
from spacepolicy.errors import (
    CrashedError,
    EngineError,
    EngineFailedError,
    MemoryLimitError,
    ProblemError,
    QueryTooComplexError,
    TimeLimitError,
    problems,
)
from spacepolicy.serialization import Form

CHUNK_BYTES: Final = 1 << 18
"""What is read from a socket at once: as much as Linux lets one hold by default
(`net.core.rmem_default`, 208 KiB), rounded up."""
_HEAD: Final = struct.Struct("!cI")
_LENGTHS: Final = struct.Struct("!II")
_LAST: Final = b"last"
_SLOW: Final = b"slow"
_CRASHES: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""How a process ends that runs out of its stack, or goes wrong otherwise; nobody else is expected
to send these."""


@final
@dataclass(frozen=True, slots=True)
class Query:
    """A query as the engine takes it.

    `default_graphs` and `named_graphs` are the protocol's dataset parameters, None where it gives
    none; `solutions_format` and `graph_format` name the formats of `formats.FORMATS` wanted for
    either form, None where the client accepts none; `prefixes` need not be declared in the text,
    and relative IRIs are resolved against `base`. With `hints`, what is likely wrong with a query
    whose answer says little comes in its header. `unlisted` is a named graph that is none of those
    of the default dataset; a dataset of the query's own may name it. An answer of more rows
    (solutions or triples) or bytes than the limits fails with a ResultLimitError; rows are counted
    in its bytes, where its format shows them.
    """

    text: str
    solutions_format: str | None = "json"
    graph_format: str | None = "turtle"
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    max_rows: int | None = None
    max_bytes: int | None = None
    base: str | None = None
    hints: bool = False
    unlisted: str | None = None

    def to_bytes(self) -> bytes:
        """The request as it goes over the connection."""
        return query_bytes(self.text, self.beside_text())

    def beside_text(self) -> bytes:
        """All of the request but its text; the same for queries that differ in that alone."""
        table = {field.name: getattr(self, field.name) for field in _FIELDS}
        return json.dumps(table | {"prefixes": dict(self.prefixes)}).encode()


_FIELDS: Final = [field for field in fields(Query) if field.name != "text"]


@final
@dataclass(slots=True)
class EngineRequest:
    """A request as it came: its table, its text, and what came `behind` it."""

    table: bytes
    text: bytes
    behind: bytes

    def told(self) -> dict[str, Any]:
        """What the table tells."""
        table: dict[str, Any] = json.loads(self.table)
        return table

    def query(self) -> Query:
        """The query that it asks."""
        return Query(self.text.decode("utf-8", "surrogatepass"), *_beside_text(self.table))


@lru_cache(maxsize=64)
def _beside_text(table: bytes) -> list[Any]:
    """Return the message's part that is the same for many queries: all but the text."""
    told = json.loads(table)
    for name in ("default_graphs", "named_graphs"):
        told[name] = None if told[name] is None else tuple(told[name])
    return [told[field.name] for field in _FIELDS]


def query_bytes(text: str, beside_text: bytes) -> bytes:
    """The request for a query of this text, where all else stands there already."""
    return _request(beside_text, text.encode("utf-8", "surrogatepass"))


def receive(connection: socket.socket, received: bytes = b"") -> EngineRequest | None:
    """The request that comes over the connection, of which this much has been received; None where
    the other side has gone."""
    start = whole = _LENGTHS.size
    table = 0
    while True:
        if len(received) >= start:
            table, text = _LENGTHS.unpack_from(received)
            whole = start + table + text
            if len(received) >= whole:
                break
        piece = connection.recv(CHUNK_BYTES)
        if not piece:
            return None
        received += piece
    middle = start + table
    return EngineRequest(received[start:middle], received[middle:whole], received[whole:])


def has_news(connection: socket.socket) -> bool:
    """Whether something has come over the connection, or its other side has gone; a worker may not
    poll, which needs a limit of open files that is not 0."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def receive_behind(
    connection: socket.socket, sizes: Sequence[int], received: bytes
) -> list[bytes] | None:
    """The pieces of those sizes that come behind a request's table, the first of which was received
    with it; None where the other side goes before they are whole."""
    pieces = bytearray(received)
    while len(pieces) < sum(sizes):
        piece = connection.recv(CHUNK_BYTES)
        if not piece:
            return None
        pieces += piece
    found, start = [], 0
    for size in sizes:
        found.append(bytes(pieces[start : start + size]))
        start += size
    return found


def request_bytes(table: Mapping[str, Any]) -> bytes:
    """The table of a request as it goes over the connection."""
    return _request(json.dumps(table).encode(), b"")


def _request(table: bytes, text: bytes) -> bytes:
    return b"".join((_LENGTHS.pack(len(table), len(text)), table, text))


@final
@dataclass(frozen=True, slots=True)
class Header:
    """The answer's form, the name of the format it comes in, and what its reader should know:
    warnings, and what is likely wrong with the query."""

    form: Form
    format: str
    warnings: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Data:
    """A piece of the answer."""

    payload: bytes


@final
@dataclass(frozen=True, slots=True)
class End:
    """The answer is whole; `rows` are its solutions, None where they are not counted, and `seconds`
    what it cost of a processor, where that is known."""

    rows: int | None = None
    seconds: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """The query failed with an error that the outside may see."""

    error: ProblemError


Frame = Header | Data | End | Problem
Letter = Literal[b"H", b"D", b"E", b"P", b"X"]


def frame(letter: Letter, payload: bytes = b"") -> bytes:
    """A frame as it goes over the connection."""
    return frame_head(letter, len(payload)) + payload


def frame_head(letter: Letter, size: int) -> bytes:
    """What stands before a frame's payload of this size."""
    return _HEAD.pack(letter, size)


@lru_cache(maxsize=64)
def header_frame(header: Header) -> bytes:
    """The frame that begins an answer; most are one of a few."""
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
    """The frame that ends an answer; `last`: no other query is taken on this connection, `slow`:
    one is, and answered at low priority."""
    counted = b"" if rows is None else b"%d" % rows
    state = _LAST if last else _SLOW if slow else b""
    return frame(b"E", b"%b %b %d" % (state, counted, 1e6 * seconds))


def problem_frame(error: ProblemError, *, last: bool, slow: bool = False) -> bytes:
    """The frame that tells a problem; `last` and `slow` as for the end."""
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
    """What a process's end by this signal says of its query (0: it left by itself)."""
    if signal_number == 0:
        return EngineError("The engine's process ended without an answer.")
    if signal_number == signal.SIGABRT:
        return MemoryLimitError("The query ran out of the memory that one query may have.")
    if signal_number in _CRASHES:
        return CrashedError("The engine's process crashed.")
    return EngineFailedError(f"The engine's process was ended by signal {signal_number}.")


def too_complex() -> QueryTooComplexError:
    """What to say of a query whose process crashes again when it is asked again."""
    return QueryTooComplexError("The query is nested or chained more deeply than can be read.")


@final
@dataclass(frozen=True, slots=True)
class EngineMemory:
    """How much memory the processes of an engine hold together, and may hold, in bytes."""

    held_bytes: int
    budget_bytes: int


class Engine(Protocol):
    """Whatever answers queries: processes on this machine, or an endpoint elsewhere."""

    @property
    def abreast(self) -> int:
        """How many connections serve best for queries that are sent behind one another, before
        the earlier ones are answered; 0 where each query has to have its own."""
        ...

    @property
    def loading(self) -> bool:
        """Whether answers come from disk while the dataset is loaded into memory."""
        ...

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        """A connection for one query: send `Query.to_bytes()`, read frames, then release.

        `dataset` is where the data of the revision stand that is asked about; None asks about the
        newest. `slow`: the query is known to take long, and may be answered at low priority.

        Raises: EngineError where the engine takes no queries.
        """
        ...

    def processor_seconds(self, connection: socket.socket) -> float | None:
        """What the worker of the connection has had of a processor since it began; None where that
        is not known, or yet. It may be asked for each query."""
        ...

    def order(self, dataset: Path | None = None) -> str:
        """A name for the order in which rows come, and the labels that blank nodes have: answers
        over the same data under the same name are the same byte for byte."""
        ...

    def memory(self) -> EngineMemory | None:
        """How much memory its processes hold; None where they are not on this machine."""
        ...

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        """Take back a connection: for another query where it is reusable, else to close it; `slow`
        as the decoder of its frames says."""
        ...

    def close(self) -> None:
        """Stop every query and free what the engine holds."""
        ...


def ask(
    engine: Engine, query: Query, timeout_seconds: float, dataset: Path | None = None
) -> Iterator[Header | Data]:
    """The answer's header and its data, as they come; whole when the iterator ends.

    Raises: ProblemError where the query fails, is not answered in time, or breaks off.
    """
    begun = False
    for last in (False, True):
        try:
            for each in _asked(engine, query, timeout_seconds, dataset):
                begun = True
                yield each
            return
        except CrashedError as error:
            if begun:
                raise
            if last:
                raise too_complex() from error


def _asked(
    engine: Engine, query: Query, timeout_seconds: float, dataset: Path | None
) -> Iterator[Header | Data]:
    connection, decoder = engine.connect(dataset), FrameDecoder()
    try:
        yield from answered(connection, decoder, [query.to_bytes()], timeout_seconds)
    finally:
        engine.release(connection, reusable=decoder.reusable, slow=decoder.slow)


def answered(
    connection: socket.socket,
    decoder: FrameDecoder,
    request: Iterable[bytes],
    timeout_seconds: float,
) -> Iterator[Header | Data]:
    """The header and the data of the answer to a request, as they come over the connection.

    Raises: as `ask` does.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        connection.settimeout(timeout_seconds)
        for piece in request:
            connection.sendall(piece)
        while True:
            for each in decoder.feed(_received(connection, deadline)):
                match each:
                    case End():
                        return
                    case Problem(error):
                        raise error
                    case _:
                        yield each
    except TimeoutError as error:
        raise TimeLimitError("The query ran longer than it may.") from error
    except OSError as error:
        raise broken_off() from error


def _received(connection: socket.socket, deadline: float) -> bytes:
    """The next bytes.

    Raises: TimeoutError at the deadline, EngineFailedError where the connection ends.
    """
    connection.settimeout(max(deadline - time.monotonic(), 0.001))
    piece = connection.recv(CHUNK_BYTES)
    if not piece:
        raise broken_off()
    return piece


def broken_off() -> EngineFailedError:
    """What to say of a connection that closes before its answer has ended."""
    return EngineFailedError("The engine's process ended in the middle of its answer.")
