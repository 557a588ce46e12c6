"""Text files of the content: UTF-8 without a byte order mark, lines that end with LF.

Anything else is a finding at its line: another encoding, NUL, control characters, markers of a
merge conflict, and line ends of other systems.

Spec: https://www.rfc-editor.org/rfc/rfc3629, https://git-scm.com/docs/git-merge
"""

import codecs
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from spacepolicy.errors import Finding, FindingsError

_CONTROL: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONFLICT: Final = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
_CARRIAGE_RETURN: Final = re.compile(rb"\r\n?")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()
_SAVE_AS: Final = "Save the file as UTF-8 without a byte order mark."


def read_text(path: Path) -> str:
    """Read the text of a file, with line ends as LF and without a byte order mark.

    Raises: FindingsError where it cannot be read, its bytes are not text, or it has markers of a
    merge conflict.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}."
        raise FindingsError([Finding(str(path), None, "syntax", message)]) from error
    finding = unreadable(str(path), data)
    if finding is not None:
        raise FindingsError([finding])
    return _CARRIAGE_RETURN.sub(b"\n", data.removeprefix(codecs.BOM_UTF8)).decode()


def unreadable(name: str, data: bytes) -> Finding | None:
    """Return why the bytes cannot be read as a text; None where they can.

    >>> str(unreadable("a.ttl", b"# caf\\xe9"))
    'a.ttl:1: encoding: the byte 0xE9 (é in Latin-1) in column 6 is not UTF-8. \
Save the file as UTF-8 without a byte order mark.'
    """
    text = data.removeprefix(codecs.BOM_UTF8)
    return next(filter(None, (find(name, text) for find in _UNREADABLE)), None)


def byte_order_mark(name: str, data: bytes) -> Finding | None:
    """The finding that the bytes begin with a byte order mark, which UTF-8 does not need; else
    None."""
    if not data.startswith(codecs.BOM_UTF8):
        return None
    message = "the file begins with a byte order mark (BOM, the bytes EF BB BF)."
    return Finding(name, 1, "encoding", message, _SAVE_AS)


def strange_line_ends(name: str, data: bytes) -> Finding | None:
    """The finding at the first line that does not end with LF alone; None where there is none."""
    found = _CARRIAGE_RETURN.search(data)
    if found is None:
        return None
    number = sum(1 for _ in _CARRIAGE_RETURN.finditer(data))
    kind = "CR LF" if found.group() == b"\r\n" else "CR"
    message = f"{number:,} line{'' if number == 1 else 's'} end with {kind} instead of LF."
    remedy = "Save the file with the ends of lines of Unix (LF)."
    return Finding(name, _line(data, found.start()), "line-ends", message, remedy)


def _utf_16(name: str, data: bytes) -> Finding | None:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Finding(name, 1, "encoding", "the file is UTF-16.", _SAVE_AS)
    return None


def _not_utf_8(name: str, data: bytes) -> Finding | None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        byte = data[error.start]
        latin = f" ({chr(byte)} in Latin-1)" if chr(byte).isprintable() else ""
        message = f"the byte 0x{byte:02X}{latin} in column {column} is not UTF-8."
        return Finding(name, _line(data, error.start), "encoding", message, _SAVE_AS)
    return None


def _nul(name: str, data: bytes) -> Finding | None:
    place = data.find(b"\0")
    message = "a NUL byte stands in the text."
    remedy = "Remove it; a file of NUL bytes was not written whole."
    return None if place < 0 else Finding(name, _line(data, place), "encoding", message, remedy)


def _control(name: str, data: bytes) -> Finding | None:
    found = _CONTROL.search(data)
    if found is None:
        return None
    message = f"the control character U+{found.group()[0]:04X} stands in the text."
    return Finding(name, _line(data, found.start()), "encoding", message, "Remove it.")


def _lost(name: str, data: bytes) -> Finding | None:
    place = data.find(_REPLACEMENT)
    message = "U+FFFD stands where a character was lost in another encoding."
    remedy = "Write the character that was meant."
    return None if place < 0 else Finding(name, _line(data, place), "encoding", message, remedy)


def _conflict(name: str, data: bytes) -> Finding | None:
    found = _CONFLICT.search(data)
    if found is None:
        return None
    mark = found.group(1).decode()
    message = f"a merge left its marks: the line begins with {mark}."
    remedy = "Keep one of the two sides, and remove the lines with <<<<<<<, ======= and >>>>>>>."
    return Finding(name, _line(data, found.start()), "merge-conflict", message, remedy)


def _line(data: bytes, place: int) -> int:
    """The line, counted from 1, of the byte at that offset; lines end as they do for an editor."""
    return len(_CARRIAGE_RETURN.sub(b"\n", data[:place]).split(b"\n"))


_UNREADABLE: Final[tuple[Callable[[str, bytes], Finding | None], ...]] = (
    _utf_16,
    _nul,
    _not_utf_8,
    _control,
    _lost,
    _conflict,
)
"""The checks of the bytes, the likeliest cause of the others first."""
