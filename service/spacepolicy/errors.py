"""The one family of errors, and the problem types that the outside sees (RFC 9457).

    SpacepolicyError
    ├── ProblemError                an answer over HTTP; carries kind, title, status
    │   ├── QuerySyntaxError        400 syntax-error (line, column, text)
    │   ├── QueryTooComplexError    400 query-too-complex
    │   ├── BadParameterError       400 bad-parameter
    │   ├── MalformedRequestError   400 malformed-request
    │   ├── UnauthorizedError       401 unauthorized (WWW-Authenticate)
    │   ├── ForbiddenError          403 forbidden
    │   ├── EgressRefusedError      403 egress-refused
    │   ├── FileOwnedError          403 file-owned
    │   ├── NotFoundError           404 not-found
    │   ├── MethodNotAllowedError   405 method-not-allowed
    │   ├── NotAcceptableError      406 not-acceptable
    │   ├── RequestTimeoutError     408 request-timeout
    │   ├── DerivedGraphError       409 derived-graph
    │   ├── QueryCancelledError     409 cancelled
    │   ├── RevisionGoneError       410 revision-gone
    │   ├── PreconditionFailedError 412 precondition-failed
    │   ├── ContentTooLargeError    413 content-too-large
    │   ├── UriTooLongError         414 uri-too-long
    │   ├── UnsupportedMediaError   415 unsupported-media-type
    │   ├── RangeNotSatisfiableError 416 range-not-satisfiable (Content-Range)
    │   ├── InvalidDataError        422 invalid-data (violations, report)
    │   ├── TooManyConnectionsError 429 too-many-connections (Retry-After)
    │   ├── FieldsTooLargeError     431 header-fields-too-large
    │   ├── EngineError             500 engine-failure
    │   ├── NotImplementedHereError 501 not-implemented
    │   ├── NotInstalledError       501 not-installed
    │   ├── UpstreamError           502 upstream-failure
    │   ├── EngineFailedError       503 engine-failed (Retry-After)
    │   │   └── CrashedError
    │   ├── MemoryLimitError        503 memory-limit
    │   │   └── WriteMemoryLimitError
    │   ├── OverloadedError         503 overloaded (Retry-After)
    │   ├── PublicationIncompleteError 503 publication-incomplete (Retry-After)
    │   ├── ResultLimitError        503 result-limit
    │   ├── RevisionChangedError    503 revision-changed (Retry-After)
    │   ├── StartingError           503 starting (Retry-After)
    │   ├── StoppingError           503 stopping (Retry-After)
    │   ├── StoreUnavailableError   503 store-unavailable (Retry-After)
    │   ├── TimeLimitError          504 time-limit
    │   │   └── WriteTimeLimitError
    │   ├── HttpVersionError        505 http-version
    │   ├── StorageError            507 storage
    │   └── DamagedError            503 damaged, a StoreError too
    ├── FindingsError               files with findings; nothing is published
    ├── StoreError                  the store cannot be read, written or opened
    └── UsageError                  a command, setting or file was named wrongly

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

Severity = Literal["error", "warning", "note"]
"""How serious a finding is: only errors keep files from being published."""


class SpacepolicyError(Exception):
    """Whatever this project raises on purpose; the message is one clear sentence."""


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in a file, where, by which rule, and how to mend it."""

    path: str
    line: int | None
    rule: str
    message: str
    remedy: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        weight = "" if self.severity == "error" else f"{self.severity}: "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}: {weight}{self.rule}: {self.message}{remedy}"


class FindingsError(SpacepolicyError):
    """Files have findings; `findings` holds them in the order in which they were found."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class StoreError(SpacepolicyError):
    """The store cannot be read, written or opened."""


class UsageError(SpacepolicyError):
    """A command, a setting or a file was named wrongly."""


class ProblemError(SpacepolicyError):
    """A problem that the outside sees.

    `extras` are the typed members beside title, status and detail (RFC 9457 section 3.2); `headers`
    go on the HTTP answer, with the `fields` that every problem of the kind has.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    remedy: ClassVar[str]
    fields: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        detail: str,
        *,
        extras: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extras = dict(extras or {})
        self.headers = {**self.fields, **(headers or {})}


class QuerySyntaxError(ProblemError):
    kind = "syntax-error"
    title = "The query is not SPARQL"
    status = 400
    remedy = "Mend the query at the line and column given; line and column count from 1."


class QueryTooComplexError(ProblemError):
    kind = "query-too-complex"
    title = "The query is nested or chained too deeply"
    status = 400
    remedy = "Break the query up: fewer nested groups, shorter chains of operators and paths."


class BadParameterError(ProblemError):
    kind = "bad-parameter"
    title = "A parameter of the request is missing or wrong"
    status = 400
    remedy = "Compare the request with the SPARQL 1.1 Protocol and with /openapi.json."


class MalformedRequestError(ProblemError):
    kind = "malformed-request"
    title = "The request is not HTTP as RFC 9112 writes it"
    status = 400
    remedy = "Mend the client, or whatever is between it and this service; `detail` says what."


class UnauthorizedError(ProblemError):
    kind = "unauthorized"
    title = "The request needs an access token"
    status = 401
    remedy = "Send `Authorization: Bearer` with a token; an operator makes one by `token new`."


class ForbiddenError(ProblemError):
    kind = "forbidden"
    title = "The request is not allowed"
    status = 403
    remedy = "Ask the operator of this service whether, and how, it may be."


class EgressRefusedError(ProblemError):
    kind = "egress-refused"
    title = "The query would reach out to another machine"
    status = 403
    remedy = "Ask the other endpoint yourself, or have this service's operator allow its origin."


class FileOwnedError(ProblemError):
    kind = "file-owned"
    title = "The graph belongs to the project's files"
    status = 403
    remedy = "Change the file in git and build, or write to a graph of your own."


class NotFoundError(ProblemError):
    kind = "not-found"
    title = "Nothing is here"
    status = 404
    remedy = "Check the path; the first page (/) lists the entry points."


class MethodNotAllowedError(ProblemError):
    kind = "method-not-allowed"
    title = "This resource does not have that method"
    status = 405
    remedy = "Use one of the methods in the Allow header."


class NotAcceptableError(ProblemError):
    kind = "not-acceptable"
    title = "None of the acceptable formats is available"
    status = 406
    remedy = "Ask for one of the formats listed in `available`, by Accept or by ?format=."


class RequestTimeoutError(ProblemError):
    kind = "request-timeout"
    title = "The request took longer to arrive than it may"
    status = 408
    remedy = "Send it again, without pauses; docs/limits.md lists how long each part may take."


class DerivedGraphError(ProblemError):
    kind = "derived-graph"
    title = "The graph is derived from the others"
    status = 409
    remedy = "Write to a named graph: the default graph is the merge of all and what follows."


class QueryCancelledError(ProblemError):
    kind = "cancelled"
    title = "The query was cancelled"
    status = 409
    remedy = "Someone who knows its X-Query-Id cancelled it; ask again if it was not you."


class RevisionGoneError(ProblemError):
    kind = "revision-gone"
    title = "The data of that revision are no longer kept"
    status = 410
    remedy = "Ask for a newer revision, or replay the changes up to it; /revisions lists both."


class PreconditionFailedError(ProblemError):
    kind = "precondition-failed"
    title = "What the request is conditional on does not hold"
    status = 412
    remedy = "Read the graph again, and send the write with its new ETag."


class ContentTooLargeError(ProblemError):
    kind = "content-too-large"
    title = "The request is larger than this service takes"
    status = 413
    remedy = "Send less; the limit is in `limit_bytes`."


class UriTooLongError(ProblemError):
    kind = "uri-too-long"
    title = "The request's address is longer than this service takes"
    status = 414
    remedy = "Send queries over 8 KB by POST."


class UnsupportedMediaError(ProblemError):
    kind = "unsupported-media-type"
    title = "The request's body is in a format that is not read here"
    status = 415
    remedy = "Send one of the media types listed in `supported`."


class RangeNotSatisfiableError(ProblemError):
    kind = "range-not-satisfiable"
    title = "The answer ends before the part that was asked for"
    status = 416
    remedy = "Ask for a part within the bytes that `Content-Range` tells, or for all of it."


class InvalidDataError(ProblemError):
    """`report` is the SHACL report as N-Triples."""

    kind = "invalid-data"
    title = "The data would break the rules of this dataset"
    status = 422
    remedy = "Mend what `violations` lists; nothing was written. `?dry-run` tries it out."
    report: bytes = b""


class TooManyConnectionsError(ProblemError):
    kind = "too-many-connections"
    title = "Too many connections come from one address"
    status = 429
    remedy = "Close connections, or send several requests over one; try again after Retry-After."


class FieldsTooLargeError(ProblemError):
    kind = "header-fields-too-large"
    title = "The request's header fields are larger than this service takes"
    status = 431
    remedy = "Send fewer or shorter header fields."


class EngineError(ProblemError):
    kind = "engine-failure"
    title = "The engine failed"
    status = 500
    remedy = "This is a fault of the service; report it with the X-Query-Id."


class NotImplementedHereError(ProblemError):
    kind = "not-implemented"
    title = "The request needs a part of HTTP that this service does not have"
    status = 501
    remedy = "Send the body as it is, by Content-Length or in chunks, to this service itself."


class NotInstalledError(ProblemError):
    kind = "not-installed"
    title = "A library that this needs is not installed"
    status = 501
    remedy = "Have the operator install what `detail` names, and start the service again."


class UpstreamError(ProblemError):
    kind = "upstream-failure"
    title = "Another service did not answer"
    status = 502
    remedy = "Ask it yourself to see why, or write SERVICE SILENT to go on without its answer."


class EngineFailedError(ProblemError):
    """Has Retry-After, also where it comes from a worker, which sends no header fields."""

    kind = "engine-failed"
    title = "The process that was answering was ended from outside"
    status = 503
    remedy = "Send the request again; where it happens often, the machine lacks memory."
    fields: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class CrashedError(EngineFailedError):
    """The process crashed; whether the query caused it, only another try can show."""


class MemoryLimitError(ProblemError):
    kind = "memory-limit"
    title = "The request needs more memory than one request may have"
    status = 503
    remedy = "Narrow the query: fewer rows to sort or group at a time. Send a write in parts."


class WriteMemoryLimitError(MemoryLimitError):
    """The memory limit of a write, which a narrower query would not avoid."""

    remedy = "Send the write in parts, or have the operator set a larger --memory-mib."


class OverloadedError(ProblemError):
    kind = "overloaded"
    title = "The service has as many queries as it takes"
    status = 503
    remedy = "Ask again after the seconds in Retry-After."


class ResultLimitError(ProblemError):
    kind = "result-limit"
    title = "The answer is larger than one answer may be"
    status = 503
    remedy = "Ask for a part of it with LIMIT, or for CSV or TSV, which are streamed."


class PublicationIncompleteError(ProblemError):
    kind = "publication-incomplete"
    title = "A publication into the store is not complete"
    status = 503
    remedy = (
        "Ask again after the seconds in Retry-After. Where it stays so, the operator has to run "
        "`spacepolicy publish` again, which goes on where it broke off."
    )


class RevisionChangedError(ProblemError):
    """Has Retry-After, also where it comes from a thread of the engine client, which sends no
    header fields."""

    kind = "revision-changed"
    title = "Another revision was published while the query was answered"
    status = 503
    remedy = "Ask again; the answer is of the newer revision then."
    fields: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class StoreUnavailableError(ProblemError):
    kind = "store-unavailable"
    title = "The store that is served does not answer"
    status = 503
    remedy = "Ask again after the seconds in Retry-After; the operator has to look at the store."


class StartingError(ProblemError):
    kind = "starting"
    title = "The service is starting"
    status = 503
    remedy = "Ask again after the seconds in Retry-After; /readyz answers 200 once queries do."


class StoppingError(ProblemError):
    kind = "stopping"
    title = "The service is stopping"
    status = 503
    remedy = "Ask again after the seconds in Retry-After, when it may have been started again."


class TimeLimitError(ProblemError):
    kind = "time-limit"
    title = "The request ran longer than it may"
    status = 504
    remedy = (
        "Narrow the query, or ask for less at a time. Send a write in parts, or have the operator "
        "bring the data by `spacepolicy import`."
    )


class WriteTimeLimitError(TimeLimitError):
    """The time limit of a write, which a narrower query would not avoid."""

    remedy = (
        "Send the write in parts, have the operator bring the data by `spacepolicy import FILE`, "
        "or ask for a longer --write-timeout."
    )


class HttpVersionError(ProblemError):
    kind = "http-version"
    title = "The answer is too large for this version of HTTP"
    status = 505
    remedy = "Ask by HTTP/1.1, which streams; HTTP/1.0 could not tell a whole answer from a part."


class StorageError(ProblemError):
    kind = "storage"
    title = "The store cannot be written"
    status = 507
    remedy = "Reads go on; the operator has to look at the disk. Send the write again then."


class DamagedError(ProblemError, StoreError):
    """A file of the store is not what was written."""

    kind = "damaged"
    title = "A file of the store is damaged"
    status = 503
    remedy = (
        "What rests on other files is still answered; the operator mends the store by "
        "`spacepolicy doctor --repair`."
    )


def problems() -> dict[str, type[ProblemError]]:
    """Every problem type by its kind, in the order they are defined."""
    return {problem.kind: problem for problem in ProblemError.__subclasses__()}
