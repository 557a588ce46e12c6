"""The README, the first page of the documentation in Chinese, and the page of assurance do what
they say: their commands run against a service over the shipped files, and what they show is what
comes."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from .conftest import ROOT, Program, Serve
from .test_writing_guide import run_in

FENCE: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS: Final = "http://127.0.0.1:8000"
SETS_UP: Final = "./run test"
"""A block of commands that has this sets up a checkout, which `test_run.py` tries."""
PAGES: Final = ("README.md", "docs/README.zh.md")
MOST_LINES: Final = 120


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks of a page that are run or shown: their language and text."""
    for language, text in FENCE.findall((ROOT / page).read_text(encoding="utf-8")):
        if SETS_UP not in text:
            yield language, text


def ran(language: str, text: str, folder: Path, environment: dict[str, str]) -> str:
    """What the block prints."""
    command = ["sh", "-eu", "-c", text] if language == "sh" else [sys.executable, "-c", text]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{text}\n{ended.stderr}"
    return ended.stdout


@pytest.mark.debian  # needs curl
@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("page", [*PAGES, "docs/assurance.md"])
def test_the_page_does_what_it_says(page: str, serve: Serve, program: Program) -> None:
    shutil.copytree(ROOT / "migrations", program.content / "migrations", dirs_exist_ok=True)
    run_in(program.content)
    address = serve().url
    environment = {
        **program.environment,
        "SPACEPOLICY_STORE": str(program.store),
        "SPACEPOLICY_CONTENT": str(program.content),
    }
    printed = ""
    for language, text in blocks(page):
        if language == "text":
            assert printed.replace("\r", "") == text
        else:
            here = text.replace(ADDRESS, address)
            printed = ran(language, here, program.content, environment)
            assert printed.strip()


def test_readme_shows_a_question_with_its_answer_and_an_example_for_each_user() -> None:
    assert [language for language, _ in blocks("README.md")] == ["sh", "text", "python", "sh", "sh"]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_first_pages_are_short(page: str) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) < MOST_LINES


@pytest.mark.debian  # needs curl
@pytest.mark.usefixtures("published")
def test_the_question_finds_the_same_in_chinese_and_in_english(
    serve: Serve, program: Program
) -> None:
    address = serve().url
    english, chinese = (
        ran(
            "sh",
            next(blocks(page))[1].replace(ADDRESS, address),
            program.folder,
            program.environment,
        )
        for page in PAGES
    )
    assert english == chinese
