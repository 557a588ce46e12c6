"""Writes over HTTP: what the outside may send, and each status that it is answered with."""

import gzip
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import rdflib
from pyoxigraph import RdfFormat, parse
from rdflib.plugins.stores.sparqlstore import SPARQLUpdateStore
from SPARQLWrapper import SPARQLWrapper

from spacepolicy.access import AccessScope, Tokens, add_token, tokens_file
from spacepolicy.formats import offered
from spacepolicy.revisions.writing import GraphWrite, Update
from spacepolicy.web.service import Service

from .conftest import serve
from .test_running import until
from .writers import BROKEN, DERIVED, OWNED, REPORT, Engines, MemoryWriter

UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"
INSERT = "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> %s } }"
TURTLE = {"Content-Type": "text/turtle"}
LIMIT = 1 << 16
Body = str | bytes | None


@dataclass
class Writing:
    """A site that takes writes, and the writer behind it."""

    client: httpx.Client
    writer: MemoryWriter
    file: Path
    token: str
    names: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def graph(self) -> str:
        """The IRI of a graph of which nothing is known yet."""
        return f"urn:graph:{next(self.names)}"

    def bearing(self, scope: AccessScope, *graphs: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {add_token(self.file, scope, graphs)}"}

    def send(
        self, method: str, target: str, content: Body = None, **headers: str
    ) -> httpx.Response:
        """A request of one who may write."""
        fields = {"Authorization": f"Bearer {self.token}"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, target, content=content, headers=fields)

    def put(self, graph: str, turtle: str, **headers: str) -> httpx.Response:
        return self.send("PUT", f"/graphs?graph={graph}", turtle, Content_Type="text/turtle",
                         **headers)  # fmt: skip

    def update(self, text: str, query: str = "", **headers: str) -> httpx.Response:
        return self.send("POST", f"/sparql{query}", text, Content_Type=UPDATE, **headers)

    def values(self, graph: str, query: str = "") -> set[str]:
        """The objects of the graph's statements."""
        answer = self.client.get(f"/graphs?graph={graph}&format=nt{query}")
        assert answer.status_code in (200, 404), answer.text
        return {str(quad.object) for quad in parse(answer.content, format=RdfFormat.N_TRIPLES)} if (
            answer.status_code == 200) else set()  # fmt: skip


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writing]:
    folder = tmp_path_factory.mktemp("written")
    file = tokens_file(tmp_path_factory.mktemp("tokens"))
    writer, engines = MemoryWriter(folder), Engines()
    service = Service(
        engines,
        writer.history,
        (),
        timeout_seconds=5,
        mode="stored",
        writer=writer,
        tokens=Tokens(file),
        max_upload_bytes=LIMIT,
        max_update_bytes=LIMIT,
        max_query_bytes=LIMIT // 2,
    )
    with serve(service) as site:
        yield Writing(site.client, writer, file, add_token(file, "write"))
    engines.close()


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


# SPARQL Update


@pytest.mark.parametrize("form", [False, True])
def test_an_update_is_made_and_seen_by_whoever_asks_next(form: bool, writing: Writing) -> None:
    text = INSERT % f'"{form}"'
    before = writing.writer.history.current.number
    if form:
        answer = writing.client.post(
            "/sparql", data={"update": text}, headers={"Authorization": f"Bearer {writing.token}"}
        )
    else:
        answer = writing.update(text)
    assert answer.status_code == 204, answer.text
    assert answer.content == b""
    assert answer.headers["x-dataset-revision"] == str(before + 1)
    assert f'"{form}"' in writing.values("urn:g")
    request = writing.writer.requests[-1]
    assert request.author.startswith("token ")
    assert writing.token not in request.author


def test_an_update_carries_its_dataset_base_prefixes_and_time(writing: Writing) -> None:
    text = "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }"
    query = (
        "?using-graph-uri=urn:x&using-graph-uri=urn:y&using-named-graph-uri=urn:z&timeout=3"
        "&message=why"
    )
    assert writing.update(text, query).status_code == 204
    request = writing.writer.requests[-1]
    operation = request.operation
    assert isinstance(operation, Update)
    assert operation.using_graphs == ("urn:x", "urn:y")
    assert operation.using_named_graphs == ("urn:z",)
    assert (operation.base or "").endswith("/sparql")
    assert operation.prefixes == {"": "urn:"}
    assert (request.timeout_seconds, request.message) == (3, "why")


@pytest.mark.parametrize(
    "case",
    [
        ("GET", "/sparql?update=CLEAR+ALL", "", "", 400, "bad-parameter"),
        ("POST", "/sparql?update=CLEAR+ALL", FORM, "", 400, "bad-parameter"),
        ("POST", "/sparql?update=CLEAR+ALL", FORM, "a=b", 400, "bad-parameter"),
        ("POST", "/sparql", FORM, "update=CLEAR+ALL&update=CLEAR+ALL", 400, "bad-parameter"),
        ("POST", "/sparql", FORM, "update=CLEAR+ALL&query=ASK{}", 400, "bad-parameter"),
        ("POST", "/sparql?query=ASK{}", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql?update=CLEAR+ALL", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql", UPDATE, "ASK {}", 400, "bad-parameter"),
        ("POST", "/sparql", FORM, "update=SELECT+*+{}", 400, "bad-parameter"),
        ("POST", "/sparql", FORM, "query=CLEAR+ALL", 400, "bad-parameter"),
        ("POST", "/sparql", UPDATE, "CLEAR", 400, "syntax-error"),
        ("POST", "/sparql", UPDATE, "nothing", 400, "syntax-error"),
        ("POST", "/sparql", UPDATE, b"\xff", 400, "bad-parameter"),
        ("POST", "/sparql?default-graph-uri=urn:x", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql?dry-run=maybe", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql?timeout=-1", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql?revision=1", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql?version=0", UPDATE, "CLEAR ALL", 400, "bad-parameter"),
        ("POST", "/sparql", f"{UPDATE}; charset=latin-1", "CLEAR ALL", 415,
         "unsupported-media-type"),
        ("QUERY", "/sparql", UPDATE, "CLEAR ALL", 415, "unsupported-media-type"),
        ("POST", "/sparql", UPDATE, " " * (LIMIT + 1), 413, "content-too-large"),
        ("POST", "/sparql", UPDATE, "LOAD <http://127.0.0.1:1/>", 403, "egress-refused"),
        ("POST", "/sparql", UPDATE, "LOAD SILENT <file:///etc/passwd> INTO GRAPH <urn:g>", 403,
         "egress-refused"),
        ("POST", "/sparql", UPDATE,
         "INSERT { ?s ?p ?o } WHERE { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }", 403,
         "egress-refused"),
        ("POST", "/sparql", UPDATE, "INSERT { ?s ?p ?o } WHERE " + "{" * 500 + "}" * 500, 400,
         "query-too-complex"),
        ("POST", "/sparql?using-graph-uri=urn:x", UPDATE,
         "DELETE { ?s ?p ?o } USING <urn:g> WHERE { ?s ?p ?o }", 400, "bad-parameter"),
        ("POST", "/sparql?using-named-graph-uri=urn:x", UPDATE,
         "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", 400, "bad-parameter"),
        ("POST", "/sparql?using-graph-uri=urn:x", UPDATE,
         "DELETE { ?s ?p ?o } USING NAMED<urn:g>WHERE { ?s ?p ?o }", 400, "bad-parameter"),
        ("POST", "/sparql", UPDATE, INSERT.replace("urn:g", OWNED) % "1", 403, "file-owned"),
        ("POST", "/sparql", UPDATE, INSERT.replace("urn:g", DERIVED) % "1", 409, "derived-graph"),
        ("POST", "/sparql", UPDATE, INSERT.replace("urn:b", BROKEN) % "1", 422, "invalid-data"),
    ],
)  # fmt: skip
def test_a_wrong_update_is_told_and_nothing_is_written(
    case: tuple[str, str, str, Body, int, str], writing: Writing
) -> None:
    method, target, media_type, body, status, said = case
    before = writing.writer.history.current
    answer = writing.send(method, target, body or None, Content_Type=media_type)
    assert kind(answer) == (status, said)
    assert writing.writer.history.current is before
    assert answer.headers["access-control-allow-origin"] == "*"


def test_what_reaches_out_or_is_too_deep_never_comes_to_the_writer(writing: Writing) -> None:
    before = len(writing.writer.requests)
    for text in ("LOAD <http://127.0.0.1:1/>", "INSERT {} WHERE " + "{" * 5000):
        assert writing.update(text).status_code in (400, 403)
    assert len(writing.writer.requests) == before


def test_an_update_conditional_on_the_dataset_is_made_once(writing: Writing) -> None:
    etag = writing.update(INSERT % '"first"').headers["etag"]
    assert writing.update(INSERT % '"second"', If_Match=etag).status_code == 204
    assert kind(writing.update(INSERT % '"third"', If_Match=etag)) == (412, "precondition-failed")
    assert '"third"' not in writing.values("urn:g")
    assert writing.update(INSERT % '"fourth"', If_Match="*").status_code == 204
    for other in ('"none"', '"1.forged"', 'W/"x"', ""):
        assert writing.update(INSERT % '"fifth"', If_Match=other).status_code == 412


def test_an_update_may_be_conditional_on_any_answer_of_the_endpoint(writing: Writing) -> None:
    read = writing.client.get(
        "/sparql", params={"query": "SELECT * { GRAPH <urn:g> { ?s ?p ?o } }"}
    )
    etag = read.headers["etag"]
    assert writing.update(INSERT % '"read"', If_Match=f'"other", {etag}').status_code == 204
    assert writing.update(INSERT % '"late"', If_Match=etag).status_code == 412


def test_a_weak_tag_is_no_condition_that_holds(writing: Writing) -> None:
    etag = writing.update(INSERT % '"strong"').headers["etag"]
    assert writing.update(INSERT % '"weak"', If_Match=f"W/{etag}").status_code == 412
    assert writing.update(INSERT % '"weaker"', If_Match=f"W/{etag}, {etag}").status_code == 204


# Who may


@pytest.mark.parametrize(
    ("method", "target", "media_type"),
    [
        ("POST", "/sparql", UPDATE),
        ("PUT", "/graphs?graph=urn:g", "text/turtle"),
        ("POST", "/graphs", "text/turtle"),
        ("DELETE", "/graphs?graph=urn:g", "text/turtle"),
    ],
)
def test_a_write_without_a_token_for_it_is_refused(
    method: str, target: str, media_type: str, writing: Writing
) -> None:
    before = len(writing.writer.requests)
    content = INSERT % "1" if media_type == UPDATE else "<urn:a> <urn:b> 1 ."

    def answer(headers: dict[str, str]) -> httpx.Response:
        headers = headers | {"Content-Type": media_type}
        return writing.client.request(method, target, content=content, headers=headers)

    without = answer({})
    assert kind(without) == (401, "unauthorized")
    assert "error=" not in without.headers["www-authenticate"]
    wrong = answer({"Authorization": "Bearer spt_lost"})
    assert kind(wrong) == (401, "unauthorized")
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    reading = answer(writing.bearing("read"))
    assert kind(reading) == (403, "forbidden")
    assert 'error="insufficient_scope"' in reading.headers["www-authenticate"]
    assert len(writing.writer.requests) == before


def test_an_update_in_a_form_without_a_token_is_refused(writing: Writing) -> None:
    assert kind(writing.client.post("/sparql", data={"update": "CLEAR ALL"}))[0] == 401


def test_a_token_writes_its_graphs_alone(writing: Writing) -> None:
    bearing = writing.bearing("write", "urn:mine:*", "urn:one") | TURTLE
    for graph, status in (("urn:mine:a", 201), ("urn:one", 201), ("urn:other", 403)):
        answer = writing.client.put(
            "/graphs", params={"graph": graph}, content="<urn:a> <urn:b> 1 .", headers=bearing
        )
        assert answer.status_code == status, answer.text
    update = bearing | {"Content-Type": UPDATE}
    text = INSERT.replace("urn:g", "urn:mine:b") % "1"
    assert writing.client.post("/sparql", content=text, headers=update).status_code == 204
    answer = writing.client.post("/sparql", content=INSERT % '"no"', headers=update)
    assert kind(answer) == (403, "forbidden")
    assert writing.client.post("/graphs", content="", headers=bearing).status_code == 403


def test_a_service_that_is_read_only_says_so(site: httpx.Client) -> None:
    assert kind(site.post("/sparql", data={"update": "CLEAR ALL"})) == (403, "forbidden")
    answer = site.put("/graphs?graph=urn:g", content="", headers=TURTLE)
    assert kind(answer) == (405, "method-not-allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert site.options("/graphs").headers["allow"] == "GET, HEAD, OPTIONS"
    assert UPDATE not in site.options("/sparql").headers["accept-post"]
    assert site.get("/graphs?graph=https://example.org/graph&format=nt").text == (
        "<urn:a> <urn:b> <urn:c> .\n"
    )


# The Graph Store Protocol


@pytest.mark.parametrize("format", [each.name for each in offered("graph")])
def test_a_graph_comes_back_in_every_format_as_it_was_put(format: str, writing: Writing) -> None:
    name = writing.graph()
    row = next(each for each in offered("graph") if each.name == format)
    assert writing.put(name, '<urn:a> <urn:b> "火"@zh, 1, <urn:c> .').status_code == 201
    read = writing.client.get("/graphs", params={"graph": name}, headers={"Accept": row.media_type})
    assert read.headers["content-type"].partition(";")[0] == row.media_type
    again = writing.send(
        "PUT", f"/graphs?graph={name}:again", read.content, Content_Type=row.media_type
    )
    assert again.status_code == 201, again.text
    assert writing.values(name) == writing.values(f"{name}:again") == {
        '"火"@zh', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>', "<urn:c>"
    }  # fmt: skip


def test_put_replaces_post_adds_and_delete_removes(writing: Writing) -> None:
    name = writing.graph()
    created = writing.put(name, '<urn:a> <urn:b> "1" .')
    assert created.status_code == 201
    assert writing.client.get(created.headers["location"]).status_code == 200
    replaced = writing.put(name, '<urn:a> <urn:b> "2" .')
    assert (replaced.status_code, replaced.content) == (204, b"")
    assert writing.values(name) == {'"2"'}
    target = f"/graphs?graph={name}"
    added = writing.send("POST", target, '<urn:a> <urn:b> "3" .', Content_Type="text/turtle")
    assert added.status_code == 204
    assert writing.values(name) == {'"2"', '"3"'}
    assert writing.send("DELETE", target).status_code == 204
    assert kind(writing.client.get(target)) == (404, "not-found")
    assert kind(writing.send("DELETE", target)) == (404, "not-found")
    assert writing.client.head(target).status_code == 404


def test_the_default_graph_is_one_too(writing: Writing) -> None:
    put = writing.send(
        "PUT", "/graphs?default", '<urn:a> <urn:b> "d" .', Content_Type="text/turtle"
    )
    assert put.status_code in (201, 204)
    assert '"d"' in writing.client.get("/graphs?default&format=nt").text
    assert writing.send("DELETE", "/graphs?default").status_code == 204
    empty = writing.client.get("/graphs?default&format=nt")
    assert (empty.status_code, empty.text) == (200, "")


def test_a_graph_may_be_named_by_its_own_address(writing: Writing) -> None:
    body = '<> <urn:b> "é" .'
    made = writing.send("PUT", "/graphs/a/%C3%A9.ttl", body, Content_Type="text/turtle")
    assert made.status_code == 201
    address = f"{str(writing.client.base_url).rstrip('/')}/graphs/a/é.ttl"
    assert made.headers["location"] == address.replace("é", "%C3%A9")
    operation = writing.writer.requests[-1].operation
    assert isinstance(operation, GraphWrite)
    assert operation.graph == address.replace("é", "%C3%A9")
    for target in ("/graphs/a/%C3%A9.ttl", f"/graphs?graph={address.replace('é', '%25C3%25A9')}"):
        read = writing.client.get(target, headers={"Accept": "application/n-triples"})
        assert read.text == f'<{operation.graph}> <urn:b> "é" .\n'


def test_post_without_a_graph_makes_one(writing: Writing) -> None:
    made = writing.send("POST", "/graphs", '<> <urn:b> "new" .', Content_Type="text/turtle")
    assert made.status_code == 201
    location = made.headers["location"]
    assert location.startswith(str(writing.client.base_url.join("/graphs/")))
    assert (
        f'<{location}> <urn:b> "new"' in writing.client.get(location, params={"format": "nt"}).text
    )
    second = writing.send("POST", "/graphs", '<> <urn:b> "new" .', Content_Type="text/turtle")
    assert second.headers["location"] != location


@pytest.mark.parametrize(
    "case",
    [
        ("PUT", "/graphs", {}, "", 400, "bad-parameter"),
        ("DELETE", "/graphs", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a&default", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a&graph=urn:b", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=relative", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a%3E", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs/x?graph=urn:a", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a&revision=1", {}, "", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {}, "no turtle", 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": "application/rdf+xml"}, "<urn:a> .", 400,
         "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": "text/csv"}, "", 415,
         "unsupported-media-type"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": ""}, "", 415, "unsupported-media-type"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": "text/turtle; charset=utf-16"}, "", 415,
         "unsupported-media-type"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Encoding": "br"}, "", 415,
         "unsupported-media-type"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Encoding": "gzip"}, "no gzip", 400,
         "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {}, " " * (LIMIT + 1), 413, "content-too-large"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Encoding": "gzip"},
         gzip.compress(b" " * (LIMIT + 1)), 413, "content-too-large"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Encoding": "gzip"},
         gzip.compress(b"<urn:a> <urn:b> 1 .")[:-5], 400, "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": "multipart/form-data"}, "", 400,
         "bad-parameter"),
        ("PUT", "/graphs?graph=urn:a", {"Content-Type": "multipart/form-data; boundary=x"}, "", 400,
         "bad-parameter"),
        ("PUT", f"/graphs?graph={OWNED}", {}, "<urn:a> <urn:b> 1 .", 403, "file-owned"),
        ("PUT", f"/graphs?graph={DERIVED}", {}, "<urn:a> <urn:b> 1 .", 409, "derived-graph"),
        ("PUT", "/graphs?graph=urn:a", {}, f"<urn:a> <{BROKEN}> 1 .", 422, "invalid-data"),
        ("PUT", "/graphs?graph=urn:new", {"If-Match": "*"}, "<urn:a> <urn:b> 1 .", 412,
         "precondition-failed"),
        ("PUT", "/graphs?graph=urn:new", {"If-Match": '"x"'}, "<urn:a> <urn:b> 1 .", 412,
         "precondition-failed"),
        ("PUT", "/graphs?graph=urn:a&dry-run", {"Accept": "text/csv"}, "<urn:a> <urn:b> 1 .", 406,
         "not-acceptable"),
        ("PATCH", "/graphs?graph=urn:a", {}, "", 405, "method-not-allowed"),
        ("GET", "/graphs?graph=urn:a&graph=urn:b", {}, None, 400, "bad-parameter"),
        ("GET", "/graphs?graph=urn:never", {}, None, 404, "not-found"),
        ("GET", "/graphs?graph=urn:g", {"Accept": "text/csv"}, None, 406, "not-acceptable"),
        ("GET", "/graphs?graph=urn:g&timeout=x", {}, None, 400, "bad-parameter"),
    ],
)  # fmt: skip
def test_a_wrong_request_for_a_graph_is_told_and_nothing_is_written(
    case: tuple[str, str, dict[str, str], Body, int, str], writing: Writing
) -> None:
    method, target, headers, body, status, said = case
    before = writing.writer.history.current
    fields = {"Content-Type": "text/turtle"} | headers
    answer = writing.send(method, target, body, **fields)
    assert kind(answer) == (status, said), answer.text
    assert writing.writer.history.current is before
    if status == 415 and said == "unsupported-media-type":
        assert answer.json()["supported"]


def test_an_upload_may_be_in_gzip_and_in_several_members(writing: Writing) -> None:
    name = writing.graph()
    body = gzip.compress(b'<urn:a> <urn:b> "1" .\n') + gzip.compress(b'<urn:a> <urn:b> "2" .\n')
    answer = writing.send("PUT", f"/graphs?graph={name}", body, Content_Type="text/turtle",
                          Content_Encoding="gzip")  # fmt: skip
    assert answer.status_code == 201
    assert writing.values(name) == {'"1"', '"2"'}


def test_the_files_of_a_form_are_added_up(writing: Writing) -> None:
    name = writing.graph()
    files = [
        ("one", ("one.ttl", b'<urn:a> <urn:b> "1" .', "text/turtle")),
        ("two", ("two.nt", b'<urn:a> <urn:b> "2" .\n', "application/octet-stream")),
        ("three", ("x", b'{"@id": "urn:a", "urn:b": "3"}', "application/ld+json; charset=utf-8")),
    ]
    answer = writing.client.post(
        "/graphs", params={"graph": name}, files=files,
        headers={"Authorization": f"Bearer {writing.token}"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    assert writing.values(name) == {'"1"', '"2"', '"3"'}


@pytest.mark.parametrize(
    ("part", "end", "status"),
    [
        ('Content-Disposition: form-data; name="a"; filename="a.csv"\r\n\r\n', "\r\n--x--\r\n",
         415),
        ('Content-Disposition: form-data; name="a"; filename="a.ttl"\r\n\r\n<urn:a> <urn:b> 1 .',
         "", 400),
        ('Content-Disposition: form-data; name="graph"\r\n\r\nurn:x', "\r\n--x--\r\n", 400),
        ("Content-Type: text/turtle\r\n\r\n" + " " * (LIMIT + 1), "\r\n--x--\r\n", 413),
        ("X: " + "y" * 20_000, "\r\n\r\n\r\n--x--\r\n", 400),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_told(part: str, end: str, status: int, writing: Writing) -> None:
    before = writing.writer.history.current
    answer = writing.send("POST", "/graphs?graph=urn:form", f"--x\r\n{part}{end}",
                          Content_Type="multipart/form-data; boundary=x")  # fmt: skip
    assert answer.status_code == status, answer.text
    assert writing.writer.history.current is before


def test_nothing_of_an_upload_stays_behind(
    writing: Writing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert writing.put(writing.graph(), "<urn:a> <urn:b> 1 .").status_code == 201
    assert writing.put(writing.graph(), "no turtle").status_code == 400
    assert not list(tmp_path.iterdir())


def test_an_upload_that_cannot_be_stored_is_a_problem_of_storage(
    writing: Writing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    answer = writing.put(writing.graph(), "<urn:a> <urn:b> 1 .")
    assert kind(answer) == (507, "storage")
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("how", ["length", "chunks"])
def test_an_upload_that_breaks_off_writes_nothing_and_leaves_nothing(
    how: str, writing: Writing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    name, body = writing.graph(), b'<urn:a> <urn:b> "1" .\n'
    base = writing.client.base_url
    framing = "Content-Length: 1000" if how == "length" else "Transfer-Encoding: chunked"
    head = (
        f"PUT /graphs?graph={name} HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
        f"Authorization: Bearer {writing.token}\r\n{framing}\r\n\r\n"
    )
    with socket.create_connection((base.host, base.port or 80)) as connection:
        sent = body if how == "length" else b"%x\r\n%s\r\n" % (len(body), body)
        connection.sendall(head.encode() + sent)
        until(lambda: any(tmp_path.iterdir()))
    until(lambda: not any(tmp_path.iterdir()))
    assert writing.client.get(f"/graphs?graph={name}").status_code == 404


# Conditions on graphs


def test_a_graph_keeps_its_tag_while_others_change(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    target = f"/graphs?graph={name}"
    etag = writing.client.get(target).headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "2" .')
    known = writing.client.get(target, headers={"If-None-Match": etag})
    assert (known.status_code, known.headers["etag"]) == (304, etag)
    writing.put(name, '<urn:a> <urn:b> "3" .')
    assert writing.client.get(target).headers["etag"] != etag
    assert writing.client.get(target, headers={"If-None-Match": etag}).status_code == 200


def test_the_document_of_a_graph_keeps_its_tag_too(writing: Writing) -> None:
    base = str(writing.client.base_url.join("/"))
    writing.put(f"{base}graph/mine", '<urn:a> <urn:b> "1" .')
    headers = {"Accept": "text/turtle"}
    etag = writing.client.get("/graph/mine", headers=headers).headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "2" .')
    known = headers | {"If-None-Match": etag}
    assert writing.client.get("/graph/mine", headers=known).status_code == 304
    page = {"Accept": "text/html"}
    page["If-None-Match"] = writing.client.get("/graph/mine", headers=page).headers["etag"]
    writing.put(f"{base}graph/mine", '<urn:a> <urn:b> "3" .', If_Match=etag)
    assert '"3"' in writing.client.get("/graph/mine", headers=known).text
    assert writing.client.get("/graph/mine", headers=page).status_code == 200
    assert writing.put(f"{base}graph/mine", "", If_Match=etag).status_code == 412


def test_of_two_writers_with_the_same_tag_one_succeeds(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    etag = writing.client.get(f"/graphs?graph={name}").headers["etag"]
    writing.put(writing.graph(), '<urn:a> <urn:b> "elsewhere" .')
    statuses = [
        writing.put(name, f'<urn:a> <urn:b> "{n}" .', If_Match=etag).status_code for n in (2, 3)
    ]
    assert statuses == [204, 412]
    assert writing.values(name) == {'"2"'}


def test_a_graph_is_made_only_where_there_is_none(writing: Writing) -> None:
    name = writing.graph()
    assert writing.put(name, '<urn:a> <urn:b> "1" .', If_None_Match="*").status_code == 201
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_None_Match="*").status_code == 412
    assert writing.values(name) == {'"1"'}
    etag = writing.client.get(f"/graphs?graph={name}").headers["etag"]
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_None_Match=etag).status_code == 412
    assert writing.put(name, '<urn:a> <urn:b> "2" .', If_Match="*").status_code == 204


def test_the_tag_of_any_coding_and_format_is_one_of_the_graph(writing: Writing) -> None:
    name = writing.graph()
    for number in range(3):
        writing.put(name, f'<urn:a> <urn:b> "{number}{"x" * 2000}" .')
        headers = {"Accept-Encoding": ("gzip", "zstd", "identity")[number], "Accept": "text/turtle"}
        etag = writing.client.get(f"/graphs?graph={name}", headers=headers).headers["etag"]
        assert writing.put(name, '<urn:a> <urn:b> "y" .', If_Match=etag).status_code == 204


# Trying it out, and what the guard says


def test_a_dry_run_tells_the_difference_and_writes_nothing(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, '<urn:a> <urn:b> "1" .')
    before = writing.writer.history.current
    told = writing.send("PUT", f"/graphs?graph={name}&dry-run", '<urn:a> <urn:b> "2" .',
                        Content_Type="text/turtle")  # fmt: skip
    assert told.status_code == 200
    members = told.json()
    assert (members["added"], members["removed"], members["dry_run"]) == (1, 1, True)
    assert f'A <urn:a> <urn:b> "2" <{name}> .' in members["patch"]
    text = INSERT.replace("urn:g", name) % '"3"'
    patch = writing.update(text, "?dry-run=true", Accept="application/rdf-patch")
    assert patch.headers["content-type"] == "application/rdf-patch"
    assert patch.text == f'TX .\nA <urn:a> <urn:b> "3" <{name}> .\nTC .\n'
    assert writing.writer.history.current is before
    assert told.headers["x-dataset-revision"] == str(before.number)


def test_a_refusal_of_the_guard_is_told_in_the_format_of_the_client(writing: Writing) -> None:
    broken = f"<urn:a> <{BROKEN}> 1 ."
    name = writing.graph()
    for accept in ("", "*/*", "application/json", "application/problem+json"):
        answer = writing.put(name, broken, Accept=accept)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["violations"]
    for row in offered("graph"):
        answer = writing.put(name, broken, Accept=row.media_type)
        assert answer.status_code == 422
        assert answer.headers["content-type"].partition(";")[0] == row.media_type
        told = [quad.triple for quad in parse(answer.content, format=row.rdf)]
        assert told == [quad.triple for quad in parse(REPORT, format=RdfFormat.N_TRIPLES)]
    assert "text/html" in writing.put(name, broken, Accept="text/html").headers["content-type"]
    assert writing.put(name, "no turtle", Accept="text/turtle").json()["status"] == 400


def test_a_warning_of_the_guard_comes_with_the_answer(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing.writer, "warning", REPORT)
    name = writing.graph()
    made = writing.put(name, '<urn:a> <urn:b> "1" .')
    assert (made.status_code, made.json()["report"]) == (201, REPORT.decode())
    changed = writing.put(name, '<urn:a> <urn:b> "2" .')
    assert (changed.status_code, changed.json()["added"]) == (200, 1)


# What it says of itself


def test_what_may_be_sent_is_told_beforehand(writing: Writing) -> None:
    graphs = writing.client.options("/graphs?graph=urn:a").headers
    assert graphs["allow"] == "GET, HEAD, PUT, POST, DELETE, OPTIONS"
    assert "text/turtle" in graphs["accept-post"]
    assert "PUT" in graphs["access-control-allow-methods"]
    assert "If-Match" in graphs["access-control-allow-headers"]
    sparql = writing.client.options("/sparql").headers
    assert UPDATE in sparql["accept-post"]
    assert UPDATE not in sparql["accept-query"]


def test_the_description_tells_of_updates_where_they_are_taken(
    writing: Writing, site: httpx.Client
) -> None:
    assert "SPARQL11Update" in writing.client.get("/sparql").text
    assert "SPARQL11Update" not in site.get("/sparql").text


def test_the_graphs_there_are_are_listed(writing: Writing) -> None:
    name = writing.graph()
    writing.put(name, "<urn:a> <urn:b> 1, 2 .")
    listed = writing.client.get("/graphs").json()
    row = next(each for each in listed["graphs"] if each["graph"] == name)
    assert row["triples"] == 2
    assert writing.client.get(row["href"]).status_code == 200


def test_openapi_tells_of_the_graph_store(writing: Writing) -> None:
    paths = writing.client.get("/openapi.json").json()["paths"]
    assert set(paths["/graphs"]) == {"get", "put", "post", "delete"}
    put = paths["/graphs"]["put"]
    assert "text/turtle" in put["requestBody"]["content"]
    assert set(put["responses"]["200"]["content"]) == {"application/json", "application/rdf-patch"}
    assert "text/turtle" in paths["/graphs"]["get"]["responses"]["200"]["content"]
    json.dumps(paths)


# Clients that know only the standards


def test_sparqlwrapper_makes_an_update(writing: Writing) -> None:
    wrapper = SPARQLWrapper(str(writing.client.base_url.join("/sparql")))
    wrapper.addCustomHttpHeader("Authorization", f"Bearer {writing.token}")
    wrapper.setMethod("POST")
    name = writing.graph()
    for request in ("urlencoded", "postdirectly"):
        wrapper.setRequestMethod(request)
        wrapper.setQuery(f'INSERT DATA {{ GRAPH <{name}> {{ <urn:a> <urn:b> "{request}" }} }}')
        wrapper.query().response.close()
    assert writing.values(name) == {'"urlencoded"', '"postdirectly"'}


def test_rdflib_writes_a_graph_and_reads_it(writing: Writing) -> None:
    address = str(writing.client.base_url.join("/sparql"))
    bearing = {"Authorization": f"Bearer {writing.token}"}
    store = SPARQLUpdateStore(address, address, headers=bearing, autocommit=False)
    name = writing.graph()
    graph = rdflib.Graph(store, identifier=rdflib.URIRef(name))
    said = (rdflib.URIRef("urn:a"), rdflib.URIRef("urn:b"), rdflib.Literal("火", lang="zh"))
    graph.add(said)
    store.commit()
    assert list(graph) == [said]
    graph.remove(said)
    store.commit()
    assert writing.values(name) == set()
