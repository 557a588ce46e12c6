"""Short requests are answered beside long queries and slow readers, however many there are."""

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from .conftest import (
    ENDLESS,
    RUNAWAY,
    Front,
    get,
    post,
    started,
    status,
    until,
    until_closed,
    watched,
)

pytestmark = pytest.mark.alone

SEATS = 16
CLOSE = "Connection: close"


def insert(front: Front, number: int) -> int:
    """The status of a plain write."""
    update = f"INSERT DATA {{ <urn:s> <urn:p> {number} }}"
    request = post(update, f"Authorization: Bearer {front.token}", CLOSE)
    return status(front.exchange(request.replace(b"sparql-query", b"sparql-update")))


def look_up(front: Front, number: int) -> int:
    """The status of a short query that nobody has asked before."""
    return status(front.exchange(get(f"SELECT ?o {{ <urn:s> <urn:p{number}> ?o }}", CLOSE)))


def runaways(front: Front, held: ExitStack, number: int, *, alike: bool) -> None:
    """So many queries that do not end, which differ in a constant, or in their shape."""
    for each in range(number):
        query = RUNAWAY.replace("?n", f"?n{each}") if not alike else f"{RUNAWAY} LIMIT {each + 1}"
        held.enter_context(front.connect()).sendall(post(query))


@pytest.fixture
def cold(tmp_path: Path) -> Iterator[Front]:
    """A service that nobody has asked anything."""
    with started(tmp_path) as made:
        yield made


@pytest.mark.parametrize("alike", [True, False])
def test_short_requests_are_answered_beside_runaways_from_the_start(
    cold: Front, *, alike: bool
) -> None:
    with ExitStack() as held:
        runaways(cold, held, 60, alike=alike)
        until(lambda: cold.running() >= SEATS, 20)
        with watched(cold):
            for number in range(10):
                assert look_up(cold, number) == 200
            home = cold.exchange(f"GET /catalog HTTP/1.1\r\nHost: a\r\n{CLOSE}\r\n\r\n".encode())
            assert status(home) == 200
    until(lambda: cold.running() == 0, 20)


def test_short_requests_and_writes_go_on_beside_runaways(front: Front) -> None:
    with ExitStack() as held:
        runaways(front, held, 30, alike=True)
        until(lambda: front.running() >= SEATS, 20)
        with watched(front):
            for number in range(6):
                assert insert(front, number) == 204
                assert look_up(front, number) == 200
    until(lambda: front.running() == 0, 20)


def test_readers_that_take_a_byte_a_second_keep_nobody_out(front: Front) -> None:
    with ExitStack() as held:
        slow = []
        for number in range(2 * SEATS):
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", front.port))
            connection.sendall(post(f"{ENDLESS} #{number}"))
            slow.append(connection)
        time.sleep(1)
        with watched(front):
            for number in range(3):
                for connection in slow:
                    connection.settimeout(0.01)
                    with suppress(TimeoutError):
                        connection.recv(1)
                assert look_up(front, number) == 200
                assert insert(front, number + 100) == 204
    until(lambda: front.running() == 0, 20)


def processes(front: Front) -> list[int]:
    """The processes below the front."""
    children = [front.process.pid]
    for each in children:
        with suppress(OSError):
            text = Path(f"/proc/{each}/task/{each}/children").read_text(encoding="ascii")
            children += map(int, text.split())
    return children[1:]


def demoted(front: Front) -> list[int]:
    """The workers whose query has been running for so long that it gives way to others."""
    found = []
    for process in processes(front):
        with suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").split()
            if fields[18] == "19":
                found.append(process)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("operation", ["query", "update"])
def test_a_worker_that_is_killed_from_outside_is_not_the_clients_fault(
    front: Front, operation: str, number: signal.Signals
) -> None:
    came = list[bytes]()
    text = RUNAWAY if operation == "query" else f"INSERT {{ <urn:s> ?n 1 }} WHERE {{ {RUNAWAY} }}"
    request = post(text, f"Authorization: Bearer {front.token}", CLOSE)
    request = request.replace(b"sparql-query", f"sparql-{operation}".encode())
    asking = threading.Thread(target=lambda: came.append(front.exchange(request)))
    until(lambda: not demoted(front), 20)
    asking.start()
    until(lambda: len(demoted(front)) == 1, 20)
    os.kill(demoted(front)[0], number)
    asking.join()
    assert status(came[0]) == 503
    assert b"/problems/engine-failed" in came[0]
    assert b"retry-after: 1" in came[0].lower()
    assert insert(front, 7) == 204


def test_a_query_whose_whole_engine_is_killed_is_not_the_clients_fault(cold: Front) -> None:
    came = list[bytes]()
    asking = threading.Thread(target=lambda: came.append(cold.exchange(post(RUNAWAY, CLOSE))))
    asking.start()
    until(lambda: len(demoted(cold)) == 1, 20)
    stat = Path(f"/proc/{demoted(cold)[0]}/stat").read_text(encoding="ascii").split()
    os.kill(int(stat[3]), signal.SIGKILL)
    asking.join()
    assert status(came[0]) == 503
    assert b"/problems/engine-failed" in came[0]
    until(lambda: look_up(cold, 1) == 200, 20)


def test_a_query_that_crashes_its_process_each_time_is_too_complex(front: Front) -> None:
    answer = front.exchange(post("SELECT * " + "{" * 20_000 + "}" * 20_000, CLOSE))
    assert status(answer) == 400
    assert b"/problems/query-too-complex" in answer


def test_a_cancelled_query_is_not_asked_again_by_clients_that_retry(front: Front) -> None:
    name = "cancelled-in-a-hostile-test"
    came = list[bytes]()
    request = post(RUNAWAY, CLOSE, f"X-Query-Id: {name}")
    asking = threading.Thread(target=lambda: came.append(front.exchange(request)))
    asking.start()
    until(lambda: front.running() == 1, 10)
    cancel = f"DELETE /running/{name} HTTP/1.1\r\nHost: a\r\n{CLOSE}\r\n\r\n".encode()
    until(lambda: status(front.exchange(cancel)) == 204, 10)
    asking.join()
    assert status(came[0]) == 409
    assert b"/problems/cancelled" in came[0]


def test_what_is_stopped_with_the_service_is_told_so_and_is_no_error(cold: Front) -> None:
    with cold.connect() as asking, cold.connect() as slow:
        asking.sendall(post(RUNAWAY))
        slow.sendall(post(ENDLESS))
        until(lambda: cold.running() == 2, 10)
        cold.process.send_signal(signal.SIGTERM)
        answer = until_closed(asking)
        assert status(answer) == 503
        assert b"/problems/stopping" in answer
        assert cold.process.wait(10) == 0
    time.sleep(0.5)
    log = "".join(cold.heard)
    assert not re.search(r"^(ERROR|CRITICAL|Traceback)", log, re.MULTILINE), log
    assert "overloaded" not in log
