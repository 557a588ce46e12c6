"""Requests are framed as RFC 9112 has it, and bounded while they arrive."""

from itertools import pairwise

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.errors import ProblemError
from spacepolicy.http.framing import Framing, MessageLimits

LIMITS = MessageLimits(line_bytes=100, fields_bytes=400, field_bytes=200, fields=10)
GET = b"GET / HTTP/1.1\r\n"
HOST = b"Host: a.example\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(*pieces: bytes) -> tuple[bytes, bytes, Framing]:
    """What one request comes to, what is behind it, and its framing."""
    framing, passed, behind = Framing(LIMITS), b"", b""
    for piece in pieces:
        assert not behind
        more, behind = framing.feed(piece)
        passed += more
    return passed, behind, framing


def refused(*pieces: bytes) -> tuple[int, str]:
    with pytest.raises(ProblemError) as told:
        read(*pieces)
    return told.value.status, told.value.kind


class Heard:
    """What a parser makes of a request."""

    def __init__(self, data: bytes) -> None:
        self.url = self.body = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.whole = False
        httptools.HttpRequestParser(self).feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


def test_a_head_is_passed_on_once_it_is_whole() -> None:
    framing = Framing(LIMITS)
    for number in range(len(GET + HOST) + 1):
        assert framing.feed((GET + HOST + b"\r")[number : number + 1]) == (b"", b"")
    assert framing.feed(b"\nGET") == (GET + HOST + b"\r\n", b"GET")
    assert framing.complete


def test_the_next_request_is_read_when_the_first_is_done() -> None:
    _, behind, framing = read(GET + HOST + b"\r\n" + GET + HOST + b"\r\n")
    assert framing.feed(behind) == (b"", behind)
    framing.next_request()
    assert framing.feed(behind) == (GET + HOST + b"\r\n", b"")


def test_a_body_is_passed_on_up_to_its_length() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
    assert read(head + b"ab", b"cdeGET")[:2] == (head + b"abcde", b"GET")


@given(
    body=st.lists(st.binary(min_size=1, max_size=30), max_size=5),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    extension=st.sampled_from([b"", b";a", b" ; a=b", b';q="x"']),
    trailer=st.sampled_from([b"", b"X-Sum: 1\r\n", b"Host: b\r\nContent-Length: 4\r\n"]),
)
def test_chunks_come_to_the_same_body_wherever_they_are_cut(
    body: list[bytes], cuts: list[int], extension: bytes, trailer: bytes
) -> None:
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in body)
    data = CHUNKED + chunks + b"0\r\n" + trailer + b"\r\n"
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    passed, behind, framing = read(*pieces)
    heard = Heard(passed)
    assert framing.complete
    assert heard.whole
    assert (heard.body, behind) == (b"".join(body), b"")
    assert heard.fields == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"GET /" + b"x" * 100], (414, "uri-too-long")),
        ([b"x" * 101], (414, "uri-too-long")),
        ([GET, b"A:\r\n" * 12], (431, "header-fields-too-large")),
        ([GET, *[b"A:" + b"x" * 98 + b"\r\n"] * 5], (431, "header-fields-too-large")),
        ([GET, b"A:" + b"x" * 201], (431, "header-fields-too-large")),
        ([GET, b"A:", *[b"x"] * 201], (431, "header-fields-too-large")),
        ([GET, b"A:" + b"x" * 201 + b"\r\nB: 1\r\n"], (431, "header-fields-too-large")),
        ([CHUNKED, b"0\r\n" + b"A:\r\n" * 12], (431, "header-fields-too-large")),
        ([CHUNKED, b"0\r\n", *[b"A:" + b"x" * 98 + b"\r\n"] * 5], (431, "header-fields-too-large")),
        ([CHUNKED, b"0\r\nA:" + b"x" * 300], (400, "malformed-request")),
        ([CHUNKED, b"1" * 300], (400, "malformed-request")),
        ([CHUNKED, b"1;" + b"x" * 300], (400, "malformed-request")),
        ([CHUNKED, b"1\r\nx\r\n" * 30_000], (400, "malformed-request")),
        ([CHUNKED, b"1;aaaaaaaaaaaaaaaa\r\nx\r\n" * 10_000], (400, "malformed-request")),
        ([b"\r\n" * 100], (400, "malformed-request")),
    ],
)
def test_a_bound_is_held_before_the_request_is_whole(
    pieces: list[bytes], expected: tuple[int, str]
) -> None:
    assert refused(*pieces) == expected


@pytest.mark.parametrize(
    "head",
    [
        GET + b"\r\n",
        GET + HOST + HOST + b"\r\n",
        GET + HOST + b"host: b\r\n\r\n",
        GET + b"Host: a b\r\n\r\n",
        GET + b"Host: a/b\r\n\r\n",
        GET + b"Host:\r\n\r\n",
        GET + b"Host : a\r\n\r\n",
        GET + HOST + b"A : b\r\n\r\n",
        GET + HOST + b"A: b\r\n c\r\n\r\n",
        GET + b" A: b\r\n" + HOST + b"\r\n",
        GET + HOST + b"A\r\n\r\n",
        GET + HOST + b": a\r\n\r\n",
        GET + HOST + b"A: \x00\r\n\r\n",
        GET + HOST + b"A: a\rb\r\n\r\n",
        GET + HOST + b"A: a\nB: b\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://u@a/b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n",
        CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n",
        CHUNKED.replace(b"chunked", b"chunked, gzip"),
        CHUNKED.replace(b"chunked", b"gzip"),
        CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0"),
        CHUNKED + b"g\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b" 1\r\n",
        CHUNKED + b"1\nx\r\n",
        CHUNKED + b"1\r\nxy\r\n",
        CHUNKED + b"1\r\nx\n0\r\n\r\n",
        CHUNKED + b"11111111111111111\r\n",
        CHUNKED + b"0\r\nA: b\n\r\n",
    ],
)
def test_what_rfc_9112_does_not_allow_is_refused(head: bytes) -> None:
    assert refused(head) == (400, "malformed-request")


def test_other_transfer_codings_are_not_implemented() -> None:
    assert refused(CHUNKED.replace(b"chunked", b"gzip, chunked")) == (501, "not-implemented")


def test_a_length_that_nothing_has_is_too_large() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %b\r\n\r\n" % (b"9" * 30)
    assert refused(head) == (413, "content-too-large")


def test_no_one_is_connected_to_others() -> None:
    assert refused(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n") == (405, "method-not-allowed")


@pytest.mark.parametrize(
    ("head", "url", "host"),
    [
        (b"GET http://b.example:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n", b"/p?q", b"b.example:80"),
        (b"GET HTTPS://b HTTP/1.1\r\nX: 1\r\nHost: a\r\n\r\n", b"/", b"b"),
        (b"GET http://b?q=/ HTTP/1.1\r\nHost: a\r\n\r\n", b"/?q=/", b"b"),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", b"/", b"a"),
        (b"GET //a/b HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", b"//a/b", b"[::1]:80"),
    ],
)
def test_a_target_is_passed_on_as_a_path(head: bytes, url: bytes, host: bytes) -> None:
    heard = Heard(read(head)[0])
    assert heard.url == url
    assert [value for name, value in heard.fields if name == b"host"] == [host]


def test_an_old_request_needs_no_host() -> None:
    assert read(b"GET / HTTP/1.0\r\n\r\n")[2].complete


def test_an_empty_line_before_a_request_is_passed_over() -> None:
    assert read(b"\r\n" + GET + HOST + b"\r\n")[0] == GET + HOST + b"\r\n"


def test_no_other_protocol_is_offered() -> None:
    head = GET + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert b"websocket" not in read(head)[0]
