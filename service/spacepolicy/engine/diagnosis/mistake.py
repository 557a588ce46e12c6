"""A mistake in a text: its kind, its place, and the edit that corrects it where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from spacepolicy.engine.diagnosis.reading import SyntaxStop, WholeText
from spacepolicy.engine.tokens import SparqlToken

_LONGEST: Final = 80
"""A value of a message is cut to this length."""


@final
@dataclass(frozen=True, slots=True)
class TextEdit:
    """A replacement for the text between two offsets, in code points."""

    start: int
    end: int
    text: str

    def applied(self, text: str) -> str:
        """Apply the edit to the text."""
        return text[: self.start] + self.text + text[self.end :]


@final
@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake: its kind, which is a key of `messages.toml`, its offset, the values that the
    message names, and an edit that corrects it."""

    kind: str
    start: int
    values: Mapping[str, str] = field(default_factory=dict)
    edit: TextEdit | None = None


def at(kind: str, place: SparqlToken | int, edit: TextEdit | None = None, **values: str) -> Mistake:
    """Make a mistake of that kind at the token or offset."""
    start = place if isinstance(place, int) else place.start
    return Mistake(kind, start, {name: _short(value) for name, value in values.items()}, edit)


def _short(value: str) -> str:
    """The value on one line, and short enough to be read."""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def replaced(first: SparqlToken, last: SparqlToken, text: str) -> TextEdit:
    """The edit that replaces these tokens and what stands between them by the text."""
    return TextEdit(first.start, last.end, text)


def inserted(offset: int, text: str) -> TextEdit:
    """The edit that inserts the text at the offset."""
    return TextEdit(offset, offset, text)


def removed(text: str, first: SparqlToken, last: SparqlToken | None = None) -> TextEdit:
    """The edit that removes the tokens, and one blank where they stand between two."""
    end = (last or first).end
    start = first.start
    if text[start - 1 : start] == " " and text[end : end + 1] in (" ", ""):
        start -= 1
    return TextEdit(start, end, "")


def words(found: SyntaxStop | WholeText, first: int, behind: int) -> str:
    """The text from the token `first` to before the token `behind`."""
    if behind <= first:
        return ""
    return found.text[found.tokens[first].start : found.tokens[behind - 1].end]


def fresh(text: str, name: str) -> str:
    """A variable that the text does not have yet, named after `name`."""
    found, number = f"?{name}", 1
    while found[1:] in text:
        number += 1
        found = f"?{name}{number}"
    return found


def place_of(text: str, offset: int) -> tuple[int, int]:
    """The line and column of the offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
