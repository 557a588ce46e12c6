"""The guide for maintainers does what it says: its commands run, its answers are given."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from .conftest import PROGRAM, ROOT

GUIDE: Final = ROOT / "docs" / "maintaining.md"
FENCE: Final = re.compile(
    r"^```(\w+)(?: (?:append|insert)=(\S+)(?: after=\"([^\"\n]+)\")?)?\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """A fenced block: commands (sh), lines of their output (text), or what a file gains, at its
    end or behind the line that begins with `after`."""

    language: str
    file: str | None
    after: str | None
    text: str

    def write(self, folder: Path) -> None:
        """Let the file gain it."""
        path = folder / str(self.file)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        found = (n for n, line in enumerate(lines, 1) if self.after and line.startswith(self.after))
        at = next(found) if self.after else len(lines)
        gap = "" if self.after or not lines else "\n"
        path.write_text("".join([*lines[:at], gap, self.text, *lines[at:]]), encoding="utf-8")


def chapters() -> Iterator[tuple[str, list[Step]]]:
    """Each chapter of the guide, its heading first, with its steps."""
    guide = GUIDE.read_text(encoding="utf-8")
    for chapter in re.split(r"^## ", guide, flags=re.MULTILINE):
        steps = [Step(*found) for found in FENCE.findall(chapter)]
        yield chapter.splitlines()[0].strip("# "), steps


CHAPTERS: Final = dict(chapters())


@pytest.fixture
def checkout(content: Path) -> Path:
    """A copy of the content with a `run` that starts the program over it."""
    shutil.copytree(ROOT / "tests" / "documents", content / "tests" / "documents")
    run = content / "run"
    run.write_text(f'#!/bin/sh\nexec "{PROGRAM}" "$@"\n', encoding="utf-8")
    run.chmod(0o755)
    shutil.copy(ROOT / "CHANGELOG.md", content)
    for arguments in (
        ("init", "-q"),
        ("add", "-A"),
        ("commit", "-qm", "as it is"),
        ("tag", "v0.2.0"),
    ):
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(content), *identity, *arguments], check=True)
    return content


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_of_the_guide_does_what_it_says(chapter: str, checkout: Path) -> None:
    settings = {
        "SPACEPOLICY_CONTENT": str(checkout),
        "SPACEPOLICY_STORE": str(checkout.parent / "store"),
        "LC_ALL": "C.UTF-8",
        "HOME": str(checkout.parent),
        "PATH": os.environ["PATH"],
    }
    printed = ""
    for step in CHAPTERS[chapter]:
        if step.language == "sh":
            ended = subprocess.run(
                ["sh", "-eu", "-c", step.text],
                cwd=checkout,
                env=settings,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, f"{step.text}\n{ended.stderr}"
            printed = ended.stdout
        elif step.file:
            step.write(checkout)
        elif step.language == "text":
            assert [line for line in step.text.splitlines() if line not in printed] == [], printed


def test_the_guide_has_a_chapter_for_each_piece_of_work() -> None:
    assert [*CHAPTERS][1:] == [
        "Add a technology",
        "Add a class, a property, a concept, a shape or a query",
        "Add a measure's missing actor",
        "Deprecate a property",
        "Say when, who, and what came of it",
        "See what a change does, and release it",
        "Carry data over to a new version",
        "Begin a document",
        "Have annotations proposed",
        "Add a document",
    ]
    for chapter, steps in CHAPTERS.items():
        languages = {step.language for step in steps}
        assert languages <= {"sh", "text", "trig", "turtle", "quotes", "csv"}, chapter
        assert "sh" in languages, chapter
