"""A thing among its neighbours, drawn: what leads to it on the left, what it leads to on the right.

The drawing is laid out here in numbers; the template makes SVG of it.
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
"""Pixels, but for the letters, which fit into their columns at 13 pixels, and for the nine on a
side, which with their rows are as high as a screen shows at once."""


@final
@dataclass(frozen=True, slots=True)
class Neighbour:
    """A thing beside the middle, by the role it has there; `inferred`: that only follows."""

    role: str
    text: str
    href: str | None
    inferred: bool = False

    @property
    def short(self) -> str:
        """Its text, cut to what fits; an ideograph takes the room of two letters."""
        return cut(self.text, _LETTERS)


@final
@dataclass(frozen=True, slots=True)
class PlacedNeighbour:
    """A neighbour and the height at which it stands."""

    neighbour: Neighbour
    y: int


@final
@dataclass(frozen=True, slots=True)
class Drawing:
    """The sizes of the whole, and what stands on either side; `hidden` are left out."""

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
    """The drawing; None where the thing has no neighbours. `unseen` more are there."""
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
    """Each thing once, in the role it comes in first."""
    found: dict[tuple[str, str | None], Neighbour] = {}
    for each in side:
        found.setdefault((each.text, each.href), each)
    return list(found.values())[:_MAX_ON_A_SIDE]


def _placed(side: Sequence[Neighbour], height: int) -> tuple[PlacedNeighbour, ...]:
    step = height / max(len(side), 1)
    return tuple(PlacedNeighbour(each, round(step * (n + 0.5))) for n, each in enumerate(side))


def cut(text: str, letters: int) -> str:
    """The text, cut to the room of so many letters; an ideograph takes that of two."""
    room = letters
    for n, character in enumerate(text):
        room -= 1 if ord(character) < 0x2E80 else 2
        if room < 0:
            return f"{text[:n]}…"
    return text
