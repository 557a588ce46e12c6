"""Origins are compared as RFC 6454 compares them; private addresses are known in all forms."""

import pytest

from spacepolicy import settings
from spacepolicy.engine.egress import is_public
from spacepolicy.errors import UsageError
from spacepolicy.federation_policy import FederationPolicy, origin_of


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.1.2.3", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1",
        "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::",
        "fec0::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1",
        "2001:0:1::1", "64:ff9b::a00:1",
    ],
)  # fmt: skip
def test_a_private_address_is_known_in_any_form(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["192.0.43.8", "2606:4700::1111", "::ffff:192.0.43.8", "64:ff9b::c000:2b08"]
)
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://a.example/sparql", True),
        ("HTTPS://A.example:443/x?y#z", True),
        ("http://a.example/", False),
        ("https://a.example:8443/", False),
        ("https://a.example.evil.org/", False),
        ("https://a.example@evil.org/", False),
        ("https://me@a.example/", False),
        ("https://evil.org/https://a.example", False),
        ("https://a.example:port/", False),
        ("file:///etc/passwd", False),
        ("urn:a", False),
        ("//a.example/", False),
    ],
)
def test_an_address_is_allowed_by_its_origin(url: str, allowed: bool) -> None:
    assert FederationPolicy(frozenset({"https://a.example:443"})).allows(url) == allowed


def test_nothing_is_allowed_that_is_not_listed() -> None:
    assert not FederationPolicy().allows("urn:a")
    assert origin_of("urn:a") is None


@pytest.mark.parametrize("text", ["a.example", "https://a.example/sparql", "https://", "ftp://a/"])
def test_a_setting_that_is_no_origin_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="service-origins"):
        settings.origins(f"https://b.example,{text}")
