"""Adding a document to a fresh clone adds files and changes none; removing them removes it.

`python -m tests.adding_documents` runs every gate too, as CI does, and the tests of the ontology.
"""

import subprocess
from pathlib import Path
from typing import Final

import pytest
from bench.documents import keep_few, overlays
from tests.adding_documents import add, changes, clone, program, remove

from spacepolicy.knowledge.checks.context import CheckContext

QUICK: Final = (
    "syntax", "layout", "metadata", "naming", "labels", "skos", "evidence", "shapes", "queries",
)  # fmt: skip
"""Gates that see what a document brings; those of other reasoners take longer."""
WATER: Final = "tolmarsh-2026-water"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone with a few of the shipped documents, which takes a third of the time."""
    made = clone(tmp_path / "clone")
    keep_few(made)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", "-C", str(made), *identity, "commit", "-qam", "a few documents"]
    subprocess.run(command, check=True)
    return made


def passes(checkout: Path, *arguments: str) -> str:
    """What a command prints that passes."""
    ended = program(checkout, *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def record(checkout: Path) -> str:
    """The digest of what the files state."""
    return CheckContext(checkout, packaged=False).digest


def test_documents_are_added_by_copying_files_and_gone_with_them(checkout: Path) -> None:
    names = overlays()
    before = record(checkout)
    added = [path for name in names for path in add(checkout, name)]
    together = record(checkout)
    assert f"sha256 {together[:12]}" in passes(checkout, "build")
    new = [f"?? {path.relative_to(checkout).as_posix()}" for path in added]
    assert sorted(changes(checkout)) == sorted(new)
    remove(checkout, added)
    assert changes(checkout) == []
    assert record(checkout) == before
    for name in reversed(names):
        add(checkout, name)
    assert record(checkout) == together


def test_a_document_that_comes_before_the_others_changes_none(checkout: Path) -> None:
    add(checkout, WATER, renamed=("tolmarsh-2", "aa-2"))
    passes(checkout, "fmt")
    passes(checkout, "check", *QUICK)
    assert {line[:3] for line in changes(checkout)} == {"?? "}
    assert (checkout / "seeds" / "aa-2026-water.txt").is_file()
