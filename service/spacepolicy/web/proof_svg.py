"""The diagram of a proof: stated premises at the top, the conclusion at the bottom, rules between.

Coordinates are computed here; the template renders them as SVG, and the same as a list.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.web.linked_data.neighbourhood_svg import cut

_WIDTH: Final = 920
_MAX_BOX: Final = 440
_GAP: Final = 20
_BOX_HEIGHT: Final = 52
_LEVEL: Final = 104
_LETTER: Final = 7.4
"""In pixels: the width of other drawings, boxes of two lines, and room for the rule between levels;
`_LETTER` is the width of a letter at 13 pixels."""
_MAX_IN_LEVEL: Final = 4
_MAX_LEVELS: Final = 14
"""How many boxes are readable beside each other, and how many levels fit on two screens; the list
has all steps."""


@final
@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A step of a proof: its text in two lines and as a whole, the rule and axiom by which it
    follows, and the numbers of its premises, which are lower than its own."""

    number: int
    lines: tuple[str, str]
    text: str
    rule: str | None
    axiom: str | None
    premises: tuple[int, ...]


@final
@dataclass(frozen=True, slots=True)
class ProofBox:
    """A step and its position; its lines are cut to fit."""

    step: DrawnStep
    x: int
    y: int
    width: int
    lines: tuple[str, str]

    @property
    def middle(self) -> int:
        """The horizontal middle."""
        return self.x + self.width // 2


@final
@dataclass(frozen=True, slots=True)
class ProofDrawing:
    """The boxes, the conclusion first; the lines from premises to conclusions (x1, y1, x2, y2); and
    the number of steps left out."""

    width: int
    height: int
    box_height: int
    boxes: tuple[ProofBox, ...]
    edges: tuple[tuple[int, int, int, int], ...]
    hidden: int


def proof_drawing(steps: Sequence[DrawnStep]) -> ProofDrawing | None:
    """Return the drawing of the steps, the conclusion first; None where there is only one."""
    if len(steps) < 2:
        return None
    levels = _levels(steps)[:_MAX_LEVELS]
    last = len(levels) - 1
    boxes = {
        box.step.number: box
        for level, found in enumerate(levels)
        for box in _placed(found[:_MAX_IN_LEVEL], (last - level) * _LEVEL)
    }
    return ProofDrawing(
        _WIDTH,
        last * _LEVEL + _BOX_HEIGHT,
        _BOX_HEIGHT,
        tuple(boxes.values()),
        tuple(_edges(boxes)),
        len(steps) - len(boxes),
    )


def _levels(steps: Sequence[DrawnStep]) -> list[list[DrawnStep]]:
    """The steps by their greatest distance from the conclusion."""
    depths = {steps[0].number: 0}
    for step in sorted(steps, key=lambda each: -each.number):
        for premise in step.premises:
            depths[premise] = max(depths.get(premise, 0), depths.get(step.number, 0) + 1)
    levels: list[list[DrawnStep]] = [[] for _ in range(max(depths.values()) + 1)]
    for step in steps:
        levels[depths.get(step.number, 0)].append(step)
    return levels


def _placed(level: Sequence[DrawnStep], y: int) -> Iterator[ProofBox]:
    width = min((_WIDTH - _GAP * (len(level) - 1)) // len(level), _MAX_BOX)
    left = (_WIDTH - width * len(level) - _GAP * (len(level) - 1)) // 2
    letters = int(width / _LETTER) - 5
    for place, step in enumerate(level):
        first, second = (cut(line, letters) for line in step.lines)
        yield ProofBox(step, left + place * (width + _GAP), y, width, (first, second))


def _edges(boxes: Mapping[int, ProofBox]) -> Iterator[tuple[int, int, int, int]]:
    for box in boxes.values():
        for number in box.step.premises:
            if premise := boxes.get(number):
                yield premise.middle, premise.y + _BOX_HEIGHT, box.middle, box.y
