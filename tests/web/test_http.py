"""HTTP as it is on the wire: old clients, connections that close, and bytes that are no HTTP."""

import re
import socket
from urllib.parse import quote

import pytest

from .conftest import Site

COUNT = quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
ALL = quote("SELECT * { ?s ?p ?o }")
LONG = quote("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")


def said(address: tuple[str, int], request: bytes, seconds: float = 10) -> bytes:
    """All that the server says until it closes, or is silent after an answer."""
    with socket.create_connection(address, timeout=seconds) as client:
        client.sendall(request)
        received = bytearray()
        client.settimeout(seconds)
        try:
            while piece := client.recv(1 << 16):
                received += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return bytes(received)


def parts(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """The status, the fields, and what follows them."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split(" ")[1]), fields, body


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_an_old_client_gets_a_length_and_no_chunks(address: tuple[str, int], coding: str) -> None:
    request = f"GET /sparql?query={ALL} HTTP/1.0\r\nAccept-Encoding: {coding}\r\n\r\n"
    for _ in range(2):
        status, fields, body = parts(said(address, request.encode()))
        assert (status, int(fields["content-length"])) == (200, len(body))
        assert "transfer-encoding" not in fields


def test_an_old_client_is_told_when_the_answer_is_too_large(address: tuple[str, int]) -> None:
    status, fields, body = parts(
        said(address, f"GET /sparql?query={LONG} HTTP/1.0\r\n\r\n".encode())
    )
    assert status == 505
    assert fields["content-type"] == "application/problem+json"
    assert b"/problems/http-version" in body


def test_an_old_clients_syntax_error_is_told(address: tuple[str, int]) -> None:
    assert parts(said(address, b"GET /sparql?query=x HTTP/1.0\r\n\r\n"))[0] == 400


def test_a_connection_closes_when_it_is_asked_to(address: tuple[str, int]) -> None:
    request = f"GET /sparql?query={COUNT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    status, fields, _ = parts(said(address, request.encode()))
    assert (status, fields["connection"]) == (200, "close")


def test_a_connection_stays_open_for_the_next_request(address: tuple[str, int]) -> None:
    request = f"GET /sparql?query={COUNT} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answers = said(address, request + b"HEAD" + request[3:] + last)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b'"value":"1000"') == 2


def test_head_of_a_long_answer_ends(address: tuple[str, int]) -> None:
    line = f"HEAD /sparql?query={LONG}&timeout=2 HTTP/1.1"  # less than a length of 256 MiB takes
    request = f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n"
    status, _, body = parts(said(address, request.encode()))
    assert (status, body) == (200, b"")


def test_a_broken_stream_has_no_last_chunk(address: tuple[str, int]) -> None:
    for coding in ("identity", "gzip", "zstd"):
        request = (
            f"GET /sparql?query={LONG}&timeout=2 HTTP/1.1\r\nHost: x\r\n"
            f"Accept-Encoding: {coding}\r\n\r\n"
        )
        status, fields, body = parts(said(address, request.encode()))
        assert (status, fields["transfer-encoding"]) == (200, "chunked")
        assert not body.endswith(b"0\r\n\r\n")
        assert b"problem" not in body


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(address: tuple[str, int]) -> None:
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        b"Content-Length: 50000000\r\nExpect: 100-continue\r\n\r\n"
    )
    answer = said(address, head)
    assert b"100 Continue" not in answer
    assert parts(answer)[0] == 413


@pytest.mark.parametrize(
    ("coming", "closes"),
    [
        (b"Content-Length: 50000000\r\n\r\n", True),
        (b"Content-Length: 65537\r\n\r\n", True),
        (b"Content-Length: 50000\r\n\r\n", False),
        (b"Content-Length: 100000\r\n\r\n" + b"#" * 50_000, False),
        (b"Transfer-Encoding: chunked\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\n#\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\n#\r\n0\r\n\r\n", False),
    ],
)
def test_an_answer_before_the_body_says_whether_the_connection_closes(
    coming: bytes, closes: bool, address: tuple[str, int]
) -> None:
    head = b"PUT /nowhere HTTP/1.1\r\nHost: x\r\n"
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(head + coming)
        answer = client.recv(100_000)
        status, fields, _ = parts(answer)
        assert (status, fields.get("connection") == "close") == (404, closes)
        if closes:
            while client.recv(100_000):
                pass  # the rest, and the end


def test_a_body_that_is_small_enough_is_asked_for(address: tuple[str, int]) -> None:
    body = b"ASK {}"
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 6\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(body)
        assert b"200 OK" in client.recv(10_000)


def test_a_body_in_chunks_is_read_and_a_large_one_refused(address: tuple[str, int]) -> None:
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    assert parts(said(address, head + b"3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"))[0] == 200
    chunk = b"10000\r\n" + b"#" * 0x10000 + b"\r\n"
    assert parts(said(address, head + chunk * 40 + b"0\r\n\r\n"))[0] == 413


def test_a_request_that_breaks_off_leaves_nothing(served: Site) -> None:
    with socket.create_connection(served.address) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 100\r\n\r\nASK {}"
        )
    assert served.client.get("/running").json()["queries"] == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /sparql HTTP/9.9\r\n\r\n",
        b"FROB /sparql HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /sp\xffarql HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /sparql?query=\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /sparql?query=%zz%f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://[::1/sparql HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /sparql HTTP/1.1\r\nBad Header\r\n\r\n",
        b"GET /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: \xff/\xfe\r\nConnection: close\r\n\r\n",
        b"GET /sparql HTTP/1.1\r\nHost: x\r\nAccept: \xe4,;;q=/\r\nConnection: close\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)  # fmt: skip
def test_malformed_http_is_never_the_servers_fault(served: Site, request_bytes: bytes) -> None:
    answer = said(served.address, request_bytes, 1)
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]
    assert all(status < 500 for status in statuses), answer
    assert served.client.get("/livez").status_code == 200
