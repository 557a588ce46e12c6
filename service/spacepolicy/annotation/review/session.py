"""A person's decisions on the proposals for a text."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final, Literal, final

from spacepolicy.annotation.acceptance import AcceptedProposals, write_quotes
from spacepolicy.annotation.annotating import Background
from spacepolicy.annotation.proposals import Annotation, Proposal
from spacepolicy.errors import UsageError

Decision = Literal["confirm", "refuse", "undecided"]
DECISIONS: Final[tuple[Decision, ...]] = ("confirm", "refuse", "undecided")
_LONGEST: Final = 2000
"""Characters of an IRI or a value that a form may send."""


@final
class ReviewSession:
    """The proposals with the decision on each; safe to use from several threads."""

    def __init__(
        self, folder: Path, name: str, annotation: Annotation, background: Background
    ) -> None:
        self.folder, self.name, self.annotation = folder, name, annotation
        self.background = background
        self._proposals = [*annotation.proposals]
        self._decisions: list[Decision] = ["undecided"] * len(self._proposals)
        self._lock = Lock()
        self._written = ""

    @property
    def proposals(self) -> Sequence[Proposal]:
        """The current proposals, in the order of the text."""
        return tuple(self._proposals)

    def decision(self, number: int) -> Decision:
        """The decision on the proposal with that number."""
        return self._decisions[number]

    def counts(self) -> dict[Decision, int]:
        """The number of proposals by decision."""
        return {each: self._decisions.count(each) for each in DECISIONS}

    def decide(self, numbers: Sequence[int], decision: Decision) -> None:
        """Decide on the proposals with these numbers. Raises: UsageError where there is none."""
        self._see(numbers)
        with self._lock:
            for number in numbers:
                self._decisions[number] = decision

    def change(self, number: int, predicate: str, value: str) -> None:
        """Change the property and object of a proposal, which confirms it.

        Both are IRIs, or names below those of the project; the object of a date, a quantity or a
        part is a text.

        Raises: UsageError where a named term or thing does not exist.
        """
        self._see([number])
        before = self._proposals[number]
        is_text = before.kind in ("date", "quantity", "part")
        changed = replace(
            before,
            predicate=self._existing(predicate, "def/"),
            object=value[:_LONGEST].strip() if is_text else self._existing(value, "id/"),
        )
        with self._lock:
            self._proposals[number] = changed
            self._decisions[number] = "confirm"

    def _see(self, numbers: Sequence[int]) -> None:
        if not numbers or not all(0 <= each < len(self._proposals) for each in numbers):
            raise UsageError("There is no such proposal.")

    def _existing(self, written: str, below: str) -> str:
        """The IRI that is written in full, or relative to the base, or to that of its kind."""
        written = written.strip()[:_LONGEST]
        base = self.background.base
        if not written:
            return ""
        candidates = (written, f"{base}{written}", f"{base}{below}{written.removeprefix(':')}")
        found = next((each for each in candidates if each in self.background.iris), None)
        if found is None:
            raise UsageError(f"Nothing is known of “{written}”.")
        return found

    def write(self, *, with_undecided: bool) -> Path:
        """Write the confirmed proposals, and the undecided ones as proposed; return the path.

        Raises: UsageError where nothing is confirmed, or the file is there; FindingsError.
        """
        with self._lock:
            wanted = {"confirm", "undecided"} if with_undecided else {"confirm"}
            chosen = [*self._with(wanted)]
            confirmed = frozenset(self._with({"confirm"}))
        if not chosen:
            raise UsageError("Nothing is confirmed yet.")
        whole = tuple(_with_passages(chosen, self.proposals))
        accepted = AcceptedProposals(self.annotation, whole, confirmed)
        path = write_quotes(self.folder, self.name, accepted, replacing=self._written)
        self._written = path.read_text(encoding="utf-8")
        return path

    def _with(self, decisions: set[str]) -> Iterator[Proposal]:
        for proposal, decision in zip(self._proposals, self._decisions, strict=True):
            if decision in decisions:
                yield proposal


def _with_passages(chosen: Sequence[Proposal], proposals: Sequence[Proposal]) -> Iterator[Proposal]:
    """The proposals with the passages that contain them, which are needed to state them
    anywhere."""
    yield from chosen
    there = set(chosen)
    for each in proposals:
        held = (other for other in chosen if each.start <= other.start < each.end)
        if each.kind == "passage" and each not in there and any(held):
            yield each
