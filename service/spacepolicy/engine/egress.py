"""Connections to other machines, which lead to public addresses alone unless others are allowed.

The address that was checked is the one that is connected to, so that a name which changes its
address in between leads nowhere else.

Spec: https://www.rfc-editor.org/rfc/rfc6890
"""

import socket
import ssl
import time
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult

from spacepolicy.errors import EgressRefusedError

_UNICAST: Final = IPv6Network("2000::/3")
"""All addresses that are assigned for the public internet (RFC 4291 section 2.4, IANA's
registry)."""
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""Addresses whose last four bytes are an IPv4 address (RFC 6052)."""


def connect(parts: SplitResult, seconds: float, *, private: bool) -> socket.socket:
    """Connect to the host that the parts of an http or https address name, under TLS where it is
    https.

    Raises: EgressRefusedError where the name has a private address and those are not allowed,
    OSError where the connection fails.
    """
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not private and not all(is_public(str(address[0])) for *_, address in found):
        raise EgressRefusedError(f"{host} is at a private address, which queries do not ask.")
    connection = _first([str(address[0]) for *_, address in found], port, seconds)
    if parts.scheme == "http":
        return connection
    return ssl.create_default_context().wrap_socket(connection, server_hostname=host)


def _first(addresses: list[str], port: int, seconds: float) -> socket.socket:
    """Connect to the first of the addresses that accepts, within `seconds` in all.

    Raises: OSError where none does.
    """
    deadline = time.monotonic() + seconds
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), _left(deadline))
    return socket.create_connection((addresses[-1], port), _left(deadline))


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def is_public(text: str) -> bool:
    """Whether the address is a public one, and its form does not embed a private one.

    >>> is_public("192.0.43.8"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::7f00:1")
    (True, False, False)
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or _translated(address)
        if embedded is None and (address not in _UNICAST or address.teredo is not None):
            return False
        address = embedded or address
    return address.is_global and not address.is_multicast


def _translated(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(address.packed[-4:]) if address in _TRANSLATED else None
