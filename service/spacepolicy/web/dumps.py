"""The whole dataset as it stands: every named graph and the default graph, in one stream.

Spec: https://www.w3.org/TR/n-quads/, https://www.w3.org/TR/trig/
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, final

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from spacepolicy import __version__
from spacepolicy.engine.port import Query
from spacepolicy.http.etags import matching
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.conditions import mark, opaque
from spacepolicy.web.routes import Handler

_CONSTRUCT: Final = "CONSTRUCT {{ ?s ?p ?o }} {{ {} }}"
_ALL: Final = "?s ?p ?o"


@final
@dataclass(frozen=True, slots=True)
class Dump:
    """A way to write quads: how statements in N-Triples stand in a graph, None for the default
    graph; before them, and after them."""

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


def dump_handler(desk: AppState, dump: Dump) -> Handler:
    """Return the handler of a dump."""

    async def whole(request: Request) -> Response:
        tag = f'"{_tag(desk, dump)}"'
        if not desk.service.max_cache_bytes:
            headers = {"Cache-Control": "no-store"}
        else:
            headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if "ETag" in headers and matching(request.headers.get("if-none-match"), [tag]):
            return Response(status_code=304, headers=headers)
        return StreamingResponse(_quads(desk, dump), headers=headers, media_type=dump.media_type)

    # FastAPI names the operation after them.
    whole.__name__ = dump.label.replace("-", "").lower()
    whole.__doc__ = f"The whole dataset in {dump.label}."
    return whole


def _tag(desk: AppState, dump: Dump) -> str:
    revision = desk.service.revision
    return f"{mark(revision)}.{opaque((__version__, desk.service.instance, dump.path))}"


async def _quads(desk: AppState, dump: Dump) -> AsyncGenerator[bytes]:
    """The statements of the default graph, then of each named graph."""
    contents = await desk.contents.of(desk.service)
    async for lines in _statements(desk, _ALL):
        yield lines
    for graph in contents.named:
        yield dump.before(graph)
        async for lines in _statements(desk, f"GRAPH <{graph}> {{ {_ALL} }}"):
            yield dump.within(lines, graph)
        yield dump.after


async def _statements(desk: AppState, pattern: str) -> AsyncIterator[bytes]:
    """The statements that fit the pattern, in whole lines of N-Triples."""
    rest = b""
    query = Query(_CONSTRUCT.format(pattern), graph_format="ntriples")
    async for piece in internal_queries.pieces(desk, query):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        yield lines + newline
    if rest:
        yield rest + b"\n"
