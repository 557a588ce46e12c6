"""IRI property lists of Notation3, taken out of a text, so that what remains is Turtle.

`:plan :builds [ id :lab a :Laboratory ]` says that the plan builds `:lab` and that this is a
laboratory. What is taken out keeps its lines and columns, so that errors in it have their places.

Spec: https://w3c.github.io/N3/spec/#iripropertylist
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, final

from spacepolicy.turtle_format.tokens import TurtleToken, tokens

_NOT_A_BREAK: Final = re.compile(r"[^\n]")


@final
@dataclass(frozen=True, slots=True)
class Separated:
    """Statements that stood in brackets: Turtle, each character in its column.

    `line` is the line of the first character in the text that they were taken out of, from 1.
    """

    line: int
    text: str


@final
class BracketError(Exception):
    """Brackets that begin with `id` and are no IRI property list; the place is in the text."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


def separate(text: str) -> tuple[str, tuple[Separated, ...]]:
    """The text with the IRIs alone in place of the lists, blanks around them, and their
    statements.

    Raises: BracketError where no IRI follows `id`, or a list does not end.

    >>> text, (found,) = separate(":a :p [ id :b a :C ] .")
    >>> text
    ':a :p      :b        .'
    >>> found.text
    '           :b a :C .'
    """
    if "[" not in text:
        return text, ()
    meant = [token for token in tokens(text) if token.kind != "comment"]
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    remaining, found = text, list[Separated]()
    opened: list[tuple[TurtleToken, TurtleToken | None]] = []
    for number, token in enumerate(meant):
        if (token.kind, token.text) == ("mark", "["):
            opened.append((token, _named(meant[number + 1 : number + 3], token)))
        elif (token.kind, token.text) == ("mark", "]") and opened:
            bracket, iri = opened.pop()
            if iri is not None:
                first, at, end = (_offset(each, starts) for each in (bracket, iri, token))
                line = starts[iri.line - 1]
                inner = remaining[at:end]
                found.append(Separated(iri.line, f"{' ' * (at - line)}{inner}."))
                behind = at + len(iri.text)
                remaining = "".join(
                    (
                        remaining[:first],
                        _blank(remaining[first:at]),
                        iri.text,
                        _blank(remaining[behind : end + 1]),
                        remaining[end + 1 :],
                    )
                )
    for bracket, iri in opened:
        if iri is not None:
            raise BracketError("`[ id` is not closed by `]`", bracket.line, bracket.column)
    return remaining, tuple(found)


def _named(following: Sequence[TurtleToken], bracket: TurtleToken) -> TurtleToken | None:
    """The IRI of the list that the bracket opens; None where it opens a blank node."""
    if not following or (following[0].kind, following[0].text) != ("word", "id"):
        return None
    if len(following) < 2 or following[1].kind not in ("iri", "word"):
        raise BracketError("an IRI follows `[ id`", bracket.line, bracket.column)
    return following[1]


def _offset(token: TurtleToken, starts: Sequence[int]) -> int:
    return starts[token.line - 1] + token.column - 1


def _blank(text: str) -> str:
    return _NOT_A_BREAK.sub(" ", text)
