"""Fingerprints: the words of a passage as their number and a digest, found again in any copy.

The words of a text are its *tokens*. The text is brought into NFKC; soft hyphens are removed, and
hyphens at the end of a line, with the line break and the blanks around it; a token is a run of
letters and digits, each Han, Kana or Hangul character is one of its own, and everything else
separates. So line breaks, quotation marks, dashes and white space do not matter; the case of
letters does. A fingerprint is the number of tokens and the SHA-256 of them, joined by one space.

A copy is searched with a window of that many tokens, which moves on by one token at a time: its
tokens stand in one buffer, joined by spaces, so that each window is a slice of it that is hashed.
Where a line ends in a hyphen, a copy does not show whether it broke a word (`plan-ning`) or a
compound (`well-known`). The copy is then read in both ways, and in a third that joins those words
which it also has in one piece elsewhere; the fingerprint itself is of one reading alone.

Started as `python -m spacepolicy.fingerprints` it prints the fingerprint of standard input.

Spec: https://unicode.org/reports/tr15/ (NFKC), https://unicode.org/reports/tr24/ (scripts)
"""

import hashlib
import re
import sys
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final, final

_SINGLE: Final = (
    r"\u1100-\u11FF\u2E80-\u2FDF\u3005\u3007\u3021-\u3029\u3038-\u303B\u3041-\u3096\u309D-\u309F"
    r"\u30A1-\u30FA\u30FC-\u30FF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97F\uAC00-\uD7FF"
    r"\uF900-\uFAFF\U0001AFF0-\U0001B16F\U00020000-\U0003FFFF"
)
"""The characters of Han, Kana and Hangul, as far as NFKC leaves them."""
_TOKEN: Final = re.compile(rf"[{_SINGLE}]|[^\W_{_SINGLE}]+")
_RUNS_ON: Final = re.compile(rf"[^\W_{_SINGLE}]{{2}}")
"""The last character of a run and the first of the next."""
_BREAKS: Final = r"\n\r\x0b\x0c\x85\u2028\u2029"
_BREAK: Final = rf"[^\S{_BREAKS}]*(?:\r\n|[{_BREAKS}])[^\S{_BREAKS}]*"
"""A line break, and the blanks around it."""
_HYPHEN: Final = r"[-\u2010]"
_REMOVED: Final = re.compile(rf"(?:\u00AD(?:{_BREAK})?|{_HYPHEN}{_BREAK})+")
_BROKEN: Final = re.compile(_HYPHEN)
_WRITTEN: Final = re.compile(r"([1-9][0-9]*) ([0-9a-f]{64})")


@final
@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The number of tokens of a passage, and the SHA-256 of them in hexadecimal digits."""

    tokens: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.tokens} {self.sha256}"


def parse(written: str) -> Fingerprint | None:
    """Parse a fingerprint; None where the text is not one.

    >>> parse("0 e3b0c442") is None
    True
    """
    found = _WRITTEN.fullmatch(written)
    return None if found is None else Fingerprint(int(found[1]), found[2])


def fingerprint(text: str) -> Fingerprint:
    """The fingerprint of the words of a text, which may have none.

    >>> fingerprint("plant broad-\\nleaved\\n“trees”") == fingerprint("plant broadleaved trees")
    True
    """
    words = tokens(text)
    return Fingerprint(len(words), hashlib.sha256(" ".join(words).encode()).hexdigest())


def tokens(text: str) -> list[str]:
    """The tokens of a text.

    >>> tokens("the “high-\\nlevel” plan: 计划 №7")
    ['the', 'highlevel', 'plan', '计', '划', 'No7']
    """
    return _words(_pieces(unicodedata.normalize("NFKC", text)), _always).texts


@final
@dataclass(frozen=True, slots=True)
class Place:
    """The offsets of a passage in a text, in code points: `start`, and `end`, which is
    exclusive."""

    start: int
    end: int


@final
class Copy:
    """A text that fingerprints are looked up in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._aligned = _aligned(text)
        self._readings = [_Reading(words) for words in _readings(_pieces(self._aligned.text))]

    def places(self, wanted: Collection[Fingerprint]) -> dict[Fingerprint, list[Place]]:
        """Where each fingerprint occurs, in the order of the text."""
        found: dict[Fingerprint, set[Place]] = {each: set() for each in wanted}
        for count in {each.tokens for each in wanted if each.tokens}:
            digests = {bytes.fromhex(each.sha256): each for each in wanted if each.tokens == count}
            for reading in self._readings:
                for digest, start, end in reading.windows(count, digests):
                    found[digests[digest]].add(self._aligned.place(start, end))
        return {each: sorted(places, key=_in_order) for each, places in found.items()}

    def occurrences(self, words: str) -> int:
        """How often the words occur in the text without overlapping themselves."""
        wanted = f" {' '.join(tokens(words))} ".encode()
        return max(reading.occurrences(wanted) for reading in self._readings)


def _in_order(place: Place) -> tuple[int, int]:
    return place.start, place.end


# The pieces of a text, and the words that they make


@final
@dataclass(frozen=True, slots=True)
class _Pieces:
    """Runs of letters and digits, and characters that are tokens of their own: their texts, where
    they begin and end, and whether each follows the one before with only removed characters
    between: True where these are soft hyphens alone."""

    texts: list[str]
    starts: list[int]
    ends: list[int]
    joints: Mapping[int, bool]


def _pieces(text: str) -> _Pieces:
    spans = [found.span() for found in _TOKEN.finditer(text)]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    joints = {}
    for removed in _REMOVED.finditer(text):
        start, end = removed.span()
        around = text[max(start - 1, 0) : start] + text[end : end + 1]
        if _RUNS_ON.fullmatch(around):
            joints[bisect_left(starts, end)] = _BROKEN.search(removed[0]) is None
    return _Pieces(_TOKEN.findall(text), starts, ends, joints)


_Joins = Callable[[str, str], bool]
"""Whether the hyphen at the end of a line divides a word: the two pieces are then joined."""


def _always(_before: str, _after: str) -> bool:
    return True


def _never(_before: str, _after: str) -> bool:
    return False


def _words(pieces: _Pieces, joins: _Joins) -> _Pieces:
    """The words that the pieces form; none of them continues another."""
    if not pieces.joints:
        return pieces
    texts = pieces.texts
    goes_on = {
        number
        for number, soft in pieces.joints.items()
        if soft or joins(texts[number - 1], texts[number])
    }
    firsts = [number for number in range(len(texts)) if number not in goes_on]
    bounds = list(zip(firsts, [*firsts[1:], len(texts)], strict=True))
    return _Pieces(
        ["".join(texts[first:last]) for first, last in bounds],
        [pieces.starts[first] for first, _ in bounds],
        [pieces.ends[last - 1] for _, last in bounds],
        {},
    )


def _readings(pieces: _Pieces) -> Iterator[_Pieces]:
    """The words of a text, in each way in which it may be read."""
    yield _words(pieces, _always)
    if not all(pieces.joints.values()):
        whole = set(pieces.texts)
        yield _words(pieces, _never)
        yield _words(pieces, lambda before, after: before + after in whole)


@final
class _Reading:
    """The words of a text in one buffer, with one space between them."""

    def __init__(self, words: _Pieces) -> None:
        self._starts, self._ends = words.starts, words.ends
        self._buffer = " ".join(words.texts).encode()
        self._behind = list(accumulate(len(word.encode()) + 1 for word in words.texts))

    def occurrences(self, words: bytes) -> int:
        """How often the words occur in the buffer; they have a space before and behind them."""
        return (b" %b " % self._buffer.replace(b" ", b"  ")).count(words.replace(b" ", b"  ")[1:-1])

    def windows(
        self, count: int, digests: Mapping[bytes, object]
    ) -> Iterator[tuple[bytes, int, int]]:
        """The windows of `count` words that have one of the digests: the digest, and where the
        first word begins and the last one ends."""
        buffer, sha256, last = self._buffer, hashlib.sha256, count - 1
        starts = chain((0,), self._behind)
        for number, (start, behind) in enumerate(zip(starts, self._behind[last:], strict=False)):
            digest = sha256(buffer[start : behind - 1]).digest()
            if digest in digests:
                yield digest, self._starts[number], self._ends[number + last]


# NFKC, and where its characters come from


@final
@dataclass(frozen=True, slots=True)
class _Aligned:
    """A text in NFKC, and the chunks that it was made of: where each ends, in it and in the
    original text."""

    text: str
    ends: list[int]
    ends_before: list[int]

    def place(self, start: int, end: int) -> Place:
        """The place in the original text; for a chunk that was changed, the whole of it."""
        if not self.ends:
            return Place(start, end)
        first, last = bisect_right(self.ends, start), bisect_right(self.ends, end - 1)
        return Place(self._before(first, start)[0], self._before(last, end - 1)[1])

    def _before(self, chunk: int, offset: int) -> tuple[int, int]:
        start = self.ends[chunk - 1] if chunk else 0
        start_before = self.ends_before[chunk - 1] if chunk else 0
        end_before = self.ends_before[chunk]
        if end_before - start_before != self.ends[chunk] - start:
            return start_before, end_before
        return start_before + offset - start, start_before + offset - start + 1


def _aligned(text: str) -> _Aligned:
    normal = unicodedata.normalize("NFKC", text)
    if normal == text:
        return _Aligned(text, [], [])
    changed = {ord(each): unicodedata.normalize("NFKC", each) for each in set(text)}
    is_alone = text.translate(changed) == normal
    if is_alone and all(len(each) == 1 for each in changed.values()):
        return _Aligned(normal, [], [])
    # Characters that are composed with those before them stand within words.
    chunks = list(text) if is_alone else re.findall(r"\s+|\S+", text)
    made = (unicodedata.normalize("NFKC", each) for each in chunks)
    return _Aligned(normal, list(accumulate(map(len, made))), list(accumulate(map(len, chunks))))


if __name__ == "__main__":
    print(fingerprint(sys.stdin.read()))
