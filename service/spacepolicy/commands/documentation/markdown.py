"""Markdown as the documentation site reads it: tables, links between pages, fenced blocks.

Spec: https://spec.commonmark.org/0.31.2/, https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Callable, Iterable, Sequence
from posixpath import dirname, join, normpath, relpath
from typing import Final

_LINK: Final = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE: Final = re.compile(r"^([ \t]*```)(\w+)[^\n`]*$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|#", re.IGNORECASE)


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars and line ends in cells are escaped.

    >>> print(table(["name", "holds"], [["a", "b | c"]]))
    | name | holds |
    |---|---|
    | a | b \\| c |
    """
    lines = [_row(heading), "|" + "---|" * len(heading), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    shown = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(shown)} |"


def code(text: str) -> str:
    """Return the text as code within a line; empty for an empty text.

    >>> code("a"), code("")
    ('`a`', '')
    """
    return f"`{text}`" if text else ""


def title(text: str) -> str:
    """Return the first heading of a page; empty where it has none.

    >>> title("# Limits\\n\\nWhat …")
    'Limits'
    """
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def plain_fences(text: str) -> str:
    """Return the text with only the language behind the opening of each fenced block.

    >>> plain_fences("```sparql mistake")
    '```sparql'
    """
    return _FENCE.sub(r"\1\2", text)


def relinked(text: str, path: str, place_of: Callable[[str], str | None]) -> str:
    """Return the text of the file at `path` with its links changed to the places of their files.

    `path` and the arguments of `place_of` are relative to the checkout. A link to a file without a
    place becomes its text. Links in fenced blocks, and those to other sites, stay.

    >>> places = {"docs/a.md": "a.md", "LICENCE.md": None}.get
    >>> relinked("[a](docs/a.md#b), [terms](LICENCE.md)", "README.md", places)
    '[a](a.md#b), terms'
    """
    here = place_of(path) or path

    def led(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if _ABSOLUTE.match(target):
            return found[0]
        file, mark, part = target.partition("#")
        place = place_of(normpath(join(dirname(path), file)))
        if place is None:
            return words
        return f"[{words}]({relpath(place, dirname(here) or '.')}{mark}{part})"

    return _outside_blocks(text, lambda part: _LINK.sub(led, part))


def _outside_blocks(text: str, change: Callable[[str], str]) -> str:
    """Apply the change to the text outside of fenced blocks."""
    parts, last = [], 0
    for block in _BLOCK.finditer(text):
        parts += [change(text[last : block.start()]), block[0]]
        last = block.end()
    return "".join([*parts, change(text[last:])])
