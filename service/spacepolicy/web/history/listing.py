"""The list of revisions: as JSON, an Atom feed, a page, or server-sent events.

Spec: https://www.rfc-editor.org/rfc/rfc4287 (Atom), https://www.rfc-editor.org/rfc/rfc5005 (parts)
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Path, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Scope

from spacepolicy.errors import BadParameterError, NotFoundError
from spacepolicy.formats import Format, FormatChoice
from spacepolicy.http.response_cache import Fields
from spacepolicy.store.revision import Revision
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    DeferredRepresentation,
    Representation,
    chosen,
    json_body,
    link,
    representation,
)
from spacepolicy.web.history.changes import PATCHES, changes_response
from spacepolicy.web.history.difference_pages import difference_page
from spacepolicy.web.history.entries import PATH, entry, older_than
from spacepolicy.web.history.events import EVENTS, Events
from spacepolicy.web.history.revision_bars import bars
from spacepolicy.web.routes import Handler
from spacepolicy.xml_serialization import sayable

_ATOM: Final = Format("atom", "Atom", "page", "application/atom+xml", "atom")
_LISTED: Final = (JSON, PAGE, _ATOM, EVENTS)
_ONE: Final = (JSON, PAGE)
_DIFFERENCE: Final = (*PATCHES, PAGE)
ONE: Final = tuple(each.media_type for each in (*_ONE, *PATCHES))
"""The media types of a revision, and of the difference between two."""
_LIMIT: Final = 50
"""The default number of revisions listed, about what a page shows."""
_MAX_LIMIT: Final = 1000
"""The most that are listed at once: an entry has some 400 bytes, so this is 400 KiB."""
LIST_PARAMETERS: Final = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "description": description,
            "schema": {"type": "integer", "minimum": 1, **more},
        }
        for name, description, more in (
            ("before", "only revisions below this number; Link with rel=next leads on", {}),
            ("limit", "as many at a time", {"maximum": _MAX_LIMIT, "default": _LIMIT}),
        )
    ]
}
Which = Annotated[str, Path(description="the number of a revision, or A..B for what changed")]


def revision_list(app_state: AppState) -> Handler:
    """Return the handler that lists revisions."""
    events = Events(app_state.service)

    @representation(app_state, offers=_LISTED)
    async def revisions(
        request: Request, choice: FormatChoice
    ) -> DeferredRepresentation | Response:
        """The revisions, the newest first: JSON, Atom, a page; with `Accept: text/event-stream`
        each one as it comes, after the one that `Last-Event-ID` names."""
        if choice.format is EVENTS:
            return events.response(request)
        before, limit = _number(request, "before"), _number(request, "limit") or _LIMIT
        origin = app_state.service.url(request.scope, "")

        async def make() -> Representation:
            found = older_than(app_state.service.history, before, min(limit, _MAX_LIMIT))
            following = _next(request.scope, origin, found)
            body = _list_body(app_state, choice.format, origin, found, following)
            return Representation(body, _link_next(following))

        return DeferredRepresentation(f"{PATH} {before} {limit}", make)

    return revisions


def one_revision(app_state: AppState) -> Handler:
    """Return the handler of a revision, and of the difference between two."""

    @representation(app_state, offers=_ONE)
    async def stated(request: Request, choice: FormatChoice, number: int) -> DeferredRepresentation:
        found = app_state.service.history.get(number)
        origin = app_state.service.url(request.scope, "")

        async def make() -> Representation:
            return Representation(_one_body(app_state, choice.format, origin, found))

        return DeferredRepresentation(f"{PATH}/{found.number}", make)

    @representation(app_state, offers=(PAGE,), negotiated=False)
    async def differing(_: Request, older: int, newer: int) -> DeferredRepresentation:
        async def make() -> Representation:
            return Representation(await difference_page(app_state, older, newer))

        return DeferredRepresentation(f"{PATH}/{older}..{newer}", make)

    async def revision(request: Request, which: Which) -> Response:
        """What is known of a revision; of A..B, what changed from one to the other, as RDF Patch
        and as a page."""
        between = re.fullmatch(r"([0-9]{1,15})\.\.([0-9]{1,15})", which, re.ASCII)
        if between is not None:
            older, newer = int(between[1]), int(between[2])
            if chosen(request.scope, _DIFFERENCE).format is PAGE:
                return await differing(request, older=older, newer=newer)
            return await changes_response(app_state, request, older, newer)
        if not re.fullmatch(r"[0-9]{1,15}", which, re.ASCII):
            raise NotFoundError(f"{which!r} is no revision and no two with .. between them.")
        return await stated(request, number=int(which))

    return revision


def _number(request: Request, name: str) -> int | None:
    given = QueryParams(request.scope["query_string"]).getlist(name)
    if not given:
        return None
    if len(given) > 1 or not re.fullmatch(r"[0-9]{1,15}", given[0], re.ASCII) or not int(given[0]):
        raise BadParameterError(f"{name} is a number from 1, and comes once.")
    return int(given[0])


def _next(scope: Scope, origin: str, found: Sequence[Revision]) -> str | None:
    """The address of the next part of the list; None at its end."""
    if not found or found[-1].number <= 1:
        return None
    given = QueryParams(scope["query_string"])
    rest = "".join(f"&{name}={given[name]}" for name in ("limit", "format") if name in given)
    return f"{origin}{PATH}?before={found[-1].number}{rest}"


def _link_next(following: str | None) -> Fields:
    return () if following is None else (link(following, "next"),)


def _list_body(
    app_state: AppState,
    format: Format,
    origin: str,
    found: Sequence[Revision],
    following: str | None,
) -> bytes:
    service = app_state.service
    entries = [entry(each, origin) for each in found]
    if format is JSON:
        return json_body({"current": app_state.number, "revisions": entries, "next": following})
    template = "revisions.atom" if format is _ATOM else "revisions.html"
    text = pages.render(
        template,
        service,
        entries=entries,
        following=following,
        here=f"{origin}{PATH}",
        bars=bars(found),
    )
    return (sayable(text) if format is _ATOM else text).encode()


def _one_body(app_state: AppState, format: Format, origin: str, found: Revision) -> bytes:
    members = entry(found, origin)
    if format is JSON:
        return json_body(members)
    newest = app_state.service.history.current.number
    following = found.number + 1 if found.number < newest else None
    return pages.render(
        "revision.html", app_state.service, entry=members, following=following
    ).encode()
