"""The whole difference of two states as text: for a terminal, a pull request, programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, final

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.migrations import Step as MigrationStep
from spacepolicy.knowledge.version_differences.changes_of_shapes import shape_changes
from spacepolicy.knowledge.version_differences.changes_of_terms import (
    STEPS,
    Step,
    TermChange,
    term_changes,
)
from spacepolicy.knowledge.version_differences.compared_state import Side
from spacepolicy.knowledge.version_differences.impact import Impact, impacts
from spacepolicy.knowledge.version_differences.versions import after, read_version, written

_STEPS: Final[Mapping[Step, str]] = {
    "none": "no step: nothing that users see of the ontology differs",
    "patch": "a patch: words alone differ",
    "minor": "a minor step: more can be said, and nothing that was right is wrong",
    "major": "a major step: what was right may be wrong, or gone",
}


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between two states. `asked` is the least version for the new one; None where
    the old one has none."""

    old: str
    new: str
    old_version: str | None
    new_version: str | None
    step: Step
    asked: str | None
    changes: tuple[TermChange, ...]
    impacts: tuple[Impact, ...]

    @property
    def breaks(self) -> bool:
        """Whether users have to change something."""
        return self.step == "major" or any(each.breaks for each in self.impacts)

    @property
    def is_enough(self) -> bool:
        """Whether the new state has at least the version that the step asks for."""
        if self.asked is None or self.new_version is None:
            return True
        return read_version(self.new_version) >= read_version(self.asked)


def difference(old: Side, new: Side, steps: Sequence[MigrationStep] = ()) -> Difference:
    """Compare two states; the data of the old one are migrated with the steps.

    Raises: FindingsError where one cannot be read.
    """
    changes = (*term_changes(old, new), *shape_changes(old, new))
    step: Step = max((each.step for each in changes), key=STEPS.index, default="none")
    asked = None
    if old.version is not None:
        try:
            asked = written(after(read_version(old.version), step))
        except UsageError:  # a version of another form requires none
            asked = None
    found = impacts(old, new, steps)
    return Difference(old.name, new.name, old.version, new.version, step, asked, changes, found)


def table(found: Difference) -> dict[str, object]:
    """The difference as JSON members."""
    return {**asdict(found), "breaks": found.breaks, "version_is_enough": found.is_enough}


def text_lines(found: Difference) -> Iterator[str]:
    """The difference as text for a terminal."""
    yield f"{found.old} → {found.new}"
    yield from _verdict(found)
    for section, changes in _sections(found).items():
        yield ""
        yield f"{section} ({len(changes)})"
        for each in changes:
            yield f"  “{each.label}”: {each.what}"
            yield f"    {each.step}: {each.effect}."
    for of, of_kind in _by_kind(found.impacts).items():
        yield ""
        yield f"impact on {of} ({len(of_kind)})"
        for impact in of_kind:
            yield f"  {'breaks: ' if impact.breaks else ''}{impact.name}: {impact.what}"
            yield f"    {impact.effect}."


def markdown_lines(found: Difference) -> Iterator[str]:
    """The difference as Markdown for a pull request."""
    yield f"## What changes for users: {_cell(found.old)} → {_cell(found.new)}"
    yield ""
    yield from _verdict(found)
    for section, changes in _sections(found).items():
        yield from ("", f"### {section.capitalize()}", "")
        yield from ("| term | difference | for users | step |", "|---|---|---|---|")
        for each in changes:
            cells = (each.label, each.what, each.effect, each.step)
            yield f"| {' | '.join(map(_cell, cells))} |"
    if found.impacts:
        yield from ("", "### Impact", "")
        yield from ("| on | which | difference | for users |", "|---|---|---|---|")
        for impact in found.impacts:
            effect = f"**breaks**: {impact.effect}" if impact.breaks else impact.effect
            yield f"| {impact.of} | {_cell(impact.name)} | {_cell(impact.what)} | {_cell(effect)} |"


def _cell(words: str) -> str:
    return " ".join(words.replace("|", "\\|").replace("<", "&lt;").split())


def _verdict(found: Difference) -> Iterator[str]:
    yield f"The ontology asks for {_STEPS[found.step]}."
    if found.asked is not None:
        enough = "" if found.is_enough else ", which is too small a step"
        has = found.new_version or "none"
        yield f"From {found.old_version}, that is {found.asked} at least; it has {has}{enough}."
    broken = sum(each.breaks for each in found.impacts)
    if broken:
        yield f"{broken} of what was tried breaks."


def _sections(found: Difference) -> Mapping[str, Sequence[TermChange]]:
    sections: dict[str, list[TermChange]] = {}
    for each in found.changes:
        sections.setdefault(each.section, []).append(each)
    return sections


def _by_kind(found: Sequence[Impact]) -> Mapping[str, Sequence[Impact]]:
    kinds: dict[str, list[Impact]] = {}
    for each in found:
        kinds.setdefault(each.of, []).append(each)
    return kinds
