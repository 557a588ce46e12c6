"""SPARQL Update over HTTP: what may be sent, and each status that it is answered with."""

import pytest

from spacepolicy.store.write_requests import Update

from .writers import BROKEN, DERIVED, OWNED
from .writing_site import FORM, INSERT, LIMIT, UPDATE, Body, Writing, kind


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


@pytest.mark.parametrize("text", ["", "# nothing\n", "PREFIX a: <urn:a:>", "\ufeff"])
@pytest.mark.parametrize("form", [False, True])
def test_an_update_may_be_empty(text: str, form: bool, writing: Writing) -> None:
    before = writing.writer.history.current.number
    if form:
        answer = writing.client.post(
            "/sparql", data={"update": text}, headers={"Authorization": f"Bearer {writing.token}"}
        )
    else:
        answer = writing.update(text)
    assert answer.status_code == 204, answer.text
    assert writing.writer.history.current.number == before


def test_a_byte_order_mark_before_a_text_is_passed_over(writing: Writing) -> None:
    assert writing.update("\ufeff" + INSERT % '"marked"').status_code == 204
    assert '"marked"' in writing.values("urn:g")
    text = "\ufeffASK { GRAPH <urn:g> { ?s ?p ?o } }"
    accept = {"Accept": "text/csv"}
    for answer in (
        writing.client.get("/sparql", params={"query": text}, headers=accept),
        writing.client.post("/sparql", data={"query": text}, headers=accept),
        writing.client.post("/sparql", content=text.encode(),
                            headers={"Content-Type": "application/sparql-query", **accept}),
    ):  # fmt: skip
        assert (answer.status_code, answer.text.strip()) == (200, "true"), answer.text
