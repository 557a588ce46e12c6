"""A proposal: words of a text, what they may state, and the rule that proposes it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final, get_args

Kind = Literal["part", "passage", "mention", "act", "quantity", "date", "duty", "relation"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_SAYS_NOTHING: Final = " \t\r\n\u3000,.;:!?()[]“”\"'‘’、，。；：！？（）《》—–-"
"""White space and punctuation: a stretch of these alone is not worth a passage."""


@final
@dataclass(frozen=True, slots=True)
class Proposal:
    """A statement that words of a text may make; offsets are code points, `end` is exclusive.

    `subject`, `predicate` and `object` are IRIs or, for objects that are values, texts; empty where
    nothing is proposed. `new`: the subject does not exist yet. `score` is between 0 and 1.
    """

    kind: Kind
    start: int
    end: int
    words: str
    rule: str
    score: float
    subject: str = ""
    predicate: str = ""
    object: str = ""
    label: str = ""
    new: bool = False

    @property
    def order(self) -> tuple[int, int, str, float, str, str]:
        """The sort key of proposals: the order of the text, wider before narrower."""
        return self.start, -self.end, self.kind, -self.score, self.predicate, self.object


@final
@dataclass(frozen=True, slots=True)
class Annotation:
    """The proposals for the text of a source, in its order."""

    source: str
    text: str
    proposals: tuple[Proposal, ...]

    @property
    def sha256(self) -> str:
        """The digest of the text in UTF-8, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def uncovered(self) -> tuple[tuple[int, int], ...]:
        """The stretches of the text, without punctuation, that only proposals for parts cover, or
        none."""
        held = [(each.start, each.end) for each in self.proposals if each.kind != "part"]
        return tuple(_gaps(self.text, sorted([*held, *_labels(self.proposals)])))


def _labels(proposals: Iterable[Proposal]) -> Iterator[tuple[int, int]]:
    """The places of the numbers and headings of parts."""
    return ((each.start, each.start + len(each.label)) for each in proposals if each.kind == "part")


def _gaps(text: str, held: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in (*held, (len(text), len(text))):
        if start > at:
            yield from _stripped(text, at, start)
        at = max(at, end)


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start] in _SAYS_NOTHING:
        start += 1
    while end > start and text[end - 1] in _SAYS_NOTHING:
        end -= 1
    if start < end:
        yield start, end


def as_json(annotation: Annotation) -> Mapping[str, object]:
    """The annotation in the format that `annotate --json` prints and other annotators write."""
    return {
        "source": annotation.source,
        "sha256": annotation.sha256,
        "proposals": [_as_json(each) for each in annotation.proposals],
        "uncovered": [list(each) for each in annotation.uncovered],
    }


def _as_json(proposal: Proposal) -> Mapping[str, object]:
    return {
        "kind": proposal.kind,
        "start": proposal.start,
        "end": proposal.end,
        "words": proposal.words,
        "subject": proposal.subject or None,
        "property": proposal.predicate or None,
        "object": proposal.object or None,
        "label": proposal.label or None,
        "rule": proposal.rule,
        "score": proposal.score,
        **({"new": True} if proposal.new else {}),
    }
