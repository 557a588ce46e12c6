"""Every breakage is found by its gate: rule, file, line, nearest name; and stops a build."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pytest
from bench.documents import keep_few

from spacepolicy.commands.check import check
from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import BUILD_GATES, GATES
from spacepolicy.knowledge.checks.result import Gate, judge
from spacepolicy.settings import Settings

from .breakages import BREAKAGES, DOCUMENTS, ROOT, SHIPPED, Breakage
from .breakages.page import PAGE
from .breakages.page import page as checks_page

OVERLAYS: Final = ROOT / "tests" / "documents"
CASES: Final = [case for number, each in enumerate(BREAKAGES) for case in each.cases(number)]
TO_BUILD: Final = {gate.name: gate for gate in BUILD_GATES}
TO_CHECK: Final = {gate.name: gate for gate in GATES}
WHOLE: Final = (
    "a Latin-1 byte in an ontology file",
    "marks of a merge in data",
    "a NUL byte in data",
    "a broken statement",
)
"""Breakages for which every gate is run."""

Copies = Callable[[Iterable[str]], Path]


def linked(source: str, target: str) -> None:
    """A link in place of a copy: edits write files anew. A document that was added to the checkout
    is there already."""
    if not Path(target).exists():
        os.link(source, target)


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    """Makes a copy of a few shipped documents, and of these."""

    def copy(documents: Iterable[str]) -> Path:
        folder = tmp_path / "content"
        for name in ("ontology", "data", "queries", "seeds", "docs"):
            shutil.copytree(ROOT / name, folder / name, copy_function=linked)
        shutil.copy(ROOT / "README.md", folder)
        for document in documents:
            if document != SHIPPED:
                overlay = OVERLAYS / document
                shutil.copytree(overlay, folder, copy_function=linked, dirs_exist_ok=True)
        keep_few(folder)
        return folder

    return copy


def line_of(path: Path, words: str) -> int:
    """The line at which the words end where they stand first."""
    text = path.read_text(encoding="utf-8", errors="replace")
    assert words in text, f"{path} does not say {words!r}"
    return text.count("\n", 0, text.index(words) + len(words)) + 1


def place(breakage: Breakage, document: str, content: Path, changed: int) -> tuple[str, int | None]:
    """The file and line where the finding must be; None: at any line."""
    name = breakage.named(breakage.at or breakage.file, document)
    if not breakage.line:
        return name, None
    return name, line_of(content / name, breakage.words) if breakage.words else changed


def errors(gate: Gate, content: Path) -> list[Finding]:
    texts = content / "texts"
    context = CheckContext(content, packaged=False, texts=texts if texts.is_dir() else None)
    findings = judge(gate, context).findings
    return [each for each in findings if each.severity == "error"]


@pytest.mark.parametrize(
    ("breakage", "document"), CASES, ids=[f"{each.what}: {name}" for each, name in CASES]
)
def test_a_breakage_is_found_at_its_line(breakage: Breakage, document: str, copies: Copies) -> None:
    content = copies([document])
    name = breakage.named(breakage.file, document)
    changed = breakage.edit(name)(content)
    path, line = place(breakage, document, content, changed)
    gates = TO_BUILD if breakage.stops else TO_CHECK
    found = errors(gates[breakage.gate], content)
    told = "\n".join(map(str, found)) or "nothing is found"
    here = [each for each in found if each.rule == breakage.rule and each.path == path]
    meant = [each for each in here if line is None or each.line == line]
    assert meant, f"not at {path}:{line}\n{told}"
    assert any(breakage.says in each.message for each in meant), told
    assert any(breakage.near in each.remedy for each in meant), told
    assert breakage.others or len(found) == 1, told
    if not breakage.stops and breakage.gate in TO_BUILD:
        assert errors(TO_BUILD[breakage.gate], content) == []


def test_what_is_whole_is_found_whole(copies: Copies) -> None:
    content = copies(DOCUMENTS)
    for gate in BUILD_GATES:
        assert errors(gate, content) == [], gate.name


@pytest.mark.parametrize("what", WHOLE)
def test_a_full_check_finds_a_breakage_and_ends_in_order(
    what: str, copies: Copies, capsys: pytest.CaptureFixture[str]
) -> None:
    (breakage,) = (each for each in BREAKAGES if each.what == what)
    content = copies(DOCUMENTS[-1:])
    name = breakage.named(breakage.file, DOCUMENTS[-1])
    changed = breakage.edit(name)(content)
    path, line = place(breakage, DOCUMENTS[-1], content, changed)
    status = check(Settings(content=str(content)), [], "text")
    printed = capsys.readouterr().out
    assert status == 1, printed
    assert len(re.findall(rf"^{path}:{line}: {breakage.rule}: ", printed, re.MULTILINE)) == 1


def test_there_are_breakages_of_every_kind() -> None:
    assert len(BREAKAGES) >= 60
    assert len({each.what for each in BREAKAGES}) == len(BREAKAGES)
    assert {each.gate for each in BREAKAGES} == TO_CHECK.keys()


def test_the_page_of_checks_is_current() -> None:
    """Otherwise: .venv/bin/python -m tests.ontology.breakages"""
    assert PAGE.read_text(encoding="utf-8") == checks_page()
