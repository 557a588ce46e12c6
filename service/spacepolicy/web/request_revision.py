"""Which revision a request is answered on: one for all that it reads, whatever is published
meanwhile.

Like the reader's language, it travels in the request's context.
"""

from contextvars import ContextVar
from typing import Final

from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision

_pinned: Final[ContextVar[Revision | None]] = ContextVar("pinned", default=None)


def pin(revision: Revision) -> None:
    """Answer the request at hand on this revision."""
    _pinned.set(revision)


def pinned(history: History) -> Revision:
    """The revision that the request at hand is answered on; outside of one, that in force."""
    return _pinned.get() or history.current
