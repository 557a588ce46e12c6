"""No request reaches a listener, however it is dressed, and a refusal is told."""

import socket

import httpx
import pytest

FORMS = [
    "SELECT * { SERVICE <@> { ?s ?p ?o } }",
    "select * { service silent <@> { ?s ?p ?o } }",
    "SELECT * { sErViCe # SILENT\n <@> { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <@> { ?s ?p ?o } }",
    "SELECT*{SERVICESILENT<@>{?s ?p ?o}}",
    "PREFIX out: <@> SELECT * { SERVICE out: { ?s ?p ?o } }",
    "SELECT * { VALUES ?where { <@> } SERVICE ?where { ?s ?p ?o } }",
    "SELECT * { ?a ?b ?c OPTIONAL { SERVICE SILENT <@> { ?s ?p ?o } } } LIMIT 3",
    "ASK { FILTER EXISTS { SERVICE SILENT <@> { ?s ?p ?o } } }",
    "SELECT * { { SELECT * { SERVICE <@> { SERVICE <@> { ?s ?p ?o } } } } }",
    "DESCRIBE ?s { SERVICE <@> { ?s ?p ?o } }",
]


@pytest.mark.parametrize("text", FORMS)
def test_service_is_refused_before_evaluation(site: httpx.Client, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        asked = text.replace("@", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        for answer in (
            site.get("/sparql", params={"query": asked}),
            site.post("/sparql", data={"query": asked}),
            site.post(
                "/sparql", content=asked, headers={"Content-Type": "application/sparql-query"}
            ),
        ):
            assert answer.status_code == 403
            assert answer.json()["type"].endswith("/problems/egress-refused")
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <@>",
        "LOAD SILENT <@> INTO GRAPH <urn:g>",
        "INSERT { ?s ?p ?o } WHERE { SERVICE SILENT <@> { ?s ?p ?o } }",
    ],
)
def test_no_update_reaches_out(site: httpx.Client, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        asked = text.replace("@", f"http://127.0.0.1:{listener.getsockname()[1]}/")
        for name in ("update", "query"):
            assert site.post("/sparql", data={name: asked}).status_code in (400, 401, 403)
        with pytest.raises(BlockingIOError):
            listener.accept()
