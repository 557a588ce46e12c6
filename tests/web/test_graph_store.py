"""The Graph Store Protocol: what may be sent, and each status that it is answered with."""

import gzip
import socket
from pathlib import Path

import pytest

from spacepolicy.formats import offered
from spacepolicy.store.write_requests import GraphWrite

from .test_running import until
from .writers import BROKEN, DERIVED, OWNED
from .writing_site import LIMIT, Body, Writing, kind


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
