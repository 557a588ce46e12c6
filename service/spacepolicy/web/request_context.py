"""The context of a request: its revision, its locale, its token, and its record for the log.

`pipeline` creates it once for each request, in the ASGI scope. Code that renders pages, many calls
below the handlers, reads it from the context variable here; so does the cache warm-up, whose
context has only a revision.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, final

from starlette.types import Scope

from spacepolicy.access_tokens import AccessToken
from spacepolicy.errors import ProblemError, RevisionChangedError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.access_log import AccessRecord
from spacepolicy.web.locale import Locale
from spacepolicy.web.request_url import Forwarded

_KEY: Final = "spacepolicy.request"


@final
@dataclass(slots=True)
class RequestContext:
    """The context of a request.

    A request reads from one `revision` only, whatever is published meanwhile: the one in force when
    it arrived, the one that it names, or the one that it has written. `named` is the one that it
    names; `by_time`: it does so by Accept-Datetime. `forwarded` is the URL reported by trusted
    proxies; `token` is a valid one, whatever its scope.

    `is_outdated`: the remote store changed to another revision while the request was answered;
    `spent_seconds` is how long earlier attempts to answer it took.
    """

    revision: Revision
    locale: Locale = field(default_factory=Locale)
    forwarded: Forwarded | None = None
    named: Revision | None = None
    by_time: bool = False
    token: AccessToken | None = None
    record: AccessRecord = field(default_factory=AccessRecord)
    is_outdated: bool = False
    spent_seconds: float = 0.0


_current: Final[ContextVar[RequestContext | None]] = ContextVar("request", default=None)
_DEFAULT_LOCALE: Final = Locale()


def begin_request(scope: Scope, context: RequestContext) -> None:
    """Set the context of the request."""
    scope[_KEY] = context
    _current.set(context)


def context_of(scope: Scope) -> RequestContext:
    """Return the context of a request."""
    context = scope[_KEY]
    assert isinstance(context, RequestContext)  # noqa: S101 # nothing else uses the key
    return context


def read_on(revision: Revision) -> None:
    """Set the revision that this task reads from, where it answers no request."""
    _current.set(RequestContext(revision))


def note_problem(problem: ProblemError) -> None:
    """Mark the current request as outdated, if the problem is that its revision has changed."""
    context = _current.get()
    if context is not None and isinstance(problem, RevisionChangedError):
        context.is_outdated = True


def time_left(seconds: float) -> float:
    """Return how much of the timeout is left for the current request."""
    context = _current.get()
    return seconds if context is None else seconds - context.spent_seconds


def current_record() -> AccessRecord | None:
    """Return the log record of the current request; None outside of one."""
    context = _current.get()
    return None if context is None else context.record


def current_revision(history: History) -> Revision:
    """Return the revision of the current request; outside of one, that in force."""
    context = _current.get()
    return history.current if context is None else context.revision


def current_locale() -> Locale:
    """Return the locale of the current request; outside of one, the default."""
    context = _current.get()
    return _DEFAULT_LOCALE if context is None else context.locale


def current_forwarded() -> Forwarded | None:
    """Return the URL that trusted proxies reported for the current request; None without one."""
    context = _current.get()
    return None if context is None else context.forwarded
