"""`spacepolicy fmt`: prints files of graphs in the canonical layout, or in another notation."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.loading.content import ontology_prefixes, read_content
from spacepolicy.knowledge.loading.conversion import converted
from spacepolicy.settings import ContentFolder, Settings
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.printing import PRINTED, print_file


def add_arguments(parser: ArgumentParser) -> None:
    """Add the files, and the options."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="the files (all of the content)")
    parser.add_argument("--check", action="store_true", help="only say which files differ")
    parser.add_argument(
        "--to",
        choices=("quotes", "csv", "trig"),
        help="write each FILE in this notation instead, and remove it in the old one",
    )
    add_option(parser, "content", "the folder of ontology/ and data/")


def run(given: Namespace, chosen: Settings) -> int:
    """Print the given files, or all."""
    files = [Path(name) for name in given.files]
    return fmt(chosen, files, check=given.check, to=given.to)


def fmt(chosen: Settings, files: Sequence[Path], *, check: bool, to: str | None = None) -> int:
    """Rewrite each file whose layout differs, or with `check` only name it; return 1 where a check
    differs.

    `to`: write the files in that notation, and remove them in the old one.

    Raises: FindingsError where a file cannot be printed without a loss.
    """
    if to is not None:
        return _convert(chosen, files, to, check=check)
    differing = 0
    prefixes = project_prefixes(chosen)
    for path in files or _all_files(chosen):
        after = print_file(read_text(path), path=str(path), prefixes=prefixes)
        if after.encode() != path.read_bytes():
            differing += 1
            print(f"{path}: {'differs from the one layout' if check else 'printed anew'}")
            if not check:
                path.write_bytes(after.encode())
    return 1 if check and differing else 0


def _convert(chosen: Settings, files: Sequence[Path], to: str, *, check: bool) -> int:
    if check or not files:
        raise UsageError("Name the files to write in another notation, without --check.")
    content = _content(chosen)
    read = read_content(content.path, packaged=content.packaged)
    if read.unread:
        raise FindingsError(read.unread)
    for path in files:
        target = path.with_suffix(f".{to}")
        if path.suffix == target.suffix:
            raise UsageError(f"{path} is in that notation already.")
        if target.exists():
            raise UsageError(f"{target} is there already.")
        text = converted(read.record, read.sources, path, to)
        target.write_text(text, encoding="utf-8")
        path.unlink()
        print(f"{path}: written as {target}")
    return 0


def _content(chosen: Settings) -> ContentFolder:
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content here; name files, or the folder with --content.")
    return content


def _all_files(chosen: Settings) -> list[Path]:
    content = _content(chosen)
    folders = (content.path / "ontology", content.path / "data")
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix in PRINTED
    )


def project_prefixes(chosen: Settings) -> Mapping[str, str]:
    """Return the prefixes that the core ontology declares; empty where there is no ontology."""
    content = settings.content_directory(chosen, Path.cwd())
    return {} if content is None else ontology_prefixes(content.path)
