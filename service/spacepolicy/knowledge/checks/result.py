"""A gate and its result."""

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
    """The findings of a gate, and its counts."""

    findings: tuple[Finding, ...]
    report: tuple[str, ...] = ()
    unable: str | None = None
    """Why the gate could not check, or only a part."""


@final
@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: its name, the rule that holds where it has no findings, and the function that checks.

    `asks_reasoners`: other processes do its work, so other gates can run at the same time.
    `judges_clients`: in a build it also checks the graphs that clients have put; the other gates
    check the files' graphs.
    """

    name: str
    holds: str
    judge: Callable[[CheckContext], GateResult]
    asks_reasoners: bool = False
    judges_clients: bool = False


def judge(gate: Gate, material: CheckContext) -> GateResult:
    """Run the gate; its findings are by file and line, also those of what it depends on."""
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
    """The sort key: file, line and message."""
    return (finding.path, finding.line or 0, finding.message)


def _inside(content: Path, finding: Finding) -> Finding:
    """The finding with its path relative to the content folder."""
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
    """Locate the faults: findings by file and line."""
    return tuple(_located(material, fault) for fault in faults)


def _located(material: CheckContext, fault: StatementFault) -> Finding:
    place = None if fault.node is None else find_unnamed(material.record, fault.node)
    return located(material.record, fault) if place is None else finding_at(fault, *place)
