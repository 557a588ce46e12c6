"""Copies of documents that a user has: their text, without markup.

A file is read as UTF-8, or by its byte order mark as UTF-16. Text with HTML tags is read as HTML:
block elements end a line, others end nothing; in Markdown, the targets of links are left out.

Spec: https://html.spec.whatwg.org/multipage/rendering.html#flow-content-3
"""

import codecs
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import UsageError

SUFFIXES: Final = (".txt", ".html", ".htm", ".xhtml", ".md")
"""The suffixes of the names of copies in a folder of them."""
_MARKUP: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*\s*>|<!DOCTYPE", re.IGNORECASE)
_TARGET: Final = re.compile(r"(?<=\])\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_INLINE: Final = frozenset(
    {
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "ins"),
        *("kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt"),
        *("u", "var", "wbr"),
    }
)
"""Elements within a line; all others end one."""
_UNSEEN: Final = frozenset({"noscript", "script", "style", "template", "title"})
_TAG: Final = re.compile(r"<(?P<closes>/?)(?P<name>[A-Za-z][^\s/>]*+)")
_ATTRIBUTES: Final = re.compile(r"""[^>"']*+(?:"[^"]*+"[^>"']*+|'[^']*+'[^>"']*+)*+>""")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@final
@dataclass(frozen=True, slots=True)
class CopyText:
    """The text of a copy as a reader sees it, and as it `stands` in the file, to which offsets
    refer; and the SHA-256 of the file's bytes."""

    text: str
    stands: str
    sha256: str


def read_copy(content: bytes, name: str) -> CopyText:
    """Read the bytes of a copy with that name.

    Raises: UsageError where they are not text.
    """
    try:
        text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no text in UTF-8 or UTF-16: {error}.") from error
    if "\0" in text:
        raise UsageError(f"{name} is no text: it has a NUL character.")
    return CopyText(_plain(text, name), text, hashlib.sha256(content).hexdigest())


def _plain(text: str, name: str) -> str:
    if _MARKUP.search(text):
        return seen(text)
    return _TARGET.sub("", text) if name.endswith(".md") else text


def seen(html: str) -> str:
    """The text of HTML, as a reader sees it. Each character is looked at once: an element that is
    not closed goes on to the end.

    >>> seen("<p>One <b title='>'>w</b>ord&shy;</p><script>x</script><p>more</p>").split()
    ['One', 'word\\xad', 'more']
    """
    pieces, at = list[str](), 0
    while (start := html.find("<", at)) >= 0:
        end, name = _markup(html, start)
        pieces.append(unescape(html[at:start]))
        if name and name.lower() not in _INLINE:
            pieces.append("\n")
        pieces.append("<" if end == start else "")
        at = max(end, start + 1)
    return "".join((*pieces, unescape(html[at:])))


def _markup(html: str, start: int) -> tuple[int, str]:
    """The offset where the markup that begins at `start` ends, and the element's name; `start`
    itself where no markup begins there."""
    if html.startswith("<!--", start):
        return _behind(html, "-->", start), ""
    tag = _TAG.match(html, start)
    if tag is None:
        is_other = html[start + 1 : start + 2] in ("!", "?")
        return (_behind(html, ">", start) if is_other else start), ""
    attributes = _ATTRIBUTES.match(html, tag.end())
    end = attributes.end() if attributes else _behind(html, ">", start)
    name = tag["name"]
    if name.lower() in _UNSEEN and not tag["closes"]:
        closing = re.compile(rf"</{name}[^>]*>?", re.IGNORECASE).search(html, end)
        end = closing.end() if closing else len(html)
    return end, name


def _behind(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


@final
@dataclass(frozen=True, slots=True)
class SourceTexts:
    """The texts of sources by their names: those that are shipped, and copies that a user has."""

    own: Mapping[str, CopyText] = field(default_factory=dict)
    copies: Mapping[str, CopyText] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A digest of the copies that changes when they do; empty without any."""
        lines = (f"{name} {copy.sha256}" for name, copy in sorted(self.copies.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest() if self.copies else ""


def read_source_texts(own: Path | None, copies: Path | None) -> SourceTexts:
    """The texts in a folder of shipped ones, and the copies in a user's.

    Raises: UsageError where one cannot be read.
    """
    return SourceTexts(_read_folder(own, (".txt",)), _read_folder(copies, SUFFIXES))


def _read_folder(folder: Path | None, suffixes: Sequence[str]) -> dict[str, CopyText]:
    """Of several copies of a source, the one whose suffix comes first."""
    if folder is None:
        return {}
    names = {path.stem for path in folder.iterdir() if path.suffix in suffixes}
    found = {name: copy_of(folder, name, suffixes) for name in sorted(names)}
    return {name: copy for name, copy in found.items() if copy is not None}


def copy_of(folder: Path, name: str, suffixes: Sequence[str] = SUFFIXES) -> CopyText | None:
    """The copy of the source of that name in a folder of copies; None where there is none.

    Raises: UsageError where it cannot be read.
    """
    for suffix in suffixes:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return read_copy_file(path)
    return None


def read_copy_file(path: Path) -> CopyText:
    """The copy in a file.

    Raises: UsageError where it cannot be read.
    """
    try:
        return read_copy(path.read_bytes(), path.name)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
