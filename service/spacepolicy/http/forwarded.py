"""The URL that a client requested, as trusted proxies report it.

Proxies report it in `Forwarded`, or in the customary `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`
and `-Prefix`. A client may send either kind through a proxy that sets the other, so where the two
differ both are ignored.

Spec: https://www.rfc-editor.org/rfc/rfc7239#section-4
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, final

from starlette.types import Scope

Network = IPv4Network | IPv6Network
_PAIR: Final = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z:-]+)|\"((?:[^\"\\]|\\.)*)\")\s*"
)
"""A forwarded-pair; a value with a port is accepted without the quotation marks it should have."""
_HOST: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::.*)?|([0-9.]+)(?::.*)?|([0-9A-Fa-f:]+)")
_PREFIX: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~%-]+)*/?")
"""Path segments, none of them `.` or `..`."""
_FIELDS: Final = frozenset(
    f"x-forwarded-{name}".encode() for name in ("for", "proto", "host", "port", "prefix")
) | {b"forwarded", b"host"}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@final
@dataclass(frozen=True, slots=True)
class _Statement:
    """What one kind of field says; None for each part that it does not give."""

    scheme: str | None = None
    host: str | None = None
    port: str | None = None
    prefix: str | None = None


def forwarded_url(scope: Scope, trusted: Sequence[Network]) -> str | None:
    """Return scheme, host and path prefix that the outermost trusted proxy was asked for, without
    a trailing slash; None where no proxy reports them, or not consistently."""
    client = scope.get("client")
    if not trusted or client is None or not is_trusted(trusted, client[0]):
        return None
    fields = _fields(scope)
    standard, customary = _standard(fields, trusted), _customary(fields, trusted)
    if standard is None or _differ(standard, customary):
        return None
    found = standard if standard.host or standard.scheme else customary
    prefix = customary.prefix
    if not (found.host or found.scheme or prefix):
        return None
    scheme = (found.scheme or customary.scheme or scope["scheme"]).lower()
    host = found.host or customary.host or fields.get(b"host", "")
    origin = origin_at(scheme, host, customary.port)
    if origin is None or not _PREFIX.fullmatch(prefix or ""):
        return None
    return origin + (prefix or "").rstrip("/")


def origin_at(scheme: str, host: str, port: str | None = None) -> str | None:
    """Return the origin, without the scheme's default port; None where it is malformed. `port` is
    used where the host has none.

    >>> origin_at("https", "Example.org:443")
    'https://example.org'
    >>> origin_at("http", "[2001:db8::1]", "8080")
    'http://[2001:db8::1]:8080'
    """
    found = _HOST.fullmatch(host)
    if found is None or scheme not in _DEFAULT_PORTS:
        return None
    number = found[2] or port or str(_DEFAULT_PORTS[scheme])
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 1 << 16):
        return None
    shown = "" if int(number) == _DEFAULT_PORTS[scheme] else f":{int(number)}"
    return f"{scheme}://{found[1].lower()}{shown}"


def _fields(scope: Scope) -> Mapping[bytes, str]:
    fields: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in _FIELDS:
            text = value.decode("latin-1")
            fields[name] = f"{fields[name]}, {text}" if name in fields else text
    return fields


def _differ(one: _Statement, other: _Statement) -> bool:
    """Whether both give a host or a scheme, and not the same."""
    hosts, schemes = {one.host, other.host} - {None}, {one.scheme, other.scheme} - {None}
    return len({str(each).lower() for each in hosts}) > 1 or len(schemes) > 1


def _standard(fields: Mapping[bytes, str], trusted: Sequence[Network]) -> _Statement | None:
    """What `Forwarded` says; None where it is malformed."""
    if b"forwarded" not in fields:
        return _Statement()
    element = _outermost(fields[b"forwarded"], trusted)
    if element is None:
        return None
    scheme = element.get("proto")
    return _Statement(scheme and scheme.lower(), element.get("host"))


def _customary(fields: Mapping[bytes, str], trusted: Sequence[Network]) -> _Statement:
    """What the fields `X-Forwarded-…` say.

    Each proxy appends its client's address to `-For`. Another field with as many values was
    extended by each proxy, too. Of any other field only the last value counts, which the nearest
    proxy wrote: those before it may be the client's.
    """
    nodes = _values(fields, b"for")
    behind = 0
    while behind < len(nodes) - 1 and _is_proxy(trusted, nodes[-1 - behind]):
        behind += 1

    def stated(name: bytes) -> str | None:
        values = _values(fields, name)
        last = values[-1] if values else None
        return values[-1 - behind] if len(values) == len(nodes) > 0 else last

    scheme = stated(b"proto")
    return _Statement(
        scheme and scheme.lower(), stated(b"host"), stated(b"port"), stated(b"prefix")
    )


def _values(fields: Mapping[bytes, str], name: bytes) -> list[str]:
    given = fields.get(b"x-forwarded-" + name, "")
    return [each.strip() for each in given.split(",") if each.strip()]


def _outermost(text: str, trusted: Sequence[Network]) -> Mapping[str, str] | None:
    """The element of the outermost proxy in the unbroken chain of trusted ones; the nearest proxy
    writes last. None where the field is malformed."""
    elements = list(_elements(text))
    while elements:
        element = elements.pop()
        if element is None:
            return None
        if not elements or not _is_proxy(trusted, element.get("for", "")):
            return element
    return None


def _elements(text: str) -> Iterator[Mapping[str, str] | None]:
    """The elements in their order; None for a malformed one, which ends them."""
    place, element = 0, dict[str, str]()
    while match := _PAIR.match(text, place):
        value = match[2] if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])
        element[match[1].lower()] = value
        place = match.end() + 1
        if match.end() == len(text) or text[match.end()] == ",":
            yield element
            element = {}
        elif text[match.end()] != ";":
            break
        if match.end() == len(text):
            return
    yield None


def _is_proxy(trusted: Sequence[Network], node: str) -> bool:
    """Whether the node, with or without a port, is a trusted proxy."""
    found = _NODE.fullmatch(node)
    return found is not None and is_trusted(trusted, found[1] or found[2] or found[3])


def is_trusted(trusted: Sequence[Network], address: str) -> bool:
    """Whether the address is in one of the networks."""
    try:
        found = plain_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)


def plain_address(text: str) -> IPv4Address | IPv6Address:
    """Return the address; an IPv4-mapped IPv6 address as IPv4.

    Raises: ValueError where the text is no address.

    >>> plain_address("::ffff:10.0.0.1")
    IPv4Address('10.0.0.1')
    """
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
