"""The very same bytes are answered again at once, and never when the answer could be another."""

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from spacepolicy.commands.echoes import Echoes
from spacepolicy.commands.serve_http import server
from spacepolicy.revisions.history import History
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

pytestmark = pytest.mark.alone

GET = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n\r\n"
FORM = b"query=ASK%7B%7D"
POST = (
    b"POST /sparql HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
    % (len(FORM), FORM)
)
CHANGING = re.compile(rb"\r\n(date|x-query-id): ([^\r]*)")


class Served:
    """A server with echoes, and one connection to it."""

    def __init__(self, address: tuple[str, int], history: History, echoes: Echoes) -> None:
        self.history = history
        self.echoes = echoes
        self._connection = socket.create_connection(address, timeout=20)

    def ask(self, *pieces: bytes) -> bytes:
        """The whole of the next answer, which has a length."""
        for piece in pieces:
            self._connection.sendall(piece)
            time.sleep(0.02 if len(pieces) > 1 else 0)
        return self.next()

    def next(self) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._connection.recv(1)
        length = re.search(rb"content-length: (\d+)", received)
        for _ in range(int(length[1]) if length else 0):
            received += self._connection.recv(1)
        return received

    def kept(self, request: bytes) -> bool:
        """Whether the bytes are answered without being read."""
        address = self._connection.getpeername()
        return self.echoes.answer(address, request, b"") is not None

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def served(service: Service) -> Iterator[Served]:
    history = History([service.history.current])
    mine = replace(service, history=history)
    echoes = Echoes(1 << 20, lambda: history.current.number)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = server(create_app(mine), echoes)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        with closing(Served(listening.getsockname()[:2], history, echoes)) as client:
            yield client
        running.should_exit = True
        thread.join()


@pytest.mark.parametrize("request_", [GET, POST])
def test_the_same_bytes_are_answered_the_same_under_another_name(
    served: Served, request_: bytes
) -> None:
    answers = [served.ask(request_) for _ in range(4)]
    assert served.kept(request_)
    assert len({CHANGING.sub(b"", each) for each in answers[:1] + answers[2:]}) == 1
    names = [dict(CHANGING.findall(each))[b"x-query-id"] for each in answers]
    assert len(set(names)) == 4
    assert all(len(dict(CHANGING.findall(each))[b"date"]) == 29 for each in answers)


def test_another_revision_is_another_answer(served: Served) -> None:
    for _ in range(3):
        served.ask(GET)
    newer = replace(served.history.current, number=served.history.current.number + 1)
    served.history.publish(newer, [])
    assert b"x-dataset-revision: %d\r\n" % newer.number in served.ask(GET)


@pytest.mark.parametrize(
    "field",
    [b"Authorization: Bearer x", b"Forwarded: host=b", b"Connection: close", b"X-Query-Id: mine",
     b"Accept-Datetime: Thu, 01 Jan 2026 00:00:00 GMT"],
)  # fmt: skip
def test_what_is_for_one_request_alone_is_not_kept(served: Served, field: bytes) -> None:
    request = GET.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n")
    answers = 1 if b"close" in field else 3
    for _ in range(answers):
        served.ask(request)
    assert not served.kept(request)


def test_what_is_refused_or_differs_each_time_is_not_kept(served: Served) -> None:
    for query in (b"no", b"SELECT%20(NOW()%20AS%20%3Fx)%20%7B%7D"):
        request = GET.replace(b"ASK%7B%7D", query)
        for _ in range(3):
            served.ask(request)
        assert not served.kept(request)


def test_bytes_within_another_request_are_no_request(served: Served) -> None:
    for _ in range(3):
        served.ask(GET)
    begun = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    begun += b"Content-Length: %d\r\n\r\n" % len(GET)
    assert b"syntax-error" in served.ask(begun, GET)
    assert served.ask(GET).startswith(b"HTTP/1.1 200")


def test_requests_in_one_piece_are_answered_one_by_one(served: Served) -> None:
    for _ in range(3):
        served.ask(GET)
    for answer in (served.ask(GET + POST), served.next()):
        assert answer.startswith(b"HTTP/1.1 200")
    assert not served.kept(GET + POST)


def test_each_is_noted_in_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="spacepolicy.requests"):
        for _ in range(4):
            served.ask(GET)
    lines = [line for line in caplog.messages if "GET /sparql 200 kept text/csv" in line]
    assert len(lines) == 3
