"""Whatever comes is answered without a 500, without hanging, and leaves no process behind."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacepolicy.engine.pool import Pool
from spacepolicy.web.service import Service

from .conftest import Site

FUZZ = settings(max_examples=40, deadline=None)
DIRECT = {"Content-Type": "application/sparql-query"}
TOKENS = """
SELECT ASK CONSTRUCT DESCRIBE WHERE FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER EXISTS NOT BIND
VALUES SERVICE SILENT LOAD INSERT DELETE DATA CLEAR BASE PREFIX VERSION GROUP BY HAVING ORDER ASC
DESC LIMIT OFFSET DISTINCT REDUCED COUNT SUM AS IN UNDEF a true NOW() RAND() UUID() BNODE() IF
COALESCE REGEX * ?s ?p ?o ?g :s1 :p1 <urn:x> <#> <> "x" 'y' ''\'z 1 -1.5e3 @en ^^ { } ( ) [ ] << >>
<<( )>> {| |} . ; , / | ^ + - ! = < > && || ~ # \\u0041 \\uD800 \ufffe \0 é 漢 𐍈
"""
SPARQL = st.lists(st.sampled_from(TOKENS.split()), max_size=40).map(" ".join)


MOST = 64
"""Workers that may be kept after a burst."""


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(service: Service, served: Site) -> Iterator[None]:
    """No more processes and no running query after the module than before it."""
    before = workers(service)
    yield
    assert served.client.get("/running").json()["queries"] == []
    assert isinstance(service.engine, Pool)
    assert workers(service) <= max(before, MOST)
    assert served.client.get("/sparql", params={"query": "ASK {}"}).json()["boolean"] is True


def workers(service: Service) -> int:
    assert isinstance(service.engine, Pool)
    server = service.engine.process
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii")
    return len(children.split())


def answered(answer: httpx.Response) -> None:
    """The answer is one, and a problem where it fails; a limit is not the server's failure."""
    assert answer.status_code < 500 or answer.status_code in (503, 504), answer.text
    if answer.status_code >= 400:
        assert answer.json()["status"] == answer.status_code


@FUZZ
@given(data=st.binary(max_size=300))
def test_random_bytes_on_the_wire(address: tuple[str, int], data: bytes) -> None:
    exchanged(address, data)
    exchanged(address, b"GET /" + data + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    exchanged(address, b"GET /sparql?query=ASK{} HTTP/1.1\r\nHost: x\r\nX: " + data + b"\r\n\r\n")


def exchanged(address: tuple[str, int], data: bytes) -> None:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        received = bytearray()
        try:
            while piece := client.recv(1 << 16):
                received += piece
        except ConnectionResetError:
            pass
    assert not re.search(rb"HTTP/1\.\d 5\d\d", received), received


@FUZZ
@given(target=st.text("%&=+;?/abcdefqueryASK{}0189", max_size=80))
def test_broken_percent_encoding(address: tuple[str, int], target: str) -> None:
    for path in ("/sparql?query=", "/sparql?", "/", "/problems/", "/running/"):
        exchanged(address, f"GET {path}{target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


@FUZZ
@given(body=st.binary(max_size=200))
def test_bodies_that_are_not_utf8(site: httpx.Client, body: bytes) -> None:
    for content_type in ("application/sparql-query", "application/x-www-form-urlencoded"):
        for method in ("POST", "QUERY"):
            headers = {"Content-Type": content_type}
            answered(site.request(method, "/sparql", content=body, headers=headers))
            answered(site.request(method, "/sparql", content=b"query=" + body, headers=headers))


@FUZZ
@given(text=SPARQL)
def test_texts_that_look_like_sparql(site: httpx.Client, text: str) -> None:
    for start in ("", "SELECT * { ", "SELECT ("):
        query = (start + text).encode("utf-8", "surrogatepass")
        answered(site.post("/sparql?timeout=1", content=query, headers=DIRECT))


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(
            ["Accept", "Accept-Encoding", "If-None-Match", "X-Query-Id", "Accept-Language"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip),
    )
)
def test_fields_with_any_text(site: httpx.Client, headers: dict[str, str]) -> None:
    answered(site.get("/sparql", params={"query": "ASK { ?s ?p 'x' }"}, headers=headers))
    answered(site.get("/sparql", headers=headers))


@FUZZ
@given(st.lists(st.tuples(
    st.sampled_from(["query", "format", "timeout", "version", "default-graph-uri",
                     "named-graph-uri", "update", "using-graph-uri", "x"]),
    st.one_of(st.sampled_from(["ASK {}", "json", "html", "1", "1.2"]), st.text(max_size=20)),
), max_size=6))  # fmt: skip
def test_parameters_of_any_kind(site: httpx.Client, parameters: list[tuple[str, str]]) -> None:
    target = urlencode([(name, value.encode("utf-8", "replace")) for name, value in parameters])
    answered(site.get(f"/sparql?{target}"))


@pytest.mark.parametrize("piece", ["{", "[", "?s ?p ?o . ", "'"])
def test_texts_of_ten_million_bytes(site: httpx.Client, piece: str) -> None:
    body = ("SELECT * { " + piece * (10_000_000 // len(piece))).encode()
    assert site.post("/sparql", content=body, headers=DIRECT).status_code == 413
    answered(site.post("/sparql", content=body[: 1 << 20], headers=DIRECT))
