"""Connections that take their time, and more of them than there may be."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from .conftest import (
    ASK,
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

HEAD = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
BODY = (
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 1000\r\n\r\n"
)
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of a connection that is reset when it is closed."""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", None),
        (b"GET /li", 408),
        (HEAD, 408),
        (BODY, 408),
        (BODY + b"SELECT", 408),
        (BODY.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked") + b"5\r\nSELE", 408),
        (HEAD + b"\r\n", 200),
    ],
)
def test_what_does_not_arrive_is_not_waited_for(
    hasty: Front, said: bytes, expected: int | None
) -> None:
    before = time.monotonic()
    answer = hasty.exchange(said)
    assert time.monotonic() - before < 8
    assert (status(answer) if answer else None) == expected


@pytest.mark.parametrize("first", [HEAD, BODY, BODY.replace(b"1000", b"1000000")])
def test_what_arrives_byte_by_byte_is_not_waited_for(hasty: Front, first: bytes) -> None:
    before = time.monotonic()
    with hasty.connect() as connection:
        connection.sendall(first)
        with suppress(ConnectionError):
            while time.monotonic() - before < 15:
                connection.sendall(b"x")
                connection.settimeout(0.05)
                with suppress(TimeoutError):
                    answer = connection.recv(1 << 16)
                    break
    assert status(answer) == 408
    assert time.monotonic() - before < 10


def test_a_body_that_keeps_coming_has_its_time(hasty: Front) -> None:
    query = b"#" * 400_000 + b"\nASK {}"
    with hasty.connect() as connection:
        connection.sendall(BODY.replace(b"1000", b"%d" % len(query)))
        for start in range(0, len(query), 40_000):
            connection.sendall(query[start : start + 40_000])
            time.sleep(0.2)
        assert status(connection.recv(1 << 16)) == 200


def test_four_hundred_idle_connections_lock_nobody_out(tmp_path: Path) -> None:
    with started(tmp_path, descriptors=200) as front, ExitStack() as held:
        with watched(front):
            for _ in range(400):
                held.enter_context(front.connect())
            time.sleep(1)
            assert front.descriptors() < 200
        for _ in range(200):
            connection = held.enter_context(front.connect())
            with suppress(ConnectionError):
                connection.sendall(HEAD)
        front.ask()


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    options = ("--max-connections", "40", "--max-connections-per-address", "8")
    with started(tmp_path_factory.mktemp("few"), *options) as made:
        yield made


def test_one_address_has_its_share(few: Front) -> None:
    with ExitStack() as held:
        busy = [held.enter_context(few.connect()) for _ in range(8)]
        for number, connection in enumerate(busy):
            connection.sendall(post(RUNAWAY + f" #{number}"))
        time.sleep(0.5)
        answer = few.exchange(ASK)
        assert status(answer) == 429
        assert b"retry-after: 1" in answer.lower()
        busy[0].close()
        until(lambda: status(few.exchange(ASK)) == 200, 10)


def test_the_oldest_idle_connection_goes_for_a_new_one(few: Front) -> None:
    until(lambda: few.running() == 0, 10)
    with ExitStack() as held:
        idle = [held.enter_context(few.connect()) for _ in range(8)]
        for connection in idle:
            connection.sendall(HEAD + b"\r\n")
            assert status(connection.recv(1 << 16)) == 200
        assert status(few.exchange(ASK)) == 200
        idle[0].settimeout(10)
        assert idle[0].recv(1) == b""
        idle[7].sendall(HEAD + b"\r\n")
        assert status(idle[7].recv(1 << 16)) == 200


def test_connections_of_a_trusted_proxy_are_not_counted_by_address(tmp_path: Path) -> None:
    options = ("--max-connections-per-address", "4", "--trusted-proxies", "127.0.0.1")
    with started(tmp_path, *options) as front, ExitStack() as held:
        for number in range(6):
            held.enter_context(front.connect()).sendall(post(RUNAWAY + f" #{number}"))
        until(lambda: front.running() == 6, 10)


@pytest.mark.parametrize("behind", [b"", HEAD + b"\r\n", (HEAD + b"\r\n") * 3, BODY])
@pytest.mark.parametrize("leaving", ["close", "shutdown", "reset"])
def test_a_query_ends_with_its_client(front: Front, behind: bytes, leaving: str) -> None:
    connection = front.connect()
    connection.sendall(post(RUNAWAY) + behind)
    until(lambda: front.running() == 1, 10)
    before = time.monotonic()
    match leaving:
        case "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()
        case "shutdown":
            connection.shutdown(socket.SHUT_WR)
        case _:
            connection.close()
    until(lambda: front.running() == 0, 10)
    assert time.monotonic() - before < 4
    connection.close()


def test_a_client_that_ends_its_side_hears_what_is_answered_soon(front: Front) -> None:
    with front.connect() as connection:
        connection.sendall(get("ASK { }") + get("ASK {  }"))
        connection.shutdown(socket.SHUT_WR)
        assert until_closed(connection).count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("behind", [b"\r\n", b"\r\n\r\n", b"GET / HT"])
def test_what_comes_behind_and_is_no_request_keeps_nothing_open(
    front: Front, behind: bytes
) -> None:
    for _ in range(3):  # the second time the very bytes were answered before
        with front.connect() as connection:
            connection.sendall(get("ASK { }") + behind)
            connection.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" in until_closed(connection)


def test_who_takes_nothing_of_an_answer_is_left(hasty: Front) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", hasty.port))
        connection.sendall(post(ENDLESS))
        until(lambda: hasty.running() == 1, 10)
        before = time.monotonic()
        until(lambda: hasty.running() == 0, 15)
        assert time.monotonic() - before < 12


def test_answers_that_nobody_takes_are_not_copied_for_each(front: Front) -> None:
    query = f"{ENDLESS} LIMIT 8000"
    whole = front.exchange(post(query, "Connection: close"))
    assert 4 << 20 < len(whole) < 8 << 20
    with ExitStack() as held, watched(front):
        for _ in range(64):
            connection = held.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", front.port))
            connection.sendall(post(query))
        time.sleep(1)


def test_attacks_on_several_connections_at_once_hold_nobody_up(front: Front) -> None:
    over = threading.Event()

    def drip(data: bytes) -> None:
        while not over.is_set():
            with suppress(OSError), front.connect() as connection:
                while not over.is_set():
                    connection.sendall(data)

    attacks = [b"A:\r\n" * 1000, b"x" * 5000, HEAD + b"\r\n" + HEAD, b"\x00" * 100]
    threads = [threading.Thread(target=drip, args=(each,)) for each in attacks]
    with watched(front):
        for thread in threads:
            thread.start()
        time.sleep(2)
        over.set()
        for thread in threads:
            thread.join()
