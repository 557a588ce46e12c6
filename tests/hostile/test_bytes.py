"""Requests that never end, or are none, are refused while they arrive; others are answered."""

import socket
from contextlib import suppress

import pytest

from ..receiving import receive
from .conftest import RUNAWAY, Front, post, status, until, until_closed, watched

pytestmark = pytest.mark.alone

HEAD = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
CHUNKED = (
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
PIECE = 1 << 16
MOST = 32 << 20
"""How much an attack sends at most."""


def flood(front: Front, first: bytes, more: bytes) -> tuple[bytes, int]:
    """What is answered to the first bytes, and then the others again and again; and how much was
    sent of them."""
    block, sent = more * (PIECE // len(more) + 1), 0
    with front.connect() as connection:
        with suppress(ConnectionError):
            connection.sendall(first)
            while sent < MOST:
                connection.sendall(block)
                sent += len(block)
                connection.setblocking(False)
                try:
                    said = connection.recv(1 << 16, socket.MSG_PEEK)
                except BlockingIOError:
                    said = b""
                connection.settimeout(20)
                if said:
                    break
        return until_closed(connection), sent


@pytest.mark.parametrize(
    ("first", "more", "expected"),
    [
        (HEAD, b"A:\r\n", 431),
        (HEAD, b"Aaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\r\n", 431),
        (HEAD + b"A: ", b"x", 431),
        (HEAD + b"A", b"x", 431),
        (HEAD + b"A: b\r\n", b" c\r\n", 431),
        (b"", b"x", 414),
        (b"GET /", b"x", 414),
        (b"GET /sparql?query=", b"%20", 414),
        (b"", b"\r\n", 400),
        (b"", b"\n", 400),
        (HEAD, b"A: b\n", 400),
        (CHUNKED + b"0\r\n", b"A:\r\n", 431),
        (CHUNKED + b"0\r\n", b"Aaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\r\n", 431),
        (CHUNKED + b"0\r\nA: ", b"x", 400),
        (CHUNKED, b"0", 400),
        (CHUNKED + b"1;", b"x", 400),
        (CHUNKED, b"1\r\n#\r\n", 400),
        (CHUNKED, b"10000\r\n" + b"#" * 0x10000 + b"\r\n", 413),
    ],
)  # fmt: skip
def test_what_does_not_end_is_refused_as_it_comes(
    front: Front, first: bytes, more: bytes, expected: int
) -> None:
    with watched(front):
        answer, sent = flood(front, first, more)
    assert status(answer) == expected
    assert b"connection: close" in answer
    assert sent < MOST


@pytest.mark.parametrize("head", [
    "POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n",
    "POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n",
    "QUERY /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n",
    "POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-update\r\n{token}",
    "PUT /graphs?graph=urn:g HTTP/1.1\r\nHost: a\r\nContent-Type: text/turtle\r\n{token}",
    "POST /graphs HTTP/1.1\r\nHost: a\r\nContent-Type: text/turtle\r\n{token}",
    "POST /graphs?graph=urn:g HTTP/1.1\r\nHost: a\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n{token}",
])  # fmt: skip
def test_a_body_that_is_declared_too_large_is_refused_at_once(front: Front, head: str) -> None:
    token = f"Authorization: Bearer {front.token}\r\n"
    request = head.format(token=token) + "Content-Length: 100000000000\r\n\r\n"
    with front.connect() as connection:
        connection.sendall(request.encode())
        connection.settimeout(10)
        assert status(connection.recv(1 << 16)) == 413


@pytest.mark.parametrize("path", ["/livez", "/sparql", "/id/x", "/queries", "/graphs?default"])
def test_a_body_that_nobody_takes_is_not_waited_for(front: Front, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000000\r\n\r\n"
    assert status(front.exchange(request.encode())) < 500


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /livez HTTP/1.1\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (CHUNKED.replace(b"chunked", b"gzip, chunked"), 501),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 6\r\n\r\n"), 400),
        (b"GET /livez HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\nHost: a\n\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET http://b/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /id/%00/%ff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /queries/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        (b"GET /source/..%2f..%2fetc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /search?q=%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /sparql?query=%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 414),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 204),
    ],
)  # fmt: skip
def test_a_request_has_the_answer_that_http_asks_for(
    front: Front, request_: bytes, expected: int
) -> None:
    assert status(front.exchange(request_)) == expected


def test_no_answer_names_a_file_of_the_machine(front: Front) -> None:
    answer = front.exchange(b"GET /queries/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b".py" not in answer


def test_a_problem_of_the_wire_is_explained(front: Front) -> None:
    answer = front.exchange(b"GET /livez HTTP/1.1\r\n\r\n")
    assert b"content-type: application/problem+json" in answer
    assert b'"type": "http://127.0.0.1:%d/problems/malformed-request"' % front.port in answer
    page = front.exchange(
        b"GET /problems/malformed-request HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    assert status(page) == 200


def test_a_flood_of_pipelined_requests_is_answered_one_by_one(front: Front) -> None:
    one = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    with watched(front), front.connect() as connection:
        connection.sendall(one * 2000)
        received = b""
        while received.count(b'{"status":"alive"}') < 2000:
            received += receive(connection, 1 << 16)
    assert received.count(b"HTTP/1.1 200") == 2000


def test_what_is_sent_behind_a_query_is_not_held_without_end(front: Front) -> None:
    block = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 2000
    with watched(front), front.connect() as connection:
        connection.sendall(post(RUNAWAY))
        for _ in range(200):
            connection.sendall(block)
        until(lambda: front.running() == 1, 10)
    until(lambda: front.running() == 0, 10)
