"""What comes over a connection of the engine, however it is cut into pieces."""

import socket
from pathlib import Path

import pytest

from spacepolicy.engine.answer_frames import (
    Data,
    Header,
    end_frame,
    frame,
    header_frame,
    problem_frame,
)
from spacepolicy.engine.requests import Query
from spacepolicy.errors import EngineFailedError, MemoryLimitError, ProblemError
from spacepolicy.sparql_service.query_stream import begin

ANSWER = header_frame(Header("solutions", "csv")) + frame(b"D", b"n\r\n1\r\n")
ANOTHER = end_frame(last=False, rows=1)
LAST = end_frame(last=True, rows=1) + frame(b"X", b"0")


class Scripted:
    """An engine whose connections have said already what they say."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.reusable: list[bool] = []

    @property
    def abreast(self) -> int:
        """Each query has its own."""
        return 0

    def memory(self) -> None:
        """None is known."""

    def counts(self) -> None:
        """None are known."""

    @property
    def loading(self) -> bool:
        """Never."""
        return False

    def processor_seconds(self, connection: socket.socket) -> float | None:  # noqa: ARG002
        return None

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        """A connection with the answer in it, and no more to come."""
        del dataset, slow
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(self._said)
            theirs.shutdown(socket.SHUT_WR)
            self._keep = theirs.dup()
        return ours

    def order(self, dataset: Path | None = None) -> str:  # noqa: ARG002 # it has one
        """It has none."""
        return ""

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        """Note it and close."""
        del slow
        self.reusable.append(reusable)
        connection.close()
        self._keep.close()

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("end", "reusable"), [(end_frame(last=False, rows=1), True), (LAST, False)]
)
async def test_an_answer_ends_at_its_end(end: bytes, reusable: bool) -> None:
    engine = Scripted(ANSWER + end)
    with begin(engine, Query("ASK {}")) as conversation:
        assert await conversation.soon(10) == (Header("solutions", "csv"), b"n\r\n1\r\n")
        assert conversation.rows == 1
    with begin(engine, Query("ASK {}")) as conversation:
        frames = [each async for each in conversation.frames()]
        assert frames == [Header("solutions", "csv"), Data(b"n\r\n1\r\n")]
    assert engine.reusable == [reusable, reusable]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("rest", "error"),
    [
        (b"", EngineFailedError),
        (frame(b"X", b"6"), MemoryLimitError),
        (problem_frame(MemoryLimitError("full"), last=True), MemoryLimitError),
    ],
)
async def test_an_answer_without_an_end_is_a_problem(
    rest: bytes, error: type[ProblemError]
) -> None:
    engine = Scripted(ANSWER + rest)
    with pytest.raises(error):
        await whole(engine)
    assert engine.reusable == [False]


async def whole(engine: Scripted) -> None:
    """Read to the end."""
    with begin(engine, Query("ASK {}")) as conversation:
        assert await conversation.soon(10) is None
        async for _ in conversation.frames():
            pass


class Working(Scripted):
    """An engine whose worker has had so much of a processor."""

    def __init__(self, had: float | None) -> None:
        super().__init__(ANSWER + ANOTHER)
        self._had = had

    def processor_seconds(self, connection: socket.socket) -> float | None:  # noqa: ARG002
        return self._had


@pytest.mark.anyio
@pytest.mark.parametrize(("had", "new"), [(None, True), (0.0, True), (1.0, False)])
async def test_a_worker_is_new_that_has_done_little(had: float | None, new: bool) -> None:
    with begin(Working(had), Query("ASK {}")) as stream:
        assert stream.has_new_worker == new
