"""Finds words in a text as they are written, regardless of white space between them."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import Final, final

_LISTED: Final = 3
"""The most places in a message: the first ones show what is meant."""


@final
class SearchedText:
    """A text, to find words in; offsets are code points of the text, ends exclusive."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _squeezed(self) -> tuple[str, list[int]]:
        """The text with one blank for each run of white space, and the offset of each character."""
        characters: list[str] = []
        positions: list[int] = []
        for position, character in enumerate(self.text):
            blank = character.isspace()
            if not (blank and characters and characters[-1] == " "):
                characters.append(" " if blank else character)
                positions.append(position)
        return "".join(characters), positions

    def places(self, words: str, start: int = 0) -> Iterator[tuple[int, int]]:
        """The start and end of each place of the words from `start` on, which may overlap."""
        squeezed, positions = self._squeezed
        wanted = " ".join(words.split())
        at = squeezed.find(wanted, bisect_left(positions, start)) if wanted else -1
        while at >= 0:
            yield positions[at], positions[at + len(wanted) - 1] + 1
            at = squeezed.find(wanted, at + 1)

    def stands(self, words: str, start: int) -> int | None:
        """The end of the words where they are at `start`; None where they are not."""
        found = next(self.places(words, start), None)
        return found[1] if found and found[0] == start else None

    def agreeing(self, words: str, start: int) -> tuple[str, int]:
        """The longest beginning of the words that is in the text after `start`, and where it
        ends."""
        low, high, end = 0, len(words), start
        while low < high:
            middle = (low + high + 1) // 2
            found = next(self.places(words[:middle], start), None)
            if found or not words[:middle].strip():
                low, end = middle, found[1] if found else end
            else:
                high = middle - 1
        return words[:low].strip(), end

    def shown(self, start: int) -> str:
        """The place for people: line and column; and the offset for programs."""
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        return f"line {line}, column {column} (character {start})"

    def listed(self, places: list[tuple[int, int]]) -> str:
        """The places; where there are many, the first ones."""
        shown = [self.shown(start) for start, _ in places[:_LISTED]]
        more = len(places) - len(shown)
        return "; ".join(shown) + (f"; and {more} more" if more else "")
