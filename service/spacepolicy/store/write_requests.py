"""The port to whatever writes: an operation goes in; a revision comes out, or a problem.

A write is judged by its effect and is whole or nothing: it is evaluated against the revision in
force, checked, derived and published, on disk and in force for every reader before it is answered.

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
    """A SPARQL update; the `using` parameters are None where the request gives none."""

    text: str
    base: str | None = None
    using_graphs: tuple[str, ...] | None = None
    using_named_graphs: tuple[str, ...] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sent, in the format of that name in `formats.FORMATS`; relative IRIs
    are resolved against `base`."""

    path: Path
    format: str
    base: str


@final
@dataclass(frozen=True, slots=True)
class GraphWrite:
    """An operation of the Graph Store Protocol: put replaces the graph, post adds to it, delete
    removes it; `graph` is None for the default graph. The triples of several uploads are added up;
    quads in an upload are refused."""

    action: Action
    graph: str | None
    uploads: tuple[Upload, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class DatasetWrite:
    """A whole dataset, as `import` brings it: its graphs replace those of the same names, and with
    `whole` also take the place of all that clients have put."""

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
    """For tests alone: requests over HTTP and imports have the time of the settings."""


@final
@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: `revision` is the one in force afterwards, of a dry run the one before.

    `added` and `removed` count statements of the record; `existed`: the graph was there before;
    `changed`: a revision was published, or would have been. `patch` tells of a dry run the
    difference as RDF Patch, derived graphs included, and `report` is what the guard warns of, as
    N-Triples of a SHACL report; empty where there is nothing to tell.
    """

    revision: Revision
    added: int
    removed: int
    changed: bool
    existed: bool
    patch: bytes = b""
    report: bytes = b""


class Writer(Protocol):
    """Whatever carries writes out, one after the other. Safe to use from several threads."""

    def write(self, request: WriteRequest) -> Written:
        """Carry the write out; it blocks until that is on disk and in force.

        Raises: ProblemError, and then nothing is written: QuerySyntaxError, EgressRefusedError,
        BadParameterError (of an upload too), NotFoundError (nothing to delete), ForbiddenError
        (`may_write`), FileOwnedError, DerivedGraphError, PreconditionFailedError, InvalidDataError
        (with the guard's report), TimeLimitError, MemoryLimitError, StorageError, OverloadedError.
        """
        ...

    def close(self) -> None:
        """Let the write at hand end, and take no more."""
        ...
