"""Citation: where given words occur in a source, and the passages that contain them."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.knowledge.checks.evidence import DescribedPassage, read_passages
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.sources import SourceDocument, undescribed_sources

_QUOTES: Final = str.maketrans("‘’‚‛“”„‟–—", "''''\"\"\"\"--")
_SHORTEST_LIKENESS: Final = 3
"""Fewer characters in common are chance: every text has most pairs of letters."""


@final
@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A place where the words occur.

    `text` is the source's own spelling; `passages` contain all of it, the narrowest first;
    `touched` contain a part of it.
    """

    start: int
    end: int
    text: str
    passages: tuple[DescribedPassage, ...]
    touched: tuple[DescribedPassage, ...]


@final
@dataclass(frozen=True, slots=True)
class Citation:
    """The places of the words in a source; where there are none, the most similar passage."""

    words: str
    source: SourceDocument
    standings: tuple[CitedPlace, ...]
    nearest: DescribedPassage | None

    @property
    def found(self) -> bool:
        """Whether a passage contains the words."""
        return any(standing.passages for standing in self.standings)

    @property
    def likeness(self) -> float:
        """The similarity of the nearest passage to the words."""
        return 0 if self.nearest is None else _likeness(_folded(self.words)[0], self.nearest)


def quoted_sources(
    folder: Path, *, packaged: bool
) -> tuple[tuple[SourceDocument, tuple[DescribedPassage, ...]], ...]:
    """Each source with its passages in the files, right or wrong; a new text may have no passages
    and no metadata.

    Raises: FindingsError where no base is found.
    """
    content = read_content(folder, packaged=packaged)
    base, graphs = content.record.base, content.record.graphs
    found = (*content.sources, *undescribed_sources(folder, base))
    return tuple((source, read_passages(base, source, graphs)) for source in found)


def cite(words: str, source: SourceDocument, passages: Sequence[DescribedPassage]) -> Citation:
    """Find the words, regardless of white space, case and the form of quotes and dashes.

    Without the source's text, only the quotations of passages are searched.
    """
    spans = sorted(set(_spans(words, source, passages)))
    standings = tuple(_standing(start, end, text, passages) for start, end, text in spans)
    return Citation(words, source, standings, None if standings else _nearest(words, passages))


def _spans(
    words: str, source: SourceDocument, passages: Sequence[DescribedPassage]
) -> Iterator[tuple[int, int, str]]:
    if source.text is not None:
        yield from _found(words, source.text, 0)
        return
    for passage in passages:
        yield from _found(words, passage.exact, passage.start)


def _found(words: str, text: str, offset: int) -> Iterator[tuple[int, int, str]]:
    """Start, end and spelling of the words in the text, which begins at the offset."""
    wanted, _ = _folded(words)
    folded, positions = _folded(text)
    at = folded.find(wanted) if wanted else -1
    while at >= 0:
        start, end = positions[at], positions[at + len(wanted) - 1] + 1
        yield offset + start, offset + end, text[start:end]
        at = folded.find(wanted, at + 1)


def _folded(text: str) -> tuple[str, list[int]]:
    """The text without white space, case and curls, and the offset of each of its characters."""
    characters, positions = [], []
    for position, character in enumerate(text):
        for plain in character.translate(_QUOTES).casefold():
            if not plain.isspace():
                characters.append(plain)
                positions.append(position)
    return "".join(characters), positions


def _standing(start: int, end: int, text: str, passages: Sequence[DescribedPassage]) -> CitedPlace:
    holding = [each for each in passages if each.start <= start and end <= each.end]
    touched = (
        each for each in passages if each.start < end and start < each.end and each not in holding
    )
    narrowest = sorted(holding, key=lambda passage: passage.end - passage.start)
    return CitedPlace(start, end, text, tuple(narrowest), tuple(touched))


def _nearest(words: str, passages: Sequence[DescribedPassage]) -> DescribedPassage | None:
    wanted, _ = _folded(words)
    return max(passages, key=lambda passage: _likeness(wanted, passage), default=None)


def _likeness(wanted: str, passage: DescribedPassage) -> float:
    """How much of the words the passage has, then how little else."""
    folded, _ = _folded(passage.exact)
    matcher = difflib.SequenceMatcher(None, folded, wanted, autojunk=False)
    shared = (block.size for block in matcher.get_matching_blocks())
    common = sum(size for size in shared if size >= _SHORTEST_LIKENESS)
    return common / max(len(wanted), 1) + matcher.ratio()
