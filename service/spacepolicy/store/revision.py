"""The description of a revision, and of the graphs that its files state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from pyoxigraph import BlankNode, NamedNode

from spacepolicy.engine.nquads import Quads, counted
from spacepolicy.engine.snapshot import CHANGES, GENERATION
from spacepolicy.namespaces import Base
from spacepolicy.store.digest import WHOLE


@final
@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of statements: asserted in named graphs, only inferred, and in the default graph."""

    record: int = 0
    inferred: int = 0
    default: int = 0
    graphs: int = 0

    def quads(self, mode: str) -> int:
        """How many quads an engine holds in a store of the mode: where the default graph is what
        clients put there ("stored"), it is part of the record."""
        return self.record + self.inferred + (0 if mode == "stored" else self.default)


@final
@dataclass(frozen=True, slots=True)
class SeenPublication:
    """A publication that this process has seen in a remote store: its `state`, which is unique, and
    the number of publications seen up to this one."""

    state: str
    edition: int


@final
@dataclass(frozen=True, slots=True)
class Revision:
    """The description of a published revision.

    `record_sha256` is over the record, by the algorithm `digest`; `content_sha256` over the files
    and the code it was built from; `prefixes` are those that queries need not declare; `added` and
    `removed` count statements of the record; `built` is the number of the newest revision up to
    this one that was made of files; `disk_bytes` is the disk space it took beyond the one before;
    `generation` is the number of the revision whose folder has the generation that its dataset
    rests on, 0 for its own; `checks` are the gates that files passed to become this revision, with
    the report of each; `mode` is that of the store, "" where the revision was made before it was
    recorded; `publication` is that of the remote store that holds it, None where the store is on
    this machine.
    """

    number: int
    time: str
    author: str
    message: str
    counts: Counts
    record_sha256: str
    content_sha256: str
    base: str | None
    prefixes: Mapping[str, str]
    directory: Path = field(compare=False)
    added: int = 0
    removed: int = 0
    built: int = 0
    disk_bytes: int = 0
    generation: int = 0
    checks: Mapping[str, str] = field(default_factory=dict)
    mode: str = ""
    digest: str = WHOLE
    publication: SeenPublication | None = None

    @property
    def edition(self) -> int:
        """The revision's key in the caches of this process, which grows: its number, or for a
        remote store, which may go back to an older one, how many publications were seen there; 0
        where nothing is known of the dataset, for which nothing is cached."""
        return self.number if self.publication is None else self.publication.edition

    @property
    def is_kept(self) -> bool:
        """Whether the data are kept, and not only the description and the patch."""
        if not self.generation:
            return self.dataset.exists()
        return self.directory.with_name(f"{self.generation:06}").joinpath(GENERATION).exists()

    @property
    def dataset(self) -> Path:
        """The folder of the generation that holds the whole dataset; it is missing where the
        dataset rests on that of an older revision."""
        return self.directory / GENERATION

    def unlisted(self, mode: str) -> str | None:
        """The graph of inferences, which is not one of the named graphs of the default dataset;
        None in a store of a mode in which nothing is inferred, or without files."""
        return Base(self.base).inferred.value if mode == "merged" and self.base else None

    @property
    def changes(self) -> Path:
        """The RDF Patch that leads to it from the one before, derived graphs included."""
        return self.directory / CHANGES


@final
@dataclass(frozen=True, slots=True)
class FileGraphs:
    """The graphs that the project's files state; those in `apart` are not merged into the default
    graph, and `shapes` are those of them that writes are validated with."""

    owned: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    shapes: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, slots=True)
class Change:
    """Quads and named graphs that are removed, and others that are added."""

    removed: Quads = ()
    added: Quads = ()
    dropped: tuple[NamedNode | BlankNode, ...] = ()
    created: tuple[NamedNode | BlankNode, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.removed or self.added or self.dropped or self.created)

    def inverse(self) -> "Change":
        """The change that undoes this one."""
        return Change(self.added, self.removed, self.created, self.dropped)

    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs that the change touches."""
        of_quads = (*counted(self.removed), *counted(self.added))
        graphs: Iterable[object] = (*of_quads, *self.dropped, *self.created)
        return frozenset(graph.value for graph in graphs if isinstance(graph, NamedNode))
