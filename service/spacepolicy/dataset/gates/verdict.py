"""What a gate is, and its verdict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spacepolicy.dataset.files.record import Fault, finding_at, located
from spacepolicy.dataset.files.unnamed import find_unnamed
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.oracles.child import ReasonerError
from spacepolicy.errors import Finding, FindingsError


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate found, and what it counted on the way."""

    findings: tuple[Finding, ...]
    report: tuple[str, ...] = ()
    unable: str | None = None
    """Why the gate could not judge, or not wholly."""


@final
@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: its name, what holds where it finds nothing, and how it judges.

    `asks_reasoners`: other processes do its work, so others can judge at the same time.
    `judges_clients`: a build lets it judge graphs that clients have put, too; the other gates
    judge what the files state.
    """

    name: str
    holds: str
    judge: Callable[[Material], Verdict]
    asks_reasoners: bool = False
    judges_clients: bool = False


def judge(gate: Gate, material: Material) -> Verdict:
    """The gate's verdict, its findings by file and line; what it rests on may be at fault too."""
    try:
        verdict = gate.judge(material)
    except FindingsError as error:
        verdict = Verdict(error.findings)
    except ReasonerError as error:
        verdict = Verdict((), unable=str(error))
    ordered = sorted(
        (_inside(material.content, finding) for finding in set(verdict.findings)), key=order
    )
    return Verdict(tuple(ordered), verdict.report, verdict.unable)


def order(finding: Finding) -> tuple[str, int, str]:
    """By file, line and message."""
    return (finding.path, finding.line or 0, finding.message)


def _inside(content: Path, finding: Finding) -> Finding:
    """The finding with its path as seen from the content folder."""
    path = Path(finding.path)
    if not path.is_relative_to(content):
        return finding
    inside = path.relative_to(content).as_posix()
    return Finding(
        inside, finding.line, finding.rule, finding.message, finding.remedy, finding.severity
    )


def count(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun, for people.

    >>> count(1, "file"), count(1200, "statement")
    ('1 file', '1,200 statements')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def located_all(material: Material, faults: Iterable[Fault]) -> tuple[Finding, ...]:
    """The faults as findings by file and line."""
    return tuple(_located(material, fault) for fault in faults)


def _located(material: Material, fault: Fault) -> Finding:
    place = None if fault.node is None else find_unnamed(material.record, fault.node)
    return located(material.record, fault) if place is None else finding_at(fault, *place)
