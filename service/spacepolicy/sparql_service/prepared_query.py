"""Queries prepared for the SPARQL endpoint, and the protocol of what prepares them."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, final

from spacepolicy.http.content_codings import AcceptedEncoding
from spacepolicy.http.requests import HttpRequest, RequestHead
from spacepolicy.sparql_service.response_body_key import BodyKey


@final
@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """What responses to requests of one kind have in common: the status line and the fields that
    do not depend on the query's text, as bytes; and the accepted content coding (`wish`).

    `fresh` is for answers that differ each time, `lasting` for all others, `not_modified` for a
    304.
    """

    fresh: bytes
    lasting: bytes
    not_modified: bytes
    media_type: str
    wish: AcceptedEncoding


@final
class PreparedQuery(NamedTuple):
    """A query as the engine takes it, over one revision and row order, and how its answer is sent.

    `body` is the cache key of the answer, and `tag` its entity tag without the coding; both are
    None where the answer differs each time.
    """

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


@final
class Arrival(NamedTuple):
    """When a request arrived, by the monotonic clock, and the identifiers that its response
    carries: the request's and the query's."""

    began: float
    request_id: bytes
    query_id: bytes


@final
class LoggedResponse(NamedTuple):
    """What the log says of a response."""

    status: int
    media_type: str
    query: str
    rows: int | None
    revision: int
    arrival: Arrival


class Preparation(Protocol):
    """Prepares requests for the endpoint, over the revision in force, and logs them."""

    @property
    def revision(self) -> int:
        """The number of the revision in force."""
        ...

    def admits(self, head: RequestHead) -> bool:
        """Whether requests with this head can be answered on the fast path, including their access
        token."""
        ...

    def prepare(self, request: HttpRequest) -> PreparedQuery | None:
        """Return the prepared query of the request; None where the application has to answer."""
        ...

    def log(self, request: HttpRequest, kind: str, response: LoggedResponse) -> None:
        """Write the log line of an answered request."""
        ...
