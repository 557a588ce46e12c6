"""The text of a source as it is stored: decoded, its lines as the gates require them, with a report
of each change.
"""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import UsageError
from spacepolicy.text_structure import joined_lines

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins with that of UTF-16, and is tried first."""
_COMMON: Final = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年"
"""The commonest Chinese characters: bytes that decode to many of them are Chinese."""
_CHINESE: Final = ("gb18030", "big5", "utf-16-le", "utf-16-be")
_STRAY: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]")
_WRAPPED: Final = 0.6
"""A line of at least this part of the text's long lines was wrapped at the margin."""
_MARGIN: Final = 120
"""A text whose long lines are longer was not wrapped: each of its lines is a paragraph."""
_STOPS: Final = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*\s*$")


@final
@dataclass(frozen=True, slots=True)
class SourceText:
    """A text as it is stored, and the changes of the file; `sha256` is that of the file's bytes."""

    text: str
    changes: tuple[str, ...]
    sha256: str

    @property
    def language(self) -> str:
        """`zh` where most letters are Chinese, else `en`."""
        letters = [each for each in self.text if each.isalpha()]
        chinese = sum("\u3400" <= each <= "\u9fff" for each in letters)
        return "zh" if 2 * chinese > len(letters) else "en"


def read_source_text(path: Path, encoding: str | None) -> SourceText:
    """Read a text file or a PDF.

    Raises: UsageError where it cannot be read as text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if data.startswith(b"%PDF-"):
        from spacepolicy.knowledge.scaffolds.pdf import pdf_text  # noqa: PLC0415  an extra

        text, changes = pdf_text(path), ["taken out of a PDF"]
    else:
        text, name = _decoded(data, encoding, path)
        changes = [] if name == "utf-8" else [f"read as {name}, written as utf-8"]
    text, more = normalised(text)
    if not text.strip():
        raise UsageError(f"{path} has no text; of pictures of pages, one must be recognised first.")
    return SourceText(text, (*changes, *more), hashlib.sha256(data).hexdigest())


def _decoded(data: bytes, encoding: str | None, path: Path) -> tuple[str, str]:
    for each in (encoding,) if encoding else _candidates(data):
        try:
            text = data.decode(each)
        except (UnicodeDecodeError, LookupError):
            continue
        if encoding or each in ("utf-8", "utf-8-sig") or "\x00" not in text:
            return text, each
    how = f"as {encoding}" if encoding else "in any common encoding"
    raise UsageError(f"{path} cannot be read {how}; name its encoding with --encoding.")


def _candidates(data: bytes) -> Iterator[str]:
    yield from (name for mark, name in _MARKS if data.startswith(mark))
    yield "utf-8"
    if data[1::2].count(0) > len(data) // 4:
        yield "utf-16-le"
    if data[::2].count(0) > len(data) // 4:
        yield "utf-16-be"
    chinese = max(_CHINESE, key=lambda each: _likeness(data, each))
    if _likeness(data, chinese) > 0:
        yield chinese
    yield "cp1252"
    yield "latin-1"


def _likeness(data: bytes, encoding: str) -> float:
    """The share of the commonest Chinese characters among all beyond ASCII."""
    try:
        strange = [each for each in data.decode(encoding) if ord(each) > 127]
    except UnicodeDecodeError:
        return 0.0
    common = sum(each in _COMMON for each in strange)
    return common / len(strange) if common * 20 > len(strange) else 0.0


def normalised(text: str) -> tuple[str, list[str]]:
    """The text with lines that end in LF, composed letters and no stray characters; and each
    change.

    >>> normalised("One line\\r\\nand another.\\r\\n")[1]
    ['2 ends of lines CR LF or CR written as LF']
    """
    changes = []
    if ends := len(re.findall(r"\r\n?", text)):
        text = re.sub(r"\r\n?", "\n", text)
        changes.append(f"{ends} ends of lines CR LF or CR written as LF")
    if pages := len(re.findall(r"[\f\v\u2028\u2029\x85]", text)):
        text = re.sub(r"[\f\v\u2028\u2029\x85]", "\n", text)
        changes.append(f"{pages} breaks of pages or other ends of lines written as LF")
    if strays := len(_STRAY.findall(text)):
        text = _STRAY.sub("", text)
        changes.append(f"{strays} characters without a shape left out")
    if (composed := unicodedata.normalize("NFC", text)) != text:
        text = composed
        changes.append("letters with marks composed (NFC)")
    text, joined = _unwrapped(text)
    if joined:
        changes.append(f"{joined} lines that the margin had ended joined with the next ones")
    tidy = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+(?=\n|$)", "", text)).strip() + "\n"
    if len(tidy) != len(text):
        changes.append("blanks at ends of lines, and empty lines beyond one, left out")
    return tidy, changes


def _unwrapped(text: str) -> tuple[str, int]:
    lengths = sorted(len(each) for each in text.split("\n") if each.strip())
    long = lengths[int(len(lengths) * 0.9)] if lengths else 0
    if not 20 <= long <= _MARGIN:
        return text, 0

    def is_wrapped(line: str) -> bool:
        return len(line) >= _WRAPPED * long and not _STOPS.search(line)

    wrapped = sum(map(is_wrapped, text.split("\n")))
    joined = joined_lines(text, lambda line: is_wrapped(line) or len(line) >= 0.85 * long)
    if wrapped * 4 < len(lengths):
        return text, 0
    return joined, text.count("\n") - joined.count("\n")
