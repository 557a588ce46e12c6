"""Adds documents to a fresh clone by copying their files, and sees that nothing else has to change.

    python -m tests.adding_documents [NAME…]

Each is one of tests/documents/ (all of them). After they are copied, `build`, `fmt --check`,
`check` and `pytest tests/ontology` (but for tests that lay documents out themselves) pass, and git
sees new files only; once they are removed again, the clone is as it was. Whatever is not so is
printed, and the script ends with 1.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.documents import OVERLAYS, ROOT, overlays

_PROGRAM: Final = ("-c", "import sys; from spacepolicy.cli import main; sys.exit(main())")
_TEXTS: Final = frozenset({".toml", ".trig", ".quotes", ".csv", ".ttl", ".yaml"})
"""The files of a document in which its name stands; its text is nobody's to change."""

_TEST_DATA: Final = ROOT.parent / "shared"
"""What tests read beside their checkout; a clone has it beside it too."""
_LEFT_OUT: Final = tuple(
    f"--ignore=tests/ontology/{name}.py"
    for name in (
        "test_axioms",
        "test_breakages",
        "test_documents",
        "test_queries_gate",
        "test_reasoner_gates",
        "test_references",
        "test_since",
        "test_wrong_answers",
    )
)
"""These lay the documents out themselves, change the ontology or the shipped ones alone, and judge
the same files in the checkout, or judge the files as they are by gates that `check` has run
before."""


def clone(folder: Path) -> Path:
    """Clone what the checkout has committed."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    if _TEST_DATA.is_dir():
        (folder.parent / _TEST_DATA.name).symlink_to(_TEST_DATA)
    return folder


def add(checkout: Path, name: str, renamed: tuple[str, str] = ("", "")) -> tuple[Path, ...]:
    """Copy a document's files; the paths that they have now.

    `renamed`: the beginning of its names, and the one that they get in its place.
    """
    overlay = OVERLAYS / name
    added = []
    for path in sorted(each for each in overlay.rglob("*") if each.is_file()):
        before = path.relative_to(overlay).as_posix()
        after = checkout / _renamed(before, renamed)
        assert not after.exists(), f"{after} is there already: adding would change it"
        after.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        if path.suffix in _TEXTS:
            content = _renamed(content.decode(), renamed).encode()
        after.write_bytes(content)
        added.append(after)
    return tuple(added)


def _renamed(text: str, names: tuple[str, str]) -> str:
    return text.replace(*names) if names[0] else text


def remove(checkout: Path, added: Iterable[Path]) -> None:
    """Remove files that were added, and folders that are empty then."""
    for path in added:
        path.unlink()
        folder = path.parent
        while folder != checkout and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def changes(checkout: Path) -> list[str]:
    """What git sees that is not committed: `?? ` and the path for a new file."""
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    ended = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)
    return ended.stdout.splitlines()


def program(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program of the clone over the clone."""
    return _run(checkout, *_PROGRAM, *arguments)


def tests(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the clone."""
    return _run(checkout, "-m", "pytest", "-q", *arguments)


def _run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {each: os.environ[each] for each in os.environ if "SPACEPOLICY" not in each}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={**settings, "PYTHONPATH": str(checkout / "service")},
        check=False,
        capture_output=True,
        text=True,
    )


def faults(checkout: Path, names: Sequence[str]) -> list[str]:
    """What does not hold when the documents are added to the clone, and removed again."""
    found = []
    added = [path for name in names for path in add(checkout, name)]
    for command in (["build"], ["fmt", "--check"], ["check"]):
        found += _fault(" ".join(command), program(checkout, *command))
    found += _fault(
        "pytest tests/ontology", tests(checkout, "-n", "2", "tests/ontology", *_LEFT_OUT)
    )
    new = sorted(f"?? {path.relative_to(checkout).as_posix()}" for path in added)
    if sorted(changes(checkout)) != new:
        found.append(f"git sees other changes: {changes(checkout)}")
    remove(checkout, added)
    if changes(checkout):
        found.append(f"removing them leaves {changes(checkout)}")
    return found


def _fault(what: str, ended: subprocess.CompletedProcess[str]) -> list[str]:
    if ended.returncode == 0:
        print(f"{what}: passes", flush=True)
        return []
    print(f"{what}:\n{ended.stdout}\n{ended.stderr}", flush=True)
    return [f"{what} ends with {ended.returncode}"]


def main() -> int:
    """Add the documents that are named, or all, and print what does not hold."""
    with TemporaryDirectory() as folder:
        checkout = clone(Path(folder) / "clone")
        found = faults(checkout, sys.argv[1:] or overlays())
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
