"""The engine's port over any SPARQL 1.1 endpoint, by HTTP.

A connection is served by a thread of its own: it sends the query, reads the answer as it comes, and
writes it again in the requested format, so that an answer which cannot be read is a problem and is
never taken for a complete one. The thread watches the time and the connection while it waits.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final, TypeVar, final
from urllib.parse import urlsplit

from pyoxigraph import NamedNode, QuerySolutions

from spacepolicy import serialization
from spacepolicy.engine.answer_frames import Header
from spacepolicy.engine.publication_description import (
    QUERY,
    PublicationDescription,
    UnreadableDescriptionError,
    described,
)
from spacepolicy.engine.published_dataset import NAMED_GRAPHS, PublishedDataset
from spacepolicy.engine.remote_exchange import RemoteExchange, read_answer
from spacepolicy.engine.remote_protocol import Credentials
from spacepolicy.engine.requests import Query, receive
from spacepolicy.engine.result_writer import ResultWriter, wanted_format
from spacepolicy.errors import (
    EngineError,
    ProblemError,
    RevisionChangedError,
    UsageError,
)
from spacepolicy.federation_policy import FederationPolicy

_DESCRIPTION_SECONDS: Final = 5.0
"""The time for reading a store's description, which is half a dozen statements: a store that takes
longer is overloaded. It comes on top of a query's limit."""
_VIRTUOSO: Final = "Virtuoso"
"""How Virtuoso's Server header begins: it takes the dataset as pragmas, and repeats each graph that
is named by a parameter in a header field, which becomes too long to be read."""
_E = TypeVar("_E", bound=Exception)


@final
@dataclass(frozen=True, slots=True)
class _InForce:
    """The dataset that queries are about, and its publication; None where it is an endpoint without
    a description."""

    dataset: Path | None = None
    published: PublishedDataset | None = None

    def is_meant(self, dataset: Path | None) -> bool:
        """Whether a query of the dataset is about this one."""
        return dataset is None or self.dataset is None or dataset == self.dataset


@final
class Remote:
    """Answers queries by sending them to the endpoint at the URL, within its time limit.

    Where the store has a description, `turn_to` sets the publication that queries are about; an
    answer ends well only where the store still holds that one afterwards.

    `outside`: a query named the endpoint, not the operator; it is asked only where queries may
    reach, and redirects are not followed. `credentials` are sent to the URL with each query, and
    nowhere else.

    Raises: UsageError where the URL is not one of HTTP.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        outside: FederationPolicy | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: is no HTTP address of an endpoint.")
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._outside = outside
        self._credentials = credentials
        self._closed = False
        self._open: set[socket.socket] = set()
        self._in_force = _InForce()
        self._server = ""

    @property
    def abreast(self) -> int:
        """0: each thread sends one query."""
        return 0

    @property
    def loading(self) -> bool:
        """False: the endpoint is not ours."""
        return False

    def memory(self) -> None:
        """None: it is not known."""

    def counts(self) -> None:
        """None: they are not known."""

    def processor_seconds(self, connection: socket.socket) -> float | None:  # noqa: ARG002 # elsewhere
        """None: it is not known."""
        return None

    def description(self) -> PublicationDescription | None:
        """Read the store's description; None where it has none.

        Raises: UnreadableDescriptionError; ProblemError where it cannot be asked.
        """
        return described(self._rows(QUERY, _DESCRIPTION_SECONDS))

    def turn_to(self, dataset: Path, description: PublicationDescription | None) -> None:
        """Let queries of the dataset be about this publication from now on; None: about whatever
        the endpoint holds."""
        published = None
        if description is not None:
            published = PublishedDataset(description, self._named_graphs)
        self._in_force = _InForce(dataset, published)

    def connect(
        self,
        dataset: Path | None = None,
        *,
        slow: bool = False,  # noqa: ARG002 # as quick as the endpoint
    ) -> socket.socket:
        """Return a connection to a thread that asks the endpoint; closing it cancels the query.

        Raises: EngineError where the engine has been closed.
        """
        if self._closed:
            raise EngineError("The engine has ended; it takes no queries.")
        ours, theirs = socket.socketpair()
        self._open.add(theirs)
        thread = threading.Thread(target=self._serve, args=(theirs, dataset), daemon=True)
        thread.start()
        return ours

    def order(self, dataset: Path | None = None) -> str:  # noqa: ARG002 # it has one
        """Empty: two answers with the same rows may have them in another order."""
        return ""

    def release(
        self,
        connection: socket.socket,
        *,
        reusable: bool,  # noqa: ARG002 # a thread answers once
        slow: bool = False,  # noqa: ARG002
    ) -> None:
        """Close the connection: a new thread costs little."""
        connection.close()

    def close(self) -> None:
        """Cancel every query."""
        self._closed = True
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket, dataset: Path | None) -> None:
        try:
            with suppress(OSError), connection:
                request = receive(connection)
                if request is not None:
                    query = request.query()
                    output = ResultWriter(connection, query)
                    problem = self._answer(query, output, connection, dataset)
                    output.finish(problem, last=True)
        finally:
            self._open.discard(connection)

    def _answer(
        self,
        query: Query,
        output: ResultWriter,
        connection: socket.socket,
        dataset: Path | None,
    ) -> ProblemError | None:
        """Write the endpoint's answer; return the problem where it is incomplete."""
        in_force = self._in_force
        if not in_force.is_meant(dataset):
            return _changed()
        published = in_force.published
        exchange = self._exchange(self._timeout_seconds)
        watch = threading.Thread(target=exchange.watch, args=(connection,), daemon=True)
        watch.start()
        try:
            asked, pragmas = (query, "") if published is None else self._asked(query, published)
            _write(read_answer(exchange.ask(asked, pragmas), exchange), query, output)
            if published is not None:
                self._see_unchanged(published.description)
        except ProblemError as error:
            return _released(exchange.problem or error)
        except (OSError, HTTPException, SyntaxError, ValueError) as error:
            _released(error)
            return exchange.problem or output.problem or exchange.failed(error)
        finally:
            exchange.close()
            watch.join()
        return None

    def _exchange(self, seconds: float) -> RemoteExchange:
        return RemoteExchange(self._url, seconds, self._outside, self._credentials)

    def _asked(self, query: Query, published: PublishedDataset) -> tuple[Query, str]:
        """The query with its dataset, and the pragmas before its text.

        Raises: ProblemError.
        """
        dataset = published.of(query)
        if dataset is None:
            return published.narrowed(query), ""
        if self._server.startswith(_VIRTUOSO):
            return query, dataset.as_pragmas()
        return dataset.as_parameters(query), ""

    def _see_unchanged(self, expected: PublicationDescription) -> None:
        """Check that the store has held the publication since it was first seen there: no other
        ever has the same state.

        Raises: RevisionChangedError; ProblemError where the store cannot be asked.
        """
        try:
            now = self.description()
        except UnreadableDescriptionError:
            now = None
        if now is None or now.state != expected.state:
            raise _changed()

    def _named_graphs(self) -> Iterator[str]:
        """Raises: ProblemError."""
        for (graph,) in self._rows(NAMED_GRAPHS, self._timeout_seconds):
            if isinstance(graph, NamedNode):
                yield graph.value

    def _rows(self, text: str, seconds: float) -> list[tuple[object, ...]]:
        """The rows of an internal SELECT.

        Raises: ProblemError.
        """
        exchange = self._exchange(seconds)
        try:
            response = exchange.ask(Query(text))
            self._server = response.headers.get("Server", "")
            answer = read_answer(response, exchange)
            if not isinstance(answer, QuerySolutions):
                raise EngineError(f"{self._url} answered a SELECT without rows.")
            return [tuple(row) for row in answer]
        except ProblemError as error:
            raise _released(error) from None
        except (OSError, HTTPException, SyntaxError, ValueError) as error:
            raise exchange.failed(_released(error)) from None
        finally:
            exchange.close()


def _changed() -> RevisionChangedError:
    return RevisionChangedError(
        "The store came to hold another publication before the answer was whole."
    )


def _released(error: _E) -> _E:
    """The error, its frames cleared: an answer must be freed in the thread that made it."""
    held: BaseException | None = error
    while held is not None:
        traceback.clear_frames(held.__traceback__)
        held = held.__context__
    return error


def _write(answer: serialization.Answer, query: Query, output: ResultWriter) -> None:
    form = serialization.form(answer)
    format = wanted_format(query, form)
    output.begin(Header(form, format.name), format)
    serialization.write(answer, format, output, query.prefixes, output.count)
    output.check()
