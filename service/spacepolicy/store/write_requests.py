"""The port to a writer: an operation goes in; a revision comes out, or a problem.

A write is judged by its effect and is atomic: it is evaluated against the revision in force,
checked, derived and published, on disk and in force for every reader before it is answered.

Spec: https://www.w3.org/TR/sparql11-update/, https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, final

from spacepolicy.access_tokens import ANY_GRAPH
from spacepolicy.store.revision import Revision

Action = Literal["put", "post", "delete"]


@final
@dataclass(frozen=True, slots=True)
class Update:
    """A SPARQL update; the `using` parameters are None where the request has none."""

    text: str
    base: str | None = None
    using_graphs: tuple[str, ...] | None = None
    using_named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sent, in the format with that name in `formats.FORMATS`; relative IRIs
    are resolved against `base`."""

    path: Path
    format: str
    base: str


@final
@dataclass(frozen=True, slots=True)
class GraphWrite:
    """An operation of the Graph Store Protocol: put replaces the graph, post adds to it, delete
    removes it; `graph` is None for the default graph. The triples of several uploads are merged;
    quads in an upload are refused."""

    action: Action
    graph: str | None
    uploads: tuple[Upload, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class DatasetWrite:
    """A whole dataset, from `import`: its graphs replace those of the same names, and with `whole`
    also all other graphs that clients have put."""

    upload: Upload
    whole: bool = False


Operation = Update | GraphWrite | DatasetWrite


@final
@dataclass(frozen=True, slots=True)
class WriteRequest:
    """An operation, who asks for it, and on what conditions.

    `may_write` are graphs by IRI, or by a prefix that ends in `*`. `expected` are numbers of
    revisions: of the one that last changed the graph (of an Update: of the revision in force); None
    sets no condition. `present` and `absent` demand that the graph exists, or that it does not.
    A dry run is judged and derived, and writes nothing.
    """

    operation: Operation
    author: str
    message: str = ""
    may_write: tuple[str, ...] = (ANY_GRAPH,)
    expected: frozenset[int] | None = None
    present: bool = False
    absent: bool = False
    dry_run: bool = False
    timeout_seconds: float = 30.0
    """Only tests use the default: requests over HTTP and imports have the time of the settings."""


@final
@dataclass(frozen=True, slots=True)
class Written:
    """The result of a write: `revision` is the one in force afterwards, for a dry run the one
    before.

    `added` and `removed` count statements of the record; `existed`: the graph was there before;
    `changed`: a revision was published, or would have been. For a dry run, `patch` is the
    difference as RDF Patch, derived graphs included; `report` has the guard's warnings, as
    N-Triples of a SHACL report; both are empty where there is nothing to report.
    """

    revision: Revision
    added: int
    removed: int
    changed: bool
    existed: bool
    patch: bytes = b""
    report: bytes = b""


class Writer(Protocol):
    """Carries writes out, one after the other. Safe to use from several threads."""

    def write(self, request: WriteRequest) -> Written:
        """Carry the write out; it blocks until the write is on disk and in force.

        Raises: ProblemError, and then nothing is written: QuerySyntaxError, EgressRefusedError,
        BadParameterError (of an upload too), NotFoundError (nothing to delete), ForbiddenError
        (`may_write`), FileOwnedError, DerivedGraphError, PreconditionFailedError, InvalidDataError
        (with the guard's report), TimeLimitError, MemoryLimitError, StorageError, OverloadedError.
        """
        ...

    def close(self) -> None:
        """Let the current write end, and take no more."""
        ...
