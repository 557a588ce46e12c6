"""The address that a client asked, as trusted proxies tell it.

Spec: https://www.rfc-editor.org/rfc/rfc7239#section-4
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from starlette.types import Scope

Network = IPv4Network | IPv6Network
_PAIR: Final = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z:-]+)|\"((?:[^\"\\]|\\.)*)\")\s*"
)
"""A pair; a port is taken without the quotation marks that it should have."""
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*)|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::.*)?|([0-9.]+)(?::.*)?")


def forwarded_origin(scope: Scope, trusted: Sequence[Network]) -> str | None:
    """Scheme and host that the outermost trusted proxy was asked for; None where none tells."""
    client = scope.get("client")
    if not trusted or client is None or not _trusts(trusted, client[0]):
        return None
    told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"forwarded"]
    element = _outermost(", ".join(told), trusted)
    if element is None or not _HOST.fullmatch(element.get("host", "")):
        return None
    scheme = element.get("proto", scope["scheme"]).lower()
    return f"{scheme}://{element['host']}" if scheme in ("http", "https") else None


def _outermost(text: str, trusted: Sequence[Network]) -> Mapping[str, str] | None:
    """What the outermost proxy said of those that follow on each other and are trusted; the
    nearest speaks last. None where the field is no list of elements."""
    elements = list(_elements(text))
    while elements:
        element = elements.pop()
        if element is None:
            return None
        node = _NODE.fullmatch(element.get("for", ""))
        if not elements or node is None or not _trusts(trusted, node[1] or node[2]):
            return element
    return None


def _elements(text: str) -> Iterator[Mapping[str, str] | None]:
    """The elements in their order; None in place of one that cannot be read."""
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


def _trusts(trusted: Sequence[Network], address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted)
