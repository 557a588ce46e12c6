"""What a gate is, and its verdict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.blank_nodes import find_unnamed
from spacepolicy.knowledge.loading.record import StatementFault, finding_at, located
from spacepolicy.knowledge.reference_reasoners.child_process import ReasonerError


@final
@dataclass(frozen=True, slots=True)
class GateResult:
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
    judge: Callable[[CheckContext], GateResult]
    asks_reasoners: bool = False
    judges_clients: bool = False


def judge(gate: Gate, material: CheckContext) -> GateResult:
    """The gate's verdict, its findings by file and line; what it rests on may be at fault too."""
    try:
        verdict = gate.judge(material)
    except FindingsError as error:
        verdict = GateResult(error.findings)
    except ReasonerError as error:
        verdict = GateResult((), unable=str(error))
    ordered = sorted(
        (_inside(material.content, finding) for finding in set(verdict.findings)), key=order
    )
    return GateResult(tuple(ordered), verdict.report, verdict.unable)


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


def located_all(material: CheckContext, faults: Iterable[StatementFault]) -> tuple[Finding, ...]:
    """The faults as findings by file and line."""
    return tuple(_located(material, fault) for fault in faults)


def _located(material: CheckContext, fault: StatementFault) -> Finding:
    place = None if fault.node is None else find_unnamed(material.record, fault.node)
    return located(material.record, fault) if place is None else finding_at(fault, *place)
