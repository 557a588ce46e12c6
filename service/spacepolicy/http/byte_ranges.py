"""Range requests: one byte range of a response that has a strong entity tag.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-14, https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
"""

import re
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.errors import RangeNotSatisfiableError

ACCEPT_RANGES: Final = (b"accept-ranges", b"bytes")
_ONE: Final = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.ASCII | re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` to `stop` (exclusive) of a representation of `size` bytes."""

    start: int
    stop: int
    size: int

    @property
    def field(self) -> tuple[bytes, bytes]:
        """The Content-Range field."""
        return b"content-range", b"bytes %d-%d/%d" % (self.start, self.stop - 1, self.size)


def selected(range_: str | None, if_range: str | None, etag: str, size: int) -> ByteRange | None:
    """Return the range that Range and If-Range ask for of the representation with that tag.

    None where the whole is sent: no Range, several ranges, another unit, a malformed range, or an
    If-Range that does not match.

    >>> selected("bytes=0-4", None, '"a"', 10), selected("bytes=-3", None, '"a"', 10)
    (ByteRange(start=0, stop=5, size=10), ByteRange(start=7, stop=10, size=10))
    >>> selected("bytes=0-4", '"b"', '"a"', 10), selected("bytes=0-1,3-4", None, '"a"', 10)
    (None, None)

    Raises: RangeNotSatisfiableError where the range begins beyond the end.
    """
    found = _ONE.fullmatch(range_ or "")
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found[1], found[2]
    if not first and not last:
        return None
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiableError(
            f"The answer has {size} bytes, and {range_} begins behind them.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return ByteRange(start, stop, size)
