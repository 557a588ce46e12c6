"""`spacepolicy watch`: a save is checked and built, a mistake is told, and Ctrl-C ends it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacepolicy.commands.watch import stamps

from .conftest import PROGRAM, Program
from .test_diff import git


@pytest.fixture
def watching(program: Program) -> Iterator[subprocess.Popen[str]]:
    git(program.content, "init", "-q")
    git(program.content, "add", "-A")
    git(program.content, "commit", "-qm", "as it is")
    process = subprocess.Popen(
        [PROGRAM, "watch", "--content", str(program.content), "--store", str(program.store)],
        cwd=program.folder,
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def said(process: subprocess.Popen[str], words: str) -> str:
    """What it prints up to the line with the words; the test's own time limit is the end."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.usefixtures("published")
def test_a_save_is_checked_and_built_and_an_interrupt_ends_it(
    program: Program, watching: subprocess.Popen[str]
) -> None:
    path = program.content / "ontology/policy.ttl"
    text = path.read_text(encoding="utf-8")
    said(watching, "Ctrl-C ends it")
    path.write_text(text.replace('label "milestone"@en', 'label "Milestone"@en'), "utf-8")
    found = said(watching, "labels-of-terms-are-lower-case: ")
    assert "ontology/policy.ttl" in found
    assert "revision 2" not in found
    path.write_text(text.replace('label "milestone"@en', 'label "mile mark"@en'), "utf-8")
    said(watching, "revision 2")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 0
    assert watching.stdout is not None
    assert watching.stdout.read().split() == ["ended"]


def test_what_editors_write_beside_a_file_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    before = stamps(tmp_path)
    (tmp_path / "data" / ".plan.trig.swp").write_text("x", "utf-8")
    (tmp_path / "data" / "plan.trig~").write_text("x", "utf-8")
    assert stamps(tmp_path) == before
    (tmp_path / "data" / "plan.trig").write_text("x", "utf-8")
    saved = stamps(tmp_path)
    assert saved.keys() == {"data/plan.trig"}
    time.sleep(0.01)
    (tmp_path / "data" / "plan.trig").write_text("y", "utf-8")
    assert stamps(tmp_path) != saved
