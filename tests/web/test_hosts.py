"""Links follow the Host that was asked where it is one of this machine; others are not believed."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.types import Scope

from spacepolicy.commands.serve import NAMELESS, is_nameless
from spacepolicy.web.request_url import arrived_at, asked_at
from spacepolicy.web.service import Service

from .conftest import serve

THING = "/id/technology/reusable-rocket"
STRANGE = "strange.example"


def scope(host: str, server: tuple[str, int] = ("192.0.2.5", 8000)) -> Scope:
    return {"scheme": "http", "server": server, "headers": [(b"host", host.encode())]}


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:9000", "http://localhost:9000"),
        ("LocalHost", "http://localhost"),
        ("a.localhost:80", "http://a.localhost"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("192.0.2.5:8000", "http://192.0.2.5:8000"),
        ("192.0.2.5:9000", "http://192.0.2.5:9000"),
        ("192.0.2.6:8000", None),
        (STRANGE, None),
        ("localhost.evil.example", None),
        ("127.0.0.1.evil.example", None),
        ("localhost:x", None),
        ("localhost:0", None),
        ("localhost/evil", None),
        ("evil@localhost", None),
        ("x" * 300, None),
        ("", None),
    ],
)
def test_a_host_is_believed_where_it_means_this_machine(host: str, origin: str | None) -> None:
    assert asked_at(scope(host)) == origin


def test_the_name_of_the_machine_is_its_own() -> None:
    name = socket.gethostname().lower().partition(".")[0]
    assert asked_at(scope(f"{name}:8000")) == f"http://{name}:8000"
    assert asked_at(scope(f"{name}.local")) == f"http://{name}.local"


@pytest.mark.parametrize(
    ("server", "origin"),
    [
        (("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (("127.0.0.1", 80), "http://127.0.0.1"),
        (("2001:db8::5", 8000), "http://[2001:db8::5]:8000"),
        (("::ffff:192.0.2.5", 8000), "http://192.0.2.5:8000"),
    ],
)
def test_the_address_of_the_connection_is_an_origin(server: tuple[str, int], origin: str) -> None:
    assert arrived_at(scope(STRANGE, server)) == origin


@pytest.fixture(scope="module")
def plain(shipped_service: Service) -> Iterator[httpx.Client]:
    with serve(replace(shipped_service)) as site:
        yield site.client


def test_a_redirect_stays_where_it_was_asked(plain: httpx.Client) -> None:
    """At an unknown Host it names none, so that it holds there too."""

    def leads(host: str) -> Any:  # noqa: ANN401 # a field's value
        answer = plain.get(THING, headers={"Host": host})
        assert f'<{answer.headers["location"]}>; rel="describedby"' in answer.headers["link"]
        return answer.headers["location"]

    assert leads("localhost:9000") == f"http://localhost:9000/doc{THING}"
    assert leads(STRANGE) == f"/doc{THING}"
    assert plain.get("/def", headers={"Host": STRANGE}).headers["location"] == "/ontology"


@pytest.mark.parametrize(
    "path",
    ["/.well-known/void", "/catalog", "/sparql", "/openapi.json", "/queries", f"/doc{THING}.ttl",
     "/search?q=rocket", "/nothing", "/context.jsonld", "/revisions", "/graphs"],
)  # fmt: skip
def test_links_of_documents_follow_the_host_and_never_a_strange_one(
    plain: httpx.Client, path: str
) -> None:
    """What was kept for one Host is not given to those who ask at another."""
    arrived = str(plain.base_url)
    for host in ("localhost:9000", STRANGE, "127.0.0.1:9001", STRANGE, "localhost:9000"):
        answer = plain.get(path, headers={"Host": host, "Accept": "*/*"})
        told = answer.text + str(answer.headers)
        assert STRANGE not in told
        for other in {arrived, "http://localhost:9000", "http://127.0.0.1:9001"}:
            assert (
                other not in told
                or other == f"http://{host}"
                or (host, other)
                == (
                    STRANGE,
                    arrived,
                )
            )


def test_an_answer_that_was_kept_is_for_its_host_alone(plain: httpx.Client) -> None:
    """A relative IRI of a query is resolved against the address that was asked."""
    asked = {"query": "SELECT ?x { BIND (IRI('x') AS ?x) }", "format": "csv"}
    for _ in range(4):
        for host in ("localhost:9000", "127.0.0.1:9001"):
            answer = plain.get("/sparql", params=asked, headers={"Host": host})
            assert answer.text.split() == ["x", f"http://{host}/x"]


def test_a_problem_is_explained_where_it_was_asked(plain: httpx.Client) -> None:
    def type_at(host: str) -> Any:  # noqa: ANN401 # a member of JSON
        return plain.get("/nothing", headers={"Host": host}).json()["type"]

    assert type_at("localhost:9000") == "http://localhost:9000/problems/not-found"
    assert type_at(STRANGE) == "/problems/not-found"


def test_the_public_address_goes_before_the_host(shipped_service: Service) -> None:
    with serve(replace(shipped_service, public_url="https://data.example.org/a/")) as site:
        for host in ("localhost:9000", STRANGE):
            answer = site.client.get(THING, headers={"Host": host})
            assert answer.headers["location"] == f"https://data.example.org/a/doc{THING}"
            void = site.client.get("/.well-known/void", headers={"Host": host})
            assert "https://data.example.org/a/" in void.text
            assert "localhost" not in void.text + str(void.headers)


def test_who_listens_everywhere_is_told_how_to_name_the_service(service: Service) -> None:
    assert is_nameless("0.0.0.0", service)  # noqa: S104 # nothing listens there
    assert is_nameless("::", service)
    assert not is_nameless("127.0.0.1", service)
    assert not is_nameless("192.0.2.5", service)
    assert not is_nameless("::", replace(service, public_url="https://data.example.org"))
    assert not is_nameless("::", replace(service, trusted_proxies=(ip_network("10.0.0.0/8"),)))
    assert "--public-url" in NAMELESS
    assert "\n" not in NAMELESS
