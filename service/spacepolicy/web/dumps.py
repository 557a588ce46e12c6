"""Dumps of the whole dataset: the default graph and every named graph, in one stream.

Spec: https://www.w3.org/TR/n-quads/, https://www.w3.org/TR/trig/
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final, final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacepolicy import __version__
from spacepolicy.engine.requests import Query
from spacepolicy.http.content_codings import IDENTITY, Encoder
from spacepolicy.http.etags import etag
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.disconnect import while_connected
from spacepolicy.web.answering.kept_files import MAX_FILE_BYTES, KeptFile, gather
from spacepolicy.web.answering.plan import acceptable_coding
from spacepolicy.web.answering.representation import read_get
from spacepolicy.web.answering.response import (
    ResponseSender,
    ResponseShape,
    coded,
    send_not_modified,
)
from spacepolicy.web.answering.revision_etags import mark, opaque
from spacepolicy.web.answering.sparql_request import RequestExchange
from spacepolicy.web.request_context import context_of
from spacepolicy.web.routes import Handler

_CONSTRUCT: Final = "CONSTRUCT {{ ?s ?p ?o }} {{ {} }}"
_ALL: Final = "?s ?p ?o"


@final
@dataclass(frozen=True, slots=True)
class Dump:
    """A dump format: what is written before the N-Triples of a named graph, how its lines are
    converted (`within`), and what is written after them. The default graph is written as it is."""

    path: str
    label: str
    media_type: str
    before: Callable[[str], bytes]
    within: Callable[[bytes, str], bytes]
    after: bytes


def _with_graph(lines: bytes, graph: str) -> bytes:
    ends = f" <{graph}> .\n".encode()
    return b"".join(line.rstrip().removesuffix(b".").rstrip() + ends for line in lines.splitlines())


DUMPS: Final = (
    Dump("/dump.nq", "N-Quads", "application/n-quads", lambda _: b"", _with_graph, b""),
    Dump(
        "/dump.trig",
        "TriG",
        "application/trig",
        lambda graph: f"<{graph}> {{\n".encode(),
        lambda lines, _: lines,
        b"}\n",
    ),
)


@final
class DumpFiles:
    """Dumps in files, each made once per revision and coding; one at a time of each kind."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._making = {dump: asyncio.Lock() for dump in DUMPS}

    async def get(self, dump: Dump, coding: str) -> KeptFile | None:
        """Return the dump in a file; None where it is too large for one.

        Raises: ProblemError where it cannot be made.
        """
        files, tag = self.state.files, etag(_tag(self.state, dump), coding)
        async with self._making[dump]:
            file = files.get(tag)
            if file is None:
                async with aclosing(_coded(_quads(self.state, dump), coding)) as pieces:
                    file = (await gather(pieces, -1, MAX_FILE_BYTES)).whole_file()
                if file is not None:
                    files.keep(tag, file)
        return file


def dump_handler(files: DumpFiles, dump: Dump) -> Handler:
    """Return the handler of a dump."""

    async def whole() -> Response:
        return _DumpResponse(files, dump)

    # FastAPI takes the operation's name and description from these.
    whole.__name__ = dump.label.replace("-", "").lower()
    whole.__doc__ = f"The whole dataset in {dump.label}."
    return whole


@final
class _DumpResponse(Response):
    """A dump from a file, with its length; it is streamed where it is too large for a file or
    answers are not cached."""

    def __init__(self, files: DumpFiles, dump: Dump) -> None:
        super().__init__()
        self._files = files
        self._app_state = files.state
        self._dump = dump

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the dump.

        Raises: ProblemError where it cannot be made.
        """
        call = read_get(scope)
        key = call.key(self._app_state.service.url(scope, ""))
        exchange = RequestExchange(call, key, send, context_of(scope).record)
        await while_connected(receive, self._answer(exchange))

    async def _answer(self, exchange: RequestExchange) -> None:
        app_state, dump = self._app_state, self._dump
        tag = _tag(app_state, dump) if app_state.service.keeps_answers else None
        shape = ResponseShape(dump.media_type, acceptable_coding(exchange.call), tag)
        known = shape.known(exchange.call)
        if known is not None:
            await send_not_modified(exchange.send, shape.head(IDENTITY), known)
            return
        reply = ResponseSender(exchange, query_identifier(None))
        coding = shape.wish.coding
        file = None if tag is None else await self._files.get(dump, coding)
        if file is not None:
            await reply.file(shape.head(coding), file)
        else:
            await reply.streamed(shape, _quads(app_state, dump), partial(_whole, reply, shape))


async def _whole(reply: ResponseSender, shape: ResponseShape, body: bytes) -> None:
    coding = shape.wish.coding
    await reply.whole(shape.head(coding), await coded(body, coding))


async def _coded(pieces: AsyncGenerator[bytes], coding: str) -> AsyncGenerator[bytes]:
    """The pieces in the coding."""
    encoder = None if coding == IDENTITY else Encoder(coding)
    async with aclosing(pieces) as plain:
        async for piece in plain:
            yield piece if encoder is None else await asyncio.to_thread(encoder.feed, piece)
    if encoder is not None:
        yield encoder.finish()


def _tag(app_state: AppState, dump: Dump) -> str:
    revision = app_state.service.revision
    return f"{mark(revision)}.{opaque((__version__, app_state.service.instance, dump.path))}"


async def _quads(app_state: AppState, dump: Dump) -> AsyncGenerator[bytes]:
    """The statements of the default graph, then of each named graph."""
    contents = await app_state.contents.of(app_state.service)
    async for lines in _statements(app_state, _ALL):
        yield lines
    for graph in contents.named:
        yield dump.before(graph)
        async for lines in _statements(app_state, f"GRAPH <{graph}> {{ {_ALL} }}"):
            yield dump.within(lines, graph)
        yield dump.after


async def _statements(app_state: AppState, pattern: str) -> AsyncIterator[bytes]:
    """The statements that match the pattern, in complete lines of N-Triples."""
    rest = b""
    query = Query(_CONSTRUCT.format(pattern), graph_format="ntriples")
    async for piece in internal_queries.pieces(app_state, query):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        yield lines + newline
    if rest:
        yield rest + b"\n"
