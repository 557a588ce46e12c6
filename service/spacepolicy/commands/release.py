"""`spacepolicy release`: prepares the next version of the ontology after that of a git revision."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from spacepolicy import settings
from spacepolicy.commands.git_trees import is_revision, write_tree
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.migrations import FOLDER as MIGRATIONS
from spacepolicy.knowledge.migrations import Step, read_migration
from spacepolicy.knowledge.version_differences.compared_state import Side, folder_side
from spacepolicy.knowledge.version_differences.releasing import (
    core_version,
    release,
    with_heading,
)
from spacepolicy.knowledge.version_differences.report import Difference, difference, text_lines
from spacepolicy.knowledge.version_differences.versions import read_version, written
from spacepolicy.settings import Settings
from spacepolicy.text_files import read_text

_CHANGELOG = "CHANGELOG.md"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the version, and the revision of the version before."""
    parser.add_argument("version", metavar="VERSION", help="the new version, as 0.3.0")
    parser.add_argument(
        "--after", metavar="REV", help="the git revision of the version before (the tag vVERSION)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written")
    parser.description = f"{parser.description} Exit: 0 done, 1 refused, 2 could not run."
    add_option(parser, "content", "the checkout to release")


def run(given: Namespace, chosen: Settings) -> int:
    """Write the release; return 1 where the version step is too small or older data break.

    Raises: UsageError where there is no such version or revision.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None or content.packaged:
        raise UsageError("There is no checkout here to release; name it with --content.")
    version = written(read_version(given.version))
    with TemporaryDirectory() as scratch:
        new = folder_side("the working tree", content.path)
        old = _before(given.after, content.path, new, Path(scratch))
        steps = _migration(content.path, version)
        found = replace(difference(old, new, steps), new_version=version)
        for line in text_lines(found):
            print(line)
        if refused := [*_refusals(found, version)]:
            print("\n".join(("", *(f"refused: {each}" for each in refused))))
            return 1
        files = _files(content.path, old, new, version)
        _write(content.path, files, dry_run=given.dry_run)
    return 0


def _before(revision: str | None, content: Path, new: Side, scratch: Path) -> Side:
    """The state of the previous version."""
    if new.material is None:
        raise UsageError("There is no content to release.")
    version = core_version(new.material)
    names = [revision] if revision else [f"v{version}", f"ontology-{version}"]
    named = next((each for each in names if is_revision(content, each)), None)
    if named is None:
        message = f"No git revision {' or '.join(names)} has version {version}"
        raise UsageError(f"{message}: name it with --after.")
    write_tree(content, named, scratch)
    before = folder_side(f"{version} ({named})", scratch)
    if before.version != version:
        message = (
            f"{named} has version {before.version}, and not {version}, which is to be followed"
        )
        raise UsageError(f"{message}: name the revision that has, with --after.")
    return before


def _migration(content: Path, version: str) -> Sequence[Step]:
    """The steps of the migration to the version; empty where there is no migration."""
    folder = content / MIGRATIONS / version.removesuffix(".0")
    return read_migration(content, version) if folder.is_dir() else ()


def _refusals(found: Difference, version: str) -> Iterator[str]:
    """The reasons why the version cannot be released."""
    before = found.old_version or ""
    if read_version(version) <= read_version(before):
        yield f"{version} is not after {before}."
    elif found.asked is not None and read_version(version) < read_version(found.asked):
        yield f"{version} is too small a step: what differs asks for {found.asked} at least."
    for term in (each for each in found.changes if each.section == "retired"):
        if term.step == "major":
            yield f"“{term.label}” ({term.term}) is gone; deprecate it instead."
    if any(each.of == "data" and each.breaks for each in found.impacts):
        folder = f"{MIGRATIONS}/{version.removesuffix('.0')}/"
        yield f"data of {before} break: write a migration in {folder}, or mend its steps."


def _files(content: Path, old: Side, new: Side, version: str) -> Mapping[str, str]:
    if old.material is None or new.material is None:
        raise UsageError("There is no content to release.")
    prepared = release(old.material, new.material, version, date.today())
    files = dict(prepared.files)
    if (content / _CHANGELOG).is_file():
        files[_CHANGELOG] = with_heading(read_text(content / _CHANGELOG), version)
    print()
    for line in prepared.report:
        print(line)
    return files


def _write(content: Path, files: Mapping[str, str], *, dry_run: bool) -> None:
    for name, text in sorted(files.items()):
        path = content / name
        done = "would be " if dry_run else ""
        print(f"{name}: {done}{'changed' if path.exists() else 'written'}")
        if not dry_run:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    if not dry_run:
        print("\nThen: `spacepolicy fmt`, `spacepolicy check`, commit, and tag the commit.")
