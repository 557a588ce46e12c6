"""What a request is answered with: its revision, its locale, who asks, and its record for the log.

It is made once for each request, by `pipeline`, and travels in the scope. What puts pages together
lies many calls below the handlers and reads it from the one context variable here; so do readings
ahead of requests, which have a revision and nothing else.
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

    All that a request reads is of one `revision`, whatever is published meanwhile: the one in
    force when it came, the one that it names, or the one that it has written. `named` is the one
    that it names, `by_time` whether by the time at which it was in force. `forwarded` is what
    trusted proxies say; `token` is a valid one, whatever it allows.

    `is_outdated`: a store elsewhere came to hold another revision while the request was answered;
    `spent_seconds` is what earlier attempts to answer it took.
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
    """Answer the request with this context."""
    scope[_KEY] = context
    _current.set(context)


def context_of(scope: Scope) -> RequestContext:
    """The context of a request."""
    context = scope[_KEY]
    assert isinstance(context, RequestContext)  # noqa: S101 # nothing else uses the key
    return context


def read_on(revision: Revision) -> None:
    """Have what this task reads be of the revision, where it answers no request."""
    _current.set(RequestContext(revision))


def note_problem(problem: ProblemError) -> None:
    """Note of the request at hand whether its revision is gone, as the problem of a query says."""
    context = _current.get()
    if context is not None and isinstance(problem, RevisionChangedError):
        context.is_outdated = True


def time_left(seconds: float) -> float:
    """What is left of the time that the request at hand has for a query."""
    context = _current.get()
    return seconds if context is None else seconds - context.spent_seconds


def current_record() -> AccessRecord | None:
    """What is noted of the request at hand; None outside of one."""
    context = _current.get()
    return None if context is None else context.record


def current_revision(history: History) -> Revision:
    """The revision of the request at hand; outside of one, that in force."""
    context = _current.get()
    return history.current if context is None else context.revision


def current_locale() -> Locale:
    """The locale of the request at hand; outside of one, the first language."""
    context = _current.get()
    return _DEFAULT_LOCALE if context is None else context.locale


def current_forwarded() -> Forwarded | None:
    """What trusted proxies say of the request at hand; None where they say nothing."""
    context = _current.get()
    return None if context is None else context.forwarded
