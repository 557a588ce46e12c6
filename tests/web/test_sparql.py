"""The SPARQL endpoint over HTTP."""

import csv
import io
import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pyoxigraph import QuerySolutions, RdfFormat, parse, parse_query_results

from spacepolicy.engine.pool import Pool
from spacepolicy.formats import FORMATS, Format, Kind, offered
from spacepolicy.web.service import Service

from .conftest import serve

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TYPE = "application/sparql-query"
DIRECT = {"Content-Type": TYPE}


def number(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_a_query_may_come_by_get(site: httpx.Client) -> None:
    assert number(site.get("/sparql", params={"query": COUNT})) == 1000


def test_a_query_may_come_by_post_of_a_form(site: httpx.Client) -> None:
    assert number(site.post("/sparql", data={"query": COUNT})) == 1000


@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_a_query_may_come_as_the_body(site: httpx.Client, method: str) -> None:
    assert number(site.request(method, "/sparql", content=COUNT, headers=DIRECT)) == 1000


def test_dataset_parameters_come_beside_a_direct_query(site: httpx.Client) -> None:
    elsewhere = {"default-graph-uri": "https://example.org/nowhere"}
    answer = site.post("/sparql", params=elsewhere, content=COUNT, headers=DIRECT)
    assert number(answer) == 0


def test_a_parameter_of_another_protocol_is_passed_over(site: httpx.Client) -> None:
    assert number(site.get("/sparql", params={"query": COUNT, "results": "json"})) == 1000


@pytest.mark.parametrize("row", offered("solutions"), ids=lambda row: row.name)
def test_solutions_come_in_every_format(site: httpx.Client, row: Format) -> None:
    query = "SELECT ?o { :s1 :p1 ?o }"
    by_accept = site.get("/sparql", params={"query": query}, headers={"Accept": row.media_type})
    by_name = site.get("/sparql", params={"query": query, "format": row.name})
    assert by_accept.headers["content-type"].partition(";")[0] == row.media_type
    assert by_accept.content == by_name.content
    assert "Accept" in by_accept.headers["vary"]
    if row.name == "csv":
        assert list(csv.reader(io.StringIO(by_accept.text))) == [["o"], ["<b>1</b> 1"]]
    else:
        solutions = parse_query_results(by_accept.content, format=row.results)
        assert isinstance(solutions, QuerySolutions)
        assert [str(solution["o"]) for solution in solutions] == ['"<b>1</b> 1"@en']


@pytest.mark.parametrize("row", offered("graph"), ids=lambda row: row.name)
def test_a_graph_comes_in_every_format(site: httpx.Client, row: Format) -> None:
    query = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 25"
    answer = site.get("/sparql", params={"query": query}, headers={"Accept": row.media_type})
    assert answer.headers["content-type"].partition(";")[0] == row.media_type
    assert len(list(parse(answer.content, format=row.rdf))) == 25


def test_every_format_of_the_table_is_tried(site: httpx.Client) -> None:
    kinds: tuple[Kind, ...] = ("solutions", "columns", "graph", "page")  # columns: test_columns.py
    assert set(offered(*kinds)) == set(FORMATS)
    assert site.get("/sparql", params={"query": COUNT, "format": "html"}).status_code == 200


def test_a_page_shows_terms_as_text(site: httpx.Client) -> None:
    answer = site.get(
        "/sparql",
        params={"query": "SELECT ?s ?o { ?s :p1 ?o } LIMIT 3"},
        headers={"Accept": "text/html"},
    )
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text
    assert "3 rows" in answer.text


def test_a_browser_without_a_query_gets_the_form(site: httpx.Client) -> None:
    answer = site.get("/sparql", headers={"Accept": "text/html"})
    assert "<textarea" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    members = dict(answer.json())
    assert members["status"] == status
    assert str(members["type"]).endswith(f"/problems/{kind}")
    assert {"title", "detail"} <= members.keys()
    return members


def test_a_syntax_error_tells_its_line_and_column(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": "SELECT *\n{ ?s ?p }"})
    members = problem(answer, 400, "syntax-error")
    assert (members["line"], members["column"], members["text"]) == (2, 9, "{ ?s ?p }")


def test_the_type_of_a_problem_resolves(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": "nonsense"})
    explained = site.get(answer.json()["type"])
    assert explained.status_code == 200
    assert explained.json()["kind"] == "syntax-error"


def test_a_browser_is_shown_the_place_of_a_syntax_error(site: httpx.Client) -> None:
    headers = {"Accept": "text/html,*/*;q=0.8"}
    answer = site.get("/sparql", params={"query": "SELECT <b>"}, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;" in answer.text


@pytest.mark.parametrize(
    ("target", "status", "kind"),
    [
        ("/sparql?default-graph-uri=urn:x", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&query=ASK%7B%7D", 400, "bad-parameter"),
        ("/sparql?query=%FF", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&timeout=soon", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&timeout=6", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&timeout=nan", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&default-graph-uri=not%20an%20iri", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&format=docx", 406, "not-acceptable"),
        ("/sparql?query=ASK%7B%7D&format=turtle", 406, "not-acceptable"),
        ("/sparql?query=" + "x" * 9000, 414, "uri-too-long"),
        ("/sparql?query=ASK%7B%7D&timeout=1&timeout=1", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&version=1.1&version=1.1", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&version=9", 400, "bad-parameter"),
        ("/sparql?query=ASK%7B%7D&update=CLEAR+ALL", 400, "bad-parameter"),
        ("/sparql?query=CLEAR+ALL", 400, "bad-parameter"),
        ("/sparql?update=CLEAR+ALL", 403, "forbidden"),
        ("/sparql?query=", 400, "syntax-error"),
        ("/sparql?format=csv", 406, "not-acceptable"),
        ("/sparql?query=SELECT(urn:f(1)AS%20?x){}", 400, "syntax-error"),
        ("/" + "x" * 9000, 414, "uri-too-long"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    site: httpx.Client, target: str, status: int, kind: str
) -> None:
    problem(site.get(target), status, kind)


def test_nothing_acceptable_lists_what_there_is(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": COUNT}, headers={"Accept": "image/png"})
    available = problem(answer, 406, "not-acceptable")["available"]
    assert available == [row.media_type for row in offered("solutions", "columns", "page")]


def test_a_timeout_may_be_asked_for_up_to_the_cap(service: Service) -> None:
    with serve(replace(service, max_timeout_seconds=8)) as patient:
        for seconds, status in (("8", 200), ("8.1", 400)):
            target = {"query": COUNT, "timeout": seconds}
            assert patient.client.get("/sparql", params=target).status_code == status


def test_a_method_that_is_none_is_told_those_there_are(site: httpx.Client) -> None:
    answer = site.delete("/sparql")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST, QUERY, OPTIONS"


def test_a_body_in_another_format_is_refused(site: httpx.Client) -> None:
    answer = site.post("/sparql", content=COUNT, headers={"Content-Type": "text/plain"})
    problem(answer, 415, "unsupported-media-type")


def test_a_body_beyond_the_limit_is_refused(site: httpx.Client) -> None:
    answer = site.post("/sparql", content=b"#" * (2 << 20), headers=DIRECT)
    problem(answer, 413, "content-too-large")


def test_a_body_that_is_not_utf8_is_refused(site: httpx.Client) -> None:
    problem(site.post("/sparql", content=b"ASK {} #\xff", headers=DIRECT), 400, "bad-parameter")


def test_head_gives_the_headers_of_get(site: httpx.Client) -> None:
    got = site.get("/sparql", params={"query": COUNT})
    headed = site.head("/sparql", params={"query": COUNT})
    assert headed.content == b""
    for name in ("content-type", "content-length", "vary"):
        assert headed.headers[name] == got.headers[name]


def test_options_tells_scripts_of_other_origins_what_they_may(site: httpx.Client) -> None:
    answer = site.options("/sparql", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["accept-query"].startswith("application/sparql-query")
    assert "X-Query-Id" in answer.headers["access-control-allow-headers"]


def test_an_answer_names_its_revision_and_its_query(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": COUNT})
    assert answer.headers["x-dataset-revision"] == "7"
    assert len(answer.headers["x-query-id"]) >= 16


def test_a_runaway_query_is_a_time_limit_and_leaves_nothing_running(
    site: httpx.Client, service: Service
) -> None:
    answer = site.get("/sparql", params={"query": RUNAWAY, "timeout": "0.5"})
    assert problem(answer, 504, "time-limit")["limit_seconds"] == 0.5
    assert no_worker_runs(service)


def test_a_limit_met_after_the_first_byte_breaks_the_body_off(
    site: httpx.Client, service: Service
) -> None:
    query = {"query": LONG, "timeout": "1", "format": "csv"}
    with site.stream("GET", "/sparql", params=query) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in answer.iter_raw():
                pass
    assert no_worker_runs(service)


def test_a_client_that_leaves_stops_its_query(address: tuple[str, int], service: Service) -> None:
    with socket.create_connection(address) as client:
        request = f"GET /sparql?query={quote(RUNAWAY)} HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(request.encode())
        assert within_patience(lambda: bool(running(service)))
    assert no_worker_runs(service)


def test_an_old_client_gets_its_answer_with_a_length(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        query = quote("SELECT * { ?s ?p ?o }")
        client.sendall(f"GET /sparql?query={query} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert len(json.loads(body)["results"]["bindings"]) == 1000


def test_a_page_that_would_be_too_large_says_so(site: httpx.Client) -> None:
    query = {"query": "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 100000"}
    answer = site.get("/sparql", params=query, headers={"Accept": "text/html, */*;q=0.1"})
    assert answer.status_code == 503
    assert "larger" in answer.text


def running(service: Service) -> list[str]:
    """The workers that are using a processor."""
    assert isinstance(service.engine, Pool)
    server = service.engine.process
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii")
    return [process for process in children.split() if " R " in stat(process)]


def stat(process: str) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return ""


def no_worker_runs(service: Service) -> bool:
    return within_patience(lambda: not running(service))


def within_patience(holds: Callable[[], bool]) -> bool:
    for _ in range(1000):
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_the_engine_serves_on_after_a_query_that_kills_its_worker(site: httpx.Client) -> None:
    deep = site.post("/sparql", content="SELECT * " + "{" * 20000 + "}" * 20000, headers=DIRECT)
    problem(deep, 400, "query-too-complex")
    assert number(site.get("/sparql", params={"query": COUNT})) == 1000


def test_service_is_refused(site: httpx.Client) -> None:
    query = "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"
    problem(site.get("/sparql", params={"query": query}), 403, "egress-refused")


def test_a_graph_of_quads_is_read_back(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": "DESCRIBE :s1", "format": "nq"})
    assert len(list(parse(answer.content, format=RdfFormat.N_QUADS))) == 10


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.2-basic"])
def test_a_request_may_announce_its_version(site: httpx.Client, version: str) -> None:
    by_parameter = {"query": COUNT, "version": version}
    assert number(site.get("/sparql", params=by_parameter)) == 1000
    typed = {"Content-Type": f"application/sparql-query; version={version}; charset=utf-8"}
    accept = {"Accept": f"application/sparql-results+json; version={version}"}
    assert number(site.post("/sparql", content=COUNT, headers=typed | accept)) == 1000
    assert number(site.post(f"/sparql?version={version}", content=COUNT, headers=typed)) == 1000


def test_versions_that_differ_are_refused(site: httpx.Client) -> None:
    typed = {"Content-Type": "application/sparql-query; version=1.2"}
    answer = site.post("/sparql?version=1.1", content=COUNT, headers=typed)
    problem(answer, 400, "bad-parameter")


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Content-Type": "application/sparql-update"}, 403, "forbidden"),
        ({"Content-Type": f"{TYPE}; charset=utf-16"}, 415, "unsupported-media-type"),
        ({"Content-Type": f"{TYPE}, text/plain"}, 415, "unsupported-media-type"),
        ({**DIRECT, "Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
        ({**DIRECT, "X-Query-Id": "guessable"}, 400, "bad-parameter"),
        ({**DIRECT, "Cookie": "x" * 40_000}, 431, "header-fields-too-large"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_told_what_is_wrong(
    site: httpx.Client, headers: dict[str, str], status: int, kind: str
) -> None:
    query = "SELECT (RAND() AS ?n) {}"
    problem(site.post("/sparql", content=query, headers=headers), status, kind)


def test_the_protocols_dataset_wins_over_the_querys(site: httpx.Client) -> None:
    query = "SELECT (COUNT(*) AS ?n) FROM <urn:nothing> { ?s ?p ?o }"
    assert number(site.get("/sparql", params={"query": query})) == 0
    there = {"query": query, "default-graph-uri": "https://example.org/graph"}
    assert number(site.get("/sparql", params=there)) == 1


def test_a_graph_that_is_not_there_is_empty_with_a_warning(site: httpx.Client) -> None:
    query = (
        "SELECT (COUNT(*) AS ?n) FROM <urn:nö> FROM NAMED <https://example.org/graph> { ?s ?p ?o }"
    )
    for _ in range(2):
        answer = site.get("/sparql", params={"query": query})
        assert number(answer) == 0
        assert "urn:n?" in answer.headers["warning"]
    again = site.get("/sparql", params={"query": query}, headers={"Accept": "*/*;q=0.5"})
    assert "urn:n?" in again.headers["warning"]
    there = site.get("/sparql", params={"query": COUNT})
    assert "warning" not in there.headers


def test_relative_names_are_resolved_against_the_endpoint(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": "SELECT (STR(<x>) AS ?x) {}", "format": "csv"})
    assert answer.text.split() == ["x", str(site.base_url.join("/x"))]


@pytest.mark.parametrize("path", ["/sparql", "/livez", "/running/x", "/problems/syntax-error"])
def test_a_preflight_is_answered(site: httpx.Client, path: str) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "DELETE"}
    answer = site.options(path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "GET" in answer.headers["access-control-allow-methods"]
    if path == "/running/x":
        assert "DELETE" in answer.headers["access-control-allow-methods"]
