"""`spacepolicy publish`: writes the revision in force to another SPARQL 1.1 store, and checks
it."""

from argparse import ArgumentParser, Namespace
from typing import Final

from spacepolicy import settings
from spacepolicy.commands.build import store_path
from spacepolicy.commands.credentials import PUBLISH, credentials_in
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_option, add_options
from spacepolicy.commands.transfer import say
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import UsageError
from spacepolicy.publishing.publication import PublicationOutcome, RemotePublication
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.history import History

_DIFFERS: Final = 1
"""The exit status where the store was read, and does not hold the revision."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the addresses of the remote store, and the options of the local one."""
    parser.add_argument("url", metavar="URL", help="where the store takes SPARQL queries")
    parser.add_argument("--update-url", metavar="URL", help="where it takes updates, if elsewhere")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="also where the store holds something else, which is taken away",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent")
    add_options(parser, *STORE)
    add_option(parser, "write_timeout", "how long the store may take for a request")


def run(given: Namespace, chosen: Settings) -> int:
    """Publish to the given store; return 1 where it does not have the revision afterwards."""
    refuse_endpoint(chosen, "publish")
    history = _history(chosen)
    update_url = given.update_url or given.url
    credentials = credentials_in(settings.environment(), PUBLISH)
    store = RemoteEndpoints(given.url, update_url, chosen.write_timeout, credentials)
    publication = RemotePublication(store, history, say, replace=given.replace, dry=given.dry_run)
    outcome = publication.run()
    for line in _report(outcome, history.current.number, dry=given.dry_run):
        say(line)
    return _DIFFERS if outcome.faults else 0


def _history(chosen: Settings) -> History:
    path = store_path(chosen)
    if revisions.current(path) is None:
        raise UsageError(f"{path}: holds no revision to publish; `spacepolicy build` makes one.")
    return revisions.history(path)


def _report(outcome: PublicationOutcome, number: int, *, dry: bool) -> list[str]:
    """The report of a publication, line by line."""
    sent = f"{outcome.added:,} statements and took {outcome.removed:,} away in {outcome.requests}"
    match outcome.way:
        case "none":
            first = f"The store holds revision {number} already."
        case way if dry:
            first = (
                f"Revision {number} would be published ({way}): {outcome.added:,} statements to "
                f"come, {outcome.removed:,} to go, in {outcome.requests} requests."
            )
        case way:
            first = f"Published revision {number} ({way}): sent {sent} requests."
    if outcome.faults:
        mend = "It does not hold the revision; `publish --replace` sends what differs:"
        return [first, mend, *(f"  {fault}" for fault in outcome.faults)]
    return [first] if dry else [first, "Counts and digests of all graphs agree."]
