"""A diagram of a thing and its neighbours: links to it on the left, links from it on the right.

Coordinates are computed here; the template renders them as SVG.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

_MAX_ON_A_SIDE: Final = 9
_ROW: Final = 44
_WIDTH: Final = 920
_BOX: Final = 220
_LETTERS: Final = 34
_BOX_LETTERS: Final = 26
"""In pixels, except the numbers of letters, which fit into their columns at 13 pixels, and the nine
neighbours on a side, whose rows together fit on a screen."""


@final
@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour, with the name of the linking property as `role`; `inferred`: the link is only
    inferred."""

    role: str
    text: str
    href: str | None
    inferred: bool = False

    @property
    def short(self) -> str:
        """The text, cut to fit; an ideograph counts as two letters."""
        return cut(self.text, _LETTERS)


@final
@dataclass(frozen=True, slots=True)
class PlacedNeighbour:
    """A neighbour and its vertical position."""

    neighbour: Neighbour
    y: int


@final
@dataclass(frozen=True, slots=True)
class Drawing:
    """The sizes of the drawing, and the neighbours on either side; `hidden` is the number left
    out."""

    width: int
    height: int
    box: int
    middle: str
    left: tuple[PlacedNeighbour, ...]
    right: tuple[PlacedNeighbour, ...]
    hidden: int


def drawing(
    middle: str, left: Sequence[Neighbour], right: Sequence[Neighbour], unseen: int = 0
) -> Drawing | None:
    """Return the drawing; None where there are no neighbours. `unseen` is the number of neighbours
    that are not in the lists."""
    if not (left or right):
        return None
    shown_left, shown_right = _distinct(left), _distinct(right)
    rows = max(len(shown_left), len(shown_right), 2)
    height = rows * _ROW + 16
    hidden = len(left) + len(right) - len(shown_left) - len(shown_right) + unseen
    return Drawing(
        width=_WIDTH,
        height=height,
        box=_BOX,
        middle=cut(middle, _BOX_LETTERS),
        left=_placed(shown_left, height),
        right=_placed(shown_right, height),
        hidden=hidden,
    )


def _distinct(side: Sequence[Neighbour]) -> list[Neighbour]:
    """Each thing once, in its first role, up to the maximum."""
    found: dict[tuple[str, str | None], Neighbour] = {}
    for each in side:
        found.setdefault((each.text, each.href), each)
    return list(found.values())[:_MAX_ON_A_SIDE]


def _placed(side: Sequence[Neighbour], height: int) -> tuple[PlacedNeighbour, ...]:
    step = height / max(len(side), 1)
    return tuple(PlacedNeighbour(each, round(step * (n + 0.5))) for n, each in enumerate(side))


def cut(text: str, letters: int) -> str:
    """Return the text, cut to the width of so many letters; an ideograph counts as two."""
    room = letters
    for n, character in enumerate(text):
        room -= 1 if ord(character) < 0x2E80 else 2
        if room < 0:
            return f"{text[:n]}…"
    return text
