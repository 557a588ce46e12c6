"""`spacepolicy diff`: how two states of the ontology and data differ, and what is affected."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from spacepolicy import settings
from spacepolicy.commands.git_trees import is_revision, write_tree
from spacepolicy.commands.options import add_option
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.version_differences.compared_state import Side, file_side, folder_side
from spacepolicy.knowledge.version_differences.report import (
    Difference,
    difference,
    markdown_lines,
    table,
    text_lines,
)
from spacepolicy.settings import Settings

_FORMATS: Final = ("text", "md", "json")
_HERE: Final = "the working tree"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the two states, and the format of the difference."""
    what = "a git revision, a content folder, or a Turtle file"
    parser.add_argument("old", metavar="OLD", help=what)
    parser.add_argument("new", metavar="NEW", nargs="?", help=f"the same ({_HERE})")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="(text)")
    parser.description = (
        f"{parser.description} Exit: 0 nothing breaks, 1 something breaks or asks for a major "
        "step, 2 could not compare."
    )
    add_option(parser, "content", "the checkout whose revisions are compared")


def run(given: Namespace, chosen: Settings) -> int:
    """Print the difference; return 1 where it has a breaking change.

    Raises: UsageError where a state cannot be found or read.
    """
    content = settings.content_directory(chosen, Path.cwd())
    here = Path.cwd() if content is None else content.path
    with TemporaryDirectory() as scratch:
        old = _side(given.old, here, Path(scratch) / "old")
        new = _side(given.new, here, Path(scratch) / "new")
        found = _compared(old, new)
    for line in _lines(found, given.format):
        print(line)
    return 1 if found.breaks else 0


def _compared(old: Side, new: Side) -> Difference:
    with _readable():
        return difference(old, new)


@contextmanager
def _readable() -> Iterator[None]:
    """Files that cannot be read are not a difference: the comparison could not run."""
    try:
        yield
    except FindingsError as error:
        raise UsageError(f"A state cannot be read:\n{error}") from error


def _side(named: str | None, here: Path, scratch: Path) -> Side:
    if named is None:
        with _readable():
            return folder_side(_HERE, here)
    path = Path(named)
    if path.is_file():
        with _readable():
            return file_side(named, path)
    if not (path.is_dir() and (path / "ontology").is_dir()):
        if not is_revision(here, named):
            raise UsageError(f"{named!r} is no git revision, content folder or Turtle file.")
        scratch.mkdir()
        write_tree(here, named, scratch)
        path = scratch
    with _readable():
        return folder_side(named, path)


def _lines(found: Difference, format: str) -> Iterator[str]:
    match format:
        case "json":
            yield json.dumps(table(found), ensure_ascii=False, indent=2)
        case "md":
            yield from markdown_lines(found)
        case _:
            yield from text_lines(found)
