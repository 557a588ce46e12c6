"""One line of the log tells each request, and nothing that is secret."""

import logging
import re
import socket
import time
from collections.abc import Mapping

import httpx
import pytest

from spacepolicy.http.problem_responses import RefusedRequest
from spacepolicy.web.access_log import RequestLine

from .test_http import parts, said

QUERY = "SELECT ?o { :s1 ?p ?o } # logged"
PATIENCE_SECONDS = 10
TOKEN = "not-for-the-log"  # noqa: S105


def logged(caplog: pytest.LogCaptureFixture, part: str) -> str:
    """The line with the part, which is written once the client has its answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for line in caplog.messages:
            if part in line:
                return line
        time.sleep(0.01)
    raise AssertionError(caplog.text)


def test_a_query_is_one_line_without_its_text(
    site: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/csv"}
    answer = site.get("/sparql", params={"query": QUERY}, headers=headers)
    assert answer.status_code == 200
    line = logged(caplog, "GET /sparql 200 solutions text/csv rows=10 ")
    assert re.search(r" [\d.]+ms revision=7 query=[0-9a-f]{12}$", line)
    assert TOKEN not in caplog.text
    assert "SELECT" not in caplog.text


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("rows", [0, 1, 10])
def test_solutions_are_counted(
    site: httpx.Client, caplog: pytest.LogCaptureFixture, format: str, rows: int
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    text = f"SELECT ?o {{ :s2 ?p ?o }} LIMIT {rows} #{format}"
    assert site.get("/sparql", params={"query": text, "format": format}).is_success
    assert logged(caplog, f"rows={rows} ")


def test_a_problem_is_named_and_a_path_is_not_repeated(
    site: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    site.get("/sparql", params={"query": "no query"})
    assert "GET /sparql 400 syntax-error application/problem+json" in logged(caplog, "syntax-error")
    site.get("/problems/time-limit")
    assert logged(caplog, "GET /problems/{kind} 200")
    site.get("/nowhere/forged%0AINFO")
    assert "forged" not in logged(caplog, "404 not-found")


def test_the_text_is_told_at_debug(site: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "spacepolicy.requests")
    site.get("/sparql", params={"query": "ASK { 'at debug' ?p ?o }"})
    assert logged(caplog, "at debug")


QUERIES = ("ASK { :s4 ?p ?o }", "SELECT * { ?s ?p ?o }", "no query")
"""Answered at once, in pieces, and not at all."""


def noted(caplog: pytest.LogCaptureFixture, request_id: str) -> Mapping[str, object]:
    """The fields of the line of the request."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        lines = [
            each.msg.fields()
            for each in caplog.records
            if isinstance(each.msg, (RequestLine, RefusedRequest))
        ]
        for fields in lines:
            if fields["request_id"] == request_id:
                return fields
        time.sleep(0.01)
    raise AssertionError(caplog.text)


@pytest.mark.parametrize("query", QUERIES)
def test_a_line_has_the_identifiers_that_the_client_is_told(
    site: httpx.Client, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    for _ in range(2):  # the second may be answered from the cache
        answer = site.get("/sparql", params={"query": query})
        fields = noted(caplog, answer.headers["x-request-id"])
        assert fields["status"] == answer.status_code
        assert fields["query_id"] == answer.headers["x-query-id"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("given", ["a", "7f3A-1._~+/=:9", "x" * 128])
def test_a_request_is_called_as_its_client_calls_it(
    site: httpx.Client, caplog: pytest.LogCaptureFixture, query: str, given: str
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    answer = site.get("/sparql", params={"query": query}, headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert noted(caplog, given)["method"] == "GET"


def test_a_revalidation_has_the_identifier_too(site: httpx.Client) -> None:
    first = site.get("/sparql", params={"query": "ASK { :s4 ?p ?o }"})
    headers = {"If-None-Match": first.headers["etag"], "X-Request-Id": "again"}
    answer = site.get("/sparql", params={"query": "ASK { :s4 ?p ?o }"}, headers=headers)
    assert (answer.status_code, answer.headers["x-request-id"]) == (304, "again")


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/livez", "/nowhere"])
@pytest.mark.parametrize("given", ["two words", "x" * 129, "", "<b>", "a\tb"])
def test_what_is_no_identifier_is_replaced(site: httpx.Client, path: str, given: str) -> None:
    found = {
        site.get(path, headers={"X-Request-Id": given}).headers["x-request-id"] for _ in range(3)
    }
    assert len(found) == 3
    assert given not in found


def test_an_identifier_that_comes_twice_is_none(site: httpx.Client) -> None:
    for path in ("/sparql?query=ASK%7B%7D", "/livez"):
        headers = [("X-Request-Id", "one"), ("X-Request-Id", "two")]
        assert "one" not in site.get(path, headers=headers).headers["x-request-id"]


REFUSED = (
    (b"no request", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\n%bno field\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\n%bWide: " + b"w" * (1 << 15) + b"\r\n\r\n", 431),
    (b"GET /" + b"p" * (1 << 15) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n%b\r\n", 405),
    (b"POST / HTTP/1.1\r\nHost: x\r\n%bTransfer-Encoding: br, chunked\r\n\r\n", 501),
    (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\n%bTransfer-Encoding: chunked\r\n"
        b"Content-Type: application/sparql-query\r\n\r\n4\r\nASK \r\nno size\r\n",
        400,
    ),
)
"""Requests that no application answers, with place for a field."""


@pytest.mark.parametrize(("request_bytes", "status"), REFUSED)
@pytest.mark.parametrize("given", [b"", b"X-request-ID:  7f3a-1 \r\n"])
def test_a_refusal_at_the_connection_has_the_identifier_of_its_line(
    address: tuple[str, int],
    caplog: pytest.LogCaptureFixture,
    request_bytes: bytes,
    status: int,
    given: bytes,
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    answer, fields, _ = parts(said(address, request_bytes.replace(b"%b", given) + b"\r\n\r\n"))
    assert (answer, fields["content-type"]) == (status, "application/problem+json")
    assert (fields["x-request-id"] == "7f3a-1") == (b"%b" in request_bytes and given != b"")
    assert "x-request-id" in fields["access-control-expose-headers"]
    assert noted(caplog, fields["x-request-id"])["status"] == status


def test_a_body_that_breaks_has_one_identifier(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    """The application has begun with the request, and logs it as well."""
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    head, _, body = REFUSED[-1][0].replace(b"%b", b"").partition(b"\r\n\r\n")
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
        client.sendall(head + b"\r\n\r\n")
        time.sleep(0.2)  # the application has begun by then
        client.sendall(body)
        _, fields, _ = parts(b"".join(iter(lambda: client.recv(1 << 16), b"")))
    logged(caplog, "POST /sparql - broken")
    lines = [each.msg for each in caplog.records if isinstance(each.msg, RequestLine)]
    assert [each.fields()["request_id"] for each in lines] == [fields["x-request-id"]]


@pytest.mark.parametrize("path", ["/reconcile", "/mcp", "/sparql"])
def test_a_client_that_leaves_within_its_body_is_no_failure_of_the_service(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
        kind = "application/json" if path == "/mcp" else "application/x-www-form-urlencoded"
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        client.sendall(f"{head}Accept: */*\r\nContent-Length: 1000\r\n\r\nq".encode())
        time.sleep(0.2)
    assert " broken " in logged(caplog, f"POST {path} ")
    assert "500" not in caplog.text
