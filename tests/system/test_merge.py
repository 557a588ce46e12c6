"""A service without files whose default graph is the merge of what clients put into it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.revision import Revision

from .conftest import Program, Serve
from .test_writes_over_http import TURTLE

VALUES = "SELECT ?o { ?s <urn:p> ?o } ORDER BY ?o"


def put(client: httpx.Client, graph: str, *values: int) -> httpx.Response:
    body = "".join(f"<urn:s> <urn:p> {value} ." for value in values)
    return client.put(f"/graphs?graph={graph}", content=body, headers=TURTLE)


@pytest.fixture
def client(serve: Serve, program: Program) -> Iterator[httpx.Client]:
    server = serve("--content", "none")
    made = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    bearing = {"Authorization": f"Bearer {made.stdout.strip()}"}
    with httpx.Client(base_url=server.url, headers=bearing, timeout=30) as client:
        yield client


def values(client: httpx.Client, text: str = VALUES) -> list[str]:
    answer = client.get("/sparql", params={"query": text, "format": "csv"})
    assert answer.status_code == 200, answer.text
    return answer.text.split()[1:]


def test_a_graph_that_was_put_is_in_the_default_graph(
    client: httpx.Client, program: Program
) -> None:
    assert put(client, "urn:g", 1, 2).status_code == 201
    assert put(client, "urn:h", 2, 3).status_code == 201
    assert values(client) == ["1", "2", "3"]
    assert values(client, VALUES.replace("{ ?s", "{ GRAPH ?g { ?s").replace("?o }", "?o } }")) == [
        "1", "2", "2", "3"
    ]  # fmt: skip
    assert put(client, "urn:h", 3).status_code == 204
    assert values(client) == ["1", "2", "3"]
    assert client.delete("/graphs?graph=urn:g").status_code == 204
    assert values(client) == ["3"]
    text = "INSERT { GRAPH <urn:i> { ?s <urn:p> 4 } } WHERE { ?s <urn:p> 3 }"
    assert client.post("/sparql", data={"update": text}).status_code == 204
    assert values(client) == ["3", "4"]
    revision = revisions.current(program.store)
    assert revision is not None
    assert (revision.counts.record, revision.counts.default, revision.counts.graphs) == (2, 2, 2)
    for command, name in (("export", "out.nq"), ("backup", "backup")):
        out = str(program.folder / name)
        ended = program.run(command, out, "--store", str(program.store), "--content", "none")
        assert ended.returncode == 0, ended.stderr


def test_the_default_graph_itself_is_not_written(client: httpx.Client) -> None:
    for answer in (
        client.put("/graphs?default", content="<urn:s> <urn:p> 1 .", headers=TURTLE),
        client.post("/sparql", data={"update": "INSERT DATA { <urn:s> <urn:p> 1 }"}),
        client.post("/sparql", data={"update": "CLEAR ALL"}),
    ):
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"].endswith("/problems/derived-graph")


def written(program: Program, *arguments: str) -> Revision:
    built = program.run("build", "--store", str(program.store), *arguments)
    assert built.returncode == 0, built.stderr
    revision = revisions.current(program.store)
    assert revision is not None
    return revision


def test_what_clients_put_stays_whatever_files_come_and_go(program: Program) -> None:
    written(program, "--content", "none")
    document = program.folder / "one.trig"
    document.write_text("<urn:g> { <urn:s> <urn:p> 1 }", encoding="utf-8")
    options = ("--store", str(program.store), "--content", "none")
    imported = program.run("import", str(document), *options)
    assert imported.returncode == 0, imported.stderr

    def found() -> str:
        asked = program.run("query", "-", "-f", "csv", *options, stdin=VALUES)
        return asked.stdout

    assert found().split() == ["o", "1"]
    assert written(program, "--content", str(program.content)).counts.record > 1000
    assert written(program, "--content", "none").counts.record == 1
    assert found().split() == ["o", "1"]


def test_a_store_of_an_earlier_version_is_carried_over(program: Program) -> None:
    options = ("--content", "none", "--default-graph", "stored")
    written(program, *options)
    document = program.folder / "one.trig"
    document.write_text("<urn:s> <urn:p> 1 <urn:g> { <urn:s> <urn:p> 2 }".replace("1 ", "1 . "),
                        encoding="utf-8")  # fmt: skip
    assert (
        program.run("import", str(document), "--store", str(program.store), *options).returncode
        == 0
    )
    marker = program.store / "store.json"
    table = json.loads(marker.read_text(encoding="utf-8")) | {"mode": "merged"}
    Path(marker).write_text(json.dumps(table), encoding="utf-8")
    revision = written(program, "--content", "none")
    assert (revision.counts.record, revision.counts.default) == (2, 2)
    options = ("--store", str(program.store), "--content", "none")
    text = "SELECT ?g ?o { GRAPH ?g { ?s <urn:p> ?o } } ORDER BY ?o"
    asked = program.run("query", "-", "-f", "csv", *options, stdin=text)
    assert asked.stdout.split()[1:] == ["urn:spacepolicy:former-default-graph,1", "urn:g,2"]


def test_beside_files_a_stored_default_graph_is_what_clients_put(program: Program) -> None:
    stored = ("--content", str(program.content), "--default-graph", "stored")
    first = written(program, *stored)
    assert (first.counts.record > 1000, first.counts.inferred, first.counts.default) == (True, 0, 0)
    document = program.folder / "one.nq"
    document.write_text("<urn:s> <urn:p> 1 .\n<urn:s> <urn:p> 2 <urn:g> .\n".replace(
        "1", '"1"').replace("2", '"2"'), encoding="utf-8")  # fmt: skip
    imported = program.run("import", str(document), "--store", str(program.store))
    assert imported.returncode == 0, imported.stderr
    tags = program.content / "queries" / "tags.toml"
    tags.write_text(tags.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (program.content / "data" / "background" / "unverified.trig").unlink()
    again = written(program, *stored)
    assert again.number > first.number
    assert again.counts.record < first.counts.record
    assert again.counts.default == 1
    text = "SELECT ?o { { ?s <urn:p> ?o } UNION { GRAPH <urn:g> { ?s <urn:p> ?o } } } ORDER BY ?o"
    asked = program.run_here("query", "-", "-f", "csv", stdin=text)
    assert asked.stdout.split() == ["o", "1", "2"]
    exported = program.run_here("export", str(program.folder / "all.nq"))
    assert exported.returncode == 0, exported.stderr
