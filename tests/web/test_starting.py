"""A service that starts: its port is open, and no connection is lost when it is ready."""

import asyncio
import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from spacepolicy.http import starting
from spacepolicy.http.server import server as http_server
from spacepolicy.http.starting import answers_while_starting
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

Address = tuple[str, int]
PATIENCE_SECONDS = 30


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as made:
        yield made


@pytest.fixture
def address(listening: socket.socket) -> Iterator[Address]:
    with answers_while_starting(listening, "https://data.example.org/"):
        yield listening.getsockname()


def answer(
    address: Address, method: str, path: str, body: bytes | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=20)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_no_event_loop_is_made_where_a_signal_may_break_it_off(
    monkeypatch: pytest.MonkeyPatch, listening: socket.socket
) -> None:
    """A signal's handler runs in the main thread, between any two lines of it."""
    made: list[str] = []
    policy = asyncio.get_event_loop_policy()
    new = policy.new_event_loop

    def told() -> asyncio.AbstractEventLoop:
        made.append(threading.current_thread().name)
        return new()

    monkeypatch.setattr(policy, "new_event_loop", told)
    with answers_while_starting(listening, None):
        assert answer(listening.getsockname(), "GET", "/livez")[0].status == 200
    assert made == ["starting"]


@pytest.mark.parametrize("path", ["/livez", "/livez?probe=1"])
def test_a_service_that_starts_says_that_it_lives(address: Address, path: str) -> None:
    response, body = answer(address, "GET", path)
    assert (response.status, body) == (200, b'{"status": "alive"}')
    assert response.getheader("content-type") == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/readyz"), ("GET", "/livez/"), ("POST", "/livez"), ("QUERY", "/sparql")],
)
def test_all_else_is_a_problem_that_says_when_to_ask_again(
    address: Address, method: str, path: str
) -> None:
    response, body = answer(address, method, path)
    assert response.status == 503
    assert int(response.getheader("retry-after") or 0) > 0
    assert response.getheader("content-type") == "application/problem+json"
    assert response.getheader("access-control-allow-origin") == "*"
    assert b'"https://data.example.org/problems/starting"' in body
    assert response.getheader("x-request-id") != answer(address, method, path)[0].getheader(
        "x-request-id"
    )


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_request_is_called_as_its_client_calls_it(address: Address, path: str) -> None:
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(b"GET %b HTTP/1.1\r\nx-request-id: probe-1\r\n\r\n" % path.encode())
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert b"\r\nx-request-id: probe-1\r\n" in said


@pytest.mark.parametrize(("path", "status"), [("/livez", 200), ("/", 503)])
def test_head_has_no_body(address: Address, path: str, status: int) -> None:
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(b"HEAD %b HTTP/1.1\r\nHost: here\r\n\r\n" % path.encode())
        said = b"".join(iter(lambda: client.recv(4096), b""))
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert said.endswith(b"\r\n\r\n")


def test_a_client_that_sends_a_long_body_still_reads_its_answer(address: Address) -> None:
    response, _ = answer(address, "PUT", "/graphs?default", b"x" * (8 << 20))
    assert response.status == 503


def test_what_is_no_request_does_not_keep_others_from_an_answer(address: Address) -> None:
    for noise in (b"\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"x" * (1 << 17), b"GET /live"):
        with socket.create_connection(address, timeout=20) as client:
            client.sendall(noise)
    assert answer(address, "GET", "/livez")[0].status == 200


def test_idle_connections_do_not_keep_a_probe_from_its_answer(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "_MOST_CONNECTIONS", 8)
    idle = [socket.create_connection(address, timeout=20) for _ in range(20)]
    assert answer(address, "GET", "/livez")[0].status == 200
    assert idle[0].recv(1) == b""  # the oldest was closed
    for each in idle:
        each.close()


def test_a_connection_taken_before_the_hand_over_is_answered_after_it(
    listening: socket.socket,
) -> None:
    with answers_while_starting(listening, None), socket.socket() as client:
        client.connect(listening.getsockname())
        client.sendall(b"GET /livez HTTP/1.1\r\n")
        assert answer(listening.getsockname(), "GET", "/")[0].status == 503  # so it was taken
        half = client.dup()
    with half:
        half.settimeout(20)
        half.sendall(b"Host: here\r\n\r\n")
        assert half.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_no_connection_is_lost_when_the_service_takes_over(
    service: Service, listening: socket.socket
) -> None:
    address = listening.getsockname()
    seen: list[Counter[tuple[bool, int]]] = [Counter() for _ in range(4)]
    failures: list[OSError | http.client.HTTPException] = []
    taken_over, stopped = threading.Event(), threading.Event()

    def ask(counts: Counter[tuple[bool, int]]) -> None:
        while not stopped.is_set():
            after = taken_over.is_set()
            try:
                counts[after, answer(address, "GET", "/readyz")[0].status] += 1
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)

    def have(asked: tuple[bool, int]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all(each[asked] > 3 for each in seen) and time.monotonic() < deadline:
            time.sleep(0.01)

    clients = [threading.Thread(target=ask, args=(each,)) for each in seen]
    with answers_while_starting(listening, None):
        for client in clients:
            client.start()
        have((False, 503))
    taken_over.set()
    app = create_app(service)
    server = http_server(app, app.endpoint)
    server.config.lifespan = "off"
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    serving.start()
    have((True, 200))
    stopped.set()
    for client in clients:
        client.join()
    server.should_exit = True
    serving.join()
    assert failures == []
    for each in seen:
        assert {(False, 503), (True, 200)} <= set(each) <= {(False, 503), (False, 200), (True, 200)}
