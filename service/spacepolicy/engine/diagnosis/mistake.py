"""A mistake in a text: what kind, where, and the edit that mends it where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from spacepolicy.engine.diagnosis.reading import SyntaxStop, WholeText
from spacepolicy.engine.tokens import SparqlToken

_LONGEST: Final = 80
"""A value of a message is told up to here."""


@final
@dataclass(frozen=True, slots=True)
class TextEdit:
    """Text to put in the place of what stands between two offsets, in code points."""

    start: int
    end: int
    text: str

    def applied(self, text: str) -> str:
        """The text with the edit made."""
        return text[: self.start] + self.text + text[self.end :]


@final
@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake: its kind, which is a key of `messages.toml`, its offset, the values that the
    message names, and an edit that mends it."""

    kind: str
    start: int
    values: Mapping[str, str] = field(default_factory=dict)
    edit: TextEdit | None = None


def at(kind: str, place: SparqlToken | int, edit: TextEdit | None = None, **values: str) -> Mistake:
    """The mistake of that kind at the token or offset."""
    start = place if isinstance(place, int) else place.start
    return Mistake(kind, start, {name: _short(value) for name, value in values.items()}, edit)


def _short(value: str) -> str:
    """The value on one line, and not too long to be read."""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def replaced(first: SparqlToken, last: SparqlToken, text: str) -> TextEdit:
    """The edit that puts the text in the place of these tokens and what stands between them."""
    return TextEdit(first.start, last.end, text)


def inserted(offset: int, text: str) -> TextEdit:
    """The edit that puts the text in there."""
    return TextEdit(offset, offset, text)


def removed(text: str, first: SparqlToken, last: SparqlToken | None = None) -> TextEdit:
    """The edit that takes the tokens out, and one blank where they stand between two."""
    end = (last or first).end
    start = first.start
    if text[start - 1 : start] == " " and text[end : end + 1] in (" ", ""):
        start -= 1
    return TextEdit(start, end, "")


def words(found: SyntaxStop | WholeText, first: int, behind: int) -> str:
    """The text from one token to before another."""
    if behind <= first:
        return ""
    return found.text[found.tokens[first].start : found.tokens[behind - 1].end]


def fresh(text: str, name: str) -> str:
    """A variable that the text does not have, called like that."""
    found, number = f"?{name}", 1
    while found[1:] in text:
        number += 1
        found = f"?{name}{number}"
    return found


def place_of(text: str, offset: int) -> tuple[int, int]:
    """The line and column of the offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
