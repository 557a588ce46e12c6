"""Writes the files of a git revision to a folder."""

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from spacepolicy.errors import UsageError

FOLDERS: Final = ("ontology", "data", "queries", "seeds", "migrations")
"""The folders of the content."""


def is_revision(folder: Path, revision: str) -> bool:
    """Whether git knows the revision in the checkout of the folder."""
    if revision.startswith("-"):
        return False
    return bool(_git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))


def write_tree(folder: Path, revision: str, into: Path) -> None:
    """Write the content of the checkout at the revision.

    Raises: UsageError where git does not have it.
    """
    commit = (
        _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    )
    listed = _git(
        folder, "ls-tree", "-d", "--name-only", commit, "--", *(f"./{f}" for f in FOLDERS)
    )
    names = [Path(name).name for name in listed.decode().split("\n") if name]
    if not names:
        raise UsageError(f"{revision} has no ontology/ or data/ here.")
    archive = _git(folder, "archive", "--format=tar", commit, "--", *names)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        ended = subprocess.run(  # noqa: S603  the arguments are ours, the revision behind --verify
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError("Comparing revisions needs git, which is not installed.") from error
    return ended.stdout if ended.returncode == 0 else b""
