"""`/verify`: verifies the quotations and fingerprints of a source against its text, or against a
copy in the request."""

import json
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from spacepolicy.errors import ContentTooLargeError, NotFoundError, UnsupportedMediaError
from spacepolicy.verification import OUTCOMES
from spacepolicy.verification_process import SentCopy
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    JSON,
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.answering.verifying import cited_in, sources, verification
from spacepolicy.web.routes import Handler

PATH: Final = "/verify"
_TEXTS: Final = {"text/plain": "copy.txt", "text/html": "copy.html", "text/markdown": "copy.md"}
"""The media types of copies, and a file name for each."""
Source = Annotated[str, Query(description="a source, by its IRI or the last part of it")]


def verification_of_texts(app_state: AppState) -> Handler:
    """Return the handler that verifies sources against the available texts."""

    @representation(app_state, offers=(JSON,))
    async def verified(
        _: Request, source: Annotated[Source | None, Query(max_length=4000)] = None
    ) -> DeferredRepresentation:
        """The passages of a source, of all where none is named, against the texts that are here:
        how many were checked, skipped and failed, and what came of each."""
        asked = await _asked(app_state, source)

        async def make() -> Representation:
            found = [
                await verification(app_state, each, await cited_in(app_state, each))
                for each in asked
            ]
            return Representation(json.dumps(_report(found), ensure_ascii=False).encode() + b"\n")

        return DeferredRepresentation(f"{PATH} {' '.join(asked)}", make)

    return verified


def verification_of_copy(app_state: AppState) -> Handler:
    """Return the handler that verifies a source against a copy in the request."""

    async def sent(request: Request, source: Source) -> Response:
        """The passages of a source against the copy of its text that is the body."""
        (asked,) = await _asked(app_state, source)
        copy = await _copy(app_state, request)
        found = await verification(app_state, asked, await cited_in(app_state, asked), copy)
        return Response(
            json.dumps(_report([found]), ensure_ascii=False).encode() + b"\n",
            headers={"Cache-Control": "no-store"},
            media_type="application/json",
        )

    return sent


def copy_described() -> dict[str, Any]:
    """Return the OpenAPI description of the body."""
    content = {each: {"schema": {"type": "string"}} for each in _TEXTS}
    return {"requestBody": {"required": True, "content": content}}


async def _asked(app_state: AppState, source: str | None) -> tuple[str, ...]:
    """The IRIs of the requested sources, all where none is named.

    Raises: NotFoundError where there is none of that name.
    """
    known = await sources(app_state)
    if source is None:
        return known
    found = tuple(each for each in known if source in (each, each.rpartition("/")[2]))
    if not found:
        raise NotFoundError(
            f"There is no source {source[:200]!r} with passages.", extras={"sources": list(known)}
        )
    return found[:1]


async def _copy(app_state: AppState, request: Request) -> SentCopy:
    """The copy in the body.

    Raises: UnsupportedMediaError, ContentTooLargeError.
    """
    media_type = request.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if media_type not in _TEXTS:
        raise UnsupportedMediaError(f"A copy is {', '.join(_TEXTS)}; {media_type} is none.")
    limit, body = app_state.service.max_query_bytes, bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise ContentTooLargeError(
                f"A copy may have {limit} bytes.", extras={"limit_bytes": limit}
            )
    return SentCopy(bytes(body), _TEXTS[media_type])


def _report(found: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {name: sum(each["counts"][name] for each in found) for name in OUTCOMES}
    return {"counts": counts, "sources": found}
