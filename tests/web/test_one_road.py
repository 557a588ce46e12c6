"""What the endpoint answers directly is what the application would answer, byte for byte."""

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
from starlette.types import Receive, Scope, Send

from spacepolicy.http.closing_connection import Limits
from spacepolicy.http.connections import ConnectionLimits
from spacepolicy.http.server import server
from spacepolicy.sparql_service.query_stream import SOON_SECONDS
from spacepolicy.store.history import History
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

from ..receiving import receive

pytestmark = pytest.mark.alone

OF_ONE_ANSWER = re.compile(rb"\r\n(date|x-query-id|x-request-id): ([^\r]*)")
PUBLIC = "https://example.org"
EX = "https://example.org/"


def look_up(number: int) -> str:
    return f"SELECT * {{ <{EX}s{number}> ?p ?o }} ORDER BY ?p"


def get(query: str, accept: str = "text/csv", more: str = "") -> bytes:
    head = f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n{more}\r\n"
    return head.encode()


class Client:
    """One connection, and how often the application was asked."""

    def __init__(self, address: tuple[str, int], history: History) -> None:
        self.address = address
        self.history = history
        self.read = 0
        self._connection = socket.create_connection(address, timeout=20)

    def ask(self, request: bytes) -> bytes:
        """The whole of the next answer, which has a length."""
        self._connection.sendall(request)
        return self.next()

    def next(self) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += receive(self._connection, 1)
        length = re.search(rb"content-length: (\d+)", received)
        for _ in range(int(length[1]) if length else 0):
            received += receive(self._connection, 1)
        return received

    def ask_alone(self, request: bytes) -> bytes:
        """The answer over a connection of its own, whether it has a length or comes in chunks."""
        with socket.create_connection(self.address, timeout=20) as connection:
            connection.sendall(request)
            received = b""
            while True:
                received += receive(connection, 1 << 16)
                head, end, body = received.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                if end and (len(body) == int(length[1]) if length else body.endswith(b"0\r\n\r\n")):
                    return received

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """A client of a server that waits for a query that has begun, however busy the machine is."""
    with served(service, 10) as client:
        yield client


@pytest.fixture
def hurried(service: Service) -> Iterator[Client]:
    """A client of a server that waits for a query that has begun as long as any does."""
    with served(service, SOON_SECONDS) as client:
        yield client


@contextmanager
def served(
    service: Service, patience_seconds: float, keep_alive_seconds: int = 5
) -> Iterator[Client]:
    history = History([service.history.current])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = Client(listening.getsockname()[:2], history)
        own = replace(service, history=history, public_url=PUBLIC, max_running=2)
        app = create_app(replace(own, patience_seconds=patience_seconds))

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            client.read += scope["type"] == "http"
            await app(scope, receive, send)

        limits = Limits(connection=ConnectionLimits(idle_seconds=keep_alive_seconds))
        running = server(counting, app.endpoint, limits)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        try:
            with closing(client):
                yield client
        finally:
            running.should_exit = True
            thread.join()


def lasting(answer: bytes) -> tuple[frozenset[bytes], bytes]:
    """The fields of the answer that another would have too, in no order, and its body."""
    head, _, body = OF_ONE_ANSWER.sub(b"", answer).partition(b"\r\n\r\n")
    return frozenset(head.split(b"\r\n")), body


def without_address(answer: bytes) -> tuple[frozenset[bytes], bytes]:
    """What lasts, but for the link that only what has an address leads to."""
    fields, body = lasting(answer)
    return frozenset(field for field in fields if not field.startswith(b"link: ")), body


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("SELECT * {{ <https://example.org/s{}> ?p ?o }} ORDER BY ?p", "text/csv"),
        ("SELECT * {{ ?s ?p ?o }} ORDER BY ?s ?p LIMIT {}", "application/sparql-results+json"),
        ("SELECT * {{ ?s ?p ?o FILTER(STR(?o) = \"{}\") }}", "application/sparql-results+xml"),
        ("ASK {{ <https://example.org/s{}> ?p ?o }}", "*/*"),
        ("CONSTRUCT WHERE {{ <https://example.org/s{}> ?p ?o }}", "application/n-triples"),
        ("DESCRIBE <https://example.org/s{}>", "text/turtle"),
        ("SELECT ?s (RAND() * 0 AS ?r) {{ ?s ?p ?o }} LIMIT {}", "text/csv"),
    ],
)  # fmt: skip
def test_an_answer_is_what_it_would_be(
    client: Client, served_alone: Client, query: str, accept: str
) -> None:
    numbers = range(3, 9)
    asked = [get(query.format(number), accept) for number in numbers]
    ours = [client.ask(each) for each in asked]
    assert client.read == 0
    theirs = [served_alone.ask(each) for each in asked]
    assert [lasting(each) for each in ours] == [lasting(each) for each in theirs]
    names = [dict(OF_ONE_ANSWER.findall(each))[b"x-query-id"] for each in ours]
    assert len(set(names)) == len(names)
    assert all(len(dict(OF_ONE_ANSWER.findall(each))[b"date"]) == 29 for each in ours)


@pytest.mark.parametrize("space", ["%20", "+"])
def test_texts_are_quoted_as_forms_do(client: Client, served_alone: Client, space: str) -> None:
    for constant in ("a", "卫星 + 100%", "%2B%zz", "x" + chr(0x1F680), "back\\\\slash"):
        request = get(f'SELECT ("{constant}" AS ?x) {{}}').replace(b"%20", space.encode())
        answer = client.ask(request)
        assert answer.startswith(b"HTTP/1.1 200")
        assert lasting(answer) == lasting(served_alone.ask(request))
    assert client.read == 0
    malformed = get('SELECT ("ab" AS ?x) {}').replace(b"ab", b"%zz")
    assert lasting(client.ask(malformed)) == lasting(served_alone.ask(malformed))


@pytest.fixture
def served_alone(service: Service) -> Iterator[Client]:
    """A server of the same application that leaves all to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = server(create_app(replace(service, public_url=PUBLIC)))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        with closing(Client(listening.getsockname()[:2], service.history)) as client:
            yield client
        running.should_exit = True
        thread.join()


def post(query: str, more: str = "") -> bytes:
    head = f"POST /sparql HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\n{more}"
    return f"{head}Content-Length: {len(query.encode())}\r\n\r\n{query}".encode()


TEXT = "Content-Type: application/sparql-query\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        post("ASK { <urn:a> ?p 'ö' }", TEXT),
        post("query=" + quote("ASK { <urn:a> ?p 'ö' }") + "&format=xml", FORM),
        post("ASK {}", TEXT).replace(b"POST", b"QUERY"),
        get("ASK {}").replace(b"GET", b"HEAD"),
        get("SELECT * { ?s ?p ?o } LIMIT 20", more="Accept-Encoding: gzip\r\n"),
        get("SELECT * { ?s ?p ?o } LIMIT 21", more="Accept-Encoding: zstd, identity;q=0\r\n"),
        get("ASK {}").replace(b"query=", b"format=json&default-graph-uri=urn%3Ax&query="),
        get("ASK {}").replace(b" HTTP", b"&format=tsv HTTP"),
        get("SELECT * { ?s <urn:none> ?o }"),
        get("ASK {}", more="Connection: keep-alive\r\n"),
    ],
)
def test_each_way_to_ask_has_its_answer(
    client: Client, served_alone: Client, request_: bytes
) -> None:
    for _ in range(2):
        assert headed(client, request_) == headed(served_alone, request_)
    assert client.read == 0


def headed(client: Client, request: bytes) -> tuple[frozenset[bytes], bytes]:
    """The lasting part of the answer, which has no body where HEAD asked for it."""
    if not request.startswith(b"HEAD"):
        return lasting(client.ask(request))
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(request.replace(b"Host: a", b"Host: a"))
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            received += receive(connection, 1)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        return lasting(received)


@pytest.mark.parametrize(
    "request_",
    [
        get("ASK {}").replace(b"query=", b"limit=1&query="),
        get("ASK {}").replace(b"query=", b"query=ASK&query="),
        get("ASK {}").replace(b"query=", b"timeout=0.5&query="),
        get("ASK {}").replace(b"query=", b"%72evision=7&query="),
        get("ASK {}").replace(b"query=", b"revision=7&query="),
        get("no query"),
        get("SELECT * { SERVICE <http://a/> {} }"),
        get("INSERT DATA {}"),
        get("ASK {}", "text/html"),
        get("ASK {}", "image/png"),
        get("ASK {}", more="Accept-Encoding: *;q=0\r\n"),
        get("ASK {}", more="X-Query-Id: too-short\r\n"),
        get("ASK {}", more="Accept-Datetime: Thu, 01 Jan 2026 00:00:00 GMT\r\n"),
        get("ASK {}", more="Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        post("ASK {}"),
        post("ASK {}", TEXT + "Content-Encoding: gzip\r\n"),
        post("ASK {}\xff", TEXT.replace("query", "update")),
        b"GET /sparql?query=%ff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /sparql HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PUT /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_unusual_is_left_to_the_application(
    client: Client, served_alone: Client, request_: bytes
) -> None:
    for number in (1, 2):
        assert lasting(client.ask_alone(request_)) == lasting(served_alone.ask_alone(request_))
        assert client.read == number


def test_a_connection_is_closed_where_that_is_asked(client: Client) -> None:
    for request in (get("ASK {}", more="Connection: close\r\n"),) * 2:
        with socket.create_connection(client.address, timeout=20) as connection:
            connection.sendall(request + get("ASK {}"))
            received = b""
            while piece := connection.recv(1 << 16):
                received += piece
        assert received.count(b"HTTP/1.1 200") == 1
        assert b"\r\nconnection: close\r\n" in received
        assert received.endswith(b"true")
    assert client.read == 0


def test_the_same_request_is_answered_the_same_under_another_name(client: Client) -> None:
    answers = [client.ask(get(look_up(2))) for _ in range(4)]
    assert len({lasting(each) for each in answers}) == 1
    names = [dict(OF_ONE_ANSWER.findall(each))[b"x-query-id"] for each in answers]
    assert len(set(names)) == 4
    assert client.read == 0


def test_what_differs_each_time_is_asked_each_time(client: Client) -> None:
    text = "SELECT (STRUUID() AS ?x) {}"
    answers = [client.ask(get(text)) for _ in range(3)]
    assert len({lasting(each)[1] for each in answers}) == 3
    assert all(b"cache-control: no-store" in each for each in answers)
    assert client.read == 0


def test_what_the_client_has_is_not_sent_again(client: Client, served_alone: Client) -> None:
    tag = re.search(rb'etag: ("[^"]*")', client.ask(get(look_up(1))))
    assert tag is not None
    for condition in (tag[1].decode(), f'W/{tag[1].decode()}, "x"', "*"):
        request = get(look_up(1), more=f"If-None-Match: {condition}\r\n")
        for _ in range(2):
            answer = client.ask(request)
            assert answer.startswith(b"HTTP/1.1 304 Not Modified\r\n")
            assert lasting(answer) == lasting(served_alone.ask(request))
    other = get(look_up(1), more='If-None-Match: "other"\r\n')
    assert client.ask(other).startswith(b"HTTP/1.1 200")
    assert client.read == 0


def test_a_newer_revision_has_new_answers(client: Client) -> None:
    for _ in range(2):
        client.ask(get(look_up(1)))
    newer = replace(client.history.current, number=client.history.current.number + 1)
    client.history.publish(newer, [])
    for number in (1, 2):
        assert b"x-dataset-revision: %d\r\n" % newer.number in client.ask(get(look_up(number)))
    assert client.read == 0


def test_bytes_within_another_request_are_no_request(client: Client) -> None:
    request = get("ASK {}")
    client.ask(request)
    begun = b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\n"
    client._connection.sendall(begun + b"Content-Length: %d\r\n\r\n" % len(request))
    time.sleep(0.05)
    assert b"syntax-error" in client.ask(request)
    assert client.ask(request).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "lines",
    ["X: a\nb", "X : a", "X: a\r\n folded", "Host: b", "X: " + "a" * 20_000, "X: a\r\n" * 101],
)
def test_lines_that_are_not_well_formed_are_refused_each_time(client: Client, lines: str) -> None:
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(get("ASK {}", more=f"{lines}\r\n"))
        assert re.match(rb"HTTP/1.1 4(00|31) ", connection.recv(1000))
    with socket.create_connection(client.address, timeout=20) as connection:
        connection.sendall(get("ASK {}", more=f"{lines}\r\n"))
        assert re.match(rb"HTTP/1.1 4(00|31) ", connection.recv(1000))


@pytest.mark.parametrize("number", ["7" * 30, "9" * 20])
def test_a_constant_that_is_wrong_has_its_problem(client: Client, number: str) -> None:
    query = "SELECT * {{ ?s ?p ?o }} LIMIT {}"
    client.ask(get(query.format(1)))
    answer = client.ask(get(query.format(number)))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"problem+json" in answer
    assert client.ask(get(query.format(2))).startswith(b"HTTP/1.1 200")


def test_a_warning_is_told_where_there_is_one(client: Client) -> None:
    query = "SELECT * FROM <https://example.org/{}> {{ ?s ?p ?o }}"
    assert b"\r\nwarning:" not in client.ask(get(query.format("graph")))
    answer = client.ask(get(query.format("none")))
    assert b"\r\nwarning:" in answer
    assert b"\r\nwarning:" in client.ask(get(query.format("none")))
    assert client.read == 0
    assert b"\r\nwarning:" not in client.ask(get(query.format("graph"), "*/*"))


def test_a_large_answer_is_coded_as_ever(client: Client) -> None:
    query, gzip = "SELECT * {{ ?s ?p ?o }} LIMIT {}", "Accept-Encoding: gzip\r\n"
    assert b"content-encoding" not in client.ask(get(query.format(2), more=gzip))
    assert b"content-encoding: gzip" in client.ask(get(query.format(900), more=gzip))
    assert b"content-encoding" not in client.ask(get(query.format(3), more=gzip))


def test_what_takes_long_goes_on_as_any_other_query(hurried: Client) -> None:
    slow = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER(STR(?a) = STR(?f)) }} LIMIT {}"
    for number in range(1, 6):  # of which two may run at once
        assert hurried.ask(get(slow.format(number))).endswith(b"\r\n\r\nn\r\n0\r\n")
    assert hurried.read > 0


def test_what_is_kept_under_another_request_stops_the_query(hurried: Client) -> None:
    slow = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER(STR(?a) = STR(?f)) }} LIMIT {}"
    hurried.ask(get(slow.format(1)))
    for number in range(2, 6):
        text = slow.format(number).encode()
        posted = get(slow.format(number)).partition(b"\r\n")[2].removesuffix(b"\r\n")
        fields = b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n" % len(text)
        whole = hurried.ask(b"POST /sparql HTTP/1.1\r\n" + posted + fields + text)
        assert without_address(hurried.ask(get(slow.format(number)))) == without_address(whole)
    await_rest(hurried)
    assert hurried.ask(get(slow.format(9))).startswith(b"HTTP/1.1 200")


def test_what_is_kept_stops_the_query_with_another_request_behind(hurried: Client) -> None:
    slow = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER(STR(?a) = STR(?f)) }} LIMIT {}"
    hurried.ask(get(slow.format(1)))
    for number in range(2, 6):  # of which two may run at once
        text = slow.format(number).encode()
        posted = get(slow.format(number)).partition(b"\r\n")[2].removesuffix(b"\r\n")
        fields = b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n" % len(text)
        whole = hurried.ask(b"POST /sparql HTTP/1.1\r\n" + posted + fields + text)
        hurried._connection.sendall(get(slow.format(number)))
        time.sleep(0.01)
        hurried._connection.sendall(get_running())
        assert without_address(hurried.next()) == without_address(whole)
        hurried.next()
    assert hurried.ask(get(slow.format(9))).startswith(b"HTTP/1.1 200")


def test_its_client_may_leave(hurried: Client) -> None:
    slow = "SELECT * {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} LIMIT {}"
    hurried.ask(get(slow.format(1)))
    with socket.create_connection(hurried.address) as other:
        other.sendall(get(slow.format(10**12)))
        time.sleep(0.1)
    await_rest(hurried)


def await_rest(client: Client) -> None:
    """See that nothing runs after a while: pages are read ahead too."""
    deadline = time.monotonic() + 10
    while b'"running":0' not in client.ask(get_running()).replace(b" ", b""):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get_running() -> bytes:
    return b"GET /running HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n"


def test_what_comes_behind_is_answered_after_it(client: Client) -> None:
    client.ask(get(look_up(1)))
    for second in (get(look_up(3)), get_running()):
        client._connection.sendall(get(look_up(2)))
        client._connection.sendall(second)
        first = client.next()
        assert lasting(first)[1].count(b"</b>") == 0 or b"<b>2</b>" in first
        assert client.next() != first


def test_what_comes_behind_a_long_query_is_not_taken_for_its_answer(service: Service) -> None:
    slow = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER(STR(?a) = STR(?f)) }} LIMIT {}"
    with served(service, 0.1) as client:
        client.ask(get(slow.format(1)))
        for _ in range(3):
            client.ask(get(look_up(2)))
        client._connection.sendall(get(slow.format(2)))
        time.sleep(0.01)
        client._connection.sendall(get(look_up(2)))
        assert client.next().endswith(b"\r\n\r\nn\r\n0\r\n")
        assert b"<b>2</b>" in client.next()
        assert client.ask(get(slow.format(2))).endswith(b"\r\n\r\nn\r\n0\r\n")


def test_requests_in_one_piece_are_answered_one_by_one(client: Client) -> None:
    client.ask(get(look_up(1)))
    assert b"<b>2</b>" in client.ask(get(look_up(2)) + get(look_up(3)))
    assert b"<b>3</b>" in client.next()


def test_a_connection_is_kept_while_it_is_used_and_then_closed(service: Service) -> None:
    with served(service, 10, keep_alive_seconds=1) as client:
        client.ask(get(look_up(1)))
        for number in range(2, 9):
            time.sleep(0.4)
            client.ask(get(look_up(number)))
        assert client.read == 0
        before = time.monotonic()
        assert client._connection.recv(1) == b""
        assert 0.5 < time.monotonic() - before < 10


def test_many_at_once_have_each_their_own_answer(client: Client) -> None:
    slow = "SELECT * {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} LIMIT {}"
    for query in (look_up(1), slow.format(1)):
        client.ask(get(query))
    with ThreadPoolExecutor(8) as pool:
        asked = [slow.format(9999) if number % 20 == 7 else look_up(number) for number in range(80)]
        answers = list(pool.map(client.ask_alone, map(get, asked)))
    for number, answer in enumerate(answers):
        if number % 20 == 7:
            assert answer.count(b"\r\n") > 9999
        else:
            assert answer.count(b"<b>%d</b>" % number) == 10


def test_what_is_kept_is_noted_as_such(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="spacepolicy.requests"):
        for _ in range(4):
            client.ask(get("ASK {}"))
    assert len([line for line in caplog.messages if "GET /sparql 200 kept text/csv" in line]) == 3
    assert (
        len([line for line in caplog.messages if "GET /sparql 200 boolean text/csv" in line]) == 1
    )


def test_each_is_noted_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="spacepolicy.requests"):
        for number in range(4):
            client.ask(get(look_up(number)))
    lines = [each for each in caplog.messages if "/sparql 200 solutions text/csv rows=10" in each]
    assert len(lines) == 4
    assert client.read == 0
    assert len({line.rpartition("query=")[2] for line in lines}) == 4
