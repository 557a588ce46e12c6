"""Credentials for remote stores, which come from the environment alone: a command line is seen by
other users of the machine, and kept by shells."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from spacepolicy import settings
from spacepolicy.engine.remote_protocol import Credentials, basic, bearer
from spacepolicy.errors import UsageError

PUBLISH: Final = "SPACEPOLICY_PUBLISH"
STORE: Final = "SPACEPOLICY_STORE"
"""How the variables begin that have the credentials of the store that `publish` writes to, and of
the endpoint that is served or queried."""


def credentials_in(environment: Mapping[str, str], prefix: str) -> Credentials | None:
    """Return the credentials in the environment's variables: `<prefix>_TOKEN`, or `<prefix>_USER`
    and `<prefix>_PASSWORD`; None where there are none.

    Raises: UsageError where there are two kinds, or half of one.
    """
    names = (f"{prefix}_TOKEN", f"{prefix}_USER", f"{prefix}_PASSWORD")
    token, user, password = (environment.get(name, "") for name in names)
    if token and (user or password):
        raise UsageError(f"{names[0]} and {names[1]} are both set; the store takes one of them.")
    if bool(user) != bool(password):
        raise UsageError(f"{names[1]} and {names[2]} belong together; one of them is not set.")
    if token:
        return bearer(token)
    return basic(user, password) if user else None


def endpoint_credentials(url: str) -> Credentials | None:
    """Return the credentials for the endpoint at the URL.

    Raises: UsageError where the URL has some, and as `credentials_in` does.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "--store takes no credentials in the address: they come from the environment, as "
            f"{STORE}_TOKEN, or {STORE}_USER and {STORE}_PASSWORD."
        )
    return credentials_in(settings.environment(), STORE)
