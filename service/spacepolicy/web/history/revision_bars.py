"""How much each revision added and removed, drawn as bars; the list of revisions has the same in
words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Final, final

from spacepolicy.store.revision import Revision

HALF: Final = 60
"""Pixels above the line for what was added, and as many below it for what was removed: two are as
much as a bar needs to be seen, and the whole stays lower than five rows of the list."""
_LEAST: Final = 2
_MAX_WIDTH: Final = 6.0
"""Hundredths of the width: few revisions stand close together, not as wide as the page."""


@final
@dataclass(frozen=True, slots=True)
class RevisionBar:
    """A revision, its place and width in hundredths of the width of the drawing, and the pixels
    that stand for what it added and removed."""

    number: int
    added: int
    removed: int
    x: float
    width: float
    up: int
    down: int


def bars(revisions: Sequence[Revision]) -> tuple[RevisionBar, ...]:
    """Return a bar for each of the revisions, which come with the newest first and are drawn with
    the oldest at the left; none for a single one, to which nothing could be compared."""
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
    """Grows with the logarithm: a correction of two statements is seen beside a first revision of
    thousands.

    >>> _height(0, 9), _height(1, 10**9), _height(9, 9)
    (0, 2, 60)
    """
    return max(round(HALF * log1p(count) / log1p(most)), _LEAST) if count else 0
