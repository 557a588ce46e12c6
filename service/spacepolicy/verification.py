"""Checks whether the passages of a source are in its text: quotations and fingerprints.

Both sides are normalised in the same way, as fingerprints are. A passage is *checked*, *skipped* or
*failed*, and each is counted apart: what could not be compared is never counted as right. A
quotation has offsets, which refer to the text with the recorded SHA-256: it is compared there and
is searched nowhere else; in another text it cannot be checked. A fingerprint is searched in any
copy, and fails where it matches no place, or more than one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, final

from spacepolicy.fingerprints import Copy, Fingerprint, Place, parse, tokens
from spacepolicy.source_texts import CopyText

Outcome = Literal["checked", "skipped", "failed"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("checked", "skipped", "failed")
_NO_TEXT: Final = "there is no text of the source here"
_NO_FINGERPRINT: Final = "no fingerprint was taken of its words"
_NO_DIGEST: Final = "it is not recorded to which text its offsets belong"
_OTHER_TEXT: Final = (
    "its offsets are those of the text with the SHA-256 {recorded}, and this one has {found}"
)


@final
@dataclass(frozen=True, slots=True)
class Cited:
    """A passage as the data describe it: by quotation, with `start`, `end` and `exact` words, or by
    reference, with a `locator`, and a `fingerprint` where one was taken."""

    passage: str
    start: int | None = None
    end: int | None = None
    exact: str | None = None
    locator: str | None = None
    address: str | None = None
    fingerprint: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a passage, and the reason where it is not checked; `words` as the given text
    has them, None where it does not show them."""

    cited: Cited
    outcome: Outcome
    reason: str = ""
    words: str | None = None
    places: tuple[Place, ...] = ()

    @property
    def table(self) -> dict[str, Any]:
        """The result as JSON members."""
        cited = self.cited
        return {
            "passage": cited.passage,
            "kind": "quotation" if cited.exact is not None else "reference",
            "outcome": self.outcome,
            "reason": self.reason,
            "locator": cited.locator,
            "address": cited.address,
            "words": self.words,
            "places": [[place.start, place.end] for place in self.places],
        }


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """The results of the passages of a source: `recorded` is the SHA-256 of the text that they were
    taken from, `found` that of the given text, None where there is none."""

    source: str
    recorded: str | None
    found: str | None
    results: tuple[Result, ...]

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of passages by outcome."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @property
    def table(self) -> dict[str, Any]:
        """The verification as JSON members."""
        return {
            "source": self.source,
            "sha256": self.recorded,
            "text_sha256": self.found,
            "counts": self.counts,
            "passages": [result.table for result in self.results],
        }


def exit_status(verifications: Iterable[Verification]) -> int:
    """1 where a passage failed, 3 where one was skipped, 0 where all were checked."""
    counts = Counter[str]()
    for each in verifications:
        counts.update(each.counts)
    return 1 if counts["failed"] else 3 if counts["skipped"] else 0


def report(verifications: Sequence[Verification]) -> dict[str, Any]:
    """Several verifications as JSON members, with the counts of all."""
    together = {name: sum(each.counts[name] for each in verifications) for name in OUTCOMES}
    return {"counts": together, "sources": [each.table for each in verifications]}


def verify(
    source: str,
    cited: Iterable[Cited],
    recorded: str | None,
    copy: CopyText | None,
    *,
    is_own: bool = False,
) -> Verification:
    """Check the passages of the source against the given text; `is_own`: it should be the recorded
    one."""
    passages = tuple(cited)
    if copy is None:
        results = tuple(Result(each, "skipped", _NO_TEXT) for each in passages)
        return Verification(source, recorded, None, results)
    text = Copy(copy.text)
    places = text.places({mark for each in passages if (mark := _mark(each)) is not None})
    other = "" if copy.sha256 == recorded else _other(recorded, copy.sha256)
    judged = list[Result]()
    for each in passages:
        if each.exact is None:
            judged.append(_referred(each, copy.text, places))
        elif other:
            judged.append(_elsewhere(each, each.exact, text, other, is_own=is_own))
        else:
            judged.append(_quoted(each, each.exact, copy.stands))
    return Verification(source, recorded, copy.sha256, tuple(judged))


def _other(recorded: str | None, found: str) -> str:
    if recorded is None:
        return _NO_DIGEST
    return _OTHER_TEXT.format(recorded=recorded, found=found)


def _mark(cited: Cited) -> Fingerprint | None:
    return parse(cited.fingerprint) if cited.fingerprint is not None else None


def _quoted(cited: Cited, exact: str, text: str) -> Result:
    """Check a quotation in the text that it was taken from."""
    start, end = cited.start, cited.end
    if start is None or end is None or not 0 <= start < end <= len(text):
        return Result(cited, "failed", "its offsets are no place in the text")
    there = text[start:end]
    said = tokens(there)
    if said == tokens(exact) and (said or there == exact):
        return Result(cited, "checked", words=there)
    return Result(cited, "failed", f"the text says “{there}” there", words=None)


def _elsewhere(cited: Cited, exact: str, text: Copy, other: str, *, is_own: bool) -> Result:
    """Check a quotation in another text, to which its offsets do not apply."""
    if tokens(exact) and text.occurrences(exact) == 0:
        return Result(cited, "failed", f"its words stand nowhere in the text; {other}")
    return Result(cited, "failed" if is_own else "skipped", other)


def _referred(cited: Cited, text: str, places: Mapping[Fingerprint, Sequence[Place]]) -> Result:
    if cited.fingerprint is None:
        return Result(cited, "skipped", _NO_FINGERPRINT)
    mark = _mark(cited)
    if mark is None:
        return Result(cited, "failed", f"“{cited.fingerprint}” is no fingerprint")
    found = places[mark]
    if len(found) == 1:
        words = text[found[0].start : found[0].end]
        return Result(cited, "checked", words=words, places=tuple(found))
    if found:
        reason = f"its words stand in {len(found)} places of the text"
        return Result(cited, "failed", reason, places=tuple(found))
    return Result(cited, "failed", "its words do not stand in the text")
