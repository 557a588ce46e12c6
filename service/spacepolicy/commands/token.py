"""`spacepolicy token`: creates, lists and revokes access tokens, also while a service runs."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from spacepolicy import access_tokens, settings
from spacepolicy.access_tokens import AccessScope
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import add_option
from spacepolicy.settings import Settings
from spacepolicy.store import store_description

_NEW = "Print a new token alone on one line, this once: only its hash is kept."


def add_arguments(parser: ArgumentParser) -> None:
    """Add the three actions, each with its own arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    new = actions.add_parser("new", help="print a new token, this once", description=_NEW)
    new.add_argument(
        "--scope",
        choices=["read", "write", "admin"],
        required=True,
        help="what it is good for; each includes those before it",
    )
    new.add_argument(
        "--graph",
        dest="graphs",
        metavar="PATTERN",
        action="append",
        default=[],
        help="a graph it may write, or the beginning of its IRI and *; again for more (any)",
    )
    list_ = actions.add_parser("list", help="print what is known of each token")
    revoke = actions.add_parser("revoke", help="revoke a token")
    revoke.add_argument("identifier", metavar="ID", help="as `token list` shows it")
    for each in (new, list_, revoke):
        add_option(each, "store", "the folder of revisions")


def run(given: Namespace, chosen: Settings) -> int:
    """Run the given action."""
    match given.action:
        case "new":
            return new(chosen, given.scope, given.graphs)
        case "list":
            return list_(chosen)
        case _:
            return revoke(chosen, given.identifier)


def new(chosen: Settings, scope: AccessScope, graphs: Sequence[str]) -> int:
    """Print a new token, alone on its line."""
    secret = access_tokens.add_token(_file(chosen), scope, graphs)
    print(secret)
    if sys.stdout.isatty():
        print("It is shown this once; only a hash of it is kept.", file=sys.stderr)
    return 0


def list_(chosen: Settings) -> int:
    """Print the description of each token."""
    for token in access_tokens.list_tokens(_file(chosen)):
        print(f"{token.identifier}  {token.scope:5}  {token.created}  {' '.join(token.graphs)}")
    return 0


def revoke(chosen: Settings, identifier: str) -> int:
    """Revoke the token."""
    access_tokens.revoke_token(_file(chosen), identifier)
    return 0


def _file(chosen: Settings) -> Path:
    """The path of the file with the store's tokens.

    Raises: UsageError where the store is an endpoint, StoreError where it is of a newer version.
    """
    refuse_endpoint(chosen, "token")
    store = settings.store_directory(chosen, Path.cwd(), settings.environment())
    if store_description.is_newer(store):
        store_description.read(store)
    return access_tokens.tokens_file(store)
