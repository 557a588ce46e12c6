"""Links are written as trusted proxies say that the service is asked, and others are not heard."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from spacepolicy.web.forwarded import forwarded_origin
from spacepolicy.web.service import Service

from .conftest import serve

OUTER = 'for=192.0.2.1;host="data.example.org";proto=https'
THING = "/id/technology/reusable-rocket"


@pytest.fixture(scope="module")
def proxied(shipped_service: Service) -> Iterator[httpx.Client]:
    networks = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
    with serve(replace(shipped_service, trusted_proxies=networks)) as site:
        yield site.client


@pytest.mark.parametrize(
    ("field", "origin"),
    [
        (OUTER, "https://data.example.org"),
        ("host=a.example:8080", "http://a.example:8080"),
        ('HOST="[2001:db8::1]:8080";Proto=HTTPS', "https://[2001:db8::1]:8080"),
        ("for=6.6.6.6;host=evil.example, for=192.0.2.1;host=a.example", "http://a.example"),
        (f"{OUTER}, for=10.0.0.2;host=inner", "https://data.example.org"),
        (f'{OUTER}, for="10.0.0.2:81";host=inner', "https://data.example.org"),
        ('host="a.example/x"', None),
        ('host="a@b"', None),
        ('host="a\\"b"', None),
        ("host=a.example;proto=javascript", None),
        ("for=192.0.2.1", None),
        ("host=a.example;", None),
        ("nonsense", None),
        (f"nonsense, {OUTER}", None),
        ("", None),
    ],
)
def test_the_outermost_trusted_proxy_tells_the_address(field: str, origin: str | None) -> None:
    scope = {
        "client": ("10.1.2.3", 5),
        "scheme": "http",
        "headers": [(b"forwarded", field.encode())],
    }
    assert forwarded_origin(scope, [ip_network("10.0.0.0/8")]) == origin
    assert forwarded_origin(scope, [ip_network("10.0.0.0/24")]) is None
    assert forwarded_origin({**scope, "client": None}, [ip_network("10.0.0.0/8")]) is None
    assert forwarded_origin(scope, []) is None


@pytest.mark.parametrize(
    "path",
    [
        f"/doc{THING}.ttl", f"/doc{THING}.jsonld", f"/doc{THING}.html", "/.well-known/void",
        "/catalog", "/sparql", "/queries", "/search?q=rocket", "/openapi.json", "/",
        "/ontology", "/queries/tasks?limit=1&format=json", "/nothing", "/context.jsonld",
    ],
)  # fmt: skip
def test_each_address_has_links_of_its_own(proxied: httpx.Client, path: str) -> None:
    """What was kept for one address is not given to those who ask at another."""
    for host in ("one.example", "two.example", "one.example"):
        for accept in ("text/html", "*/*"):
            fields = {"Forwarded": f"host={host};proto=https", "Accept": accept}
            answer = proxied.get(path, headers=fields)
            told = answer.text + str(answer.headers)
            assert str(proxied.base_url) not in told
            other = "two.example" if host == "one.example" else "one.example"
            assert other not in told


def test_a_redirect_leads_to_the_address_that_was_asked(proxied: httpx.Client) -> None:
    answer = proxied.get(THING, headers={"Forwarded": OUTER})
    assert answer.headers["location"] == f"https://data.example.org/doc{THING}"
    assert proxied.get(THING).headers["location"] == f"{proxied.base_url}/doc{THING}"


def test_who_is_not_trusted_is_not_heard(shipped: httpx.Client) -> None:
    answer = shipped.get(THING, headers={"Forwarded": OUTER})
    assert answer.headers["location"] == f"{shipped.base_url}/doc{THING}"
