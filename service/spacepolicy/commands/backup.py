"""`spacepolicy backup`: a whole copy of the store, served or not, verified."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from spacepolicy.commands.build import store_path
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.transfer import copy_store, record_hash, say
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the path, and the options of the store."""
    parser.add_argument("path", metavar="DIR", type=Path, help="a new folder")
    add_options(parser, *STORE)


def run(given: Namespace, chosen: Settings) -> int:
    """Copy the store into the folder given."""
    return backup(chosen, given.path)


def backup(chosen: Settings, folder: Path) -> int:
    """Copy the store with all its revisions into a new folder, while it is served or not, and check
    that the record is that of the revision in force.

    Raises: UsageError where the folder exists, StoreError where there is nothing to copy.
    """
    refuse_endpoint(chosen, "backup")
    revision = copy_store(store_path(chosen), folder)
    say(f"revision {revision.number} and those before it; {record_hash(revision)}")
    return 0
