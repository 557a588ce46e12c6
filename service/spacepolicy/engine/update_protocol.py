"""A change of the dataset as the engine evaluates it: an edit goes in, its effect comes out.

A worker carries the edit out on a copy of its own and sends the effect, a line each:

    D quad      a quad that is gone          A quad      a quad that is there now
    X graph     a named graph that is gone   C graph     one that is there now
    T what      a target by name: a graph, DEFAULT or NAMED
    E           the graph of the edit was there before

Quads are N-Quads, graphs N-Triples terms; blank nodes have the labels of the dataset. Further edits
may follow: the last one is then undone, unless the request contains its result, as a patch and its
marked graphs, which is carried out instead.

Spec: https://www.w3.org/TR/sparql11-update/, https://www.w3.org/TR/sparql11-http-rdf-update/
"""

import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, Protocol, final

from spacepolicy.engine.answer_frames import Data, FrameDecoder, Header
from spacepolicy.engine.nquads import Graph, quads
from spacepolicy.engine.port import answered
from spacepolicy.engine.requests import request_bytes

Kind = Literal["update", "put", "post", "delete", "import", "restore"]
_PIECE_BYTES: Final = 1 << 18
"""As `CHUNK_BYTES`, with which it is read."""


@final
@dataclass(frozen=True, slots=True)
class DatasetEdit:
    """The edit to carry out.

    An update has `text`, with the parameters of its protocol; put, post and delete have the
    `graph`, None for the default graph. The uploads follow the request: for each, the name of its
    format, its base and its bytes. An import replaces the graphs that its quads name, a restore all
    graphs that may be written; `derived` are graphs that they leave alone, and with `merged` the
    default graph too; the patterns of an update match none of the `derived` graphs, unless it has
    USING.
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

    @property
    def table(self) -> dict[str, Any]:
        """The members of the request's message."""
        return asdict(self) | {"prefixes": dict(self.prefixes)}

    def to_bytes(self, kept: Sequence[bytes] = ()) -> bytes:
        """The request as it is sent over the connection, without the bytes of the patches kept of
        earlier edits and of the uploads, which follow."""
        return request_bytes({"edit": self.table, "kept": list(map(len, kept))})


def edit_of(table: Mapping[str, Any]) -> DatasetEdit:
    """The edit in the table of a request."""
    members = dict(table)
    for name in ("using_graphs", "using_named_graphs"):
        members[name] = None if members[name] is None else tuple(members[name])
    members["uploads"] = tuple(tuple(upload) for upload in members["uploads"])
    return DatasetEdit(**members)


@final
@dataclass(slots=True)
class Effect:
    """The effect of an edit: lines of N-Quads, and graphs and targets as the worker sent them."""

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

    @property
    def header(self) -> dict[str, Any]:
        """The members of the message that describes the effect, without its pieces."""
        return {"dropped": self.dropped, "created": self.created}

    @property
    def pieces(self) -> list[bytes]:
        """The removed and the added quads, as N-Quads."""
        return [b"".join(line + b"\n" for line in each) for each in (self.removed, self.added)]

    def graphs(self) -> set[Graph]:
        """The graphs whose quads change."""
        return {quad.graph_name for piece in self.pieces for quad in quads(piece)}

    def tell(self, line: bytes) -> None:
        """Add a line that a worker sent."""
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


class EditEngine(Protocol):
    """An engine that evaluates edits."""

    def connect_to_edit(self) -> socket.socket:
        """Return a connection for one edit of the newest dataset, on a copy.

        Raises: EngineError where no connection is available.
        """
        ...

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Take back a connection."""
        ...


@final
class EditSession:
    """Edits of the newest dataset one after the other, on a copy: each on top of the results of
    those before it. A worker that crashes, or is stopped, is replaced for the next."""

    def __init__(self, engine: EditEngine) -> None:
        self._engine = engine
        self._connection: socket.socket | None = None
        self._kept: list[bytes] = []
        self._untold: list[bytes] = []

    def evaluate(
        self, edit: DatasetEdit, uploads: Iterable[Iterable[bytes]], timeout_seconds: float
    ) -> Effect:
        """The effect of the edit; the edit is undone for the next one, unless `keep` is called.

        Raises: ProblemError where the edit fails or takes too long; TimeLimitError among them.
        """
        connection, decoder = self._connection, FrameDecoder()
        if connection is None:
            connection, self._untold = self._engine.connect_to_edit(), list(self._kept)
        self._connection = None
        try:
            request = _request(edit, self._untold, uploads)
            effect = _effect(answered(connection, decoder, request, timeout_seconds))
        finally:
            if decoder.reusable:
                self._connection, self._untold = connection, []
            else:
                self._engine.release(connection, reusable=False)
        return effect

    def keep(self, patch: bytes, graphs: str) -> None:
        """Let the next updates see the result of the last one: a patch, and marked graphs."""
        kept = patch, graphs.encode()
        self._kept += kept
        self._untold += kept

    def close(self) -> None:
        """Close the connection, and take no more edits."""
        if self._connection is not None:
            self._engine.release(self._connection, reusable=False)


def _effect(frames: Iterable[Header | Data]) -> Effect:
    effect, rest = Effect(), b""
    for frame in frames:
        if isinstance(frame, Data):
            *lines, rest = (rest + frame.payload).split(b"\n")
            for line in lines:
                effect.tell(line)
    return effect


def _request(
    edit: DatasetEdit, kept: Sequence[bytes], uploads: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    yield edit.to_bytes(kept)
    yield from kept
    for upload in uploads:
        yield from upload
