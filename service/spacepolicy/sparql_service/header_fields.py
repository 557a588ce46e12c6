"""Header fields about an answer: warnings, hints, and the link to its metadata."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from spacepolicy.engine.hints import Hint
from spacepolicy.formats import CSVW, offered
from spacepolicy.http.response_cache import Fields

_LINKED_BYTES: Final = 2048
"""A quarter of the 8 KiB that proxies accept for all fields."""
_IN_TARGET: Final = "%/?:@!$&'()*+,;=~-._"
_PRINTABLE: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def warning_fields(warnings: Iterable[str]) -> Fields:
    """Return a Warning field for each warning; characters that a quoted-string may not hold become
    `?`."""
    return tuple((b"warning", f'299 - "{_quotable(text)}"'.encode()) for text in warnings)


def hint_fields(hints: Iterable[Hint]) -> Fields:
    """Return an X-Query-Hint field for each hint, in English; all but printable ASCII is
    percent-encoded."""
    return tuple(
        (b"x-query-hint", quote(hint.worded(), safe=_PRINTABLE).encode()) for hint in hints
    )


def _quotable(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in text)


def metadata_fields(target: bytes) -> Fields:
    """Return the link from the CSV table at this query string to its CSVW metadata, which gives the
    types of its columns; none where that format is not offered, or the address is too long for
    proxies."""
    if len(target) > _LINKED_BYTES or not offered("columns"):
        return ()
    query = quote(target, safe=_IN_TARGET) + ("&" if target else "") + f"format={CSVW}"
    return ((b"link", f'<?{query}>; rel="describedby"; type="application/csvm+json"'.encode()),)


def described_table(target: bytes) -> str | None:
    """Return the address of the CSV table that the metadata at this query string describe; None
    where no table links to it."""
    ending = f"format={CSVW}"
    query = target.decode("latin-1")
    return f"?{query.removesuffix(ending).rstrip('&')}" if query.endswith(ending) else None
