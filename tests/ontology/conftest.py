"""The shipped data, reasoned; and the shipped content, to break: gates must see it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from bench.documents import keep_few, lay_out
from pyoxigraph import DefaultGraph, Store, Triple

from spacepolicy.errors import Finding
from spacepolicy.knowledge.assembly import Assembly, assemble
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import judge

ROOT: Final = Path(__file__).parents[2]
DATA: Final = "data/shanghai-2022-opinions.quotes"


@dataclass(frozen=True)
class Content:
    """A copy of the shipped content."""

    folder: Path

    def change(self, name: str, before: str, after: str) -> int:
        """Replace words of a file that stand there once or more; the line of the first."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text, f"{name} does not say {before!r}"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        return text.count("\n", 0, text.index(before)) + 1

    def insert(self, name: str, after: str, text: str) -> int:
        """Write a line behind the first one of a file that begins so; the line of what is new."""
        path = self.folder / name
        lines = path.read_text(encoding="utf-8").splitlines()
        at = next(n for n, line in enumerate(lines, 1) if line.startswith(after))
        path.write_text("\n".join([*lines[:at], text, *lines[at:], ""]), encoding="utf-8")
        return at + 1

    def line(self, name: str, words: str) -> int:
        """The line of a file at which words stand first."""
        text = (self.folder / name).read_text(encoding="utf-8")
        return text.count("\n", 0, text.index(words)) + 1

    def add(self, name: str, text: str) -> None:
        """Write more at the end of a file, which is made where it is missing."""
        path = self.folder / name
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def findings(self, gate: str) -> tuple[Finding, ...]:
        """What the gate of that name finds."""
        (chosen,) = (each for each in GATES if each.name == gate)
        return judge(chosen, CheckContext(self.folder, packaged=False)).findings

    def only(self, gate: str) -> Finding:
        """The one finding of the gate of that name."""
        findings = self.findings(gate)
        assert len(findings) == 1, "\n".join(map(str, findings))
        return findings[0]


@pytest.fixture(scope="session")
def assembly() -> Assembly:
    """The shipped files, assembled once."""
    return assemble(ROOT, packaged=False, report=lambda _: None)


@pytest.fixture(scope="session")
def store(assembly: Assembly) -> Store:
    """The dataset that the project ships, reasoned."""
    return assembly.store


@pytest.fixture(scope="session")
def inferred(assembly: Assembly) -> frozenset[Triple]:
    quads = assembly.store.quads_for_pattern(None, None, None, assembly.base.inferred)
    return frozenset(quad.triple for quad in quads)


@pytest.fixture(scope="session")
def asserted(assembly: Assembly, inferred: frozenset[Triple]) -> frozenset[Triple]:
    """What the default graph asserts."""
    quads = assembly.store.quads_for_pattern(None, None, None, DefaultGraph())
    return frozenset(quad.triple for quad in quads) - inferred


@pytest.fixture
def shipped(tmp_path: Path) -> Content:
    """A copy of the shipped content with a few of its documents."""
    lay_out(tmp_path, ())
    keep_few(tmp_path)
    return Content(tmp_path)
