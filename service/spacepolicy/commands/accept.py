"""`spacepolicy accept`: the differences of answers from the expected ones, written to the files."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.accepted_results import Accepted, accepted
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.expected_rows import ExpectedRow
from spacepolicy.knowledge.checks.result import count
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the names of the saved queries whose answers are accepted."""
    parser.add_argument("queries", nargs="*", metavar="QUERY", help="a saved query (all of them)")
    parser.add_argument("--check", action="store_true", help="only show how they differ")
    add_option(parser, "content", "the folder of queries/ and data/")


def run(given: Namespace, chosen: Settings) -> int:
    """Accept the answers of the given queries, or of all."""
    return accept(chosen, given.queries, check=given.check)


def accept(chosen: Settings, names: Sequence[str], *, check: bool) -> int:
    """Print how the answers of the named queries, of all where none is named, differ over each
    document and each set; write them down, or with `check` only show them; return 1 where a check
    finds a difference.

    Raises: UsageError where a query is unknown or there is no content, FindingsError where the
    files cannot be read.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content whose answers could be accepted.")
    material = CheckContext(content.path, packaged=content.packaged)
    if material.file_findings:
        raise FindingsError(list(material.file_findings))
    changed = [each for each in accepted(material, names) if each.changes]
    for each in changed:
        for line in _shown(each, content.path, check=check):
            print(line)
        if not check:
            each.path.parent.mkdir(parents=True, exist_ok=True)
            each.path.write_text(each.text, encoding="utf-8")
    if not changed:
        print("Every answer is as expected.")
    return 1 if check and changed else 0


def _shown(accepted: Accepted, content: Path, *, check: bool) -> Iterator[str]:
    surplus = sum(len(each.surplus) for each in accepted.differences)
    lacking = sum(len(each.lacking) for each in accepted.differences)
    for each in accepted.differences:
        yield f"  {each.query}"
        yield from (f"    - {_row(row)}" for row in each.lacking)
        yield from (f"    + {_row(row)}" for row in each.surplus)
    path = accepted.path.relative_to(content).as_posix()
    counts = f"{count(surplus, 'row')} more, {count(lacking, 'row')} fewer"
    yield f"{path}: {counts}; {'differs' if check else 'written'}"


def _row(row: ExpectedRow) -> str:
    """The row with the passages that justify it."""
    passages = f"  {', '.join(row.passages)}" if row.passages else ""
    return f"({' '.join(row.values)}){passages}"
