"""Entity tags that begin with the mark of a revision, and If-Match.

The tag of everything computed from a revision begins with the mark of that revision: its number,
and a hash that no revision of another store has. So a write can be conditional on any response that
its client has read, and not only on that of the graph that it writes.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3,
https://www.rfc-editor.org/rfc/rfc9110#section-13.1
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from spacepolicy.errors import NotFoundError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision

_LISTED: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_OF_A_REVISION: Final = re.compile(r"([0-9]{1,15})\.[\w-]+", re.ASCII)
_OPAQUE_BYTES: Final = 15
"""120 bits, or 20 characters of base64 without padding: enough to rule out collisions."""
_MARK_LETTERS: Final = 8
"""48 bits distinguish revisions with the same number, after a store was restored or rebuilt."""


def opaque(parts: Iterable[str]) -> str:
    """Return a hash of the sequence of parts, for an entity tag."""
    return _digest(b"".join(map(_length_prefixed, parts)))


def opaque_around(before: Iterable[str], after: Iterable[str]) -> Callable[[str], str]:
    """Return a function that computes `opaque` of the parts with its argument in the middle.

    >>> opaque_around(["a"], ["c", "d"])("b") == opaque(["a", "b", "c", "d"])
    True
    """
    begin, end = (b"".join(map(_length_prefixed, parts)) for parts in (before, after))
    return lambda part: _digest(b"".join((begin, _length_prefixed(part), end)))


def _length_prefixed(part: str) -> bytes:
    encoded = part.encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(8, "big") + encoded


def _digest(parts: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(parts).digest()[:_OPAQUE_BYTES]).decode()


def mark(revision: Revision) -> str:
    """Return a name for the revision, of letters, digits and `.`, `_`, `-`.

    The mark of a revision in a remote store begins with `W/`, which makes its tags weak: the store
    may return the same rows in another order.
    """
    published = revision.publication
    if published is not None:
        return f"W/{_mark(revision.number, published.state, revision.record_sha256)}"
    return _mark(revision.number, revision.time, revision.record_sha256)


@lru_cache(maxsize=64)
def _mark(number: int, made: str, record_sha256: str) -> str:
    return f"{number}.{opaque((made, record_sha256))[:_MARK_LETTERS]}"


def demanded(if_match: str, history: History) -> frozenset[int]:
    """Return the numbers of the revisions whose tags If-Match lists; weak tags match nothing
    (RFC 9110 section 13.1.1)."""
    found = (_marked(tag, history) for weak, tag in _LISTED.findall(if_match) if not weak)
    return frozenset(number for number in found if number is not None)


def _marked(tag: str, history: History) -> int | None:
    begins = _OF_A_REVISION.match(tag)
    if begins is None:
        return None
    try:
        revision = history.get(int(begins[1]))
    except NotFoundError:
        return None
    return revision.number if tag.startswith(mark(revision)) else None
