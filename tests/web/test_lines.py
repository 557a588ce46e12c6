"""Quick queries wait in line for a worker; one that is not quick holds nobody up."""

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spacepolicy.engine.port import Data, Header, end_frame, frame, header_frame, problem_frame
from spacepolicy.errors import BadParameterError, EngineError
from spacepolicy.web.answering.conversation import Conversation
from spacepolicy.web.answering.lines import QUICK_SECONDS, Expectation, Lines

pytestmark = pytest.mark.alone

ONE, TWO = Path("one"), Path("two")
HEADER = Header("solutions", "csv")
LONG_SECONDS = 1.0
"""An expectation that no line is short enough for."""


def answer(body: bytes, *, last: bool = False) -> bytes:
    return header_frame(HEADER) + frame(b"D", body) + end_frame(last=last, rows=1, seconds=0.25)


@dataclass
class Scripted:
    """An engine whose workers are played by the test, each at the other end of a connection."""

    abreast: int = 1
    workers: list[socket.socket] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    released: list[bool] = field(default_factory=list)

    def memory(self) -> None:
        return None

    @property
    def loading(self) -> bool:
        return False

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        del dataset, slow
        ours, theirs = socket.socketpair()
        self.workers.append(theirs)
        self.connections.append(ours)
        return ours

    def order(self, dataset: Path | None = None) -> str:
        del dataset
        return ""

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        del slow
        self.released.append(reusable)
        connection.close()

    def close(self) -> None:
        for each in (*self.workers, *self.connections):
            each.close()


@dataclass
class Noted:
    """An errand that notes what it hears."""

    expected_seconds: float = 0.001
    answers: list[bytes] = field(default_factory=list)
    unanswered_with: list[Conversation | None] = field(default_factory=list)
    fails: bool = False

    def answered(self, header: Header, body: bytes, rows: int | None, seconds: float) -> None:
        assert (header, rows) == (HEADER, 1)
        assert seconds == 0.25
        self.answers.append(body)
        if self.fails:
            raise RuntimeError("as wished")

    def unanswered(self, conversation: Conversation | None) -> None:
        self.unanswered_with.append(conversation)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the server."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def engine() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


async def until_heard(*errands: Noted) -> None:
    deadline = time.monotonic() + 10
    while not all(each.answers or each.unanswered_with for each in errands):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def sent(lines: Lines, *errands: Noted, dataset: Path = ONE) -> None:
    for number, errand in enumerate(errands):
        line = lines.join(dataset, errand.expected_seconds) or lines.open(dataset)
        assert line.send(b"%d;" % number, errand)


@pytest.mark.anyio
async def test_queries_follow_one_another_over_one_connection(engine: Scripted) -> None:
    lines, errands = Lines(engine, 10), [Noted(), Noted(), Noted()]
    sent(lines, *errands)
    assert engine.workers[0].recv(100) == b"0;1;2;"
    assert not lines.idle
    both = answer(b"a") + answer(b"b")
    engine.workers[0].sendall(both[:-3])
    engine.workers[0].sendall(both[-3:] + answer(b"c"))
    await until_heard(*errands)
    assert [each.answers for each in errands] == [[b"a"], [b"b"], [b"c"]]
    assert (len(engine.workers), engine.released) == (1, [])
    assert lines.idle


@pytest.mark.anyio
async def test_there_are_as_many_lines_as_serve_best(engine: Scripted) -> None:
    engine.abreast = 2
    lines = Lines(engine, 10)
    sent(lines, *(Noted() for _ in range(4)))
    assert [each.recv(100) for each in engine.workers] == [b"0;2;", b"1;3;"]


@pytest.mark.anyio
@pytest.mark.parametrize("abreast", [0, 1])
async def test_what_takes_long_waits_for_nobody(engine: Scripted, abreast: int) -> None:
    engine.abreast = abreast
    lines, errands = Lines(engine, 10), [Noted(LONG_SECONDS), Noted(LONG_SECONDS)]
    sent(lines, *errands)
    assert len(engine.workers) == 2
    for each in reversed(engine.workers):
        each.sendall(answer(b"a"))
    await until_heard(*errands)
    assert engine.released == [True, True]


@pytest.mark.anyio
async def test_a_line_does_not_grow_without_end(engine: Scripted) -> None:
    lines = Lines(engine, 10)
    sent(lines, *(Noted() for _ in range(200)))
    assert 1 < len(engine.workers) < 200


@pytest.mark.anyio
async def test_one_that_holds_others_up_goes_on_alone(engine: Scripted) -> None:
    lines, slow, behind = Lines(engine, 0.05), Noted(), Noted()
    sent(lines, slow, behind)
    engine.workers[0].sendall(header_frame(HEADER))
    await until_heard(slow, behind)
    (conversation,) = slow.unanswered_with
    assert conversation is not None
    assert behind.unanswered_with == [None]
    engine.workers[0].sendall(answer(b"late")[len(header_frame(HEADER)) :] + answer(b"unheard"))
    with conversation:
        assert [each async for each in conversation.frames()] == [HEADER, Data(b"late")]
    assert engine.released == [False]
    sent(lines, Noted())
    assert len(engine.workers) == 2


@pytest.mark.anyio
async def test_one_alone_may_take_longer_and_its_worker_serves_again(engine: Scripted) -> None:
    lines, slow = Lines(engine, 0.05), Noted()
    sent(lines, slow)
    await until_heard(slow)
    (conversation,) = slow.unanswered_with
    assert conversation is not None
    engine.workers[0].sendall(answer(b"late"))
    with conversation:
        assert await conversation.soon(10) == (HEADER, b"late")
    assert engine.released == [True]


@pytest.mark.anyio
async def test_an_answer_that_came_while_the_loop_was_busy_is_not_late(engine: Scripted) -> None:
    lines, errands = Lines(engine, 0.05), [Noted(), Noted()]
    sent(lines, *errands)
    engine.workers[0].sendall(answer(b"a"))
    time.sleep(0.2)
    await until_heard(errands[0])
    engine.workers[0].sendall(answer(b"b"))
    await until_heard(errands[1])
    assert [each.answers for each in errands] == [[b"a"], [b"b"]]


@pytest.mark.anyio
async def test_one_that_breaks_off_after_an_answer_is_not_used_again(engine: Scripted) -> None:
    lines, quick, slow = Lines(engine, 0.05), Noted(), Noted()
    sent(lines, quick)
    engine.workers[0].sendall(answer(b"a"))
    await until_heard(quick)
    sent(lines, slow)
    await until_heard(slow)
    (conversation,) = slow.unanswered_with
    assert conversation is not None
    conversation.end()
    assert engine.released == [False]


@pytest.mark.anyio
async def test_a_large_answer_goes_on_alone(engine: Scripted) -> None:
    lines, large = Lines(engine, 100), Noted()
    sent(lines, large)
    engine.workers[0].sendall(header_frame(HEADER) + frame(b"D", b"a") + frame(b"D", b"b"))
    await until_heard(large)
    (conversation,) = large.unanswered_with
    assert conversation is not None
    engine.workers[0].sendall(end_frame(last=False, rows=2))
    with conversation:
        frames = [each async for each in conversation.frames()]
    assert frames == [HEADER, Data(b"a"), Data(b"b")]
    assert engine.released == [True]


@pytest.mark.anyio
async def test_a_problem_is_for_the_first_alone(engine: Scripted) -> None:
    lines, wrong, right = Lines(engine, 10), Noted(), Noted()
    sent(lines, wrong, right)
    engine.workers[0].sendall(problem_frame(BadParameterError("so"), last=False) + answer(b"a"))
    await until_heard(wrong, right)
    assert (wrong.unanswered_with, right.answers) == ([None], [b"a"])


@pytest.mark.anyio
@pytest.mark.parametrize("said", [answer(b"a", last=True), answer(b"a") + frame(b"X", b"11")])
async def test_the_others_hear_of_a_worker_that_ends(engine: Scripted, said: bytes) -> None:
    lines, first, others = Lines(engine, 10), Noted(), [Noted(), Noted()]
    sent(lines, first, *others)
    engine.workers[0].sendall(said)
    await until_heard(first, *others)
    assert first.answers == [b"a"]
    assert [each.unanswered_with for each in others] == [[None], [None]]
    assert engine.released == [False]


@pytest.mark.anyio
async def test_a_worker_that_ends_while_nobody_waits_is_replaced(engine: Scripted) -> None:
    lines, first, second = Lines(engine, 10), Noted(), Noted()
    sent(lines, first)
    engine.workers[0].sendall(answer(b"a") + frame(b"X", b"9"))
    engine.workers[0].close()
    await until_heard(first)
    await asyncio.sleep(0.05)
    sent(lines, second)
    engine.workers[1].sendall(answer(b"b"))
    await until_heard(second)
    assert second.answers == [b"b"]


@pytest.mark.anyio
async def test_another_dataset_is_asked_over_another_connection(engine: Scripted) -> None:
    lines, before, after = Lines(engine, 10), Noted(), Noted()
    sent(lines, before)
    sent(lines, after, dataset=TWO)
    engine.workers[1].sendall(answer(b"new"))
    await until_heard(after)
    engine.workers[0].sendall(answer(b"old"))
    await until_heard(before)
    assert (before.answers, after.answers) == ([b"old"], [b"new"])
    assert engine.released == [True]
    lines.turn_to(None)
    assert engine.released == [True, True]


@pytest.mark.anyio
async def test_an_answer_that_cannot_be_given_on_leaves_no_other_waiting(engine: Scripted) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    lines, first, second = Lines(engine, 10), Noted(fails=True), Noted()
    sent(lines, first, second)
    engine.workers[0].sendall(answer(b"a"))
    await until_heard(first, second)
    assert second.unanswered_with == [None]
    assert len(told) == 1


@pytest.mark.anyio
async def test_an_engine_that_takes_no_queries_says_so(engine: Scripted) -> None:
    def refuse(dataset: Path | None = None) -> socket.socket:
        raise EngineError(f"no queries over {dataset}")

    engine.connect = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(EngineError):
        Lines(engine, 10).join(ONE, 0)


def test_what_is_expected_follows_what_the_latest_took() -> None:
    expected = Expectation()
    for _ in range(50):
        expected.took(0.0001)
    assert 0.0001 <= expected.seconds < 0.0002
    expected.took_long()
    assert expected.seconds < QUICK_SECONDS  # one of many is no reason
    for _ in range(10):
        expected.took_long()
    assert expected.seconds > QUICK_SECONDS
    for _ in range(50):
        expected.took(0.0001)
    assert expected.seconds < 0.0002


def test_slow_ones_are_tried_again() -> None:
    expected = Expectation()
    for _ in range(50):
        expected.took(1)
    before = expected.seconds
    assert before > QUICK_SECONDS
    for _ in range(100):
        expected.fade()
    assert expected.seconds < QUICK_SECONDS
