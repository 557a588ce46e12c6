"""Words that are similar to one another: what was meant where a word is misspelt.

Spec: https://doi.org/10.1145/363958.363994 (distance with transpositions)
"""

from collections.abc import Iterable
from typing import Final

_LONG: Final = 64
"""Words beyond this length are not compared: the cost grows with the square of it."""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate with the fewest typing errors from the word; None where none is near.

    An error is a letter too much, too few, wrong, or two exchanged; one is allowed for each three
    letters, three at most. A difference in case counts half.

    >>> nearest("bulids", ["builds", "funds"])
    'builds'
    >>> nearest("x", ["y"])
    """
    allowed = min(len(word) // 3 + (len(word) == 2), 3)  # `te` may be `to`
    if not 0 < len(word) <= _LONG:
        return None
    best: tuple[float, str] | None = None
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > allowed or candidate == word:
            continue
        if candidate.lower() == word.lower():
            found = 0.5
        else:
            found = float(distance(word.lower(), candidate.lower(), allowed))
        if found <= max(allowed, 0.5) and (best is None or (found, candidate) < best):
            best = found, candidate
    return best[1] if best else None


def distance(one: str, other: str, limit: int) -> int:
    """The number of typing errors between the two words; some number over the limit where there are
    more."""
    if sum(1 for letter in set(one) if letter not in other) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
