"""Another's endpoint in the place of the store: `serve --store URL`, `query --endpoint URL`."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from bench.other_peers import configure_virtuoso

from . import stores_elsewhere
from .conftest import Program, Serve
from .stores_elsewhere import VIRTUOSO_BUFFERS, free_port, listens

TURTLE = """@prefix : <https://w3id.org/spacepolicy/def/> .
<urn:a> a :Task ; :ordinal 1 . <urn:b> a :Task ; :ordinal 2 ."""
TASKS = "SELECT ?ordinal { ?task a :Task ; :ordinal ?ordinal } ORDER BY ?ordinal"


@pytest.fixture(scope="module")
def oxigraph() -> Iterator[str]:
    """The address of an `oxigraph serve` that holds the Turtle."""
    with stores_elsewhere.oxigraph() as address:
        headers = {"Content-Type": "text/turtle"}
        store = f"{address}/store?default"
        httpx.put(store, content=TURTLE, headers=headers).raise_for_status()
        yield f"{address}/query"


def test_an_endpoint_is_served_as_a_store(serve: Serve, oxigraph: str, program: Program) -> None:
    server = serve("--store", oxigraph)
    answer = server.ask(TASKS)
    assert answer.text.split() == ["ordinal", "1", "2"]
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    broken = server.ask("SELECT * { ?s ?p }")
    assert (broken.status_code, broken.json()["line"]) == (400, 1)
    refused = server.ask(f"SELECT * {{ SERVICE SILENT <{oxigraph}> {{ ?s ?p ?o }} }}")
    assert refused.json()["type"].endswith("/egress-refused")
    assert not program.store.exists()


def test_a_service_that_is_listed_is_asked_each_time(serve: Serve, oxigraph: str) -> None:
    origin = oxigraph.removesuffix("/query")
    server = serve("--content", "none", "--service-origins", origin, "--service-private")
    graphs = f"SERVICE <{oxigraph}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    for number in (0, 1, 2):  # the later texts equal the first in all but a constant
        found = server.ask(f"SELECT (COUNT(?g) + {number} AS ?n) {{ {graphs} }}")
        assert found.text.split() == ["n", str(2 * number)]
        graph = f"{origin}/store?graph=urn:more{number}"
        headers = {"Content-Type": "text/turtle"}
        httpx.put(graph, content="<urn:a> <urn:b> 1 .", headers=headers).raise_for_status()
    described = httpx.get(f"{server.url}/sparql", headers={"Accept": "text/turtle"}).text
    assert "sd:feature sd:BasicFederatedQuery" in described


def test_an_endpoint_is_asked_by_query(program: Program, oxigraph: str) -> None:
    ended = program.run("query", "-", "--endpoint", oxigraph, "-f", "csv", stdin=TASKS)
    assert (ended.stdout.split(), ended.returncode) == (["ordinal", "1", "2"], 0)


@pytest.mark.parametrize("command", ["build", "explain"])
def test_what_needs_a_folder_says_so(program: Program, command: str) -> None:
    more = ["a:", "a:", "a:"] if command == "explain" else []
    ended = program.run(command, *more, "--store", "http://127.0.0.1:1/")
    assert ended.returncode == 2
    assert "endpoint" in ended.stderr
    assert ended.stderr.count("\n") == 1


class _Cut(BaseHTTPRequestHandler):
    """Says 200, and breaks off in the middle of its answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.end_headers()
        self.wfile.write(b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"li')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_body_that_is_no_whole_answer_is_a_failure(program: Program) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Cut) as cut:
        thread = threading.Thread(target=cut.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{cut.server_port}/"
            ended = program.run("query", "-", "--endpoint", url, stdin="SELECT ?o { ?s ?p ?o }")
        finally:
            cut.shutdown()
            thread.join()
    assert ended.returncode == 1
    assert "cannot be read" in ended.stderr


@pytest.mark.debian
def test_virtuoso_is_served_as_a_store(serve: Serve, tmp_path: Path) -> None:
    http, sql = free_port(), free_port()
    ini = configure_virtuoso(tmp_path, http, sql, VIRTUOSO_BUFFERS)
    command = ["/usr/bin/virtuoso-t", "+foreground", "+configfile", str(ini)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as virtuoso:
        try:
            listens(http)
            server = serve("--store", f"http://127.0.0.1:{http}/sparql")
            classes = "SELECT DISTINCT ?class { GRAPH ?g { ?s a ?class } } LIMIT 3"
            answer = server.ask(classes)
            assert answer.status_code == 200, answer.text
            assert len(answer.text.split()) == 4
            found = httpx.get(f"{server.url}/sparql", params={"query": "ASK { ?s ?p ?o }"})
            assert found.json().get("boolean") is True, found.text
            graph = "CONSTRUCT { ?s a ?class } WHERE { ?s a ?class } LIMIT 5"
            turtle = httpx.get(
                f"{server.url}/sparql", params={"query": graph, "format": "ntriples"}
            )
            assert turtle.text.count(" .\n") == 5
            assert server.ask("SELECT * { ?s ?p }").status_code == 400
        finally:
            virtuoso.kill()
