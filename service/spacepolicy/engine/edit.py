"""A change of the dataset as the engine evaluates it: an edit goes in, its effect comes out.

A worker carries the edit out on a copy of its own and tells what that changed, a line each:

    D quad      a quad that is gone          A quad      a quad that is there now
    X graph     a named graph that is gone   C graph     one that is there now
    T what      a target by name: a graph, DEFAULT or NAMED
    E           the graph of the edit was there before

Quads are N-Quads, graphs N-Triples terms; blank nodes have the names of the dataset.

Spec: https://www.w3.org/TR/sparql11-update/, https://www.w3.org/TR/sparql11-http-rdf-update/
"""

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Protocol, final

from spacepolicy.engine.port import (
    Data,
    FrameDecoder,
    answered,
    request_bytes,
)

Kind = Literal["update", "put", "post", "delete", "import", "restore"]
_PIECE_BYTES: Final = 1 << 18


@final
@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be done.

    An update has `text`, with what its protocol says beside it; put, post and delete have the
    `graph`, None for the default graph. The uploads come behind the request: for each, the name of
    its format, its base and its bytes. An import replaces the graphs that its quads name, a restore
    the whole of what is written; `derived` are graphs that they leave alone, and with `merged` the
    default graph too.
    """

    kind: Kind
    text: str = ""
    base: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    using_graphs: tuple[str, ...] | None = None
    using_named_graphs: tuple[str, ...] | None = None
    graph: str | None = None
    uploads: tuple[tuple[str, str, int], ...] = ()
    derived: tuple[str, ...] = ()
    merged: bool = False

    def to_bytes(self) -> bytes:
        """The request as it goes over the connection, without the uploads' bytes."""
        return request_bytes({"edit": asdict(self) | {"prefixes": dict(self.prefixes)}})


def edit_of(table: Mapping[str, Any]) -> Edit:
    """The edit that the table of a request tells."""
    told = dict(table)
    for name in ("using_graphs", "using_named_graphs"):
        told[name] = None if told[name] is None else tuple(told[name])
    told["uploads"] = tuple(tuple(upload) for upload in told["uploads"])
    return Edit(**told)


@final
@dataclass(slots=True)
class Effect:
    """What an edit changed: lines of N-Quads, and graphs and targets as they were told."""

    removed: list[bytes] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    existed: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.removed or self.added or self.dropped or self.created)

    def tell(self, line: bytes) -> None:
        """Take a line of what a worker tells."""
        mark, rest = line[:1], line[2:]
        match mark:
            case b"D":
                self.removed.append(rest)
            case b"A":
                self.added.append(rest)
            case b"X":
                self.dropped.append(rest.decode())
            case b"C":
                self.created.append(rest.decode())
            case b"T":
                self.targets.append(rest.decode())
            case _:
                self.existed = True


class Editor(Protocol):
    """An engine that evaluates edits."""

    def connect_to_edit(self) -> socket.socket:
        """A connection for one edit of the newest dataset, on a copy.

        Raises: EngineError where there is none to be had.
        """
        ...

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Take back a connection."""
        ...


def evaluate(
    engine: Editor, edit: Edit, uploads: Iterable[Iterable[bytes]], timeout_seconds: float
) -> Effect:
    """The effect of the edit on the newest dataset, which stays as it is.

    Raises: ProblemError where the edit fails or takes too long; TimeLimitError among them.
    """
    effect, connection, decoder = Effect(), engine.connect_to_edit(), FrameDecoder()
    try:
        request = _request(edit, uploads)
        rest = b""
        for frame in answered(connection, decoder, request, timeout_seconds):
            if isinstance(frame, Data):
                *lines, rest = (rest + frame.payload).split(b"\n")
                for line in lines:
                    effect.tell(line)
    finally:
        engine.release(connection, reusable=False)
    return effect


def _request(edit: Edit, uploads: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    yield edit.to_bytes()
    for upload in uploads:
        yield from upload
