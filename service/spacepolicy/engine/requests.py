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
"""The bytes that are read from a socket at once: as much as Linux lets one hold by default
(`net.core.rmem_default`, 208 KiB), rounded up."""
_LENGTHS: Final = struct.Struct("!II")
_MOST_REMEMBERED_BYTES: Final = 1 << 16
"""The largest table that is remembered: four times the size of prefixes and graphs. One with a
description has a million bytes, and comes once a revision."""


@final
@dataclass(frozen=True, slots=True)
class Query:
    """A query as the engine takes it.

    `default_graphs` and `named_graphs` are the protocol's dataset parameters, None where it has
    none; `solutions_format` and `graph_format` name the requested formats of `formats.FORMATS` for
    either form, None where the client accepts none; `prefixes` need not be declared in the text,
    and relative IRIs are resolved against `base`. With `hints`, the header of an answer without
    rows or values has the likely mistakes in the query. `unlisted` is a named graph that the
    default dataset does not contain; a dataset of the query's own may name it. An answer with more
    rows (solutions or triples) or bytes than the limits fails with a ResultLimitError; rows are
    counted in its bytes, where its format shows them. `description` is the service's description,
    the IRI of its graph and N-Triples, for a query that asks for it.
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
        """The request as it is sent over the connection."""
        return query_bytes(self.text, self.beside_text())

    def beside_text(self) -> bytes:
        """The request without its text; the same for queries that differ in that alone."""
        table = {field.name: getattr(self, field.name) for field in _FIELDS}
        return json.dumps(table | {"prefixes": dict(self.prefixes)}).encode()


_FIELDS: Final = [field for field in fields(Query) if field.name != "text"]


@final
@dataclass(slots=True)
class EngineRequest:
    """A request as it was received: its table, its text, and the bytes received `behind` it."""

    table: bytes
    text: bytes
    behind: bytes

    def decoded_table(self) -> dict[str, Any]:
        """Decode the table."""
        table: dict[str, Any] = json.loads(self.table)
        return table

    def query(self) -> Query:
        """The query in the request."""
        is_common = len(self.table) <= _MOST_REMEMBERED_BYTES
        beside = _beside_text(self.table) if is_common else _read_beside_text(self.table)
        return Query(self.text.decode("utf-8", "surrogatepass"), *beside)


@lru_cache(maxsize=64)
def _beside_text(table: bytes) -> list[Any]:
    """Decode the part of the message that is the same for many queries: all but the text."""
    return _read_beside_text(table)


def _read_beside_text(table: bytes) -> list[Any]:
    members = json.loads(table)
    for name in ("default_graphs", "named_graphs"):
        members[name] = None if members[name] is None else tuple(members[name])
    return [members[field.name] for field in _FIELDS]


def query_bytes(text: str, beside_text: bytes) -> bytes:
    """The request for a query with this text, from the encoded rest."""
    return _request(beside_text, text.encode("utf-8", "surrogatepass"))


def receive(connection: socket.socket, received: bytes = b"") -> EngineRequest | None:
    """Receive a request, of which `received` is the beginning; None where the other side has closed
    the connection."""
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
    """Whether the connection has bytes to read, or its other side has closed it; a worker may not
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
    """Receive the pieces of those sizes behind a request's table, of which `received` is the
    beginning; None where the other side closes the connection before they are complete."""
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
    """The table of a request as it is sent over the connection."""
    return _request(json.dumps(table).encode(), b"")


def _request(table: bytes, text: bytes) -> bytes:
    return b"".join((_LENGTHS.pack(len(table), len(text)), table, text))
