"""Stores that earlier versions of this program wrote are served, asked and written as they are.

`tests/unit/store-version-N.tar.xz` were made by the command line and over HTTP by the program that
wrote version N, in the stored mode. When `store.marker.VERSION` rises, one of the version before is
added.
"""

import json
import tarfile
from pathlib import Path

import httpx
import pytest

from spacepolicy.store import store_description

from .conftest import Program, Serve

KEPT = Path(__file__).parents[1] / "unit"
COUNT = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
OPTIONS = ("--content", "none", "--default-graph", "stored")


def versions() -> list[int]:
    """The versions of which a store is kept."""
    return sorted(int(path.name.split("-")[2].split(".")[0]) for path in KEPT.glob("store-v*"))


def counted(url: str, **parameters: str) -> int:
    found = httpx.get(f"{url}/sparql", params={"query": COUNT, "format": "csv", **parameters})
    assert found.status_code == 200, found.text
    return int(found.text.split()[1])


@pytest.fixture(params=versions())
def kept(request: pytest.FixtureRequest, program: Program) -> Path:
    with tarfile.open(KEPT / f"store-version-{request.param}.tar.xz") as archive:
        archive.extractall(program.store.parent, filter="data")
    return program.store


def test_a_store_of_every_version_is_kept() -> None:
    assert versions() == list(range(1, store_description.VERSION + 1))


def test_a_kept_store_is_served_with_its_history_and_written(
    kept: Path, program: Program, serve: Serve
) -> None:
    revisions = sorted(int(path.name) for path in kept.glob("revisions/0*"))
    newest = revisions[-1]
    told = json.loads((kept / "revisions" / f"{newest:06}" / "revision.json").read_text("utf-8"))
    token = program.run("token", "new", "--scope", "write", "--store", str(kept)).stdout.strip()
    server = serve(*OPTIONS)
    assert counted(server.url) == told["counts"]["record"]
    assert counted(server.url, revision="1") == 0
    for number in revisions[1:]:
        assert counted(server.url, revision=str(number)) > 0
    history = httpx.get(f"{server.url}/revisions", headers={"Accept": "application/json"}).json()
    assert len(history["revisions"]) == newest
    written = httpx.post(
        f"{server.url}/sparql",
        content="INSERT DATA { GRAPH <urn:new> { <urn:a> <urn:b> 1 } }",
        headers={"Content-Type": "application/sparql-update", "Authorization": f"Bearer {token}"},
    )
    assert written.status_code == 204, written.text
    assert counted(server.url) == told["counts"]["record"] + 1
    assert counted(server.url, revision=str(newest)) == told["counts"]["record"]
    assert server.end() == 0
    assert (
        json.loads((kept / store_description.NAME).read_text("utf-8"))["version"]
        == store_description.VERSION
    )


def test_values_of_a_kept_store_keep_their_types(program: Program) -> None:
    with tarfile.open(KEPT / f"store-version-{store_description.VERSION}.tar.xz") as archive:
        archive.extractall(program.store.parent, filter="data")
    out = program.folder / "all.nq"
    exported = program.run("export", "--store", str(program.store), *OPTIONS, str(out))
    assert exported.returncode == 0, exported.stderr
    text = out.read_text("utf-8")
    for value in (
        '"the default graph"@en .', '"默认图"@zh .', '"2026-11-29"^^<http://www.w3.org/2001/XMLSchema#date>',
        '"put"@en-gb <urn:kept:three>', "_:", "<urn:kept:one>",
    ):  # fmt: skip
        assert value in text
    assert "quoted" not in text  # it was deleted in revision 4
