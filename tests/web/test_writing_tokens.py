"""Who may write, and what: tokens, their scopes and their graphs."""

import httpx
import pytest

from .writing_site import INSERT, TURTLE, UPDATE, Writing, kind


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
