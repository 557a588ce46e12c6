"""Which engine answers at an address: by its name in the Server field."""

from typing import Final

from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.publishing.dialect import STANDARD, Dialect
from spacepolicy.publishing.virtuoso import VIRTUOSO

_DIALECTS: Final = (VIRTUOSO,)


def dialect(store: RemoteEndpoints) -> Dialect:
    """Return the dialect of the store.

    Raises: StoreError where it cannot be queried.
    """
    server = store.server()
    return next((each for each in _DIALECTS if server.startswith(each.name)), STANDARD)
