"""The formats in which `check` prints results: lines for people, JSON, workflow commands, JUnit."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Final
from xml.etree import ElementTree as ET

from spacepolicy.commands.gate_runner import TimedResult
from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.result import Gate


def verdict_line(each: TimedResult) -> str:
    """The gate, whether it passed, its seconds and its counts."""
    report = "; ".join(each.report)
    return f"{each.gate.name:<13} {_state(each):<12} {each.seconds:6.2f} s  {report}"


def finding_lines(judged: Sequence[TimedResult]) -> Iterator[str]:
    """The findings of all gates, each once, after an empty line."""
    findings = _distinct(judged)
    if findings:
        yield ""
    yield from map(str, findings)


def _state(judged: TimedResult) -> str:
    """Whether the gate passed, and the number of its errors or warnings."""
    if judged.unable:
        return "not run"
    found, errors = len(judged.findings), judged.errors
    word = "finding" if errors else "note"
    return f"{found} {word}{'' if found == 1 else 's'}" if found else "ok"


def _distinct(judged: Sequence[TimedResult]) -> list[Finding]:
    """The findings of all gates, each once."""
    return list(dict.fromkeys(finding for each in judged for finding in each.findings))


def _json(judged: Sequence[TimedResult]) -> Iterator[str]:
    gates = [
        {
            "name": each.gate.name,
            "holds": each.gate.holds,
            "seconds": round(each.seconds, 3),
            "report": each.report,
            "unable": each.unable,
            "findings": [asdict(finding) for finding in each.findings],
        }
        for each in judged
    ]
    table = {"clean": not any(each.errors or each.unable for each in judged), "gates": gates}
    yield json.dumps(table, ensure_ascii=False, indent=2)


_GITHUB_LEVELS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def _github(judged: Sequence[TimedResult]) -> Iterator[str]:
    """Workflow commands, which become annotations of the lines.

    Spec: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    for each in judged:
        if each.unable:
            yield f"::error title={_property(each.gate.name)}::{_escaped(each.unable)}"
    for finding in _distinct(judged):
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


def _junit(judged: Sequence[TimedResult]) -> Iterator[str]:
    """A suite for each gate: a case for each finding, one that passes where there is none.

    Spec: https://github.com/testmoapp/junitxml
    """
    suites = ET.Element("testsuites", name="spacepolicy check")
    for each in judged:
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


MACHINE_FORMATS: Final[Mapping[str, Callable[[Sequence[TimedResult]], Iterator[str]]]] = {
    "json": _json,
    "github": _github,
    "junit": _junit,
}
"""The formats for programs, by their names."""
