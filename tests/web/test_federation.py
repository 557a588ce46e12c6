"""SERVICE asks the origins that are allowed, and no others; what it brings is joined as a service's
solutions are."""

import itertools
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from spacepolicy.engine.federation import MAX_BLOCKS, MAX_ROWS
from spacepolicy.federation_policy import FederationPolicy
from spacepolicy.web.service import Service

from .conftest import Site, serve
from .test_egress import FORMS

JSON = "application/sparql-results+json"
ROWS = (
    b'{"head":{"vars":["x","n"]},"results":{"bindings":['
    b'{"x":{"type":"uri","value":"urn:a"},"n":{"type":"literal","value":"7","datatype":'
    b'"http://www.w3.org/2001/XMLSchema#integer"}},'
    b'{"x":{"type":"bnode","value":"b"},"n":{"type":"literal","value":"\\"}","xml:lang":"en"}},'
    b'{"x":{"type":"bnode","value":"b"}}]}}'
)


@dataclass
class Other:
    """Another machine, at an address of this one: what it is asked, and how it answers."""

    address: str
    answer: Callable[[socket.socket], None]
    asked: list[bytes] = field(default_factory=list)


def saying(
    body: bytes, status: int = 200, more: str = "", media_type: str = JSON
) -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {media_type}\r\n{more}"
    whole = f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    return lambda client: client.sendall(whole)


def received(client: socket.socket) -> bytes:
    """The whole of a request, or as much of it as comes."""
    with client.makefile("rb") as file:
        head = b""
        while (line := file.readline()) not in (b"", b"\r\n"):
            head += line
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        return head + b"\r\n" + file.read(int(length[1]) if length else 0)


@contextmanager
def other(answer: Callable[[socket.socket], None]) -> Iterator[Other]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        machine = Other(f"http://127.0.0.1:{listener.getsockname()[1]}/sparql", answer)

        def work() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        machine.asked.append(received(client))
                        machine.answer(client)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield machine
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def reaching(service: Service, machine: Other, *, private: bool = True) -> Iterator[httpx.Client]:
    """A client of a site that lists the machine's origin."""
    origin = machine.address.removesuffix("/sparql")
    outside = FederationPolicy(frozenset({origin}), private)
    with serve(replace(service, outside=outside)) as site:
        yield site.client


def asked(site: httpx.Client, text: str, format: str = "json") -> httpx.Response:
    return site.get("/sparql", params={"query": text, "format": format})


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_what_another_answers_is_joined_with_what_is_here(service: Service, served: Site) -> None:
    host, port = served.address
    here = Other(f"http://{host}:{port}/sparql", saying(b""))
    with reaching(service, here) as site:
        answer = asked(
            site,
            "PREFIX ex: <https://example.org/> SELECT ?o ?there { ex:s3 ex:p4 ?o . "
            f"SERVICE <{here.address}> {{ ?s ex:p4 ?o ; ex:p5 ?there }} }}",
            "csv",
        )
    assert answer.text == "o,there\r\n<b>3</b> 4,<b>3</b> 5\r\n"
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_terms_keep_their_kinds_and_a_blank_node_is_one_thing(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        text = f"SELECT * {{ SERVICE <{machine.address}> {{ ?x <urn:n> ?n }} }}"
        first, second, third = asked(site, text).json()["results"]["bindings"]
    assert first["n"]["datatype"].endswith("#integer")
    assert second["n"] == {"type": "literal", "value": '"}', "xml:lang": "en"}
    assert second["x"] == third["x"]
    assert second["x"]["value"].startswith("urn:uuid:")
    assert set(third) == {"x"}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("{ VALUES ?x { <urn:a> <urn:z> } SERVICE <@> { ?x ?p ?n } }", 1),
        ("{ VALUES ?x { <urn:a> <urn:z> } OPTIONAL { SERVICE <@> { ?x ?p ?n } } }", 2),
        ("{ VALUES ?x { <urn:a> <urn:z> } MINUS { SERVICE <@> { ?x ?p ?n } } }", 1),
        ("{ { SERVICE <@> { ?x ?p ?n } } UNION { SERVICE SILENT <@> { ?x ?p ?n } } }", 6),
        ("{ VALUES ?x { <urn:a> } FILTER EXISTS { SERVICE <@> { ?x ?p ?n } } }", 1),
        ("{ { SELECT DISTINCT ?x { SERVICE <@> { ?x ?p '}' . { ?n ?q ?r } } } } }", 2),
        ("{ service# } SERVICE <urn:no> {\n<@> {} . SERVICE <@> {} }", 1),
    ],
)
def test_a_block_may_stand_wherever_a_pattern_may(service: Service, text: str, rows: int) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        answer = asked(site, f"SELECT * {text.replace('@', machine.address)}")
    assert len(answer.json()["results"]["bindings"]) == rows


def test_a_block_is_asked_with_the_declarations_of_its_query(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        base = machine.address.removesuffix("sparql")
        text = "PREFIX to: <sparql> PREFIX ex: <urn:x:> SELECT ?x { SERVICE to: { ?x ex:n ?n } }"
        assert asked(site, f"BASE <{base}> {text}").status_code == 200
    request = httpx.QueryParams(machine.asked[0].partition(b"\r\n\r\n")[2].decode())
    assert request["query"].endswith(
        f"\nBASE <{base}> PREFIX to: <sparql> PREFIX ex: <urn:x:> "
        f"SELECT * {{ ?x ex:n ?n }} LIMIT {MAX_ROWS + 1}"
    )
    assert b"User-Agent: spacepolicy/" in machine.asked[0]


def test_an_address_may_have_any_letters(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        text = f"SELECT ?x {{ SERVICE <{machine.address}/é?a=%2F&b> {{ ?x ?p ?n }} }}"
        assert asked(site, text).status_code == 200
    assert machine.asked[0].startswith(b"POST /sparql/%C3%A9?a=%2F&b HTTP/1.1")


def test_it_is_asked_each_time_anew(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        for number in (1, 1, 2):
            text = f"SELECT (COUNT(*) + {number} AS ?c) {{ SERVICE <{machine.address}> {{}} }}"
            assert asked(site, text, "csv").text == f"c\r\n{3 + number}\r\n"
    assert len(machine.asked) == 3


@pytest.mark.parametrize("text", [*FORMS, "SELECT * { SERVICE <@> { ?s ?p ?o }"])
def test_no_other_origin_is_asked(service: Service, text: str) -> None:
    with (
        other(saying(ROWS)) as listed,
        other(saying(ROWS)) as machine,
        reaching(service, listed) as site,
    ):
        refused = asked(site, text.replace("@", machine.address))
        assert kind(refused) == (403, "egress-refused")
        assert refused.json()["detail"].startswith("SERVICE is refused")
        inside = f"{{ SERVICE <{machine.address}> {{ ?s ?p ?o }} }}"
        nested = f"SELECT * {{ SERVICE SILENT <{listed.address}> {inside} }}"
        assert kind(asked(site, nested)) == (403, "egress-refused")
    assert machine.asked == listed.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_a_private_address_is_refused_even_where_it_is_listed(
    service: Service, host: str, silent: str
) -> None:
    with other(saying(ROWS)) as machine:
        machine.address = machine.address.replace("127.0.0.1", host)
        with reaching(service, machine, private=False) as site:
            text = f"SELECT * {{ SERVICE {silent} <{machine.address}> {{ ?s ?p ?o }} }}"
            assert kind(asked(site, text)) == (403, "egress-refused")
    assert machine.asked == []


@pytest.mark.parametrize("silent", ["", "SILENT"])
@pytest.mark.parametrize("status", [301, 303, 307])
def test_nobody_is_followed_who_sends_on(service: Service, silent: str, status: int) -> None:
    with other(saying(ROWS)) as target:
        to_target = saying(b"", status, f"Location: {target.address}\r\n")
        with other(to_target) as machine, reaching(service, machine) as site:
            text = f"SELECT * {{ SERVICE {silent} <{machine.address}> {{ ?s ?p ?o }} }}"
            assert kind(asked(site, text)) == (403, "egress-refused")
    assert target.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        saying(b"no", 500),
        saying(b"syntax error at 1:2", 400),
        saying(b"<html>", media_type="text/html"),
        saying(ROWS[:-9]),
        saying(ROWS.replace(b"urn:a", b"urn:a> } SERVICE <urn:b")),
        saying(b'{"head":{},"boolean":true}'),
        lambda _: None,
    ],
)
def test_a_failure_is_told_unless_it_is_to_be_silent(
    service: Service, answer: Callable[[socket.socket], None]
) -> None:
    with other(answer) as machine, reaching(service, machine) as site:
        text = f"SELECT * {{ VALUES ?y {{ 1 }} SERVICE @ <{machine.address}> {{ ?x ?p ?n }} }}"
        failed = asked(site, text.replace("@", ""))
        silent = asked(site, text.replace("@", "SILENT"), "csv")
    assert kind(failed) == (502, "upstream-failure")
    assert machine.address in failed.json()["detail"]
    assert silent.text.split() == ["y", "1"]


def test_more_rows_than_are_taken_are_no_answer(service: Service) -> None:
    rows = b'{"x":{"type":"literal","value":"1"}}'
    many = b",".join([rows] * (MAX_ROWS + 1))
    answer = saying(b'{"head":{"vars":["x"]},"results":{"bindings":[%b]}}' % many)
    with other(answer) as machine, reaching(service, machine) as site:
        for silent in ("", "SILENT"):
            text = f"ASK {{ SERVICE {silent} <{machine.address}> {{ ?x ?p ?n }} }}"
            assert kind(asked(site, text)) == (503, "result-limit")


def test_only_so_many_blocks_are_asked(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        block = f"SERVICE <{machine.address}> {{ ?x ?p ?n }} "
        assert asked(site, f"ASK {{ {block * MAX_BLOCKS} }}").json()["boolean"]
        refused = asked(site, f"ASK {{ {block * (MAX_BLOCKS + 1)} }}")
    assert kind(refused) == (403, "egress-refused")
    assert len(machine.asked) == MAX_BLOCKS


def waiting(hung_up: threading.Event) -> Callable[[socket.socket], None]:
    """Answer nothing, and say when the other side has gone."""

    def wait(client: socket.socket) -> None:
        client.settimeout(20)
        if client.recv(1) == b"":
            hung_up.set()

    return wait


def test_the_time_of_a_query_holds_for_what_it_asks(service: Service) -> None:
    hung_up = threading.Event()
    with other(waiting(hung_up)) as machine, reaching(service, machine) as site:
        text = f"ASK {{ SERVICE SILENT <{machine.address}> {{ ?x ?p ?n }} }}"
        answer = site.get("/sparql", params={"query": text, "timeout": "0.3"})
        assert kind(answer) == (504, "time-limit")
        assert hung_up.wait(10)


def dripping(client: socket.socket) -> None:
    """Begin a TLS handshake that does not end, byte by byte, while the other side is there."""
    with suppress(OSError):
        for byte in itertools.chain(b"\x16\x03\x03\x40\x00", itertools.repeat(2, 200)):
            client.sendall(bytes([byte]))
            time.sleep(0.1)


@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_a_handshake_that_does_not_end_is_left_in_time(service: Service, silent: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        secure = f"https://127.0.0.1:{listener.getsockname()[1]}"
        outside = FederationPolicy(frozenset({secure}), private=True)

        def work() -> None:
            client, _ = listener.accept()
            with client:
                dripping(client)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            with serve(replace(service, outside=outside)) as site:
                text = f"ASK {{ SERVICE {silent} <{secure}/> {{ ?x ?p ?n }} }}"
                asked = {"query": text, "timeout": "0.5"}
                assert kind(site.client.get("/sparql", params=asked)) == (504, "time-limit")
                thread.join(5)
                assert not thread.is_alive()
        finally:
            thread.join()


def test_a_name_that_is_not_found_in_time_is_left(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, ended, real = threading.Event(), threading.Event(), socket.getaddrinfo

    def slow(host: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 # as the real one
        if host == "slow.example":
            answered.wait(10)
            ended.set()
            raise socket.gaierror("no such name")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    outside = FederationPolicy(frozenset({"http://slow.example:80"}))
    with serve(replace(service, outside=outside)) as site:
        asked = {"query": "ASK { SERVICE <http://slow.example/> {} }", "timeout": "0.3"}
        assert kind(site.client.get("/sparql", params=asked)) == (504, "time-limit")
        assert not ended.is_set()
        answered.set()


def test_a_client_that_leaves_ends_what_it_asked(service: Service) -> None:
    hung_up, patient = threading.Event(), replace(service, timeout_seconds=60)
    with other(waiting(hung_up)) as machine, reaching(patient, machine) as site:
        text = f"ASK {{ SERVICE <{machine.address}> {{ ?x ?p ?n }} }}"
        with pytest.raises(httpx.ReadTimeout):
            site.get("/sparql", params={"query": text}, timeout=0.3)
        assert hung_up.wait(10)


def test_updates_ask_nobody(service: Service) -> None:
    with other(saying(ROWS)) as machine, reaching(service, machine) as site:
        block = f"SERVICE SILENT <{machine.address}> {{ ?s ?p ?o }}"
        for text in (f"INSERT {{ ?s ?p ?o }} WHERE {{ {block} }}", f"LOAD <{machine.address}>"):
            assert site.post("/sparql", data={"update": text}).status_code in (401, 403)
            assert asked(site, text).status_code == 400
    assert machine.asked == []
