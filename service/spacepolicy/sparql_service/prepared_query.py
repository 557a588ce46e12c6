"""Queries prepared for the SPARQL endpoint, and the port to what prepares them."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, final

from spacepolicy.http.content_codings import AcceptedEncoding
from spacepolicy.http.requests import HttpRequest, RequestHead
from spacepolicy.sparql_service.body_key import BodyKey


@final
@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """What responses to requests of one kind have in common: the status line and the fields that
    do not depend on the query's text, as they are sent; and in which content coding.

    `fresh` is for what is not the same the next time, `lasting` for all else, `not_modified` for a
    client that has it.
    """

    fresh: bytes
    lasting: bytes
    not_modified: bytes
    media_type: str
    wish: AcceptedEncoding


@final
@dataclass(frozen=True, slots=True)
class PreparedQuery:
    """A query as the engine takes it, and how its answer goes out. It is asked over a revision, in
    the order in which the engine gives its rows. `body` is what the answer is kept under, and `tag`
    its name in any coding; None where it is not the same the next time."""

    text: str
    shape: int
    request: bytes
    dataset: Path
    revision: int
    order: str
    form: str
    template: ResponseTemplate
    body: BodyKey | None
    tag: str | None


class Arrival(NamedTuple):
    """When a request came, by the monotonic clock, and the identifiers that are told with its
    answer: its own, and that of its query."""

    began: float
    request_id: bytes
    query_id: bytes


@final
@dataclass(frozen=True, slots=True)
class LoggedResponse:
    """What is noted of a response."""

    status: int
    media_type: str
    query: str
    rows: int | None
    revision: int
    arrival: Arrival


class Preparation(Protocol):
    """How requests are read, for which revision, and what is noted of them."""

    @property
    def revision(self) -> int:
        """The number of the revision in force."""
        ...

    def admits(self, head: RequestHead) -> bool:
        """Whether a request with the head is one of those that are answered here, for whoever
        sends it."""
        ...

    def prepare(self, request: HttpRequest) -> PreparedQuery | None:
        """What the request asks; None where the application has to look."""
        ...

    def log(self, request: HttpRequest, kind: str, response: LoggedResponse) -> None:
        """Write the line of the request, which was answered."""
        ...
