"""The address at which a request found the service: scheme, host, and the path prefix before it.

The operator's public address goes before all others, then what trusted proxies tell, then the
request's Host where that is a name or an address of this machine. Another Host is not believed:
links are then written for the address at which the connection arrived, and those that can be are
written without a host.

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
"""A name has up to 253 characters and a port six; what is longer is not remembered."""
_REMEMBERED: Final = 256
"""So many hosts are remembered; most clients of a service ask under one of a few."""


@final
@dataclass(frozen=True, slots=True)
class Forwarded:
    """What trusted proxies say of the request at hand; `url` has no slash at its end."""

    url: str

    @property
    def root(self) -> str:
        """The path prefix, with which the paths of links begin."""
        return urlsplit(self.url).path


def arrived_at(scope: Scope) -> str:
    """The origin by the address at which the connection arrived."""
    return _arrived(scope["scheme"], *scope["server"])


def asked_at(scope: Scope) -> str | None:
    """The origin by the request's Host; None where that is none of this machine."""
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
    """Whether the name or address means this machine, wherever it is said, or is the one at which
    the connection arrived; ports may be mapped, so they do not tell."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = plain_address(name)
    except ValueError:
        return name in _names()
    return address.is_loopback or str(address) == arrived


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The names of this machine, in its local network too (RFC 6762)."""
    name = socket.gethostname().lower()
    return frozenset((name, name.partition(".")[0], f"{name.partition('.')[0]}.local"))


def _plain(address: str) -> str:
    try:
        return str(plain_address(address))
    except ValueError:
        return address
