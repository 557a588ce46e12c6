"""Runs several gates at once: reasoners in separate processes, the others in this one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from time import perf_counter
from typing import Final, final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.result import Gate, judge

Report = Callable[[str], None]
_REFRESH_SECONDS: Final = 0.5
"""How often the names of running gates are reported: a clock that stands looks stuck."""


@final
@dataclass(frozen=True, slots=True)
class TimedResult:
    """A gate with its result and the seconds it took."""

    gate: Gate
    report: tuple[str, ...]
    findings: tuple[Finding, ...]
    seconds: float
    unable: str | None = None

    @property
    def errors(self) -> int:
        """How many of its findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def run_gates(
    gates: Sequence[Gate], material: CheckContext, running: Report
) -> Iterator[TimedResult]:
    """Yield each gate's result as soon as it is known: in the given order, but first those that
    need no external reasoner, which run while the reasoners work.

    `running` gets the names of the gates that are running.
    """
    _prepare(material)
    slow = [gate for gate in gates if gate.asks_reasoners]
    with ThreadPoolExecutor(max(len(slow), 1)) as threads:
        later = {gate.name: threads.submit(_judged, gate, material) for gate in slow}
        for gate in gates:
            if gate.name not in later:
                running(gate.name)
                yield _judged(gate, material)
        for name in later:
            yield _awaited(later, name, running)


def _prepare(material: CheckContext) -> None:
    """Compute what all gates use once, before several compute it at the same time."""
    try:
        _ = material.default
    except FindingsError:
        return  # each gate reports it


def _judged(gate: Gate, material: CheckContext) -> TimedResult:
    started = perf_counter()
    verdict = judge(gate, material)
    seconds = perf_counter() - started
    return TimedResult(gate, verdict.report, verdict.findings, seconds, verdict.unable)


def _awaited(later: dict[str, Future[TimedResult]], name: str, running: Report) -> TimedResult:
    started = perf_counter()
    while True:
        try:
            return later[name].result(_REFRESH_SECONDS)
        except NotYet:
            names = ", ".join(each for each, future in later.items() if not future.done())
            running(f"{names} … {perf_counter() - started:.0f} s")
