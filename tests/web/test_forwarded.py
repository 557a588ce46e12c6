"""Links are written as trusted proxies say that the service is asked, and others are not heard."""

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from spacepolicy.http.forwarded import forwarded_url
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
        ("host=a.example:65536", None),
        ("host=A.example:443;proto=https", "https://a.example"),
        ("for=192.0.2.1;proto=https", "https://inner.example"),
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
        "headers": [(b"forwarded", field.encode()), (b"host", b"inner.example")],
    }
    assert forwarded_url(scope, [ip_network("10.0.0.0/8")]) == origin
    assert forwarded_url(scope, [ip_network("10.0.0.0/24")]) is None
    assert forwarded_url({**scope, "client": None}, [ip_network("10.0.0.0/8")]) is None
    assert forwarded_url(scope, []) is None


CLIENT = "192.0.2.1"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "data.example.org", "proto": "https"}, "https://data.example.org"),
        ({"host": "data.example.org:8080"}, "http://data.example.org:8080"),
        ({"host": "Data.example.org:443", "proto": "HTTPS"}, "https://data.example.org"),
        ({"host": "data.example.org", "port": "8443", "proto": "https"},
         "https://data.example.org:8443"),
        ({"host": "data.example.org:81", "port": "443"}, "http://data.example.org:81"),
        ({"host": "data.example.org", "port": "443", "proto": "https"},
         "https://data.example.org"),
        ({"host": "[2001:db8::1]:8080"}, "http://[2001:db8::1]:8080"),
        ({"proto": "https"}, "https://inner.example"),
        ({"prefix": "/data/"}, "http://inner.example/data"),
        ({"host": "a.example", "prefix": "/"}, "http://a.example"),
        ({"host": "a.example", "prefix": "/a/b-c"}, "http://a.example/a/b-c"),
        ({"for": f"{CLIENT}, 10.0.0.2", "host": "a.example, inner", "proto": "https, http"},
         "https://a.example"),
        ({"for": f"{CLIENT}, 10.0.0.2", "host": "a.example"}, "http://a.example"),
        ({"for": f"{CLIENT}, [2001:db8::9]:80, 10.0.0.2:81", "host": "a.example, b, c"},
         "http://a.example"),
        ({"for": f"6.6.6.6, {CLIENT}", "host": "evil.example, a.example"}, "http://a.example"),
        ({"for": CLIENT, "host": "evil.example, a.example"}, "http://a.example"),
        ({"host": "evil.example, a.example"}, "http://a.example"),
        ({"for": "10.0.0.9", "host": "a.example"}, "http://a.example"),
        ({"host": "a.example/x"}, None),
        ({"host": "user@a.example"}, None),
        ({"host": "a.example", "proto": "javascript"}, None),
        ({"host": "a.example", "port": "x"}, None),
        ({"host": "a.example", "prefix": "//evil.example"}, None),
        ({"host": "a.example", "prefix": "/a/../b"}, None),
        ({"host": "a.example", "prefix": "data"}, None),
        ({"host": "a.example", "prefix": '/"><script>'}, None),
        ({"for": CLIENT}, None),
        ({"server": "a.example"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_customary_fields_tell_the_address_too(fields: dict[str, str], url: str | None) -> None:
    headers = [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in fields.items()]
    scope = {
        "client": ("::ffff:10.1.2.3", 5),
        "scheme": "http",
        "headers": [(b"host", b"inner.example"), *headers],
    }
    trusted = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
    assert forwarded_url(scope, trusted) == url
    assert forwarded_url(scope, trusted[1:]) is None
    assert forwarded_url({**scope, "client": ("192.0.2.7", 5)}, trusted) is None


def test_what_two_kinds_of_field_do_not_say_alike_is_not_heard() -> None:
    """A client may send the kind that its proxy does not set."""
    scope = {"client": ("10.1.2.3", 5), "scheme": "http"}
    trusted = [ip_network("10.0.0.0/8")]

    def heard(forwarded: str, host: str) -> str | None:
        headers = [(b"forwarded", forwarded.encode()), (b"x-forwarded-host", host.encode())]
        return forwarded_url({**scope, "headers": headers}, trusted)

    assert heard("host=a.example;proto=https", "A.example") == "https://a.example"
    assert heard("for=192.0.2.1", "a.example") == "http://a.example"
    assert heard("host=evil.example", "a.example") is None
    assert heard("host=a.example", "evil.example") is None
    assert heard("nonsense", "a.example") is None


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


@pytest.mark.parametrize(
    "path",
    ["/", f"/doc{THING}.html", "/ontology", "/queries", "/search?q=rocket", "/compare", "/status",
     "/sparql", "/queries/tasks", "/explain", "/nothing", "/def/concerns",
     "/source/shanghai-2022-spatial-information"],
)  # fmt: skip
def test_links_of_pages_begin_with_the_prefix_that_was_asked(
    proxied: httpx.Client, path: str
) -> None:
    """What was made for one prefix is not given to those who ask under another."""
    for prefix in ("/one", "/two", "", "/one"):
        fields = {"X-Forwarded-Host": "a.example", "X-Forwarded-Prefix": prefix}
        answer = proxied.get(
            path, headers={**fields, "Accept": "text/html"}, follow_redirects=False
        )
        leads = re.findall(r'(?:href|src|action)="(/[^"]*)"', answer.text)
        if "location" in answer.headers:
            leads.append(answer.headers["location"].removeprefix("http://a.example"))
        assert leads
        others = {"/one/", "/two/"} - {f"{prefix}/"}
        assert [lead for lead in leads if not f"{lead}/".startswith(f"{prefix}/")] == []
        assert [lead for lead in leads if lead.startswith(tuple(others))] == []


def test_a_redirect_leads_to_the_address_that_was_asked(proxied: httpx.Client) -> None:
    answer = proxied.get(THING, headers={"Forwarded": OUTER})
    assert answer.headers["location"] == f"https://data.example.org/doc{THING}"
    assert proxied.get(THING).headers["location"] == f"{proxied.base_url}/doc{THING}"


@pytest.mark.parametrize(
    "fields",
    [
        {"Forwarded": OUTER},
        {"X-Forwarded-Host": "data.example.org", "X-Forwarded-Proto": "https"},
        {"X-Forwarded-Prefix": "/data"},
    ],
)
def test_who_is_not_trusted_is_not_heard(shipped: httpx.Client, fields: dict[str, str]) -> None:
    answer = shipped.get(THING, headers=fields)
    assert answer.headers["location"] == f"{shipped.base_url}/doc{THING}"
