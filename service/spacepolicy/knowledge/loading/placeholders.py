"""Marks for text that has to be filled in: `[fill in: …]`, in Chinese texts `[待填：…]`.

Scaffolds write them; a file with one is not finished.
"""

import re
from collections.abc import Iterator
from typing import Final

from spacepolicy.errors import Finding

_MARK: Final = re.compile(r"\[(?:fill in: |待填：)(?P<what>[^\]\n]+)\]")


def fill_in(what: str) -> str:
    """The mark in English, or in a notation.

    >>> fill_in("the parent")
    '[fill in: the parent]'
    """
    return f"[fill in: {what}]"


def fill_in_zh(what: str) -> str:
    """The mark in Chinese."""
    return f"[待填：{what}]"


def fill_in_findings(path: str, text: str) -> Iterator[Finding]:
    """A finding for each mark in the text of the file.

    >>> [(each.line, each.message) for each in fill_in_findings("a.ttl", "\\n[fill in: a name]")]
    [(2, 'still to be filled in: a name.')]
    """
    for number, line in enumerate(text.splitlines(), 1):
        for mark in _MARK.finditer(line):
            message = f"still to be filled in: {mark['what']}."
            yield Finding(path, number, "fill-in", message, "Write it in the place of the mark.")
