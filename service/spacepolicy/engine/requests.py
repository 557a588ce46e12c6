"""Requests to an engine, as they go over a connection.

A request is the lengths of its table and of its text, in four bytes each, big-endian; the table as
JSON; and the text.
"""

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Final, final

CHUNK_BYTES: Final = 1 << 18
"""What is read from a socket at once: as much as Linux lets one hold by default
(`net.core.rmem_default`, 208 KiB), rounded up."""
_LENGTHS: Final = struct.Struct("!II")
_MOST_REMEMBERED_BYTES: Final = 1 << 16
"""Tables that are remembered: four times what prefixes and graphs take. One with a description has
a million bytes, and comes once a revision."""


@final
@dataclass(frozen=True, slots=True)
class Query:
    """A query as the engine takes it.

    `default_graphs` and `named_graphs` are the protocol's dataset parameters, None where it gives
    none; `solutions_format` and `graph_format` name the formats of `formats.FORMATS` wanted for
    either form, None where the client accepts none; `prefixes` need not be declared in the text,
    and relative IRIs are resolved against `base`. With `hints`, what is likely wrong with a query
    whose answer says little comes in its header. `unlisted` is a named graph that is none of those
    of the default dataset; a dataset of the query's own may name it. An answer of more rows
    (solutions or triples) or bytes than the limits fails with a ResultLimitError; rows are counted
    in its bytes, where its format shows them. `description` is what the service says of itself, the
    IRI of its graph and N-Triples, for a query that asks that.
    """

    text: str
    solutions_format: str | None = "json"
    graph_format: str | None = "turtle"
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    max_rows: int | None = None
    max_bytes: int | None = None
    base: str | None = None
    hints: bool = False
    unlisted: str | None = None
    description: tuple[str, str] | None = None

    def to_bytes(self) -> bytes:
        """The request as it goes over the connection."""
        return query_bytes(self.text, self.beside_text())

    def beside_text(self) -> bytes:
        """All of the request but its text; the same for queries that differ in that alone."""
        table = {field.name: getattr(self, field.name) for field in _FIELDS}
        return json.dumps(table | {"prefixes": dict(self.prefixes)}).encode()


_FIELDS: Final = [field for field in fields(Query) if field.name != "text"]


@final
@dataclass(slots=True)
class EngineRequest:
    """A request as it came: its table, its text, and what came `behind` it."""

    table: bytes
    text: bytes
    behind: bytes

    def decoded_table(self) -> dict[str, Any]:
        """Return the table as it was before it became JSON."""
        table: dict[str, Any] = json.loads(self.table)
        return table

    def query(self) -> Query:
        """The query that it asks."""
        is_common = len(self.table) <= _MOST_REMEMBERED_BYTES
        beside = _beside_text(self.table) if is_common else _read_beside_text(self.table)
        return Query(self.text.decode("utf-8", "surrogatepass"), *beside)


@lru_cache(maxsize=64)
def _beside_text(table: bytes) -> list[Any]:
    """Return the message's part that is the same for many queries: all but the text."""
    return _read_beside_text(table)


def _read_beside_text(table: bytes) -> list[Any]:
    told = json.loads(table)
    for name in ("default_graphs", "named_graphs"):
        told[name] = None if told[name] is None else tuple(told[name])
    return [told[field.name] for field in _FIELDS]


def query_bytes(text: str, beside_text: bytes) -> bytes:
    """The request for a query of this text, where all else stands there already."""
    return _request(beside_text, text.encode("utf-8", "surrogatepass"))


def receive(connection: socket.socket, received: bytes = b"") -> EngineRequest | None:
    """The request that comes over the connection, of which this much has been received; None where
    the other side has gone."""
    start = whole = _LENGTHS.size
    table = 0
    while True:
        if len(received) >= start:
            table, text = _LENGTHS.unpack_from(received)
            whole = start + table + text
            if len(received) >= whole:
                break
        piece = connection.recv(CHUNK_BYTES)
        if not piece:
            return None
        received += piece
    middle = start + table
    return EngineRequest(received[start:middle], received[middle:whole], received[whole:])


def has_news(connection: socket.socket) -> bool:
    """Whether something has come over the connection, or its other side has gone; a worker may not
    poll, which needs a limit of open files that is not 0."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def receive_behind(
    connection: socket.socket, sizes: Sequence[int], received: bytes
) -> list[bytes] | None:
    """The pieces of those sizes that come behind a request's table, the first of which was received
    with it; None where the other side goes before they are whole."""
    pieces = bytearray(received)
    while len(pieces) < sum(sizes):
        piece = connection.recv(CHUNK_BYTES)
        if not piece:
            return None
        pieces += piece
    found, start = [], 0
    for size in sizes:
        found.append(bytes(pieces[start : start + size]))
        start += size
    return found


def request_bytes(table: Mapping[str, Any]) -> bytes:
    """The table of a request as it goes over the connection."""
    return _request(json.dumps(table).encode(), b"")


def _request(table: bytes, text: bytes) -> bytes:
    return b"".join((_LENGTHS.pack(len(table), len(text)), table, text))
