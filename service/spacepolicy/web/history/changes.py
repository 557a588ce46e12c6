"""The difference between two revisions, as RDF Patch.

Spec: https://afs.github.io/rdf-delta/rdf-patch.html
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from spacepolicy import __version__
from spacepolicy.formats import Format
from spacepolicy.http.etags import matching
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import chosen
from spacepolicy.web.answering.response import gathered, too_large_for_old_http
from spacepolicy.web.answering.revision_etags import mark, opaque
from spacepolicy.web.history.entries import PATH

PATCH: Final = Format("rdfpatch", "RDF Patch", "page", "application/rdf-patch", "rdfp")
_TEXT: Final = Format("text", "plain text", "page", "text/plain", "txt")
PATCHES: Final = (PATCH, _TEXT)
_BLOCK_BYTES: Final = 1 << 16
"""How much of a patch is sent at once: as much as a Linux socket takes in one call."""


async def changes_response(
    app_state: AppState, request: Request, older: int, newer: int
) -> Response:
    """Return the response with the difference; revision 0 is the empty dataset before the first.

    Raises: ProblemError where the difference is not available.
    """
    choice = chosen(request.scope, PATCHES)
    origin = app_state.service.url(request.scope, "")
    history = app_state.service.history
    lines = await asyncio.to_thread(history.changes, older, newer)
    marks = ["0" if number == 0 else mark(history.get(number)) for number in (older, newer)]
    tag = f'"{opaque((__version__, *marks, origin, choice.media_type))}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept"}
    if matching(request.headers.get("if-none-match"), [tag]):
        return Response(status_code=304, headers=headers)
    blocks = _blocks(_header(origin, older, newer), lines)
    first = await asyncio.to_thread(next, blocks)
    body = _rest(first, blocks)
    if request.scope["http_version"] == "1.0":
        limit = app_state.service.max_page_bytes
        whole = await gathered(body, limit, too_large_for_old_http(limit))
        return Response(whole, headers=headers, media_type=choice.media_type)
    return StreamingResponse(body, headers=headers, media_type=choice.media_type)


def _header(origin: str, older: int, newer: int) -> bytes:
    """The patch header: the revision that the patch leads to, and the previous one."""
    here, before = f"{origin}{PATH}/{newer}", f"{origin}{PATH}/{older}"
    return f"H id <{here}> .\nH prev <{before}> .\n".encode()


def _blocks(header: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    pending = bytearray(header)
    for line in lines:
        pending += line
        if len(pending) >= _BLOCK_BYTES:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending)


async def _rest(first: bytes, blocks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for block in iterate_in_threadpool(blocks):
        yield block
