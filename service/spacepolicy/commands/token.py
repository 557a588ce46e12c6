"""`spacepolicy token`: access tokens are made, listed and revoked, also while a service runs."""

import sys
from collections.abc import Sequence
from pathlib import Path

from spacepolicy import settings, tokens
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.settings import Settings
from spacepolicy.store import marker
from spacepolicy.tokens import AccessScope


def new(chosen: Settings, scope: AccessScope, graphs: Sequence[str]) -> int:
    """Print a new token, alone on its line."""
    secret = tokens.add_token(_file(chosen), scope, graphs)
    print(secret)
    if sys.stdout.isatty():
        print("It is shown this once; only a hash of it is kept.", file=sys.stderr)
    return 0


def list_(chosen: Settings) -> int:
    """Print what is known of each token."""
    for token in tokens.list_tokens(_file(chosen)):
        print(f"{token.identifier}  {token.scope:5}  {token.created}  {' '.join(token.graphs)}")
    return 0


def revoke(chosen: Settings, identifier: str) -> int:
    """Have the token be none any more."""
    tokens.revoke_token(_file(chosen), identifier)
    return 0


def _file(chosen: Settings) -> Path:
    """The file of the store's tokens.

    Raises: UsageError where the store is an endpoint, StoreError where it is of a newer version.
    """
    refuse_endpoint(chosen, "token")
    store = settings.store_directory(chosen, Path.cwd(), settings.environment())
    if marker.is_newer(store):
        marker.read(store)
    return tokens.tokens_file(store)
