"""The port to whatever explains statements: a statement goes in, its proof comes out as JSON.

A connection is a stream socket. A statement is sent as its length in four bytes (big-endian) and
N-Triples; the reply are frames of the engine's port: data and an end, or a problem. The proof is
the table that `spacepolicy explain --format json` prints. Closing the connection stops the search.

Spec: https://www.w3.org/TR/turtle/#sec-iri (how the terms of a statement are written)
"""

import re
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from spacepolicy.errors import UsageError
from spacepolicy.namespaces import RDF

_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(//|[^\s\"'<>]+:)[^\s\"'<>]*")
"""An IRI without angle brackets, distinguished from a prefixed name by `//` or a second colon."""
_LENGTH: Final = struct.Struct("!I")


class RevisionDataset(Protocol):
    """The dataset of a revision: its folder, its base and its prefixes."""

    @property
    def directory(self) -> Path:
        """The folder of the revision."""
        ...

    @property
    def base(self) -> str | None:
        """The base IRI."""
        ...

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The namespaces by prefix."""
        ...


class Explanations(Protocol):
    """Whatever proves statements of a dataset, each in a search that can be stopped."""

    def connect(self, dataset: RevisionDataset) -> socket.socket:
        """Return a connection for one statement of the dataset; give it back by `release`.

        Raises: EngineError where nothing can be explained now.
        """
        ...

    def release(self, connection: socket.socket, *, reusable: bool) -> None:
        """Give back a connection: for another statement if it is reusable, else to stop it."""
        ...

    def close(self) -> None:
        """Stop all searches."""
        ...


def statement_to_bytes(statement: Triple) -> bytes:
    """Return the statement as it is sent over the connection."""
    body = f"{statement} .".encode()
    return _LENGTH.pack(len(body)) + body


def receive_statement(connection: socket.socket) -> Triple | None:
    """Receive a statement; None where the other side has closed the connection."""
    head = connection.recv(_LENGTH.size, socket.MSG_WAITALL)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    body = connection.recv(size, socket.MSG_WAITALL)
    if len(body) < size:
        return None
    (quad,) = parse(body, RdfFormat.N_TRIPLES)
    return Triple(quad.subject, quad.predicate, quad.object)


def read_statement(terms: tuple[str, str, str], prefixes: Mapping[str, str], base: str) -> Triple:
    """Return the statement of terms written as IRIs, prefixed names or Turtle literals.

    Raises: UsageError where one cannot be read.

    >>> str(read_statement((":s", "a", "<id/o>"), {"": "urn:x:"}, "https://example.org/").object)
    '<https://example.org/id/o>'
    """
    subject, predicate, value = (read_term(text, prefixes, base) for text in terms)
    if not isinstance(subject, NamedNode):
        raise UsageError(f"{terms[0]!r} is no IRI: only things with names are explained.")
    if not isinstance(predicate, NamedNode):
        raise UsageError(f"{terms[1]!r} is no property.")
    return Triple(subject, predicate, value)


def read_term(text: str, prefixes: Mapping[str, str], base: str) -> NamedNode | Literal:
    """Return the term; a literal in the lexical form that the engine stores.

    Raises: UsageError where it cannot be read.
    """
    if text == "a":
        return NamedNode(f"{RDF}type")
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        text = f"<{prefixes[prefix]}{local}>"
    elif _BARE.fullmatch(text):
        text = f"<{text}>"
    declared = " ".join(f"@prefix {name}: <{iri}> ." for name, iri in prefixes.items())
    try:
        (quad,) = parse(f"{declared} <urn:s> <urn:p> {text} .", RdfFormat.TURTLE, base_iri=base)
    except (SyntaxError, ValueError):
        known = ", ".join(f"{name}:" for name in prefixes)
        raise UsageError(
            f"{text!r} is no IRI, prefixed name or Turtle literal; the prefixes are {known}."
        ) from None
    engine = Store()
    engine.add(Quad(quad.subject, quad.predicate, quad.object))
    (kept,) = engine
    if not isinstance(kept.object, NamedNode | Literal):
        raise UsageError(f"{text!r} is no IRI and no literal.")
    return kept.object
