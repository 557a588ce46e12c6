"""`spacepolicy check`: every gate's verdict on the files, for people and for machines."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Final, final
from xml.etree import ElementTree as ET

from spacepolicy import settings
from spacepolicy.dataset.gates.checks import GATES
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.verdict import Gate, judge
from spacepolicy.errors import Finding, UsageError
from spacepolicy.settings import Settings


@final
@dataclass(frozen=True, slots=True)
class Passed:
    """A gate with its verdict and the time it took."""

    gate: Gate
    report: tuple[str, ...]
    findings: tuple[Finding, ...]
    seconds: float
    unable: str | None = None

    @property
    def errors(self) -> int:
        """How many of its findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def check(chosen: Settings, names: Sequence[str], form: str) -> int:
    """Print the verdicts of the gates named, of all where none is; 1 where one finds an error,
    2 where one could not run.

    Raises: UsageError where a gate is unknown or there is no content.
    """
    gates = chosen_gates(names)
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content to check.")
    material = Material(content.path, packaged=content.packaged)
    passed = []
    for gate in gates:
        if form == "text" and sys.stderr.isatty():
            print(f"{gate.name} …    ", end="\r", file=sys.stderr)
        passed.append(_pass(gate, material))
    for line in FORMS[form](passed):
        print(line)
    for each in passed:
        if each.unable:
            print(f"{each.gate.name} could not run: {each.unable}", file=sys.stderr)
    if any(each.unable for each in passed):
        return 2
    return 1 if any(each.errors for each in passed) else 0


def chosen_gates(names: Sequence[str]) -> tuple[Gate, ...]:
    """The gates of those names in the table's order; all where none is named.

    Raises: UsageError where a name is no gate's.
    """
    known = {gate.name: gate for gate in GATES}
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no gate; there are: {', '.join(known)}.")
    return tuple(gate for gate in GATES if not names or gate.name in names)


def _pass(gate: Gate, material: Material) -> Passed:
    started = perf_counter()
    verdict = judge(gate, material)
    seconds = perf_counter() - started
    return Passed(gate, verdict.report, verdict.findings, seconds, verdict.unable)


def _text(passed: Sequence[Passed]) -> Iterator[str]:
    for each in passed:
        report = "; ".join(each.report)
        yield f"{each.gate.name:<12} {_state(each):<12} {each.seconds:6.2f} s  {report}"
    findings = _distinct(passed)
    if findings:
        yield ""
    yield from map(str, findings)


def _state(passed: Passed) -> str:
    """Whether the gate is passed, and how many findings there are of which it may speak."""
    if passed.unable:
        return "not run"
    found, errors = len(passed.findings), passed.errors
    word = "finding" if errors else "note"
    return f"{found} {word}{'' if found == 1 else 's'}" if found else "ok"


def _distinct(passed: Sequence[Passed]) -> list[Finding]:
    """The findings of all gates, each once."""
    return list(dict.fromkeys(finding for each in passed for finding in each.findings))


def _json(passed: Sequence[Passed]) -> Iterator[str]:
    gates = [
        {
            "name": each.gate.name,
            "holds": each.gate.holds,
            "seconds": round(each.seconds, 3),
            "report": each.report,
            "unable": each.unable,
            "findings": [asdict(finding) for finding in each.findings],
        }
        for each in passed
    ]
    table = {"clean": not any(each.errors or each.unable for each in passed), "gates": gates}
    yield json.dumps(table, ensure_ascii=False, indent=2)


_GITHUB_LEVELS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def _github(passed: Sequence[Passed]) -> Iterator[str]:
    """Workflow commands, which become annotations of the lines.

    Spec: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    for each in passed:
        if each.unable:
            yield f"::error title={_property(each.gate.name)}::{_escaped(each.unable)}"
    for finding in _distinct(passed):
        place = f"file={_property(finding.path)}"
        line = "" if finding.line is None else f",line={finding.line}"
        message = f"{finding.message} {finding.remedy}".strip()
        title = _property(finding.rule)
        level = _GITHUB_LEVELS[finding.severity]
        yield f"::{level} {place}{line},title={title}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _junit(passed: Sequence[Passed]) -> Iterator[str]:
    """A suite for each gate: a case for each finding, one that passes where there is none.

    Spec: https://github.com/testmoapp/junitxml
    """
    suites = ET.Element("testsuites", name="spacepolicy check")
    for each in passed:
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=each.gate.name,
            tests=str(len(each.findings) or 1),
            failures=str(each.errors),
            errors=str(int(each.unable is not None)),
            time=f"{each.seconds:.3f}",
        )
        for finding in each.findings:
            _junit_case(suite, each.gate, finding)
        if not each.findings:
            case = ET.SubElement(suite, "testcase", classname=each.gate.name, name=each.gate.holds)
            if each.unable:
                ET.SubElement(case, "error", message=each.unable)
    ET.indent(suites)
    yield ET.tostring(suites, encoding="unicode", xml_declaration=True)


def _junit_case(suite: ET.Element, gate: Gate, finding: Finding) -> None:
    line = {} if finding.line is None else {"line": str(finding.line)}
    place = {"file": finding.path, **line}
    case = ET.SubElement(suite, "testcase", place, classname=gate.name, name=finding.rule)
    if finding.severity == "error":
        ET.SubElement(case, "failure", message=finding.message).text = str(finding)
    else:
        ET.SubElement(case, "system-out").text = str(finding)


FORMS: Final[Mapping[str, Callable[[Sequence[Passed]], Iterator[str]]]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "junit": _junit,
}
"""How verdicts are printed, by the name of the format."""


def gate_list() -> str:
    """The gates and what holds by each, a line each, for the help."""
    return "\n".join(f"  {gate.name:<12} {gate.holds}" for gate in GATES)
