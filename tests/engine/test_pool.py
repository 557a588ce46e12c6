"""What holds of the processes of the pool."""

import asyncio
import mmap
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from spacepolicy.engine import memory, server, server_process
from spacepolicy.engine.answer_frames import Data, End, Frame, FrameDecoder, Problem
from spacepolicy.engine.control import Ending
from spacepolicy.engine.memory import OwnCopy
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import ask
from spacepolicy.engine.requests import Query
from spacepolicy.engine.worker import Busy
from spacepolicy.errors import (
    EngineFailedError,
    MemoryLimitError,
    ProblemError,
    QueryTooComplexError,
    ResultLimitError,
    StoreError,
    TimeLimitError,
)
from spacepolicy.sparql_service.query_stream import begin

from ..receiving import receive
from .processes import (
    PATIENCE_SECONDS,
    at_rest,
    demoted,
    running,
    state,
    within,
    workers,
)
from .test_lexer import CHAINED, EVEN, NESTED, chained, nested

pytestmark = pytest.mark.alone

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LIGHT = "SELECT ?o { <https://example.org/s1> ?p ?o }"


def rows(pool: Pool, text: str, seconds: float = 20) -> int:
    """The rows of the answer, in TSV."""
    frames = ask(pool, Query(text, solutions_format="tsv"), seconds)
    return b"".join(each.payload for each in frames if isinstance(each, Data)).count(b"\n") - 1


def ended(pool: Pool, ending: Ending) -> int:
    """How many of its workers have ended so."""
    return pool.counts().workers_ended[ending]


def test_small_queries_share_a_worker(pool: Pool) -> None:
    rows(pool, LIGHT)
    before = workers(pool)
    for _ in range(50):
        assert rows(pool, LIGHT) == 10
        with pytest.raises(ProblemError):
            rows(pool, "no query")
    after = workers(pool)
    assert set(before) <= set(after)
    assert len(after) <= len(before) + 1, "a spare one may have been forked meanwhile"


def test_its_processes_have_the_environment_of_the_front(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setenv("ANYTHING", "else")
    pool = Pool(dataset, memory_bytes=64 << 20)
    try:
        lines = Path(f"/proc/{pool.process}/environ").read_text().split("\0")
    finally:
        pool.close()
    theirs = dict(line.split("=", 1) for line in lines if line)
    assert theirs["ANYTHING"] == "else"
    assert "GLIBC_TUNABLES" not in theirs


def test_queries_may_be_sent_behind_one_another(pool: Pool) -> None:
    connection, decoder = pool.connect(), FrameDecoder()
    texts = [LIGHT, "no query", "", LIGHT.replace("s1", "none"), LIGHT]
    requests = b"".join(Query(text, solutions_format="tsv").to_bytes() for text in texts)
    connection.sendall(requests[:-1])
    connection.sendall(requests[-1:])
    frames: list[Frame] = []
    while sum(isinstance(each, End | Problem) for each in frames) < len(texts):
        frames += decoder.feed(receive(connection, 1 << 20))
    ends = [each for each in frames if isinstance(each, End | Problem)]
    assert [isinstance(each, End) for each in ends] == [True, False, False, True, True]
    assert [each.rows for each in ends if isinstance(each, End)] == [10, 0, 10]
    assert decoder.reusable
    pool.release(connection, reusable=True)


def test_a_closed_connection_ends_its_worker(pool: Pool) -> None:
    stopped = ended(pool, "stopped")
    connection = pool.connect()
    connection.sendall(Query(RUNAWAY).to_bytes())
    assert within(PATIENCE_SECONDS, lambda: len(demoted(pool)) == 1)
    pool.release(connection, reusable=False)
    assert at_rest(pool)
    assert within(PATIENCE_SECONDS, lambda: ended(pool, "stopped") == stopped + 1)


LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(?c) < STRLEN(?f)) }"


def test_a_long_query_gives_way_and_its_worker_answers_others_that_take_long(pool: Pool) -> None:
    connection = pool.connect()
    connection.sendall(Query(LONG).to_bytes())
    assert within(PATIENCE_SECONDS, lambda: len(demoted(pool)) == 1)
    (worker,) = demoted(pool)
    decoder = FrameDecoder()
    frames = list(decoder.feed(receive(connection, 1 << 20)))
    assert len(frames) == 3
    assert decoder.reusable
    assert decoder.slow
    pool.release(connection, reusable=True, slow=True)
    with pool.connect() as quick, pool.connect(slow=True) as slow:
        assert quick is not connection
        assert slow is connection
    assert within(PATIENCE_SECONDS, lambda: state(worker) == "X")  # closed with its connection


def shared_bytes(process: int) -> int:
    """What of the process's memory is still that of the one it was forked from."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Shared_Dirty:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


def test_what_does_not_fit_into_the_budget_is_not_copied() -> None:
    assert OwnCopy(1 << 20).whole
    assert not OwnCopy(1 << 40).whole


def test_a_worker_in_use_gets_a_copy_of_what_it_shares(dataset: Path) -> None:
    pool = Pool(dataset, memory_bytes=64 << 20, spares=1)
    try:
        before = len(workers(pool))
        assert rows(pool, LIGHT) == 10
        assert within(PATIENCE_SECONDS, lambda: len(workers(pool)) > before)

        def copied() -> bool:
            return min(map(shared_bytes, workers(pool))) < 8 << 20  # data of libraries stay

        assert within(PATIENCE_SECONDS, copied)
        assert max(map(shared_bytes, workers(pool))) > 16 << 20  # a spare one waits for its use
    finally:
        pool.close()


def test_a_worker_that_always_has_a_request_gets_its_copy_too(dataset: Path) -> None:
    pool = Pool(dataset, memory_bytes=64 << 20, spares=1)
    connection, requests = pool.connect(), 100 * Query(LIGHT).to_bytes()
    connection.settimeout(PATIENCE_SECONDS)

    def ask() -> None:
        with suppress(OSError):  # closed at the end
            while True:
                connection.sendall(requests)

    try:
        with ThreadPoolExecutor(1) as asking:
            asking.submit(ask)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (found := workers(pool)) or min(map(shared_bytes, found)) > 8 << 20:
                assert time.monotonic() < deadline
                assert connection.recv(1 << 20)
            pool.release(connection, reusable=False)
    finally:
        pool.close()


def huge_bytes(process: int) -> int:
    """What of the process's own memory is in huge pages."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^AnonHugePages:\s+(\d+) kB", text, re.MULTILINE)
    return 0 if found is None else int(found[1]) << 10


def kernel_gathers() -> bool:
    """Whether the kernel gathers pages of this process into a huge one where it is asked to."""
    with mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        held.write(bytes(8 << 20))
        before = huge_bytes(os.getpid())
        with suppress(OSError):
            held.madvise(memory._MADV_COLLAPSE)
        return huge_bytes(os.getpid()) > before


def test_a_dataset_and_the_copies_of_workers_are_in_huge_pages_where_the_kernel_has_them(
    dataset: Path,
) -> None:
    least = 2 << 20 if kernel_gathers() else 0
    pool = Pool(dataset, memory_bytes=64 << 20, spares=1)
    try:
        assert rows(pool, LIGHT) == 10
        assert huge_bytes(pool.process) >= least

        def gathered() -> bool:
            own = [each for each in workers(pool) if shared_bytes(each) < 8 << 20]
            return any(huge_bytes(each) >= least for each in own)

        assert within(PATIENCE_SECONDS, gathered)
    finally:
        pool.close()


def answered(connection: socket.socket, text: str | None) -> int:
    """The rows of the answer to a query that is sent now, or was before."""
    if text is not None:
        connection.sendall(Query(text, solutions_format="tsv").to_bytes())
    decoder, body = FrameDecoder(), b""
    while piece := connection.recv(1 << 16):
        for each in decoder.feed(piece):
            if isinstance(each, Data):
                body += each.payload
            elif isinstance(each, End):
                return body.count(b"\n") - 1
            assert not isinstance(each, Problem), each.error
    raise AssertionError("the connection was closed")


def test_a_worker_that_is_ended_as_unused_answers_a_query_that_has_come(dataset: Path) -> None:
    pool = Pool(dataset, memory_bytes=64 << 20, spares=1)
    connections = [pool.connect() for _ in range(4)]
    try:
        for each in connections:
            assert answered(each, LIGHT) == 10
        before = workers(pool)
        for process in before:
            os.kill(process, signal.SIGSTOP)  # as on a machine that gives them no processor
        for each in connections:
            each.sendall(Query(LIGHT, solutions_format="tsv").to_bytes())
        time.sleep(server._IDLE_SECONDS + 1)
        for process in before:
            os.kill(process, signal.SIGCONT)
        assert [answered(each, None) for each in connections] == [10, 10, 10, 10]
        assert within(PATIENCE_SECONDS, lambda: len(workers(pool)) < len(before))
        assert ended(pool, "crashed") == 0
    finally:
        for each in connections:
            each.close()
        pool.close()


def test_a_worker_that_is_ended_as_unused_answers_a_query_that_it_has_taken_in() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = server._Child(1, os.getpid(), theirs, Busy(mmap.mmap(-1, mmap.PAGESIZE)))
        ours.sendall(b"query")
        assert theirs.recv(5) == b"query"  # by the worker, which has not begun it yet
        worker.retire()
        with pytest.raises(BrokenPipeError):
            ours.sendall(b"another")
        theirs.sendall(b"answer")
        assert ours.recv(6) == b"answer"
        assert theirs.recv(1) == b""


def test_a_query_goes_to_another_worker_where_one_takes_nothing_more(pool: Pool) -> None:
    async def asked(connections: list[socket.socket]) -> tuple[int, int]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pool, "connect", lambda *_, **__: connections.pop(0))
            stream = begin(pool, Query(LIGHT, solutions_format="tsv"))
        with stream:
            frames = [each async for each in stream.frames()]
        body = b"".join(each.payload for each in frames if isinstance(each, Data))
        return body.count(b"\n") - 1, len(connections)

    def retired() -> socket.socket:
        ours, theirs = socket.socketpair()
        theirs.shutdown(socket.SHUT_RD)
        kept.extend((ours, theirs))
        return ours

    kept: list[socket.socket] = []
    good = pool.connect()
    assert asyncio.run(asked([retired(), retired(), good])) == (10, 0)
    with pytest.raises(EngineFailedError):
        asyncio.run(asked([retired() for _ in range(9)]))
    for each in kept:
        each.close()


def test_workers_that_take_long_are_kept_as_many_as_answered_a_moment_ago(pool: Pool) -> None:
    connections = [pool.connect() for _ in range(4 * pool.abreast + 2)]
    for each in connections:
        pool.release(each, reusable=True, slow=True)
    open_still = [each for each in connections if each.fileno() >= 0]
    assert len(open_still) == 4 * pool.abreast


def test_workers_that_nobody_uses_are_ended_and_as_many_stay_as_stand_ready(pool: Pool) -> None:
    connections = [pool.connect() for _ in range(6)]
    for each in connections:
        each.sendall(Query(LIGHT).to_bytes())
        assert each.recv(1 << 16)
        pool.release(each, reusable=True, slow=True)
    used = workers(pool)
    assert len(used) >= 6
    assert within(3 * PATIENCE_SECONDS, lambda: len(workers(pool)) <= 4)
    assert rows(pool, LIGHT) == 10
    assert set(used) & set(workers(pool))


def test_what_a_worker_has_had_of_a_processor_is_known(pool: Pool) -> None:
    rows(pool, LIGHT)
    connection = pool.connect()
    assert within(PATIENCE_SECONDS, lambda: pool.processor_seconds(connection) is not None)
    before = pool.processor_seconds(connection)
    connection.sendall(Query(RUNAWAY).to_bytes())
    assert before is not None
    assert within(
        PATIENCE_SECONDS, lambda: (pool.processor_seconds(connection) or 0) > before + 0.05
    )
    connection.close()


def test_what_the_system_takes_for_a_worker_is_no_time_of_its_query(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = pool.connect()
    try:
        assert within(PATIENCE_SECONDS, lambda: pool.processor_seconds(connection) is not None)
        monkeypatch.setattr(server_process, "user_seconds", lambda process: process / 2)
        assert pool.processor_seconds(connection) in {each / 2 for each in workers(pool)}
    finally:
        connection.close()


def test_where_all_hold_more_than_the_budget_the_query_that_holds_most_is_stopped(
    dataset: Path,
) -> None:
    pool = Pool(dataset, memory_bytes=4 << 30, budget_bytes=400 << 20)
    sorting = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?a ?d"
    try:
        connection, decoder = pool.connect(), FrameDecoder()
        connection.sendall(Query(sorting).to_bytes())
        frames: list[Frame] = []
        while not any(isinstance(each, End | Problem) for each in frames):
            frames += decoder.feed(receive(connection, 1 << 20))
        assert isinstance(frames[-1], Problem)
        assert isinstance(frames[-1].error, MemoryLimitError)
        assert "together" in frames[-1].error.detail
        assert within(PATIENCE_SECONDS, lambda: ended(pool, "memory") > 0)
        connection.close()
        assert rows(pool, LIGHT) == 10
    finally:
        pool.close()


def test_a_worker_that_was_killed_while_it_waited_is_passed_over(pool: Pool) -> None:
    rows(pool, LIGHT)
    crashed = ended(pool, "crashed")

    def none_is_left() -> bool:
        for worker in workers(pool):
            with suppress(ProcessLookupError):  # the server may have seen its end by now
                os.kill(worker, signal.SIGKILL)
        return not workers(pool)

    assert within(PATIENCE_SECONDS, none_is_left)
    assert within(PATIENCE_SECONDS, lambda: ended(pool, "crashed") > crashed)
    assert rows(pool, LIGHT) == 10


def test_closing_the_pool_ends_what_it_runs(dataset: Path) -> None:
    pool = Pool(dataset, memory_bytes=64 << 20)
    connection = pool.connect()
    connection.sendall(Query(RUNAWAY).to_bytes())
    assert within(PATIENCE_SECONDS, lambda: bool(running(pool)))
    processes = [pool.process, *workers(pool)]
    pool.close()
    assert not [process for process in processes if state(process) != "X"]
    with pytest.raises(ProblemError):
        pool.connect()
    connection.close()


FRONT = """
import sys, time
from functools import partial
from pathlib import Path
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.requests import (Query)
pool = Pool(Path(sys.argv[1]), memory_bytes=64 << 20)
connection = pool.connect()
connection.sendall(Query(sys.argv[2]).to_bytes())
forked = Path(f"/proc/{pool.process}/task/{pool.process}/children")
while len(forked.read_text().split()) < 2:
    time.sleep(0.01)
print(pool.process, *forked.read_text().split())
sys.stdout.flush()
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_front(dataset: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FRONT, str(dataset), RUNAWAY], stdout=subprocess.PIPE, text=True
    ) as front:
        assert front.stdout is not None
        processes = [int(process) for process in front.stdout.readline().split()]
        assert len(processes) >= 3
        front.send_signal(number)
        front.wait()
    assert within(PATIENCE_SECONDS, lambda: all(state(process) in "XZ" for process in processes))


def test_no_worker_outlives_the_server(pool: Pool) -> None:
    connection = pool.connect()
    connection.sendall(Query(RUNAWAY).to_bytes())
    assert within(PATIENCE_SECONDS, lambda: bool(running(pool)))
    processes = workers(pool)
    os.kill(pool.process, signal.SIGKILL)
    assert within(PATIENCE_SECONDS, lambda: all(state(process) in "XZ" for process in processes))
    connection.close()


def test_a_server_that_was_killed_is_started_again(pool: Pool) -> None:
    assert rows(pool, LIGHT) == 10
    started, forked = pool.counts().servers_started, pool.counts().workers_forked

    def another_answers(than: int) -> bool:
        with suppress(EngineFailedError):  # a worker may outlive its server by a moment
            return rows(pool, LIGHT) == 10 and pool.process != than
        return False

    for _ in range(2):
        killed = pool.process
        os.kill(killed, signal.SIGKILL)
        assert within(PATIENCE_SECONDS, partial(another_answers, killed))
    assert pool.counts().servers_started == started + 2
    assert pool.counts().workers_forked >= forked + 2


def test_a_dataset_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing\.nq"):
        Pool(tmp_path / "missing.nq", memory_bytes=64 << 20)


def test_a_dataset_that_is_no_dataset_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.nq").write_text("no\nquads\n", encoding="utf-8")
    (tmp_path / "broken").mkdir()
    for name in ("broken.nq", "broken"):
        with pytest.raises(StoreError, match=name):
            Pool(tmp_path / name, memory_bytes=64 << 20)


def test_an_extreme_text_that_passes_the_lexer_harms_nobody(pool: Pool) -> None:
    texts = [
        *(nested(shape, 20_000) for shape in NESTED),
        *(chained(shape, 20_000) for shape in (CHAINED | EVEN).values()),
    ]

    def survive(text: str) -> None:
        try:
            rows(pool, text, seconds=0.5)
        except (QueryTooComplexError, MemoryLimitError, TimeLimitError) as error:
            assert error.status in (400, 503, 504)  # noqa: PT017 # either limit may come first
        except ProblemError as error:
            assert error.kind == "syntax-error"  # noqa: PT017 # updates are no queries
        assert rows(pool, LIGHT) == 10

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(survive, texts))
    assert at_rest(pool)
    assert within(PATIENCE_SECONDS, lambda: len(workers(pool)) <= 4 + pool.abreast)


def test_two_thousand_mixed_queries_leave_no_process_and_no_descriptor(pool: Pool) -> None:
    rows(pool, LIGHT)
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    mixed = [LIGHT, "ASK {}", "no query", "ASK { ?s ?p ?o }", "DESCRIBE <https://example.org/s2>"]

    def run(number: int) -> None:
        text, seconds = mixed[number % len(mixed)], 20.0
        if number % 200 == 0:
            text, seconds = RUNAWAY, 0.05
        try:
            list(ask(pool, Query(text, max_rows=None if number % 7 else 1), seconds))
        except (ProblemError, ResultLimitError) as error:
            assert error.status < 505  # noqa: PT017 # any of them will do

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(2000)))
    assert at_rest(pool)
    assert within(PATIENCE_SECONDS, lambda: len(workers(pool)) <= 8)
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 8  # noqa: PTH208
    assert within(PATIENCE_SECONDS, lambda: {state(worker) for worker in workers(pool)} == {"S"})
