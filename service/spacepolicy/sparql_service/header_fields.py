"""Header fields that tell what the reader of an answer should know: warnings, and hints."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from spacepolicy.engine.hints import Hint
from spacepolicy.formats import CSVW, offered
from spacepolicy.http.response_cache import Fields

_LINKED_BYTES: Final = 2048
"""A quarter of the 8 KiB that proxies hold for all fields."""
_IN_TARGET: Final = "%/?:@!$&'()*+,;=~-._"
_PRINTABLE: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def warning_fields(warnings: Iterable[str]) -> Fields:
    """Fields that tell the warnings, in the characters that a quoted text may hold."""
    return tuple((b"warning", f'299 - "{_quotable(text)}"'.encode()) for text in warnings)


def hint_fields(hints: Iterable[Hint]) -> Fields:
    """Fields that tell the hints in English, in printable ASCII; all else is percent-encoded."""
    return tuple(
        (b"x-query-hint", quote(hint.worded(), safe=_PRINTABLE).encode()) for hint in hints
    )


def _quotable(text: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in text)


def metadata_fields(target: bytes) -> Fields:
    """The link from a table in CSV, at the address of this query string, to what says its types
    (CSVW); none where that cannot be made, or the address is long: proxies hold few bytes of
    fields."""
    if len(target) > _LINKED_BYTES or not offered("columns"):
        return ()
    said = quote(target, safe=_IN_TARGET) + ("&" if target else "") + f"format={CSVW}"
    return ((b"link", f'<?{said}>; rel="describedby"; type="application/csvm+json"'.encode()),)


def described_table(target: bytes) -> str | None:
    """The address of the table that the metadata at this query string describe: that whose link
    leads here."""
    ending = f"format={CSVW}"
    said = target.decode("latin-1")
    return f"?{said.removesuffix(ending).rstrip('&')}" if said.endswith(ending) else None
