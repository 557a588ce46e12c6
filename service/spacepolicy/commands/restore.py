"""`spacepolicy restore`: replaces the store by a backup; the old one is moved aside."""

import shutil
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from spacepolicy.commands.build import store_path
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.transfer import copy_store, record_hash, say
from spacepolicy.errors import StoreError, UsageError
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.writes import control_socket


def add_arguments(parser: ArgumentParser) -> None:
    """Add the path, and the options of the store."""
    parser.add_argument("path", metavar="DIR", type=Path, help="the folder of a backup")
    add_options(parser, *STORE)


def run(given: Namespace, chosen: Settings) -> int:
    """Restore the given backup."""
    return restore(chosen, given.path)


def restore(chosen: Settings, folder: Path) -> int:
    """Replace the store by a backup; the old one is moved aside.

    Raises: UsageError where the folder holds no backup, StoreError where a service runs.
    """
    refuse_endpoint(chosen, "restore")
    store = store_path(chosen)
    if revisions.current(folder) is None:
        raise UsageError(f"{folder}: holds no backup.")
    if control_socket.is_open(store):
        raise StoreError(f"{store}: a service runs over this store; stop it first.")
    incoming = store.with_name(f"{store.name}.restored")
    shutil.rmtree(incoming, ignore_errors=True)
    revision = copy_store(folder, incoming)
    if store.exists():
        aside = store.with_name(f"{store.name}.{datetime.now(UTC):%Y%m%dT%H%M%S}")
        store.rename(aside)
        say(f"what was there is in {aside}")
    incoming.rename(store)
    say(f"revision {revision.number} and those before it; {record_hash(revision)}")
    return 0
