"""The URL of the service as the client requested it: scheme, host, and path prefix.

The operator's public URL has precedence, then the URL reported by trusted proxies, then the
request's Host, if that is a name or an address of this machine. Any other Host is not trusted:
links are then written with the local address of the connection, or without a host where possible.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-7.1
"""

import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final
from urllib.parse import urlsplit

from starlette.types import Scope

from spacepolicy.http.forwarded import origin_at, plain_address

_MAX_HOST: Final = 262
"""A name has up to 253 characters, a port with its colon six; longer ones are ignored."""
_REMEMBERED: Final = 256
"""How many hosts are cached; most clients of a service use one of a few."""


@final
@dataclass(frozen=True, slots=True)
class Forwarded:
    """The URL that trusted proxies report for a request, without a trailing slash."""

    url: str

    @property
    def root(self) -> str:
        """The path prefix of links."""
        return urlsplit(self.url).path


def arrived_at(scope: Scope) -> str:
    """Return the origin with the local address of the connection."""
    return _arrived(scope["scheme"], *scope["server"])


def asked_at(scope: Scope) -> str | None:
    """Return the origin with the request's Host; None where that is not this machine's."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    if len(host) > _MAX_HOST:
        return None
    return _asked(scope["scheme"], scope["server"][0], host)


@lru_cache(maxsize=_REMEMBERED)
def _arrived(scheme: str, address: str, port: int) -> str:
    host = _plain(address)
    return origin_at(scheme, f"[{host}]" if ":" in host else host, str(port)) or ""


@lru_cache(maxsize=_REMEMBERED)
def _asked(scheme: str, address: str, host: bytes) -> str | None:
    origin = origin_at(scheme, host.decode("latin-1"))
    name = urlsplit(origin).hostname if origin else None
    return origin if name and _is_own(name, _plain(address)) else None


def _is_own(name: str, arrived: str) -> bool:
    """Whether the name or address is a loopback one, a name of this machine, or the local address
    of the connection. Ports are not compared, since they may be mapped."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = plain_address(name)
    except ValueError:
        return name in _names()
    return address.is_loopback or str(address) == arrived


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The names of this machine, including its mDNS name (RFC 6762)."""
    name = socket.gethostname().lower()
    return frozenset((name, name.partition(".")[0], f"{name.partition('.')[0]}.local"))


def _plain(address: str) -> str:
    try:
        return str(plain_address(address))
    except ValueError:
        return address
