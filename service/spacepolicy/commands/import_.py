"""`spacepolicy import`: replaces graphs of the store by those of the same names in a file."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from spacepolicy.commands.build import store_path
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.jobs import import_file
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.query import local_revision
from spacepolicy.commands.transfer import format_name, say
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the path, and the options of the store."""
    parser.add_argument("path", metavar="FILE", type=Path, help="a file of graphs, as .nq or .trig")
    add_options(parser, *STORE, "import_timeout", "memory_mib")


def run(given: Namespace, chosen: Settings) -> int:
    """Import the given file."""
    return import_(chosen, given.path)


def import_(chosen: Settings, file: Path) -> int:
    """Replace the graphs of the store that have the names of those in the file.

    Raises: ProblemError where that is refused, UsageError where the file cannot be read.
    """
    refuse_endpoint(chosen, "import")
    format = format_name(file)
    if not file.is_file():
        raise UsageError(f"{file}: no such file.")
    local_revision(chosen)
    report = import_file(chosen, store_path(chosen), file, format)
    say(f"revision {report['number']}: {report['added']:,} came, {report['removed']:,} went")
    return 0
