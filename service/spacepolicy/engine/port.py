"""The port of an engine: a connection on which a query is sent, and its answer read.

A connection is a stream socket; a request goes in (`requests`), frames come out (`frames`). Closing
the connection stops the query at any point. After an end or a problem the engine may be ready for
the next query on the same connection (`FrameDecoder.reusable`); `Engine.release` takes it back.
"""

import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, final, get_args

from spacepolicy.engine.answer_frames import Data, End, FrameDecoder, Header, Problem
from spacepolicy.engine.control import Ending
from spacepolicy.engine.requests import CHUNK_BYTES, Query
from spacepolicy.errors import (
    CrashedError,
    EngineFailedError,
    QueryTooComplexError,
    TimeLimitError,
)


def too_complex() -> QueryTooComplexError:
    """The problem of a query that has crashed its process twice."""
    return QueryTooComplexError("The query is nested or chained more deeply than can be read.")


@final
@dataclass(frozen=True, slots=True)
class EngineMemory:
    """How much memory the processes of an engine use together, and may use, in bytes."""

    held_bytes: int
    budget_bytes: int


@final
@dataclass(slots=True)
class EngineCounts:
    """The counters of an engine since it was made: how often a process was started to hold the
    dataset, how many workers were forked, and how many have ended in which way."""

    servers_started: int = 0
    workers_forked: int = 0
    workers_ended: Counter[Ending] = field(
        default_factory=lambda: Counter(dict.fromkeys(get_args(Ending), 0))
    )


class Engine(Protocol):
    """Answers queries: by processes on this machine, or by a remote endpoint."""

    @property
    def abreast(self) -> int:
        """How many connections are best for pipelined queries, which are sent before the earlier
        ones are answered; 0 where each query needs its own."""
        ...

    @property
    def loading(self) -> bool:
        """Whether answers come from disk while the dataset is loaded into memory."""
        ...

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        """Return a connection for one query: send `Query.to_bytes()`, read frames, then release.

        `dataset` is the folder with the data of the revision that is queried; None is the newest.
        `slow`: the query is known to take long, and may be answered at low priority.

        Raises: EngineError where the engine takes no queries.
        """
        ...

    def processor_seconds(self, connection: socket.socket) -> float | None:
        """The processor time that the worker of the connection has used since it began, in its own
        code; None where that is not known, or not yet. Cheap enough to be called for each query."""
        ...

    def order(self, dataset: Path | None = None) -> str:
        """A name for the order of rows and the labels of blank nodes: answers over the same data
        under the same name are equal byte for byte."""
        ...

    def memory(self) -> EngineMemory | None:
        """How much memory its processes use; None where they are not on this machine."""
        ...

    def counts(self) -> EngineCounts | None:
        """The counters of its processes; None where they are not on this machine."""
        ...

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        """Take back a connection: for another query where it is reusable, else to close it; `slow`
        as in the decoder of its frames."""
        ...

    def close(self) -> None:
        """Stop every query and free what the engine holds."""
        ...


def ask(
    engine: Engine, query: Query, timeout_seconds: float, dataset: Path | None = None
) -> Iterator[Header | Data]:
    """Yield the answer's header and its data, as they come; it is complete when the iterator ends.

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
    """Yield the header and the data of the answer to a request, as they come over the connection.

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
    """Receive the next bytes.

    Raises: TimeoutError at the deadline, EngineFailedError where the connection ends.
    """
    connection.settimeout(max(deadline - time.monotonic(), 0.001))
    piece = connection.recv(CHUNK_BYTES)
    if not piece:
        raise broken_off()
    return piece


def broken_off() -> EngineFailedError:
    """The problem where a connection closes before the end of its answer."""
    return EngineFailedError("The engine's process ended in the middle of its answer.")
