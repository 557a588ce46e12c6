"""A bar chart of how much each revision added and removed; the list of revisions has the same as
text."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Final, final

from spacepolicy.store.revision import Revision

HALF: Final = 60
"""Pixels above the line for added statements, and as many below it for removed ones: the whole
stays lower than five rows of the list. A bar needs at least two pixels (`_LEAST`) to be seen."""
_LEAST: Final = 2
_MAX_WIDTH: Final = 6.0
"""In hundredths of the drawing's width: the bars of few revisions do not fill the page."""


@final
@dataclass(frozen=True, slots=True)
class RevisionBar:
    """A revision; its place and width in hundredths of the drawing's width; and the heights of its
    bars for added (`up`) and removed (`down`) statements, in pixels."""

    number: int
    added: int
    removed: int
    x: float
    width: float
    up: int
    down: int


def bars(revisions: Sequence[Revision]) -> tuple[RevisionBar, ...]:
    """Return a bar for each revision. The revisions are given newest first and drawn with the
    oldest at the left; a single one gets none, as there is nothing to compare."""
    if len(revisions) < 2:
        return ()
    most = max(max(each.added, each.removed) for each in revisions)
    width = min(100 / len(revisions), _MAX_WIDTH)
    return tuple(
        RevisionBar(
            each.number,
            each.added,
            each.removed,
            round(place * width, 3),
            round(width * 0.8, 3),
            _height(each.added, most),
            _height(each.removed, most),
        )
        for place, each in enumerate(reversed(revisions))
    )


def _height(count: int, most: int) -> int:
    """The height of a bar, on a logarithmic scale: a correction of two statements is visible beside
    a first revision of thousands.

    >>> _height(0, 9), _height(1, 10**9), _height(9, 9)
    (0, 2, 60)
    """
    return max(round(HALF * log1p(count) / log1p(most)), _LEAST) if count else 0
