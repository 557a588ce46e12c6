"""`spacepolicy check` as a user and as a machine meet it."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from .conftest import Program
from .test_commands import DATA


def broken(program: Program) -> int:
    """Break a quotation of the content; the line at which it stands."""
    path = program.content / DATA
    text = path.read_text(encoding="utf-8")
    quoted = "\n> develop reusable rockets\n"
    path.write_text(text.replace(quoted, "\n> 100% buses\n"), encoding="utf-8")
    return text.count("\n", 0, text.index(quoted)) + 2


def check(program: Program, *arguments: str) -> tuple[int, str]:
    ended = program.run("check", "--content", str(program.content), *arguments)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout


def test_clean_files_pass_and_each_gate_tells_what_it_counted(program: Program) -> None:
    status, printed = check(program, "syntax", "naming", "evidence")
    assert status == 0, printed
    assert re.findall(r"^(\w+) +ok", printed, re.MULTILINE) == ["syntax", "naming", "evidence"]
    assert "statements of content in leaf passages (100.0 %)" in printed


def test_a_finding_names_file_line_rule_and_remedy(program: Program) -> None:
    line = broken(program)
    status, printed = check(program, "evidence")
    assert status == 1
    assert f"{DATA}:{line}: quotation: " in printed
    assert "spacepolicy cite" in printed


def test_findings_in_json_say_the_same(program: Program) -> None:
    line = broken(program)
    status, printed = check(program, "evidence", "--format", "json")
    table = json.loads(printed)
    (gate,) = table["gates"]
    (finding,) = gate["findings"]
    assert (status, table["clean"], gate["name"]) == (1, False, "evidence")
    assert (finding["path"], finding["line"]) == (str(DATA), line)
    assert (finding["rule"], finding["severity"]) == ("quotation", "error")
    assert finding["remedy"]


def test_findings_for_github_annotate_the_line(program: Program) -> None:
    line = broken(program)
    status, printed = check(program, "evidence", "--format", "github")
    assert status == 1
    assert printed.startswith(f"::error file={DATA},line={line},title=quotation::")
    assert "100%25 buses" in printed
    assert printed.count("\n") == 1


def test_findings_for_junit_are_failed_cases_of_their_gate(program: Program) -> None:
    with (program.content / DATA).open("a", encoding="utf-8") as file:
        file.write("\n")
    _, printed = check(program, "syntax", "layout", "--format", "junit")
    syntax, layout = ET.fromstring(printed)  # noqa: S314  # what we printed ourselves
    assert (syntax.get("name"), syntax.get("failures")) == ("syntax", "0")
    assert (layout.get("name"), layout.get("failures")) == ("layout", "1")
    assert [case.get("file") for case in layout] == [str(DATA)]


def test_files_that_cannot_be_read_fail_every_gate_with_one_finding(program: Program) -> None:
    (program.content / DATA).write_text("this is no TriG", encoding="utf-8")
    status, printed = check(program)
    assert status == 1
    assert len(re.findall(rf"^{DATA}:1: syntax: ", printed, re.MULTILINE)) == 1


def test_an_unknown_gate_could_not_run(program: Program) -> None:
    ended = program.run("check", "evidense")
    assert ended.returncode == 2
    assert "evidense" in ended.stderr
    assert "evidence" in ended.stderr


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_help_lists_the_gates(program: Program, option: str) -> None:
    printed = program.run("check", option).stdout
    assert re.search(r"^  evidence +every quotation", printed, re.MULTILINE)
    assert "Example: spacepolicy check" in printed
