"""A store that is damaged or not whole, as its operator meets it: refused, named, mended."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from .conftest import Program, Serve

PLAIN = ("--content", "none", "--default-graph", "stored")
COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


@pytest.fixture
def writer(program: Program) -> str:
    made = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    return made.stdout.strip()


def put(url: str, token: str, name: str) -> httpx.Response:
    return httpx.put(
        f"{url}/graphs",
        params={"graph": f"urn:{name}"},
        content=f"<urn:{name}> <urn:p> _:x . _:x <urn:p> 1 .",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "text/turtle"},
        timeout=60,
    )


def flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 0x01
    file.write_bytes(data)


def asked(program: Program, *command: str) -> subprocess.CompletedProcess[str]:
    return program.run(*command, "--store", str(program.store), *PLAIN, stdin=COUNT)


def test_a_changed_byte_is_told_while_it_is_served_and_mended_after(
    serve: Serve, program: Program, writer: str
) -> None:
    server = serve("--content", "none", *PLAIN[2:])
    for name in ("a", "b", "c"):
        assert put(server.url, writer, name).status_code == 201
    number = int(put(server.url, writer, "d").headers["x-dataset-revision"])
    patch = program.store / "revisions" / f"{number - 1:06}" / "changes.rdfp"
    before, dump = patch.read_bytes(), server.ask(COUNT).text
    assert httpx.get(f"{server.url}/readyz").status_code == 200
    flip(patch, len(before) // 2)

    ready = httpx.get(f"{server.url}/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "damaged")
    assert f"{number - 1:06}/changes.rdfp is damaged" in ready.json()["reason"]
    for path in (f"{number - 2}..{number - 1}", f"{number - 2}..{number}"):
        told = httpx.get(f"{server.url}/revisions/{path}")
        assert (told.status_code, told.json()["type"].rpartition("/")[2]) == (503, "damaged")
    assert httpx.get(f"{server.url}/revisions/{number - 1}..{number}").status_code == 200
    assert server.ask(COUNT).text == dump
    for name in ("e", "f"):
        refused = put(server.url, writer, name)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "damaged")
    assert "stop it first" in asked(program, "doctor", "--repair").stderr
    server.end()

    for command in (("export", "out.nq"), ("backup", "copy"), ("query", "-")):
        ended = asked(program, *command)
        assert ended.returncode != 0
        assert f"{number - 1:06}/changes.rdfp is damaged" in ended.stderr
    looked = asked(program, "doctor", "--deep")
    assert (looked.returncode, f"{number - 1:06}/changes.rdfp is damaged" in looked.stdout) == (
        1, True
    )  # fmt: skip
    mended = asked(program, "doctor", "--repair")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert patch.read_bytes() == before
    assert serve("--content", "none", *PLAIN[2:]).ask(COUNT).text == dump


def test_a_store_without_its_pointer_is_refused_by_every_command_and_mended(
    serve: Serve, program: Program, writer: str
) -> None:
    server = serve("--content", "none", *PLAIN[2:])
    for name in ("a", "b"):
        put(server.url, writer, name)
    dump = server.ask(COUNT).text
    server.end()
    (program.store / "current").unlink()
    for command in (("build",), ("export", "out.nq"), ("backup", "copy"), ("query", "-"),
                    ("serve", "--port", "0"), ("import", "x.nq")):  # fmt: skip
        (program.folder / "x.nq").write_text("", encoding="utf-8")
        ended = asked(program, *command)
        assert ended.returncode != 0
        assert "doctor --repair" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert len(list((program.store / "revisions").iterdir())) == 3
    assert "revision 3 is in force" in asked(program, "doctor", "--repair").stdout
    assert serve("--content", "none", *PLAIN[2:]).ask(COUNT).text == dump


def test_an_older_revision_that_is_damaged_is_named_and_the_others_answer(
    serve: Serve, program: Program, writer: str
) -> None:
    server = serve("--content", "none", *PLAIN[2:])
    for name in ("a", "b", "c"):
        put(server.url, writer, name)
    server.end()
    flip(program.store / "revisions" / "000002" / "revision.json", 40)
    server = serve("--content", "none", *PLAIN[2:])
    ready = httpx.get(f"{server.url}/readyz")
    assert (ready.status_code, list(ready.json()["damaged"])) == (200, ["2"])
    query = {"query": COUNT, "format": "csv"}
    answers = [
        httpx.get(f"{server.url}/sparql", params={**query, "revision": str(number)}).status_code
        for number in (2, 3, 4)
    ]
    assert answers == [503, 200, 200]


def test_a_store_of_a_newer_version_is_refused_by_every_command(program: Program) -> None:
    version = 99
    assert asked(program, "build").returncode == 0
    marker = program.store / "store.json"
    marker.write_text(json.dumps({"version": version, "mode": "stored"}), encoding="utf-8")
    for command in (("build",), ("export", "out.nq"), ("backup", "copy"), ("query", "-"),
                    ("serve", "--port", "0"), ("doctor", "--repair"), ("doctor",)):  # fmt: skip
        ended = asked(program, *command)
        assert ended.returncode != 0
        assert f"of version {version}" in ended.stderr + ended.stdout, command
    ended = program.run("token", "new", "--scope", "read", "--store", str(program.store))
    assert f"of version {version}" in ended.stderr
    assert [each.name for each in (program.store / "revisions").iterdir()] == ["000001"]
