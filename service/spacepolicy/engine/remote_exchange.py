"""One query to a SPARQL 1.1 endpoint, by HTTP, and its answer, read as it comes.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

import re
import select
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import IO, Final, cast, final
from urllib.parse import quote, urlencode, urlsplit

from pyoxigraph import parse, parse_query_results

from spacepolicy import __version__, formats, serialization
from spacepolicy.engine import egress
from spacepolicy.engine.lexer import scan
from spacepolicy.engine.remote_protocol import Credentials
from spacepolicy.engine.requests import CHUNK_BYTES, Query
from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.errors import (
    EgressRefusedError,
    EngineError,
    ProblemError,
    TimeLimitError,
)
from spacepolicy.federation_policy import FederationPolicy

_ACCEPT_SOLUTIONS: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.9"
_ACCEPT_GRAPH: Final = "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8"
"""One Accept header for either form: Virtuoso answers a CONSTRUCT with solutions where it may."""
_PLACE: Final = re.compile(
    r"\bat (\d+):(\d+)|line:? (\d+),? (?:col(?:umn)?|char(?:acter)?):? (\d+)", re.IGNORECASE
)
_FIELDS: Final = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": f"spacepolicy/{__version__}",
}
_IN_URI: Final = "%/?:@!$&'()*+,;=[]~"
_REDIRECTS: Final = range(300, 400)
_LOOK_SECONDS: Final = 0.05
"""How often a waiting thread checks for cancellation; a stopped query ends so much later, which
nobody notices, and 20 checks a second cost nothing."""
_MESSAGE_BYTES: Final = 4096
"""The limit of an endpoint's message that is passed on: a page of text says what is wrong."""


def read_answer(response: HTTPResponse, exchange: "RemoteExchange") -> serialization.Answer:
    """Return the answer in the response, which is read as it is used.

    Raises: EngineError where its format is not known, SyntaxError where it is not valid in it.
    """
    media_type = response.headers.get_content_type()
    for format in formats.FORMATS:
        if media_type in format.media_types and format.results is not None:
            return parse_query_results(cast("IO[bytes]", exchange), format=format.results)
        if media_type in format.media_types and format.rdf is not None:
            return parse(cast("IO[bytes]", exchange), format=format.rdf)
    raise EngineError(f"The endpoint answers in {media_type}, which is not read here.")


def _prologue(query: Query) -> str:
    """Declarations of the base and of prefixes that the text need not declare, each on a line."""
    base = f"BASE <{query.base}>\n" if query.base else ""
    return base + "".join(
        f"PREFIX {prefix}: <{iri}>\n"
        for prefix, iri in query.prefixes.items()
        if f"{prefix}:" in query.text
    )


@final
class RemoteExchange:
    """One request and its response, whose body is read like a file.

    `problem` is set where this side cancelled it: a reader may then get any error.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        outside: FederationPolicy | None,
        credentials: Credentials | None = None,
    ) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.problem: ProblemError | None = None
        self._outside = outside
        self._parts = parts
        self._url = url
        self._seconds = timeout_seconds
        self._fields = {"Authorization": credentials.value} if credentials else {}
        self._done = threading.Event()
        self._http = kind(parts.hostname or "", parts.port, timeout=timeout_seconds)
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        self._target = quote(target, safe=_IN_URI)  # RFC 3987 section 3.1
        self._socket: socket.socket | None = None
        self._response: HTTPResponse | None = None

    def watch(self, connection: socket.socket) -> None:
        """Cancel the exchange when its time is over or the connection's other side has gone."""
        deadline = time.monotonic() + self._seconds
        poll = select.poll()
        poll.register(connection, 0)
        while not self._done.wait(_LOOK_SECONDS):
            gone = bool(poll.poll(0))
            if not gone and time.monotonic() < deadline:
                continue
            self.problem = self._late()
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # below any TLS
                return

    def _late(self) -> TimeLimitError:
        return TimeLimitError(
            f"{self._url} took longer than {self._seconds:g} seconds.",
            extras={"limit_seconds": self._seconds},
        )

    def failed(self, error: Exception) -> ProblemError:
        """Return the problem for an error that ended the exchange."""
        match error:
            case TimeoutError():
                return self._late()
            case SyntaxError() | ValueError():
                return EngineError(f"The answer of {self._url} cannot be read: {error}")
            case _:
                return EngineError(f"{self._url} cannot be asked: {error}")

    def ask(self, query: Query, pragmas: str = "") -> HTTPResponse:
        """Send the query after the pragmas; return the response once its status is good.

        Raises: ProblemError where the endpoint refuses; OSError, HTTPException.
        """
        prologue = pragmas + _prologue(query)
        form = [("query", prologue + query.text)]
        form += [("default-graph-uri", iri) for iri in query.default_graphs or ()]
        form += [("named-graph-uri", iri) for iri in query.named_graphs or ()]
        graph = scan(query.text, query.prefixes).form in ("construct", "describe")
        accept = _ACCEPT_GRAPH if graph else _ACCEPT_SOLUTIONS
        headers = {**_FIELDS, **self._fields, "Accept": accept}
        self._connect()
        self._http.request("POST", self._target, urlencode(form), headers)
        response = self._http.getresponse()
        self._response = response
        if response.status != 200:
            message = response.read(_MESSAGE_BYTES).decode("utf-8", "replace").strip()
            raise self._refused(response.status, message, query, prologue.count("\n"))
        return response

    def _connect(self) -> None:
        """Raises: EgressRefusedError where queries may not reach there, OSError."""
        if self._outside is None:
            self._http.connect()
        elif not self._outside.allows(self._url):
            raise EgressRefusedError(f"<{self._url}> is of no allowed origin.")
        else:
            private = self._outside.private
            self._http.sock = egress.connect(self._parts, self._seconds, private=private)
        self._socket = self._http.sock

    def _refused(self, status: int, message: str, query: Query, lines_before: int) -> ProblemError:
        if status in (408, 504):
            return TimeLimitError(f"{self._url} ran out of time: {message}")
        if self._outside is not None and status in _REDIRECTS:
            return EgressRefusedError(f"{self._url} sends queries on, which are not followed.")
        if status != 400:
            return EngineError(f"{self._url} answered {status}: {message}")
        found = _PLACE.search(message)
        if found is not None:
            line, column = (int(number) for number in found.groups() if number is not None)
            reason = message[found.end() :].lstrip(":, ")
            message = f"error at {max(line - lines_before, 1)}:{column}: {reason}"
        return query_syntax_error(message, query.text, query.prefixes)

    def read(self, size: int = -1) -> bytes:
        """Read some bytes of the body; empty at its end.

        Raises: OSError, HTTPException where the body is incomplete.
        """
        response = self._response
        assert response is not None  # noqa: S101 # read after ask
        piece = response.read1(min(size, CHUNK_BYTES) if size > 0 else CHUNK_BYTES)
        if not piece and (response.length or self.problem):
            raise ConnectionError(f"{self._url} broke its answer off.")
        return piece

    def close(self) -> None:
        """Close the connection."""
        self._done.set()
        if self._response is not None:
            self._response.close()
        self._http.close()
