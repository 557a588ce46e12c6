"""Quick queries go to a worker behind one another; one that is not quick holds nobody up."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spacepolicy.engine.answer_frames import (
    Data,
    End,
    Header,
    end_frame,
    frame,
    header_frame,
    problem_frame,
)
from spacepolicy.errors import BadParameterError, EngineError, EngineFailedError, ProblemError
from spacepolicy.sparql_service.cost_estimates import (
    LONG_SECONDS,
    QUICK_SECONDS,
    CostEstimate,
)
from spacepolicy.sparql_service.dispatcher import Dispatcher
from spacepolicy.sparql_service.query_stream import LEFTOVER_SECONDS, QueryStream
from spacepolicy.sparql_service.worker_channel import HOLD_SECONDS

pytestmark = pytest.mark.alone

ONE, TWO = Path("one"), Path("two")
HEADER = Header("solutions", "csv")


def answer(body: bytes, *, last: bool = False, slow: bool = False) -> bytes:
    end = end_frame(last=last, rows=1, seconds=0.25, slow=slow)
    return header_frame(HEADER) + frame(b"D", body) + end


@dataclass
class Scripted:
    """An engine whose workers are played by the test, each at the other end of a connection."""

    abreast: int = 1
    workers: list[socket.socket] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    released: list[bool] = field(default_factory=list)
    slow: list[bool] = field(default_factory=list)
    """Whether each was asked for a worker of low priority."""
    had: float | None = None
    """What each worker has had of a processor."""

    def memory(self) -> None:
        return None

    def counts(self) -> None:
        return None

    @property
    def loading(self) -> bool:
        return False

    def processor_seconds(self, connection: socket.socket) -> float | None:
        del connection
        return self.had

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        del dataset
        self.slow.append(slow)
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


def estimate(seconds: float = 0.0001, *, known: bool = True) -> CostEstimate:
    made = CostEstimate()
    if known:
        made.took(seconds)
    return made


@dataclass
class Noted:
    """A query that notes what it hears."""

    estimate: CostEstimate = field(default_factory=estimate)
    request: bytes = b""
    dataset: Path = ONE
    dropped: bool = False
    tries: int = 0
    answers: list[bytes] = field(default_factory=list)
    problems: list[ProblemError] = field(default_factory=list)
    streams: list[QueryStream | None] = field(default_factory=list)
    fails: bool = False

    @property
    def heard(self) -> bool:
        return bool(self.answers or self.problems or self.streams)

    def answered(self, header: Header, body: bytes, end: End) -> None:
        assert (header, end) == (HEADER, End(1, 0.25))
        self.answers.append(body)
        if self.fails:
            raise RuntimeError("as wished")

    def failed(self, problem: ProblemError) -> None:
        self.problems.append(problem)

    def unanswered(self, stream: QueryStream | None) -> None:
        self.streams.append(stream)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the server."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def engine() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.close()


async def until_heard(*queries: Noted) -> None:
    deadline = time.monotonic() + 10
    while not all(each.heard for each in queries):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def submitted(dispatcher: Dispatcher, *queries: Noted) -> None:
    """Have the queries sent, as far as there is room."""
    for number, query in enumerate(queries):
        query.request = b"%d;" % number
        assert dispatcher.submit(query)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def dispatcher(engine: Scripted, patience: float = 10) -> Dispatcher:
    return Dispatcher(engine, patience, 8)


@pytest.mark.anyio
async def test_quick_queries_follow_one_another_in_one_message(engine: Scripted) -> None:
    ours, queries = dispatcher(engine), [Noted(), Noted(), Noted()]
    await submitted(ours, *queries)
    assert engine.workers[0].recv(100) == b"0;1;2;"
    assert not ours.idle
    both = answer(b"a") + answer(b"b")
    engine.workers[0].sendall(both[:-3])
    engine.workers[0].sendall(both[-3:] + answer(b"c"))
    await until_heard(*queries)
    assert [each.answers for each in queries] == [[b"a"], [b"b"], [b"c"]]
    assert (len(engine.workers), engine.released) == (1, [])
    assert ours.idle


@pytest.mark.anyio
async def test_as_many_connections_as_serve_best_are_shared_and_kept_short(
    engine: Scripted,
) -> None:
    engine.abreast = 2
    ours = dispatcher(engine)
    queries = [Noted(estimate(0.002)) for _ in range(7)]
    await submitted(ours, *queries)
    assert [each.recv(100) for each in engine.workers] == [b"0;2;", b"1;3;"]
    engine.workers[1].sendall(answer(b"a"))
    await until_heard(queries[1])
    await asyncio.sleep(0)
    assert engine.workers[1].recv(100) == b"4;"


@pytest.mark.anyio
async def test_what_is_not_quick_has_its_worker_for_itself(engine: Scripted) -> None:
    ours, queries = dispatcher(engine), [Noted(estimate(0.02)), Noted(estimate(0.02)), Noted()]
    await submitted(ours, *queries)
    assert [each.recv(100) for each in engine.workers] == [b"2;", b"0;"]
    engine.workers[1].sendall(answer(b"a"))
    await until_heard(queries[0])
    await asyncio.sleep(0)
    assert engine.workers[1].recv(100) == b"1;"


@pytest.mark.anyio
async def test_what_takes_a_tenth_of_a_second_has_workers_of_low_priority_that_stay(
    engine: Scripted,
) -> None:
    ours = dispatcher(engine)
    slow, medium = [Noted(estimate(0.3)), Noted(estimate(0.3))], Noted(estimate(0.02))
    await submitted(ours, *slow, medium)
    assert engine.slow == [False, True]
    assert [each.recv(100) for each in engine.workers] == [b"2;", b"0;"]
    engine.workers[1].sendall(answer(b"a", slow=True))
    await until_heard(slow[0])
    await asyncio.sleep(0)
    assert engine.workers[1].recv(100) == b"1;"
    engine.workers[0].sendall(answer(b"b", slow=True))
    await until_heard(medium)
    assert engine.released == [True]  # its worker was taken for one that answers at full priority


@pytest.mark.anyio
async def test_what_has_become_slow_while_it_waited_hinders_nobody(engine: Scripted) -> None:
    ours, kind = dispatcher(engine), estimate(0.09)
    await submitted(ours, Noted(kind), Noted(kind), Noted(estimate(0.02)))
    kind.took(1.0)
    assert kind.is_slow
    assert not kind.is_long
    engine.workers[0].sendall(answer(b"a"))
    await until(lambda: len(engine.workers) == 2)
    assert engine.slow == [False, True]
    assert [each.recv(100) for each in engine.workers] == [b"0;2;", b"1;"]


@pytest.mark.anyio
async def test_what_would_wait_for_more_than_a_second_is_left_to_the_application(
    engine: Scripted,
) -> None:
    ours = dispatcher(engine)
    await submitted(ours, Noted(estimate(0.3)))
    found = [ours.submit(Noted(estimate(0.3))) for _ in range(6)]
    assert found == [True] * 4 + [False] * 2
    assert ours.submit(Noted(estimate(0.02)))


@pytest.mark.anyio
async def test_what_is_long_is_left_to_the_application(engine: Scripted) -> None:
    ours = dispatcher(engine)
    assert not ours.submit(Noted(estimate(1)))
    engine.abreast = 0
    assert not ours.submit(Noted())
    assert engine.workers == []


@pytest.mark.anyio
async def test_no_more_than_may_wait_wait_for_a_worker_of_their_own(engine: Scripted) -> None:
    ours = dispatcher(engine)
    await submitted(ours, Noted(estimate(0.02)))
    found = [ours.submit(Noted(estimate(0.02))) for _ in range(9)]
    assert found == [True] * 8 + [False]
    assert ours.submit(Noted())


@pytest.mark.anyio
async def test_one_that_holds_others_up_goes_on_alone(engine: Scripted) -> None:
    ours, slow, behind = dispatcher(engine, 0.2), Noted(), Noted()
    await submitted(ours, slow, behind)
    engine.workers[0].sendall(header_frame(HEADER))
    while len(engine.workers) < 2:
        await asyncio.sleep(0.001)
    engine.workers[1].sendall(answer(b"elsewhere"))
    await until_heard(behind)
    assert behind.answers == [b"elsewhere"]
    late = answer(b"late")[len(header_frame(HEADER)) :]
    engine.workers[0].sendall(late)
    await until_heard(slow)
    assert slow.answers == [b"late"]
    assert engine.released == []
    engine.workers[0].sendall(answer(b"unheard"))
    await until(lambda: engine.released == [True])
    assert behind.answers == [b"elsewhere"]


@pytest.mark.anyio
async def test_one_that_waits_for_a_processor_holds_nobody_up(engine: Scripted) -> None:
    engine.had = 3.0
    ours, first, behind = dispatcher(engine, 0.2), Noted(), Noted()
    await submitted(ours, first, behind)
    await asyncio.sleep(4 * HOLD_SECONDS)
    assert len(engine.workers) == 1
    engine.had += 2 * HOLD_SECONDS
    await until(lambda: len(engine.workers) == 2)
    engine.workers[0].sendall(answer(b"late") + answer(b"unheard"))
    engine.workers[1].sendall(answer(b"elsewhere"))
    await until_heard(first, behind)


@pytest.mark.anyio
async def test_one_that_gets_no_processor_goes_on_alone_in_the_end(engine: Scripted) -> None:
    engine.had = 3.0
    ours, first = dispatcher(engine, 60.0), Noted()
    await submitted(ours, first)
    before = time.monotonic()
    await until_heard(first)
    assert 0.4 < time.monotonic() - before < 5
    (stream,) = first.streams
    assert stream is not None
    stream.end()


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


@pytest.mark.anyio
async def test_one_that_takes_long_goes_on_as_a_stream(engine: Scripted) -> None:
    ours, slow, behind = dispatcher(engine, 0.05), Noted(), Noted()
    await submitted(ours, slow, behind)
    await until_heard(slow)
    (stream,) = slow.streams
    assert stream is not None
    engine.workers[0].sendall(answer(b"late") + answer(b"unheard"))
    with stream:
        assert [each async for each in stream.frames()] == [HEADER, Data(b"late")]
    await until(lambda: engine.released == [True])


@pytest.mark.anyio
async def test_a_worker_that_does_not_come_to_an_end_of_what_nobody_hears_is_closed(
    engine: Scripted,
) -> None:
    ours, slow, behind = dispatcher(engine, 0.02), Noted(), Noted()
    await submitted(ours, slow, behind)
    await until_heard(slow)
    (stream,) = slow.streams
    assert stream is not None
    engine.workers[0].sendall(answer(b"late"))
    with stream:
        assert await stream.soon(10) == (HEADER, b"late")
    assert engine.released == []
    before = time.monotonic()
    await until(lambda: engine.released == [False])
    assert time.monotonic() - before > LEFTOVER_SECONDS / 2


@pytest.mark.anyio
async def test_one_alone_may_take_longer_and_its_worker_serves_again(engine: Scripted) -> None:
    ours, slow = dispatcher(engine, 0.05), Noted()
    await submitted(ours, slow)
    await until_heard(slow)
    (stream,) = slow.streams
    assert stream is not None
    engine.workers[0].sendall(answer(b"late"))
    with stream:
        assert await stream.soon(10) == (HEADER, b"late")
    assert engine.released == [True]


@pytest.mark.anyio
async def test_unknown_kinds_are_tried_one_at_a_time_after_one_that_was_long(
    engine: Scripted,
) -> None:
    engine.abreast = 2
    ours, runaway = dispatcher(engine, 0.2), Noted(estimate(known=False))
    await submitted(ours, runaway)
    await until(lambda: runaway.estimate.known)
    others = [Noted(estimate(known=False)) for _ in range(3)]
    await submitted(ours, *others, Noted())
    said = [each.recv(100) for each in (engine.workers[0], engine.workers[2])]
    assert said == [b"3;", b"0;"]


@pytest.mark.anyio
async def test_a_worker_is_kept_for_what_is_known_to_be_quick(engine: Scripted) -> None:
    engine.abreast = 2
    ours, quick = dispatcher(engine, 0.2), Noted()
    runaways = [Noted(estimate(known=False)) for _ in range(3)]
    await submitted(ours, quick, *runaways)
    kept, trying = engine.workers
    assert kept.recv(100) == b"0;"
    kept.sendall(answer(b"a"))
    await until_heard(quick)
    assert trying.recv(100) == b"1;2;3;"
    await until(lambda: len(engine.workers) == 3)
    assert engine.workers[2].recv(100) == b"2;"
    await submitted(ours, Noted())
    assert kept.recv(100) == b"0;"


@pytest.mark.anyio
async def test_what_nobody_waits_for_is_not_sent(engine: Scripted) -> None:
    ours, gone, there = dispatcher(engine), Noted(), Noted()
    gone.dropped = True
    await submitted(ours, gone, there)
    assert engine.workers[0].recv(100) == b"1;"


@pytest.mark.anyio
async def test_an_answer_that_came_while_the_loop_was_busy_is_not_late(engine: Scripted) -> None:
    ours, queries = dispatcher(engine, 0.05), [Noted(), Noted()]
    await submitted(ours, *queries)
    engine.workers[0].sendall(answer(b"a"))
    time.sleep(0.2)
    await until_heard(queries[0])
    engine.workers[0].sendall(answer(b"b"))
    await until_heard(queries[1])
    assert [each.answers for each in queries] == [[b"a"], [b"b"]]
    assert len(engine.workers) == 1


@pytest.mark.anyio
async def test_a_large_answer_goes_on_alone(engine: Scripted) -> None:
    ours, large = dispatcher(engine, 100), Noted()
    await submitted(ours, large)
    engine.workers[0].sendall(header_frame(HEADER) + frame(b"D", b"a") + frame(b"D", b"b"))
    await until_heard(large)
    (stream,) = large.streams
    assert stream is not None
    engine.workers[0].sendall(end_frame(last=False, rows=2))
    with stream:
        frames = [each async for each in stream.frames()]
    assert frames == [HEADER, Data(b"a"), Data(b"b")]
    assert engine.released == [True]


@pytest.mark.anyio
async def test_a_problem_is_for_the_first_alone(engine: Scripted) -> None:
    ours, wrong, right = dispatcher(engine), Noted(), Noted()
    await submitted(ours, wrong, right)
    engine.workers[0].sendall(problem_frame(BadParameterError("so"), last=False) + answer(b"a"))
    await until_heard(wrong, right)
    assert [each.detail for each in wrong.problems] == ["so"]
    assert right.answers == [b"a"]


@pytest.mark.anyio
async def test_a_query_whose_worker_is_killed_is_told_so_and_the_others_are_asked_elsewhere(
    engine: Scripted,
) -> None:
    ours, first, other = dispatcher(engine), Noted(), Noted()
    await submitted(ours, first, other)
    engine.workers[0].sendall(frame(b"X", b"15"))
    await until_heard(first)
    assert [type(each) for each in first.problems] == [EngineFailedError]
    await until(lambda: len(engine.workers) == 2)
    engine.workers[1].sendall(answer(b"a"))
    await until_heard(other)
    assert other.answers == [b"a"]


@pytest.mark.anyio
async def test_a_query_whose_worker_crashes_is_not_simply_sent_again(engine: Scripted) -> None:
    for said in (frame(b"X", b"11"), b""):
        ours, wrong, right = dispatcher(engine), Noted(), Noted()
        await submitted(ours, wrong, right)
        worker = engine.workers[-1]
        worker.sendall(said)
        worker.close()
        await until_heard(wrong)
        assert wrong.streams == [None]
        await until(lambda last=worker: engine.workers[-1] is not last)  # type: ignore[misc]
        engine.workers[-1].sendall(answer(b"a"))
        await until_heard(right)
        assert right.answers == [b"a"]


@pytest.mark.anyio
@pytest.mark.parametrize("said", [answer(b"a", last=True), answer(b"a") + frame(b"X", b"11")])
async def test_the_others_are_asked_elsewhere_where_a_worker_ends(
    engine: Scripted, said: bytes
) -> None:
    ours, first, others = dispatcher(engine), Noted(), [Noted(), Noted()]
    await submitted(ours, first, *others)
    engine.workers[0].sendall(said)
    await until_heard(first)
    await until(lambda: len(engine.workers) == 2)
    engine.workers[1].sendall(answer(b"b") + answer(b"c"))
    heard = others if said == answer(b"a", last=True) else others[1:]
    await until_heard(*others)
    assert first.answers == [b"a"]
    assert [each.answers for each in heard] == [[b"b"], [b"c"]][: len(heard)]
    assert engine.released == [False]


@pytest.mark.anyio
async def test_a_query_does_not_go_from_worker_to_worker_without_end(engine: Scripted) -> None:
    connect = engine.connect

    def connect_to_nobody(dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        connection = connect(dataset, slow=slow)
        engine.workers[-1].close()
        return connection

    engine.connect = connect_to_nobody  # type: ignore[method-assign]
    query = Noted()
    await submitted(dispatcher(engine), query)
    await until_heard(query)
    assert query.streams == [None]
    assert len(engine.workers) == 3


@pytest.mark.anyio
async def test_a_worker_that_ends_while_nobody_waits_is_replaced(engine: Scripted) -> None:
    ours, first, second = dispatcher(engine), Noted(), Noted()
    await submitted(ours, first)
    engine.workers[0].sendall(answer(b"a") + frame(b"X", b"9"))
    engine.workers[0].close()
    await until_heard(first)
    await until(lambda: engine.released == [False])
    await submitted(ours, second)
    engine.workers[1].sendall(answer(b"b"))
    await until_heard(second)
    assert second.answers == [b"b"]


@pytest.mark.anyio
async def test_a_connection_that_nobody_uses_is_given_back(engine: Scripted) -> None:
    ours, query = dispatcher(engine), Noted()
    await submitted(ours, query)
    engine.workers[0].sendall(answer(b"a"))
    await until_heard(query)
    assert engine.released == []
    await until(lambda: engine.released == [True])


@pytest.mark.anyio
async def test_another_dataset_is_asked_over_another_connection(engine: Scripted) -> None:
    ours, before, after = dispatcher(engine), Noted(), Noted(dataset=TWO)
    await submitted(ours, before)
    await submitted(ours, after)
    engine.workers[1].sendall(answer(b"new"))
    await until_heard(after)
    engine.workers[0].sendall(answer(b"old"))
    await until_heard(before)
    assert (before.answers, after.answers) == ([b"old"], [b"new"])
    assert engine.released == [True]
    ours.turn_to(None)
    assert engine.released == [True, True]


@pytest.mark.anyio
async def test_what_waits_behind_a_long_one_about_an_older_dataset_hears(engine: Scripted) -> None:
    ours, slow, behind, newer = dispatcher(engine, 0.05), Noted(), Noted(), Noted(dataset=TWO)
    await submitted(ours, slow, behind)
    await submitted(ours, newer)
    await until_heard(slow, behind)
    assert behind.streams == [None]
    (stream,) = slow.streams
    assert stream is not None
    stream.end()


@pytest.mark.anyio
async def test_an_answer_that_cannot_be_given_on_leaves_no_other_waiting(engine: Scripted) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    ours, first, second = dispatcher(engine), Noted(fails=True), Noted()
    await submitted(ours, first, second)
    engine.workers[0].sendall(answer(b"a"))
    await until_heard(first)
    await until(lambda: len(engine.workers) == 2)
    engine.workers[1].sendall(answer(b"b"))
    await until_heard(second)
    assert second.answers == [b"b"]
    assert len(told) == 1


@pytest.mark.anyio
async def test_where_the_engine_takes_no_queries_the_application_is_left_to_say_so(
    engine: Scripted,
) -> None:
    def refuse(dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        raise EngineError(f"no queries over {dataset}, {slow}")

    engine.connect = refuse  # type: ignore[method-assign]
    query = Noted()
    await submitted(dispatcher(engine), query)
    await until_heard(query)
    assert query.streams == [None]


def test_what_is_expected_follows_what_the_latest_took() -> None:
    expected = estimate(0.0001)
    for _ in range(50):
        expected.took(0.0001)
    expected.took_longer(0.01)
    assert expected.is_quick  # one of many is no reason
    for _ in range(10):
        expected.took_longer(0.01)
    assert not expected.is_quick
    for _ in range(50):
        expected.took(0.0001)
    assert expected.is_quick
    expected.took(100 * LONG_SECONDS)
    assert expected.is_long
    assert expected.seconds > QUICK_SECONDS


def test_a_kind_of_which_some_queries_hold_others_up_is_not_quick() -> None:
    uneven, even = estimate(0.001), estimate(0.001)
    for number in range(100):
        uneven.took(0.06 if number % 20 == 0 else 0.001)
        even.took(0.06 if number == 20 else 0.001)
    assert uneven.seconds < QUICK_SECONDS
    assert not uneven.is_quick
    assert even.is_quick
    for _ in range(200):
        uneven.took(0.001)
    assert uneven.is_quick


def test_time_alone_makes_no_kind_a_long_one() -> None:
    for expected in (estimate(0.01), estimate(known=False)):
        for _ in range(20):
            expected.took_longer(5)
        assert not expected.is_quick
        assert not expected.is_long
        expected.was_long()
        assert expected.is_long


def test_the_first_of_a_kind_tells_most() -> None:
    for seconds in (0.0001, 0.02, 3.0):
        assert estimate(seconds).seconds == pytest.approx(seconds)
    slow = estimate(known=False)
    slow.took_longer(0.01)
    assert not slow.is_quick
