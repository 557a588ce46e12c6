"""The files of a folder that differ from a git revision, and their content there."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from spacepolicy.errors import UsageError


def changed_files(folder: Path, revision: str) -> Mapping[str, bytes | None]:
    """Return the content at the revision of each file that differs now, by its path in the folder.

    New files, including untracked ones, have None; ignored ones are left out.

    Raises: UsageError where the folder is not in a git checkout, or there is no such revision.
    """
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    since = commit.decode().strip()
    differing = _git(folder, "diff", "--name-only", "--no-renames", "--relative", "-z", since, ".")
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", ".")
    names = sorted({*differing.decode().split("\0"), *untracked.decode().split("\0")} - {""})
    listed = _git(folder, "ls-tree", "-r", "--name-only", "-z", since, "--", *names)
    known = frozenset(listed.decode().split("\0")) if names else frozenset()
    return {
        name: _git(folder, "show", f"{since}:./{name}") if name in known else None for name in names
    }


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    except FileNotFoundError as error:
        raise UsageError("--since needs git, which is not installed.") from error
    except subprocess.CalledProcessError as error:
        errors = error.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"--since: {errors[-1] if errors else 'git failed'}.") from error
