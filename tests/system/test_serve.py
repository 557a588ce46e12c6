"""`serve` as a user meets it: it answers, it ends, and it says what is wrong."""

import json
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from .conftest import PROGRAM, Program, Serve
from .stores_elsewhere import free_port

TASKS = """SELECT (COUNT(DISTINCT ?t) AS ?n) {
  ?t :isTaskOf <https://w3id.org/spacepolicy/id/policy/shanghai-2022-spatial-information> }"""
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def wait_until_open(port: int) -> None:
    while True:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)


@pytest.mark.usefixtures("published")
def test_the_document_has_twelve_tasks_each_counted_once(serve: Serve) -> None:
    assert serve().ask(TASKS).text.split() == ["n", "12"]


def test_a_start_answers_while_it_builds_and_a_second_one_builds_nothing(serve: Serve) -> None:
    port = free_port()
    probes: list[tuple[int, int]] = []

    def probe() -> None:
        url = f"http://127.0.0.1:{port}"
        wait_until_open(port)
        while (200, 200) not in probes:
            alive, ready = (
                httpx.get(f"{url}/{each}", timeout=60).status_code for each in ("livez", "readyz")
            )
            probes.append((alive, ready))
            time.sleep(0.05)

    client = threading.Thread(target=probe, daemon=True)
    client.start()
    first = serve("--port", str(port))
    assert "published" in first.said
    client.join(60)
    assert probes.count((200, 503)) > 3
    assert set(probes) == {(200, 503), (200, 200)}
    assert first.end() == 0
    second = serve()
    assert "up to date" in second.said
    assert "parse" not in second.said
    assert httpx.get(f"{second.url}/readyz").json()["revision"] == 1


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_while_a_query_runs_away(
    serve: Serve, number: signal.Signals
) -> None:
    server = serve()
    answers: list[httpx.Response] = []

    def run_away() -> None:
        answers.append(server.ask(RUNAWAY))

    client = threading.Thread(target=run_away)
    client.start()
    while httpx.get(f"{server.url}/running").json()["running"] == 0:
        time.sleep(0.01)
    assert server.end(number) == 0
    client.join()
    assert [answer.status_code for answer in answers] == [503]
    assert answers[0].json()["detail"] == "The service is stopping."
    server.listener.join()
    assert "Traceback" not in "".join(server.heard)


@pytest.mark.usefixtures("published")
def test_a_port_in_use_is_one_clear_line(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = program.run_here("serve", "--port", port)
    assert ended.returncode != 0
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr


def test_files_with_a_finding_are_not_served(program: Program) -> None:
    (program.content / "ontology" / "broken.ttl").write_text("a b c", encoding="utf-8")
    ended = program.run_here("serve", "--port", "0")
    assert ended.returncode == 1
    assert "ontology/broken.ttl:1: syntax" in ended.stderr


@pytest.mark.usefixtures("published")
def test_the_last_good_revision_is_kept_where_it_is_asked_for(
    serve: Serve, program: Program
) -> None:
    (program.content / "ontology" / "broken.ttl").write_text("a b c", encoding="utf-8")
    server = serve("--keep-last")
    assert server.ask(TASKS).text.split() == ["n", "12"]
    assert httpx.get(f"{server.url}/readyz").json()["status"] == "stale"


def test_no_content_is_an_empty_plain_store(serve: Serve) -> None:
    server = serve("--content", "none", "--default-graph", "stored")
    assert server.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").text.split() == ["n", "0"]


@pytest.mark.usefixtures("published")
def test_a_store_of_another_mode_is_refused(serve: Serve, program: Program) -> None:
    assert serve().end() == 0
    ended = program.run_here("serve", "--default-graph", "stored")
    assert ended.returncode != 0
    assert "merged" in ended.stderr


@pytest.mark.usefixtures("published")
def test_a_dataset_too_large_for_memory_is_served_from_disk(serve: Serve) -> None:
    assert serve("--memory-quads", "10").ask(TASKS).text.split() == ["n", "12"]


@pytest.mark.parametrize(("memory_quads", "place"), [("4", "memory"), ("2", "disk")])
def test_a_plain_store_is_in_memory_where_its_statements_fit(
    serve: Serve, program: Program, memory_quads: str, place: str
) -> None:
    file = program.folder / "three.nt"
    file.write_text("".join(f"<urn:s> <urn:p> <urn:{n}> .\n" for n in range(3)), encoding="ascii")
    plain = "--content", "none", "--default-graph", "stored"
    ended = program.run("import", "--store", str(program.store), *plain, str(file))
    assert ended.returncode == 0, ended.stderr
    server = serve(*plain, "--memory-quads", memory_quads)
    assert server.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").text.split() == ["n", "3"]
    process = server.process.pid
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    commands = [
        Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        for child in children.split()
    ]
    (engine,) = (each for each in commands if "spacepolicy.engine.server" in each)
    assert engine[engine.index("spacepolicy.engine.server") + 2] == place


@pytest.mark.usefixtures("published")
def test_each_line_of_a_log_in_json_is_an_object(serve: Serve) -> None:
    server = serve("--log-format", "json")
    url = server.url.removesuffix('"}')
    headers = {"X-Request-Id": "asked-here"}
    answer = httpx.get(f"{url}/sparql", params={"query": "ASK {}"}, headers=headers)
    assert server.end() == 0
    server.listener.join()
    lines = [json.loads(line) for line in server.heard]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    started = json.loads(server.said.splitlines()[-1])["message"]
    assert started.startswith("revision 1 at http://127.0.0.1:")
    [line] = [line for line in lines if line.get("request_id") == "asked-here"]
    assert (line["status"], line["kind"]) == (200, "boolean")
    assert line["query_id"] == answer.headers["x-query-id"]


def test_a_start_that_is_told_to_end_ends_at_once(program: Program) -> None:
    port = free_port()
    where = ("--content", str(program.content), "--store", str(program.store), "--port", str(port))
    with subprocess.Popen(
        [PROGRAM, "serve", *where], cwd=program.folder, env=program.environment,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        wait_until_open(port)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in said
    assert "published" not in said
