"""The guide to writing does what it says: its commands run in order, its answers are given."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from .conftest import PROGRAM, ROOT, Program, Serve
from .test_maintaining import FENCE

GUIDE: Final = ROOT / "docs" / "writing.md"


def steps() -> Iterator[tuple[str, str]]:
    """The blocks of the guide: commands (sh), and lines of what they print (text)."""
    for language, *_, text in FENCE.findall(GUIDE.read_text(encoding="utf-8")):
        yield language, text


def run_in(folder: Path) -> None:
    """Put a `run` into the folder that starts the program."""
    run = folder / "run"
    run.write_text(f'#!/bin/sh\nexec "{PROGRAM}" "$@"\n', encoding="utf-8")
    run.chmod(0o755)


@pytest.mark.debian
def test_the_guide_does_what_it_says(serve: Serve, program: Program) -> None:
    run_in(program.folder)
    settings = {
        **program.environment,
        "SITE": serve("--port", "0").url,
        "SPACEPOLICY_STORE": str(program.store),
    }
    printed, ran = "", 0
    for language, text in steps():
        if language == "sh":
            ended = subprocess.run(
                ["sh", "-eu", "-c", text],
                cwd=program.folder,
                env=settings,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ended.returncode == 0, f"{text}\n{ended.stderr}"
            printed, ran = ended.stdout, ran + 1
        else:
            assert [line for line in text.splitlines() if line not in printed] == [], printed
    assert ran == 7


def test_every_block_of_the_guide_is_one_that_is_run() -> None:
    assert {language for language, _ in steps()} == {"sh", "text"}
