"""HTTP messages as bytes: what of a request and its answer serves for others.

Spec: https://www.rfc-editor.org/rfc/rfc9112, https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1
"""

import re
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.web.answering.running import query_identifier

_END_OF_HEAD: Final = b"\r\n\r\n"
_PERSONAL: Final = re.compile(
    rb"\r\n(authorization|forwarded|x-forwarded-(?:host|proto|port|prefix)|expect|upgrade|connection|"
    rb"x-query-id|accept-datetime|range) *:",
    re.IGNORECASE,
)
"""Fields of a request whose answer is for this request alone, or leaves the connection changed."""
_LENGTH: Final = re.compile(rb"\r\ncontent-length *: *(\d+) *\r\n", re.IGNORECASE)
_CHANGING: Final = re.compile(rb"(?<=\r\n)(date|x-query-id): [^\r\n]*\r\n", re.IGNORECASE)
_REVISION: Final = re.compile(rb"\r\nx-dataset-revision: (\d+)\r\n")
Address = tuple[str, int | None] | None


@final
@dataclass(frozen=True, slots=True)
class Lasting:
    """What lasts of an answer: the number of its revision, its status line with the fields that
    another answer to the same request would have too, and its body."""

    revision: int
    head: bytes
    body: bytes


def lasting(answer: bytes) -> Lasting | None:
    """What lasts of the answer; None where it names no revision, or is not whole."""
    revision = _REVISION.search(answer)
    head, end, body = answer.partition(_END_OF_HEAD)
    if revision is None or not end:
        return None
    length = _LENGTH.search(head + b"\r\n")
    if body and length is not None and int(length[1]) != len(body):
        return None  # the rest comes in pieces of its own
    line, _, fields = head.partition(b"\r\n")
    kept = _CHANGING.sub(b"", b"\r\n" + fields + b"\r\n")
    return Lasting(int(revision[1]), line + kept, body)


def of_one_answer(date: bytes) -> bytes:
    """The fields that no two answers have alike."""
    return b"date: %s\r\nx-query-id: %s\r\n" % (date, query_identifier(None).encode())


def is_one_whole(request: bytes) -> bool:
    """Whether the bytes are one request of HTTP/1.1, whole, and for everyone."""
    head, end, body = request.partition(_END_OF_HEAD)
    head += b"\r\n"
    if not end or b" HTTP/1.1\r\n" not in head or _PERSONAL.search(head) is not None:
        return False
    lengths = _LENGTH.findall(head)
    return len(lengths) <= 1 and len(body) == int(lengths[0] if lengths else 0)
