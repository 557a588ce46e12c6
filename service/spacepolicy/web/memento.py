"""Memento: which revision a request asks for, by number or by time, and the fields that say so.

Every address is its own TimeGate: `Accept-Datetime` is answered directly, and `Content-Location`
has the address of the Memento (RFC 7089 section 4.1.2), which has `?revision=`.

Spec: https://www.rfc-editor.org/rfc/rfc7089, https://www.rfc-editor.org/rfc/rfc6690 (link-format)
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from fastapi import Request
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Scope

from spacepolicy.errors import BadParameterError, RevisionGoneError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.locale import REVISION
from spacepolicy.web.pagination import AFTER, read_cursor
from spacepolicy.web.request_context import context_of
from spacepolicy.web.routes import Handler, RouteRules
from spacepolicy.web.service import Service

TIMEMAP: Final = "/timemap"
LINK_FORMAT: Final = "application/link-format"
_IN_PARTS: Final = "/queries/"
"""The paths whose answers can be paginated."""
_SECOND: Final = timedelta(microseconds=999_999)
"""HTTP dates have whole seconds; the revision in force at the end of the second is meant."""


def read_revision(service: Service, rules: RouteRules, scope: Scope) -> None:
    """Set the revision of the current request, if it names one.

    Raises: BadParameterError where the number, cursor or time is malformed, NotFoundError where
    there is no such revision, RevisionGoneError where its data are no longer kept.
    """
    if not rules.is_of_revision(scope):
        return
    history = service.history
    context = context_of(scope)
    context.named = _by_cursor(history, scope) or _by_number(history, scope)
    if context.named is None:
        context.named = _by_time(history, scope)
        context.by_time = context.named is not None
    if context.named is not None:
        context.revision = context.named


def refuse_revision(scope: Scope) -> None:
    """Raises: BadParameterError where a write names a revision."""
    context = context_of(scope)
    if context.named is not None and not context.by_time:
        raise BadParameterError("A write changes the revision in force; it takes no ?revision=.")


def _by_number(history: History, scope: Scope) -> Revision | None:
    if b"revision" not in scope["query_string"]:
        return None
    given = QueryParams(scope["query_string"]).getlist(REVISION)
    if not given:
        return None
    if len(given) > 1 or not (given[0].isascii() and given[0].isdecimal() and len(given[0]) < 16):
        raise BadParameterError("revision is the number of one revision; /revisions lists them.")
    return kept_revision(history, int(given[0]))


def kept_revision(history: History, number: int, advice: str = "") -> Revision:
    """Return the revision of that number, if its data are still kept.

    Raises: NotFoundError, RevisionGoneError.
    """
    revision = history.get(number)
    if revision is not history.current and not revision.is_kept:
        raise RevisionGoneError(
            f"The data of revision {number} are no longer kept{advice}.",
            extras={"revision": number},
        )
    return revision


def _by_cursor(history: History, scope: Scope) -> Revision | None:
    """The revision that the pagination cursor continues.

    Raises: BadParameterError where it is another than that of `?revision=`.
    """
    if b"after" not in scope["query_string"] or not scope["path"].startswith(_IN_PARTS):
        return None
    parameters = QueryParams(scope["query_string"])
    given = parameters.get(AFTER)
    if given is None or not _has_revisions(history):
        return None
    number = read_cursor(given).number
    if parameters.get(REVISION, str(number)) != str(number):
        raise BadParameterError(f"The cursor continues revision {number}; leave out `revision`.")
    if not 0 < number <= history.current.number:
        raise BadParameterError("The cursor is of another dataset; begin again without `after`.")
    return kept_revision(history, number, "; begin again without `after`")


def _by_time(history: History, scope: Scope) -> Revision | None:
    given = [value for name, value in scope["headers"] if name == b"accept-datetime"]
    if not given or not _has_revisions(history):
        return None
    if len(given) > 1:
        raise BadParameterError(f"There are {len(given)} Accept-Datetime fields; send one time.")
    try:
        time = parsedate_to_datetime(given[0].decode("latin-1"))
    except ValueError as error:
        raise BadParameterError(
            "Accept-Datetime is a time as HTTP writes it, such as "
            f"{http_date(history.current)!r} (RFC 7089 section 2.1.1)."
        ) from error
    named = (time if time.tzinfo else time.replace(tzinfo=UTC)) + _SECOND
    return _at(history, named)


def _at(history: History, time: datetime) -> Revision:
    """The revision in force at the time; the nearest one that is kept, where it is not."""
    found = history.at(time)
    if found is history.current or found.is_kept:
        return found
    kept = [each for each in history.revisions if each.is_kept] or [history.current]
    return min(kept, key=lambda each: abs(_time(each) - time))


def _has_revisions(history: History) -> bool:
    """Whether there are revisions; a remote endpoint without a description has none."""
    return history.current.number > 0


def _time(revision: Revision) -> datetime:
    return datetime.fromisoformat(revision.time)


def http_date(revision: Revision) -> str:
    """Return the revision's time as an HTTP date."""
    return format_datetime(_time(revision).astimezone(UTC), usegmt=True)


def memento_fields(
    service: Service, rules: RouteRules, scope: Scope, status: int
) -> list[tuple[bytes, bytes]]:
    """Return the fields that say which revision a response shows, and where others are."""
    context = context_of(scope)
    asked = context.named
    if asked is None and not rules.is_linked(scope):
        return []
    if scope["method"] not in ("GET", "HEAD", "QUERY") or status not in (200, 304):
        return []
    if not rules.is_of_revision(scope) or not _has_revisions(service.history):
        return []
    original, timemap = _addresses(service, scope)
    fields = [
        (b"link", f'<{original}>; rel="original timegate"'.encode("latin-1")),
        (b"link", f'<{timemap}>; rel="timemap"; type="{LINK_FORMAT}"'.encode("latin-1")),
    ]
    if asked is None:
        return fields
    date, memento = http_date(asked), _memento(original, asked)
    fields.append((b"memento-datetime", date.encode()))
    fields.append((b"link", f'<{memento}>; rel="memento"; datetime="{date}"'.encode("latin-1")))
    if context.by_time:
        fields.append((b"content-location", memento.encode("latin-1")))
    return fields


def varies(rules: RouteRules, scope: Scope, status: int) -> bool:
    """Whether the response varies by `Accept-Datetime`."""
    return status in (200, 303, 304, 404) and rules.is_of_revision(scope)


def _addresses(service: Service, scope: Scope) -> tuple[str, str]:
    """The request's address without `?revision=`, and that of its TimeMap."""
    raw = scope["raw_path"].decode("latin-1")
    pieces = scope["query_string"].decode("latin-1").split("&")
    query = "&".join(p for p in pieces if p and p.partition("=")[0] != REVISION)
    rest = _quoted(raw + (f"?{query}" if query else ""))
    return service.reference(scope, rest), service.reference(scope, TIMEMAP + rest)


def _quoted(text: str) -> str:
    """The text with the characters percent-encoded that would end a link (RFC 8288 section 3)."""
    return "".join(c if "!" <= c <= "~" and c not in '<>"' else f"%{ord(c):02X}" for c in text)


def _memento(address: str, revision: Revision) -> str:
    front, hash_, fragment = address.partition("#")
    joint = "&" if "?" in front else "?"
    return f"{front}{joint}{REVISION}={revision.number}{hash_}{fragment}"


def timemap_of_path(service: Service) -> Handler:
    """Return the handler of TimeMaps."""

    def timemap(request: Request) -> Response:
        """At which addresses the resource of that path, and query string, is kept as it was."""
        scope = request.scope
        own = service.url(scope, "") + scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        here = _quoted(own + (f"?{query}" if query else ""))
        original = here.replace(TIMEMAP, "", 1)
        links = ",\n".join(_timemap(service.history, original, here))
        headers = {"Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
        return Response(links + "\n", headers=headers, media_type=LINK_FORMAT)

    return timemap


def _timemap(history: History, original: str, here: str) -> Iterator[str]:
    yield f'<{original}>; rel="original timegate"'
    current = history.current
    kept = [each for each in history.revisions if each is current or each.is_kept]
    first, last = http_date(kept[0]), http_date(kept[-1])
    yield f'<{here}>; rel="self"; type="{LINK_FORMAT}"; from="{first}"; until="{last}"'
    for each in kept:
        places = [word for word, at in (("first", kept[0]), ("last", kept[-1])) if each is at]
        relation = " ".join([*places, "memento"])
        yield f'<{_memento(original, each)}>; rel="{relation}"; datetime="{http_date(each)}"'
