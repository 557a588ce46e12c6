"""Whole requests are read in one step, and only those that the framing would take."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.errors import ProblemError
from spacepolicy.http.framing import Framing, MessageLimits
from spacepolicy.http.requests import ConnectionPlace, HttpRequest, RequestReader

PLACE = ConnectionPlace("http", ("127.0.0.1", 80), None)
LIMITS = MessageLimits()


def read(data: bytes, reader: RequestReader | None = None) -> HttpRequest | None:
    return (reader or RequestReader(b"/sparql", LIMITS)).read(data, PLACE)


def get(*lines: str, query: str = "query=ASK%7B%7D") -> bytes:
    head = "".join(f"{line}\r\n" for line in ("Host: a", *lines))
    return f"GET /sparql?{query} HTTP/1.1\r\n{head}\r\n".encode("latin-1")


def post(body: bytes, *lines: str) -> bytes:
    return get(*lines, f"Content-Length: {len(body)}").replace(b"GET", b"POST", 1) + body


def test_a_request_is_what_its_bytes_say() -> None:
    behind = get()
    request = read(post(b"ASK {}", "Content-Type: application/sparql-query") + behind)
    assert request is not None
    assert (request.method, request.query, request.body) == (b"POST", b"query=ASK%7B%7D", b"ASK {}")
    assert request.head.fields[b"content-type"] == b"application/sparql-query"
    assert request.size == len(post(b"ASK {}", "Content-Type: application/sparql-query"))


def test_requests_of_one_kind_have_one_head() -> None:
    reader = RequestReader(b"/sparql", LIMITS)
    first = read(get("Accept: text/csv", "X-Request-Id: 1"), reader)
    assert first is not None
    for other in (
        get("Accept: text/csv", "X-Request-Id: 2", query="query=x"),
        get("ACCEPT:text/csv", 'If-None-Match: "a"'),
        post(b"x", "Accept: text/csv"),
        post(b"xyz", "Accept: text/csv"),
    ):
        found = read(other, reader)
        assert found is not None
        assert found.head is first.head
    for other in (get(), get("Accept: text/csv", "Connection: close"), get("Accept: */*")):
        found = read(other, reader)
        assert found is not None
        assert found.head is not first.head
    elsewhere = reader.read(get("Accept: text/csv"), replace_server("127.0.0.2"))
    assert elsewhere is not None
    assert elsewhere.head is not first.head


def replace_server(address: str) -> ConnectionPlace:
    return PLACE._replace(server=(address, 80))


def test_a_condition_belongs_to_the_request() -> None:
    reader = RequestReader(b"/sparql", LIMITS)
    found = [read(get(*lines), reader) for lines in ((), ('If-None-Match: "a"',) * 2, ())]
    assert [each and each.condition for each in found] == [None, '"a", "a"', None]


@pytest.mark.parametrize(
    "data",
    [
        get()[:-1],
        post(b"ASK {}")[:-1],
        get().replace(b"HTTP/1.1", b"HTTP/1.0"),
        get().replace(b"/sparql", b"/sparqls"),
        get().replace(b"/sparql", b"http://a/sparql"),
        get().replace(b"GET", b"PUT"),
        get().replace(b"Host: a\r\n", b""),
        get("Host: b"),
        get("Content-Length: 0"),
        get("Transfer-Encoding: chunked"),
        get("Expect: 100-continue"),
        get("Upgrade: h2c"),
        get("Connection: upgrade"),
        get("Connection: close, x"),
        get("X : a"),
        get("X: a\r\n b"),
        get("X: a\rb"),
        get("X: a\nb"),
        get("X: \0"),
        get("X: " + "a" * 5000),
        get(*["X: a"] * 120),
        get(query="a" * 20_000),
        get(query="\xff"),
        post(b"x", "Content-Length: 1"),
        post(b"x").replace(b"Length: 1", b"Length: +1"),
        get().replace(b"GET", b"POST"),
    ],
)
def test_anything_else_is_left_to_the_parser_each_time(data: bytes) -> None:
    reader = RequestReader(b"/sparql", LIMITS)
    assert read(get(), reader) is not None
    assert read(data, reader) is None
    assert read(data, reader) is None


FRAGMENTS = [
    "GET /sparql?q HTTP/1.1", "POST /sparql HTTP/1.1", "\r\n", "\r\n", "\n", "\r", "Host: a",
    "host:b", "Content-Length: 2", "content-length:0", "Transfer-Encoding: chunked", ": ", "X: y",
    " ", "ab", "\0",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14))
def test_what_is_read_so_the_framing_reads_alike(parts: list[str]) -> None:
    data = "".join(parts).encode()
    request = read(data)
    if request is None:
        return
    framing = Framing(LIMITS)
    passed, behind = framing.feed(data)
    assert framing.complete
    assert behind == data[request.size :]
    assert passed.endswith(request.body)


@pytest.mark.parametrize("lines", [1, 5, 99])
def test_limits_of_lines_hold(lines: int) -> None:
    limits = replace(LIMITS, fields=3)
    data = get(*["X: a"] * lines)
    found = RequestReader(b"/sparql", limits).read(data, PLACE)
    try:
        Framing(limits).feed(data)
    except ProblemError:
        assert found is None
    else:
        assert found is not None
