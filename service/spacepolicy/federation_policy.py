"""Which other machines queries may ask: the origins that an operator lists, and no others.

Spec: https://www.rfc-editor.org/rfc/rfc6454#section-4
"""

from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str | None:
    """The scheme, host and port of an http or https address; None where it is not one, or names a
    user.

    >>> origin_of("HTTPS://Query.Example.org/sparql?x#y")
    'https://query.example.org:443'
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


@final
@dataclass(frozen=True, slots=True)
class FederationPolicy:
    """The origins that queries may ask; `private`: also those with private addresses."""

    origins: frozenset[str] = frozenset()
    private: bool = False

    def allows(self, url: str) -> bool:
        """Whether the address belongs to a listed origin."""
        return origin_of(url) in self.origins
