"""`spacepolicy docs OUT`: the documentation as a static site."""

import argparse
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from spacepolicy import settings
from spacepolicy.commands.documentation.site import DOCS, in_both, write_sources
from spacepolicy.commands.options import add_option
from spacepolicy.errors import SpacepolicyError, UsageError
from spacepolicy.settings import Settings

_LIBRARIES: Final = ("sphinx", "myst_parser", "furo")
_MARK: Final = ".made-by-spacepolicy-docs"
"""A hidden file in each site, which marks a folder that may be overwritten."""
_LOCK: Final = "locks/docs.txt"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the folder of the site."""
    parser.add_argument("path", metavar="OUT", type=Path, help="the folder, new or of a site")
    add_option(parser, "content", "the checkout whose docs/ are read")


def run(given: Namespace, chosen: Settings) -> int:
    """Write the site; `given.program` makes the parser of all commands, which a page lists."""
    return docs(chosen, given.path, given.program())


def installed() -> bool:
    """Whether Sphinx is installed."""
    return all(find_spec(name) is not None for name in _LIBRARIES)


def docs(chosen: Settings, out: Path, parser: argparse.ArgumentParser) -> int:
    """Write the site into the folder `out`, which is new, empty, or one that this has written.

    `parser` is that of the program, whose commands a page lists.

    Raises: UsageError where Sphinx is not installed, there are no pages, or `out` holds other
    files; FindingsError where the content cannot be read; SpacepolicyError where a link of a page
    leads nowhere.
    """
    checkout = _checkout(chosen)
    if not installed():
        raise UsageError(
            "The site is made by Sphinx, which is not installed here; this installs it: "
            f"{sys.executable} -m pip install --no-deps --require-hashes -r {checkout / _LOCK}"
        )
    if _holds_others(out):
        raise UsageError(f"{out} holds files that are no site of ours; name a new folder.")
    with TemporaryDirectory() as folder:
        pages = write_sources(checkout, Path(folder), parser)
        _make(Path(folder), out.absolute())
    (out / _MARK).write_text("", encoding="utf-8")
    print(f"{out}: {len(pages)} pages, {len(in_both(pages))} of them in English and Chinese")
    return 0


def _checkout(chosen: Settings) -> Path:
    """Return the checkout whose `docs/` are read.

    Raises: UsageError where there is none: an installed package travels without them.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None or not (content.path / DOCS / "README.md").is_file():
        raise UsageError("The site is made in a checkout of the project, which has docs/.")
    return content.path


def _holds_others(out: Path) -> bool:
    """Whether the folder has files that are not of our site and would be lost."""
    if not out.exists():
        return False
    return not out.is_dir() or (any(out.iterdir()) and not (out / _MARK).is_file())


def _make(folder: Path, out: Path) -> None:
    """Run Sphinx to write the site; a warning ends it, such as for a link that leads nowhere.

    Raises: SpacepolicyError with its messages.
    """
    with TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "sphinx", "--builder", "html", "--fail-on-warning"]
        command += ["--quiet", "--keep-going", "--doctree-dir", f"{scratch}/doctrees"]
        ended = subprocess.run(  # noqa: S603 # our own
            [*command, str(folder), f"{scratch}/html"], capture_output=True, text=True, check=False
        )
        if ended.returncode != 0:
            output = (ended.stderr + ended.stdout).replace(f"{folder}/", "").strip()
            raise SpacepolicyError(f"The site was not made:\n{output}")
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(f"{scratch}/html", out)
